/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether sessions are counted, and how many there were. */
#include "api/sessions.h"

#include "datapath/sessions.h"
#include "http/http.h"
#include "runtime/runtime.h"
#include "runtime/sessions.h"

/* {"outbound": {"complete": {"sessions": 1, …}, …}, …} */
static json_t *totals_json(const struct ipwl_session_totals *totals)
{
	json_t *json = json_object();

	for (int kind = 0; kind < IPWL_SESSION_KIND_COUNT; kind++) {
		const struct session_kind_name *name = &session_kind_names[kind];
		json_t *direction = json_object_get(json, name->direction);

		if (!direction) {
			direction = json_object();
			json_object_set_new(json, name->direction, direction);
		}
		json_object_set_new(
		    direction, name->result,
		    json_pack("{s:o,s:o,s:o}", "sessions", json_count(totals->sessions[kind]),
			      "sent_bytes", json_count(totals->sent_bytes[kind]), "received_bytes",
			      json_count(totals->received_bytes[kind])));
	}
	return json;
}

json_t *sessions_status_json(const struct runtime *runtime)
{
	struct session_status status;

	if (!runtime->snapshot->config->learn.is_on)
		return json_null();
	session_watch_get_status(runtime->sessions, &status);
	return json_pack("{s:s,s:b,s:o,s:o,s:o}", "mode", session_mode_names[status.mode],
			 "attached", status.is_attached, "cgroup", json_text(status.cgroup),
			 "problem", json_text(status.problem), "totals",
			 totals_json(&status.totals));
}

json_t *session_record_json(const struct runtime *runtime, const struct prefix *address)
{
	struct session_record record;

	if (!session_watch_find(runtime->sessions, address, &record))
		return json_null();
	return json_pack(
	    "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "since", json_time(record.since_sec), "outbound",
	    json_count(record.counts.outbound), "sent_bytes", json_count(record.counts.sent_bytes),
	    "received_bytes", json_count(record.counts.received_bytes), "last_outbound_at",
	    json_time(record.last_outbound_sec), "inbound", json_count(record.counts.inbound),
	    "inbound_bytes", json_count(record.counts.inbound_bytes), "last_inbound_at",
	    json_time(record.last_inbound_sec));
}
