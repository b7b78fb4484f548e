/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of lanes, for status and test. */
#include "api/lane_json.h"

#include "datapath/datapath.h"
#include "http/http.h"
#include "runtime/lanes.h"
#include "runtime/runtime.h"

static const char *lane_mode(const struct runtime *runtime, const struct list *list)
{
	return !list->lane.is_monitor && snapshot_is_enforcing(runtime->snapshot) ? "enforce"
										  : "monitor";
}

static json_t *reason_json(const struct lane_health *health, const struct list *list)
{
	char reason[LANE_REASON_BYTES];

	if (health->is_up)
		return json_null();
	return json_string(lane_health_explain(health, &list->lane, reason));
}

static json_t *end_json(const struct runtime *runtime, const struct list *list, enum family family,
			const struct lane_health *health)
{
	const struct lane_look *last = &health->last;
	struct ipwl_lane_counters counters;
	const __u64 *of;
	char end[LANE_END_BYTES];

	datapath_read_lane(runtime->datapath, list->slot, &counters);
	of = counters.connections[family];
	return json_pack("{s:s,s:s,s:s,s:i,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "list",
			 list->name, "family", family == FAMILY_IPV4 ? "ipv4" : "ipv6", "address",
			 lane_end_format(&list->lane.ends[family], end), "port",
			 list->lane.mail_port, "mode", lane_mode(runtime, list), "up",
			 health->is_up, "waiting",
			 last->is_there ? json_count(last->waiting) : json_null(), "waiting_max",
			 last->is_there ? json_count(last->waiting_max) : json_null(), "problem",
			 reason_json(health, list), "handed", json_count(of[IPWL_LANE_HANDED]),
			 "would_hand", json_count(of[IPWL_LANE_WOULD_HAND]), "off",
			 json_count(of[IPWL_LANE_OFF]), "missed", json_count(of[IPWL_LANE_MISSED]));
}

static json_t *reject_json(const struct runtime *runtime, const struct list *list,
			   enum family family, const struct lane_health *health)
{
	const struct lane_look *last = &health->last;
	struct ipwl_lane_counters counters;
	uint64_t limited[FAMILY_COUNT];
	char end[LANE_END_BYTES];
	const __u64 *of;

	datapath_read_lane(runtime->datapath, list->slot, &counters);
	datapath_read_rejects(runtime->datapath, list->slot, limited);
	of = counters.connections[family];
	return json_pack("{s:s,s:s,s:s,s:i,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "list", list->name,
			 "family", family == FAMILY_IPV4 ? "ipv4" : "ipv6", "address",
			 lane_end_format(&list->lane.ends[family], end), "per_second",
			 (int)list->lane.per_second, "up", health->is_up, "waiting",
			 last->is_there ? json_count(last->waiting) : json_null(), "waiting_max",
			 last->is_there ? json_count(last->waiting_max) : json_null(), "problem",
			 reason_json(health, list), "handed", json_count(of[IPWL_LANE_HANDED]),
			 "limited", json_count(limited[family]), "off",
			 json_count(of[IPWL_LANE_OFF]), "missed", json_count(of[IPWL_LANE_MISSED]));
}

json_t *lanes_json(const struct runtime *runtime, bool is_reject)
{
	const struct policy *policy = runtime->snapshot->policy;
	json_t *array = json_array();

	for (size_t i = 0; i < policy->list_count; i++)
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			const struct list *list = &policy->lists[i];
			const struct lane_health *health =
			    lanes_health(runtime->lanes, list, family);

			if (health && list->lane.is_reject == is_reject)
				json_array_append_new(
				    array, is_reject ? reject_json(runtime, list, family, health)
						     : end_json(runtime, list, family, health));
		}
	return array;
}

json_t *lane_choice_json(const struct runtime *runtime, const struct list *list, enum family family,
			 uint16_t port)
{
	const struct lane_health *health;
	char end[LANE_END_BYTES];

	if (!list || list->lane.is_reject || list->lane.mail_port != port)
		return json_null();
	health = lanes_health(runtime->lanes, list, family);
	if (!health)
		return json_null();
	return json_pack("{s:s,s:s,s:b}", "address", lane_end_format(&list->lane.ends[family], end),
			 "mode", lane_mode(runtime, list), "up", health->is_up);
}

json_t *reject_choice_json(const struct runtime *runtime, const struct list *list,
			   enum family family)
{
	const struct lane_health *health;
	char end[LANE_END_BYTES];

	if (!list || !list->lane.is_reject)
		return json_null();
	health = lanes_health(runtime->lanes, list, family);
	if (!health)
		return json_null();
	return json_pack("{s:s,s:b}", "address", lane_end_format(&list->lane.ends[family], end),
			 "up", health->is_up);
}
