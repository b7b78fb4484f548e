/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which lanes are up, and what became of the connections to lists that have one. The same of
 * connections that are rejected. There are no samples if no list has a lane, or rejects. */
#include "web/lane_metrics.h"

#include <inttypes.h>

#include "datapath/datapath.h"
#include "runtime/lanes.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

static const char *const outcome_names[] = {
	[IPWL_LANE_HANDED] = "handed",
	[IPWL_LANE_WOULD_HAND] = "would_hand",
	[IPWL_LANE_OFF] = "off",
	[IPWL_LANE_MISSED] = "missed",
};
_Static_assert(sizeof(outcome_names) / sizeof(*outcome_names) == IPWL_LANE_OUTCOME_COUNT, "all");

static const char *const family_words[FAMILY_COUNT] = {
	[FAMILY_IPV4] = "ipv4",
	[FAMILY_IPV6] = "ipv6",
};

/* Names of lists need no escaping: letters, digits, . _ - */

static void write_up(const struct runtime *runtime, const struct list *list,
		     const struct exposition *to)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct lane_health *health = lanes_health(runtime->lanes, list, family);

		if (health)
			exposition_add(to, "ipwl_%s_up{list=\"%s\",family=\"%s\"} %d\n",
				       list->lane.is_reject ? "reject" : "lane", list->name,
				       family_words[family], health->is_up);
	}
}

static void write_connections(const struct runtime *runtime, const struct list *list,
			      const struct exposition *to)
{
	struct ipwl_lane_counters counters;

	datapath_read_lane(runtime->datapath, list->slot, &counters);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (int outcome = 0;
		     list->lane.ends[family].port && outcome < IPWL_LANE_OUTCOME_COUNT; outcome++)
			exposition_add(to,
				       "ipwl_lane_connections_total{list=\"%s\",family="
				       "\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
				       list->name, family_words[family], outcome_names[outcome],
				       (uint64_t)counters.connections[family][outcome]);
}

static void write_rejected(const struct runtime *runtime, const struct list *list,
			   const struct exposition *to)
{
	struct ipwl_lane_counters counters;
	uint64_t limited[FAMILY_COUNT];

	datapath_read_lane(runtime->datapath, list->slot, &counters);
	datapath_read_rejects(runtime->datapath, list->slot, limited);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const __u64 *of = counters.connections[family];
		const struct {
			const char *name;
			uint64_t count;
		} outcomes[] = { { "handed", of[IPWL_LANE_HANDED] },
				 { "limited", limited[family] },
				 { "off", of[IPWL_LANE_OFF] },
				 { "missed", of[IPWL_LANE_MISSED] } };

		for (size_t i = 0;
		     list->lane.ends[family].port && i < sizeof(outcomes) / sizeof(*outcomes); i++)
			exposition_add(to,
				       "ipwl_reject_connections_total{list=\"%s\",family=\"%s\","
				       "outcome=\"%s\"} %" PRIu64 "\n",
				       list->name, family_words[family], outcomes[i].name,
				       outcomes[i].count);
	}
}

static void write_all(const struct runtime *runtime, const struct exposition *to, bool is_reject,
		      void (*write)(const struct runtime *runtime, const struct list *list,
				    const struct exposition *to))
{
	const struct policy *policy = runtime->snapshot->policy;

	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].lane.mail_port && policy->lists[i].lane.is_reject == is_reject)
			write(runtime, &policy->lists[i], to);
}

void lane_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric up = { "ipwl_lane_up", "gauge",
					  "Whether the lane of a list takes connections (1): its "
					  "listener is there and its queue has room." };
	static const struct metric connections = {
		"ipwl_lane_connections_total", "counter",
		"Connections to the mail port of a lane from senders of its list, by what became "
		"of them."
	};

	exposition_head(to, &up);
	write_all(runtime, to, false, write_up);
	exposition_head(to, &connections);
	write_all(runtime, to, false, write_connections);
}

void reject_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric up = { "ipwl_reject_up", "gauge",
					  "Whether ipwl-reject takes connections of a list (1): it "
					  "listens and its queue has room." };
	static const struct metric connections = {
		"ipwl_reject_connections_total", "counter",
		"Connections of senders that a list rejects, by what became of them."
	};

	exposition_head(to, &up);
	write_all(runtime, to, true, write_up);
	exposition_head(to, &connections);
	write_all(runtime, to, true, write_rejected);
}
