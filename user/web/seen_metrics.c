/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many attempts are remembered, and how many are not. */
#include "web/seen_metrics.h"

#include <event2/buffer.h>
#include <inttypes.h>

#include "engine/seen.h"
#include "runtime/runtime.h"

static void write_sample(struct evbuffer *buffer, const char *name, const char *type,
			 const char *help, uint64_t value)
{
	evbuffer_add_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help,
			    name, type, name, value);
}

static void write_left_out(struct evbuffer *buffer, const struct seen_left_out *left_out)
{
	const struct {
		const char *cause;
		uint64_t count;
	} causes[] = {
		{ "source_limit", left_out->source_limit },
		{ "limit", left_out->limit },
		{ "ring_full", left_out->ring_full },
		{ "rows", left_out->rows },
		{ "lost", left_out->lost },
	};

	evbuffer_add_printf(buffer,
			    "# HELP ipwl_seen_left_out Attempts in the time that is remembered "
			    "that no row contains.\n# TYPE ipwl_seen_left_out gauge\n");
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		evbuffer_add_printf(buffer, "ipwl_seen_left_out{cause=\"%s\"} %" PRIu64 "\n",
				    causes[i].cause, causes[i].count);
}

void seen_metrics_write(const struct runtime *runtime, struct evbuffer *buffer)
{
	struct seen_counters counters;

	seen_read_counters(runtime->view.seen, &counters);
	write_sample(buffer, "ipwl_seen_rows", "gauge", "Rows of attempts in seen.db.",
		     counters.row_count);
	write_sample(buffer, "ipwl_seen_rows_max", "gauge", "How many rows there may be.",
		     runtime->snapshot->config->seen.max_rows);
	write_sample(buffer, "ipwl_seen_attempts_total", "counter",
		     "Attempts that block lists match, as the kernel reported them one by one.",
		     counters.noted);
	write_left_out(buffer, &counters.left_out);
	write_sample(buffer, "ipwl_seen_failing", "gauge", "Whether seen.db cannot be used (1).",
		     counters.is_failing);
	write_sample(buffer, "ipwl_seen_log_lines_total", "counter",
		     "Lines of the log that tell of a source.", counters.told_lines);
	write_sample(buffer, "ipwl_seen_untold_total", "counter",
		     "Attempts without a line, because there were too many.", counters.untold);
}
