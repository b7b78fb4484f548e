/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One bit for each rule that has counted; the counters are read chunk by chunk. */
#include "usage.h"

#include <errno.h>
#include <stdlib.h>

#include "engine.h"

struct usage {
	int64_t now_sec;
	uint32_t rule_limit; /* ids are below it */
	uint8_t is_hit[];    /* bit id % 8 of byte id / 8 */
};

static uint32_t highest_rule(const struct policy *policy)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < policy->list_count; i++)
		for (size_t j = 0; j < policy->lists[i].rule_count; j++)
			if (policy->lists[i].rules[j].id > highest)
				highest = policy->lists[i].rules[j].id;
	return highest;
}

static void read_chunk(const struct datapath *datapath, uint32_t chunk,
		       struct ipwl_rule_counters *counters, struct usage *usage)
{
	uint32_t first = chunk * IPWL_CHUNK_RULES;

	/* What cannot be read is taken for unused. */
	if (datapath_read_chunk(datapath, chunk, counters))
		return;
	for (uint32_t i = 0; i < IPWL_CHUNK_RULES && first + i < usage->rule_limit; i++)
		if (counters[i].packets)
			usage->is_hit[(first + i) / 8] |= (uint8_t)(1U << (first + i) % 8);
}

int usage_read(const struct engine *engine, struct usage **ret_usage)
{
	uint32_t limit = highest_rule(engine->current->policy) + 1;
	struct usage *usage = calloc(1, sizeof(*usage) + limit / 8 + 1);
	struct ipwl_rule_counters *counters = calloc(IPWL_CHUNK_RULES, sizeof(*counters));

	if (!usage || !counters) {
		free(usage);
		free(counters);
		return -ENOMEM;
	}
	usage->now_sec = time_now_sec();
	usage->rule_limit = limit;
	for (uint32_t chunk = 0; chunk <= limit / IPWL_CHUNK_RULES; chunk++)
		read_chunk(engine->datapath, chunk, counters, usage);
	free(counters);
	*ret_usage = usage;
	return 0;
}

void usage_free(struct usage *usage)
{
	free(usage);
}

bool usage_is_hit(const struct list *list, const struct rule *rule, void *context)
{
	const struct usage *usage = context;

	(void)list;
	return rule->id < usage->rule_limit && usage->is_hit[rule->id / 8] >> rule->id % 8 & 1;
}

int64_t usage_last_hit_sec(const struct list *list, const struct rule *rule, void *context)
{
	const struct usage *usage = context;

	/* A counter has no time: it may have counted just now. */
	return usage_is_hit(list, rule, context) ? usage->now_sec : 0;
}
