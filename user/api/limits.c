/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the limits for unlisted sources are, and what they leave to one. */
#include "api/limits.h"

#include "datapath/limits.h"
#include "http/http.h"
#include "runtime/runtime.h"

#define NSEC_PER_SEC 1000000000ULL

static json_t *rate_json(const struct limit *limit)
{
	if (!limit->per_minute)
		return json_null();
	return json_pack("{s:o,s:o}", "per_minute", json_count(limit->per_minute), "burst",
			 json_count(limit->burst));
}

/* Limits that enforce do so only while ipwl enforces. */
static const char *mode_in_force(const struct runtime *runtime, const struct limits *limits)
{
	if (limits->mode == IPWL_LIMITS_ENFORCE && !snapshot_is_enforcing(runtime->snapshot))
		return limit_mode_names[IPWL_LIMITS_MONITOR];
	return limit_mode_names[limits->mode];
}

json_t *limits_status_json(const struct runtime *runtime)
{
	struct limits limits;

	datapath_read_limits(runtime->datapath, &limits);
	return json_pack("{s:s,s:s,s:o,s:o}", "mode", limit_mode_names[limits.mode],
			 "mode_in_force", mode_in_force(runtime, &limits), "address",
			 rate_json(&limits.of[IPWL_LIMIT_ADDRESS]), "network",
			 rate_json(&limits.of[IPWL_LIMIT_NETWORK]));
}

static json_t *state_json(const struct runtime *runtime, enum ipwl_limit limit,
			  const struct prefix *address)
{
	const struct prefix source = limit_source(limit, address);
	char text[PREFIX_TEXT_BYTES];
	const struct limit_state state = datapath_read_limit(runtime->datapath, limit, address);

	if (!state.has_limit)
		return json_null();
	return json_pack("{s:s,s:o,s:o}", "prefix", prefix_format_short(&source, text), "left",
			 json_count(state.left), "wait_seconds",
			 json_count((state.wait_ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC));
}

json_t *limit_json(const struct runtime *runtime, const struct prefix *address)
{
	struct limits limits;

	datapath_read_limits(runtime->datapath, &limits);
	if (limits.mode == IPWL_LIMITS_OFF)
		return json_null();
	return json_pack("{s:s,s:o,s:o}", "mode", mode_in_force(runtime, &limits), "address",
			 state_json(runtime, IPWL_LIMIT_ADDRESS, address), "network",
			 state_json(runtime, IPWL_LIMIT_NETWORK, address));
}
