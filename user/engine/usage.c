/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of rules, read chunk by chunk, beside what is remembered of hits. */
#include "engine/usage.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/internal.h"
#include "store/hits.h"

struct usage {
	struct hits *hits;
	struct datapath *datapath;
	int64_t now_sec;
	struct ipwl_rule_counters *counters; /* room for those of a chunk */
	bool is_read[IPWL_CHUNKS_MAX];	     /* by chunk: whether its rules are known */
	uint32_t rule_limit;		     /* ids are below it */
	struct use {
		uint64_t packets;
		int64_t last_hit_sec;
	} rules[]; /* by rule id */
};

/* Read a chunk when one of its rules is asked for: most reloads ask for few or none. */
static void usage_read_chunk(struct usage *usage, uint32_t chunk)
{
	const uint32_t first = chunk * IPWL_CHUNK_RULES;

	usage->is_read[chunk] = true;
	/* What cannot be read is taken for unused. */
	if (datapath_read_chunk(usage->datapath, chunk, usage->counters))
		return;
	for (uint32_t i = 0; i < IPWL_CHUNK_RULES && first + i < usage->rule_limit; i++)
		usage->rules[first + i] =
		    (struct use) { usage->counters[i].packets, usage->counters[i].last_hit_sec };
}

int usage_read(const struct engine *engine, struct usage **ret_usage)
{
	const uint32_t limit = engine->ids.next;
	struct usage *usage = calloc(1, sizeof(*usage) + limit * sizeof(usage->rules[0]));

	if (!usage)
		return -ENOMEM;
	usage->counters = calloc(IPWL_CHUNK_RULES, sizeof(*usage->counters));
	if (!usage->counters) {
		free(usage);
		return -ENOMEM;
	}
	usage->hits = engine->hits;
	usage->datapath = engine->datapath;
	usage->now_sec = time_now_sec();
	usage->rule_limit = limit;
	datapath_settle(engine->datapath);
	*ret_usage = usage;
	return 0;
}

void usage_free(struct usage *usage)
{
	if (usage)
		free(usage->counters);
	free(usage);
}

int64_t usage_since_sec(const struct usage *usage)
{
	return hits_since_sec(usage->hits);
}

static struct use use_of(struct usage *usage, const struct rule *rule)
{
	const uint32_t chunk = rule->id / IPWL_CHUNK_RULES;

	if (rule->id >= usage->rule_limit || chunk >= IPWL_CHUNKS_MAX)
		return (struct use) { 0 };
	if (!usage->is_read[chunk])
		usage_read_chunk(usage, chunk);
	return usage->rules[rule->id];
}

/* What is remembered, and counted since the last look. Return: whether it is. */
static bool recall(struct usage *usage, const struct list *list, const struct rule *rule,
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
	struct usage *usage = context;
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
	struct usage *usage = context;
	struct hit_memory memory;

	if (recall(usage, list, rule, &memory))
		return memory.last_hit_sec;
	return use_of(usage, rule).last_hit_sec;
}
