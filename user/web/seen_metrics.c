/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many attempts are remembered, and how many are not. */
#include "web/seen_metrics.h"

#include <inttypes.h>

#include "engine/seen.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

static void write_left_out(const struct exposition *to, const struct seen_left_out *left_out)
{
	static const struct metric metric = {
		"ipwl_seen_left_out", "gauge",
		"Attempts in the time that is remembered that no row contains."
	};
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

	exposition_head(to, &metric);
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		exposition_add(to, "%s{cause=\"%s\"} %" PRIu64 "\n", metric.name, causes[i].cause,
			       causes[i].count);
}

void seen_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric rows = { "ipwl_seen_rows", "gauge",
					    "Rows of attempts in seen.db." };
	static const struct metric rows_max = { "ipwl_seen_rows_max", "gauge",
						"How many rows there may be." };
	static const struct metric attempts = { "ipwl_seen_attempts_total", "counter",
						"Attempts that block lists match or that are over "
						"a limit, as the kernel reported them "
						"one by one." };
	static const struct metric failing = { "ipwl_seen_failing", "gauge",
					       "Whether seen.db cannot be used (1)." };
	static const struct metric lines = { "ipwl_seen_log_lines_total", "counter",
					     "Lines of the log that tell of a source." };
	static const struct metric untold = {
		"ipwl_seen_untold_total", "counter",
		"Attempts without a line, because there were too many."
	};
	struct seen_counters counters;

	seen_read_counters(runtime->view.seen, &counters);
	exposition_single(to, &rows, counters.row_count);
	exposition_single(to, &rows_max, runtime->snapshot->config->seen.max_rows);
	exposition_single(to, &attempts, counters.noted);
	write_left_out(to, &counters.left_out);
	exposition_single(to, &failing, counters.is_failing);
	exposition_single(to, &lines, counters.told_lines);
	exposition_single(to, &untold, counters.untold);
}
