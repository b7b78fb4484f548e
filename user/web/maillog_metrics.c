/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the mail log is read. There are no samples if none is configured. */
#include "web/maillog_metrics.h"

#include <event2/buffer.h>
#include <inttypes.h>

#include "runtime/maillog.h"
#include "runtime/runtime.h"

static void write_sample(struct evbuffer *buffer, const char *name, const char *type,
			 const char *help, int64_t value)
{
	evbuffer_add_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n", name, help,
			    name, type, name, value);
}

void maillog_metrics_write(const struct runtime *runtime, struct evbuffer *buffer)
{
	struct maillog_status status;

	maillog_get_status(runtime->maillog, &status);
	if (!status.source)
		return;
	write_sample(buffer, "ipwl_maillog_lines_total", "counter",
		     "Lines of the mail server that were read.", (int64_t)status.lines);
	write_sample(buffer, "ipwl_maillog_last_line_timestamp_seconds", "gauge",
		     "The time in the last line; 0: none since the start.", status.last_line_sec);
	write_sample(buffer, "ipwl_maillog_failing", "gauge",
		     "Whether the mail log cannot be read (1).", status.problem != NULL);
	write_sample(buffer, "ipwl_maillog_reader_starts_total", "counter",
		     "How often the reader of the mail log was started.", (int64_t)status.starts);
}
