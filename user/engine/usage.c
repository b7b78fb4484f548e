/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of all rules, read chunk by chunk, beside what is remembered of hits. */
#include "engine/usage.h"

#include <errno.h>
#include <stdlib.h>

#include "core/rule_array.h"
#include "engine/internal.h"
#include "store/hits.h"

struct usage {
	struct hits *hits;
	int64_t now_sec;
	uint32_t rule_limit; /* ids are below it */
	struct use {
		uint64_t packets;
		int64_t last_hit_sec;
	} rules[]; /* by rule id */
};

static uint32_t highest_rule(const struct policy *policy)
{
	const struct rule *rule;
	struct rule_cursor rules;
	uint32_t highest = 0;

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		rule_cursor_init(&rules, list->rules, 0, list->rule_count);
		while ((rule = rule_cursor_next(&rules)))
			if (rule->id > highest)
				highest = rule->id;
	}
	return highest;
}

static void read_chunk(struct datapath *datapath, uint32_t chunk,
		       struct ipwl_rule_counters *counters, struct usage *usage)
{
	uint32_t first = chunk * IPWL_CHUNK_RULES;

	/* What cannot be read is taken for unused. */
	if (datapath_read_chunk(datapath, chunk, counters))
		return;
	for (uint32_t i = 0; i < IPWL_CHUNK_RULES && first + i < usage->rule_limit; i++)
		usage->rules[first + i] =
		    (struct use) { counters[i].packets, counters[i].last_hit_sec };
}

int usage_read(const struct engine *engine, struct usage **ret_usage)
{
	uint32_t limit = highest_rule(engine->current->policy) + 1;
	struct usage *usage = calloc(1, sizeof(*usage) + limit * sizeof(usage->rules[0]));
	struct ipwl_rule_counters *counters = calloc(IPWL_CHUNK_RULES, sizeof(*counters));

	if (!usage || !counters) {
		free(usage);
		free(counters);
		return -ENOMEM;
	}
	usage->hits = engine->hits;
	usage->now_sec = time_now_sec();
	usage->rule_limit = limit;
	datapath_settle(engine->datapath);
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

int64_t usage_since_sec(const struct usage *usage)
{
	return hits_since_sec(usage->hits);
}

static struct use use_of(const struct usage *usage, const struct rule *rule)
{
	return rule->id < usage->rule_limit ? usage->rules[rule->id] : (struct use) { 0 };
}

/* What is remembered, and counted since the last look. Return: whether it is. */
static bool recall(const struct usage *usage, const struct list *list, const struct rule *rule,
		   struct hit_memory *ret_memory)
{
	const struct use use = use_of(usage, rule);
	const struct ipwl_rule_counters counters = { .packets = use.packets,
						     .last_hit_sec = use.last_hit_sec };

	return hits_find(usage->hits, list, &rule->prefix, rule->id, &counters, usage->now_sec,
			 ret_memory);
}

bool usage_is_hit(const struct list *list, const struct rule *rule, void *context)
{
	const struct usage *usage = context;
	struct hit_memory memory;

	if (!recall(usage, list, rule, &memory))
		return use_of(usage, rule).packets > 0;
	/* Hits before the memory began have no time. */
	if (!memory.last_hit_sec)
		return memory.total.packets > 0;
	return memory.last_hit_sec > usage->now_sec - USAGE_SEC;
}

int64_t usage_last_hit_sec(const struct list *list, const struct rule *rule, void *context)
{
	const struct usage *usage = context;
	struct hit_memory memory;

	if (recall(usage, list, rule, &memory))
		return memory.last_hit_sec;
	return use_of(usage, rule).last_hit_sec;
}
