/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the mail log is read. There are no samples if none is configured. */
#include "web/maillog_metrics.h"

#include "runtime/maillog.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

void maillog_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric lines = { "ipwl_maillog_lines_total", "counter",
					     "Lines of the mail server that were read." };
	static const struct metric last_line = {
		"ipwl_maillog_last_line_timestamp_seconds", "gauge",
		"The time in the last line; 0: none since the start."
	};
	static const struct metric failing = { "ipwl_maillog_failing", "gauge",
					       "Whether the mail log cannot be read (1)." };
	static const struct metric starts = { "ipwl_maillog_reader_starts_total", "counter",
					      "How often the reader of the mail log was started." };
	struct maillog_status status;

	maillog_get_status(runtime->maillog, &status);
	if (!status.source)
		return;
	exposition_single(to, &lines, status.lines);
	exposition_single(to, &last_line, (uint64_t)status.last_line_sec);
	exposition_single(to, &failing, status.problem != NULL);
	exposition_single(to, &starts, status.starts);
}
