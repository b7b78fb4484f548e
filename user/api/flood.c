/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the shield against floods does, and what it needs. */
#include "api/flood.h"

#include "base/clock.h"
#include "datapath/flood.h"
#include "http/http.h"
#include "runtime/flood.h"
#include "runtime/runtime.h"

#define NSEC_PER_SEC 1000000000LL

static json_t *outcomes_json(const struct flood_state *state)
{
	json_t *object = json_object();

	for (int outcome = 0; outcome < IPWL_FLOOD_OUTCOME_COUNT; outcome++)
		json_object_set_new(object, flood_outcome_names[outcome],
				    json_count(state->outcomes[outcome]));
	return object;
}

json_t *flood_status_json(const struct runtime *runtime)
{
	const struct flood *flood = &runtime->snapshot->config->flood;
	struct flood_state state;

	if (datapath_read_flood(runtime->datapath, &state))
		return json_null();
	return json_pack(
	    "{s:s,s:s,s:o,s:o,s:b,s:o,s:o,s:s}", "mode", flood_mode_names[flood->mode],
	    "mode_in_force", flood_mode_names[state.mode], "threshold",
	    json_count(flood->threshold), "quiet_seconds", json_count(flood->quiet_sec), "active",
	    state.is_on, "last_at",
	    state.since_ns ? json_time((time_booted_ns() + (int64_t)state.since_ns) / NSEC_PER_SEC)
			   : json_null(),
	    "syns", outcomes_json(&state), "syncookies",
	    flood_cookies_names[flood_watch_cookies(runtime->flood)]);
}
