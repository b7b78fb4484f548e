/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The look at the counters: which rules were hit since the last one. */
#include <stdlib.h>

#include "core/prefix_search.h"
#include "store/hits_table.h"

/* Read without holding the lock, then noted under it. */
#define BATCH_RULES 512

/* Read the counters of rules that are neighbours in their list. The one place to change
 * where they can be read faster than one by one. A rule that cannot be read shows none. */
static void read_counters(const struct datapath *datapath, const struct rule *rules, size_t count,
			  struct ipwl_rule_counters *ret_counters)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!rules[i].id || datapath_read_rule(datapath, rules[i].id, &ret_counters[i]))
			ret_counters[i] = (struct ipwl_rule_counters) { 0 };
}

static uint64_t minus(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

struct hit_counts hits_growth(const struct hit_record *record, uint32_t rule,
			      const struct ipwl_rule_counters *counters)
{
	struct hit_counts grown = { .packets = counters->packets,
				    .connections = counters->connections,
				    .averted_packets = counters->averted_packets };

	/* Of another rule, or begun again: all of it is new. */
	if (!record || record->rule != rule || counters->packets < record->counted.packets)
		return grown;
	grown.packets -= record->counted.packets;
	grown.connections = minus(grown.connections, record->counted.connections);
	grown.averted_packets = minus(grown.averted_packets, record->counted.averted_packets);
	return grown;
}

/* Note what a rule has counted. hits->lock is held. A rule that finds no memory is left
 * for the next pass. */
static void note(struct hits *hits, size_t list, const struct rule *rule,
		 const struct ipwl_rule_counters *counters, int64_t now_sec)
{
	struct hit_record *record = hits_find_record(hits, list, &rule->prefix);
	struct hit_counts grown = hits_growth(record, rule->id, counters);

	if (!grown.packets)
		return;
	if (!record)
		record = hits_add_record(hits, list, &rule->prefix);
	if (!record)
		return;
	record->rule = rule->id;
	record->counted = (struct hit_counts) { .packets = counters->packets,
						.connections = counters->connections,
						.averted_packets = counters->averted_packets };
	hit_counts_add(&record->total, &grown);
	if (!hits->is_priming) {
		hit_counts_add(&record->pending, &grown);
		record->last_hit_sec = now_sec;
	}
	hits->dirty_count += !record->is_dirty;
	record->is_dirty = true;
}

static void sample_batch(struct hits *hits, const struct datapath *datapath,
			 const struct list *list, const struct rule *rules, size_t count,
			 int64_t now_sec)
{
	struct ipwl_rule_counters counters[BATCH_RULES];
	size_t i;
	int index;

	read_counters(datapath, rules, count, counters);
	pthread_mutex_lock(&hits->lock);
	index = hits_enter_list(hits, list->name, list->action);
	for (i = 0; i < count && index >= 0; i++)
		if (counters[i].packets)
			note(hits, (size_t)index, &rules[i], &counters[i], now_sec);
	pthread_mutex_unlock(&hits->lock);
}

/* Where in the list the pass goes on. */
static size_t resume(const struct hits *hits, const struct list *list)
{
	return hits->has_next_prefix
		   ? prefix_lower_bound(PREFIX_ARRAY(list->rules, list->rule_count),
					&hits->next_prefix)
		   : 0;
}

/* Return: how many of at most @budget rules were looked at; all, if fewer. */
static size_t sample_list(struct hits *hits, const struct datapath *datapath,
			  const struct list *list, size_t budget, int64_t now_sec)
{
	size_t first = resume(hits, list);
	size_t end = list->rule_count - first < budget ? list->rule_count : first + budget;
	size_t i, count;

	for (i = first; i < end; i += count) {
		count = end - i < BATCH_RULES ? end - i : BATCH_RULES;
		sample_batch(hits, datapath, list, list->rules + i, count, now_sec);
	}
	hits->has_next_prefix = end < list->rule_count;
	if (hits->has_next_prefix)
		hits->next_prefix = list->rules[end].prefix;
	return end - first;
}

bool hits_sample(struct hits *hits, const struct datapath *datapath, const struct policy *policy,
		 size_t rule_count, int64_t now_sec)
{
	while (hits->next_list < policy->list_count && rule_count) {
		rule_count -= sample_list(hits, datapath, &policy->lists[hits->next_list],
					  rule_count, now_sec);
		hits->next_list += !hits->has_next_prefix;
	}
	if (hits->next_list < policy->list_count)
		return false;
	hits->next_list = 0;
	hits->has_next_prefix = false;
	hits->is_priming = false;
	return true;
}

/* ---- rules that begin anew ------------------------------------------------ */

static uint32_t highest(const uint32_t *rules, size_t count)
{
	uint32_t found = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (rules[i] > found)
			found = rules[i];
	return found;
}

void hits_restart_rules(struct hits *hits, const uint32_t *rules, size_t rule_count)
{
	uint32_t limit = highest(rules, rule_count);
	uint8_t *is_new;
	size_t i;

	if (!hits->record_count || !rule_count)
		return;
	is_new = calloc(1, limit / 8 + 1);
	/* Without memory a rule that counts past what its forerunner had counted shows
	 * that much less. */
	if (!is_new)
		return;
	for (i = 0; i < rule_count; i++)
		is_new[rules[i] / 8] |= (uint8_t)(1U << rules[i] % 8);
	pthread_mutex_lock(&hits->lock);
	for (i = 0; i < hits->record_count; i++) {
		struct hit_record *record = &hits->records[i];

		if (record->rule > limit || !(is_new[record->rule / 8] >> record->rule % 8 & 1))
			continue;
		record->rule = 0;
		record->counted = (struct hit_counts) { 0 };
		hits->dirty_count += !record->is_dirty;
		record->is_dirty = true;
	}
	pthread_mutex_unlock(&hits->lock);
	free(is_new);
}
