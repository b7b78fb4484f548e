/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks the rules in the order of their lists, and reads their counters chunk by chunk:
 * one mapping for thousands of rules in the place of a system call for each.
 */
#include "engine/sampling.h"

#include <errno.h>
#include <stdlib.h>

#include "core/prefix_search.h"
#include "core/rule_array.h"
#include "datapath/datapath.h"
#include "store/hits.h"

/* Noted under one lock of the hits. */
#define BATCH_RULES 512

struct sampling_buffers {
	struct ipwl_rule_counters *counters; /* of a chunk */
	const struct rule **order;	     /* rules, chunk by chunk */
	size_t *ends;			     /* by chunk, where its rules end in @order */
};

static void sampling_buffers_done(struct sampling_buffers *buffers)
{
	free(buffers->counters);
	free(buffers->order);
	free(buffers->ends);
}

static int sampling_buffers_init(struct sampling_buffers *buffers, size_t rule_count)
{
	buffers->counters = calloc(IPWL_CHUNK_RULES, sizeof(*buffers->counters));
	buffers->order = calloc(rule_count + 1, sizeof(*buffers->order));
	buffers->ends = calloc(IPWL_CHUNKS_MAX, sizeof(*buffers->ends));
	if (buffers->counters && buffers->order && buffers->ends)
		return 0;
	sampling_buffers_done(buffers);
	return -ENOMEM;
}

/* Exclusions have no id, and nothing to count. */
static bool is_counted(const struct rule *rule)
{
	return rule->id && rule->id / IPWL_CHUNK_RULES < IPWL_CHUNKS_MAX;
}

/* Order the rules by chunk, each chunk's in their order: a counting sort. */
static void sampling_order(const struct rule_cursor *rules, struct sampling_buffers *buffers)
{
	struct rule_cursor cursor = *rules;
	size_t starts[IPWL_CHUNKS_MAX] = { 0 };
	const struct rule *rule;
	size_t sum = 0;

	while ((rule = rule_cursor_next(&cursor)))
		if (is_counted(rule))
			starts[rule->id / IPWL_CHUNK_RULES]++;
	for (size_t chunk = 0; chunk < IPWL_CHUNKS_MAX; chunk++) {
		size_t in_chunk = starts[chunk];

		starts[chunk] = sum;
		sum += in_chunk;
		buffers->ends[chunk] = sum;
	}
	cursor = *rules;
	while ((rule = rule_cursor_next(&cursor)))
		if (is_counted(rule))
			buffers->order[starts[rule->id / IPWL_CHUNK_RULES]++] = rule;
}

/* Note those of @count rules, all of one chunk, that have counted. */
static void sampling_note(struct hits *hits, const struct list *list,
			  const struct rule *const rules[], size_t count,
			  const struct ipwl_rule_counters *counters, int64_t now_sec)
{
	struct hits_reading batch[BATCH_RULES];
	size_t noted = 0;

	for (size_t i = 0; i < count; i++) {
		const struct rule *rule = rules[i];

		batch[noted] =
		    (struct hits_reading) { .rule = rule,
					    .counters = &counters[rule->id % IPWL_CHUNK_RULES] };
		noted += batch[noted].counters->packets != 0;
		if (noted == BATCH_RULES) {
			hits_note(hits, list, batch, noted, now_sec);
			noted = 0;
		}
	}
	if (noted)
		hits_note(hits, list, batch, noted, now_sec);
}

static int sampling_read(struct hits *hits, struct datapath *datapath, const struct list *list,
			 size_t first, size_t count, int64_t now_sec)
{
	struct sampling_buffers buffers;
	struct rule_cursor rules;
	size_t start = 0;
	int err = sampling_buffers_init(&buffers, count);

	if (err)
		return err;
	rule_cursor_init(&rules, list->rules, first, first + count);
	sampling_order(&rules, &buffers);
	for (uint32_t chunk = 0; chunk < IPWL_CHUNKS_MAX; start = buffers.ends[chunk++]) {
		size_t in_chunk = buffers.ends[chunk] - start;

		if (in_chunk && !datapath_read_chunk(datapath, chunk, buffers.counters))
			sampling_note(hits, list, buffers.order + start, in_chunk, buffers.counters,
				      now_sec);
	}
	sampling_buffers_done(&buffers);
	return 0;
}

/* Where in the list the look goes on. */
static size_t sampling_resume(const struct sampling *sampling, const struct list *list)
{
	return sampling->is_within
		   ? prefix_lower_bound(rule_array_prefixes(list->rules), &sampling->prefix)
		   : 0;
}

int sampling_step(struct sampling *sampling, struct hits *hits, struct datapath *datapath,
		  const struct policy *policy, size_t rule_count, int64_t now_sec)
{
	while (sampling->list < policy->list_count && rule_count) {
		const struct list *list = &policy->lists[sampling->list];
		size_t first = sampling_resume(sampling, list);
		size_t count = list->rule_count - first;
		int err;

		if (count > rule_count)
			count = rule_count;
		err = count ? sampling_read(hits, datapath, list, first, count, now_sec) : 0;
		if (err)
			return err;
		rule_count -= count;
		sampling->is_within = first + count < list->rule_count;
		if (sampling->is_within)
			sampling->prefix = rule_array_at(list->rules, first + count)->prefix;
		else
			sampling->list++;
	}
	if (sampling->list < policy->list_count)
		return 0;
	*sampling = (struct sampling) { 0 };
	hits_end_pass(hits);
	return 1;
}
