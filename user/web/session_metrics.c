/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether SMTP sessions are counted, and how many there were. */
#include "web/session_metrics.h"

#include <inttypes.h>

#include "datapath/sessions.h"
#include "runtime/runtime.h"
#include "runtime/sessions.h"
#include "web/exposition.h"

static void write_kinds(const struct exposition *to, const struct metric *metric,
			const __u64 values[IPWL_SESSION_KIND_COUNT])
{
	exposition_head(to, metric);
	for (int kind = 0; kind < IPWL_SESSION_KIND_COUNT; kind++)
		exposition_add(to, "%s{direction=\"%s\",result=\"%s\"} %" PRIu64 "\n", metric->name,
			       session_kind_names[kind].direction, session_kind_names[kind].result,
			       (uint64_t)values[kind]);
}

void session_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric attached = {
		"ipwl_sessions_attached", "gauge",
		"Whether the kernel counts SMTP sessions by peer (1)."
	};
	static const struct metric sessions = {
		"ipwl_sessions_total", "counter",
		"SMTP sessions that are over, by who began them, and whether they count as "
		"complete."
	};
	static const struct metric sent = { "ipwl_session_sent_bytes_total", "counter",
					    "Bytes of these sessions that peers acknowledged." };
	static const struct metric received = { "ipwl_session_received_bytes_total", "counter",
						"Bytes of these sessions that peers sent." };
	struct session_status status;

	session_watch_get_status(runtime->sessions, &status);
	if (status.mode == SESSIONS_OFF)
		return;
	exposition_single(to, &attached, status.is_attached);
	write_kinds(to, &sessions, status.totals.sessions);
	write_kinds(to, &sent, status.totals.sent_bytes);
	write_kinds(to, &received, status.totals.received_bytes);
}
