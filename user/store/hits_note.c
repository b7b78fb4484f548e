/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Computes what rules have counted since the last pass. */
#include "store/hits_note.h"

#include <stdlib.h>

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

	/* If another rule counted, or the counter began again, all of it is new. */
	if (!record || record->rule != rule || counters->packets < record->counted.packets)
		return grown;
	grown.packets -= record->counted.packets;
	grown.connections = minus(grown.connections, record->counted.connections);
	grown.averted_packets = minus(grown.averted_packets, record->counted.averted_packets);
	return grown;
}

int64_t hits_last_sec(const struct ipwl_rule_counters *counters, int64_t now_sec)
{
	return counters->last_hit_sec > 0 && counters->last_hit_sec < now_sec
		   ? counters->last_hit_sec
		   : now_sec;
}

/* Note what a rule has counted. The caller holds hits->lock. Without memory for a record, the
 * rule waits for the next pass. */
static void note_rule(struct hits *hits, size_t list, const struct rule *rule,
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
		record->last_hit_sec = hits_last_sec(counters, now_sec);
	}
	hits->dirty_count += !record->is_dirty;
	record->is_dirty = true;
}

void hits_note(struct hits *hits, const struct list *list, const struct hits_reading *readings,
	       size_t count, int64_t now_sec)
{
	size_t i;
	int index;

	pthread_mutex_lock(&hits->lock);
	index = hits_enter_list(hits, list->name, list->action);
	for (i = 0; i < count && index >= 0; i++)
		note_rule(hits, (size_t)index, readings[i].rule, readings[i].counters, now_sec);
	pthread_mutex_unlock(&hits->lock);
}

void hits_end_pass(struct hits *hits)
{
	hits->is_priming = false;
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
	/* Without memory, a reused rule id may be taken for its forerunner. Once it has counted
	 * more than the forerunner had, it shows that much too little. */
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
