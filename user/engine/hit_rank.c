/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over all entries with hits, and keeps the best. */
#include "engine/hit_rank.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/top.h"
#include "engine/internal.h"
#include "engine/lookup.h"
#include "engine/sample.h"
#include "store/hits_walk.h"

#define DAY_SEC 86400

const char *const hit_sort_names[HIT_SORT_COUNT] = {
	[HIT_SORT_HITS] = "hits",
	[HIT_SORT_CONNECTIONS] = "connections",
	[HIT_SORT_AVERTED] = "averted",
	[HIT_SORT_LAST_HIT] = "last_hit",
};

struct ranker {
	const struct policy *policy;
	const struct hit_query *query;
	struct top top;
	size_t match_count;
};

/* ---- the order ------------------------------------------------------------ */

static uint64_t hit_key(const struct hit_ranked *ranked, enum hit_sort sort)
{
	switch (sort) {
	case HIT_SORT_CONNECTIONS:
		return ranked->counts.connections;
	case HIT_SORT_AVERTED:
		return ranked->counts.averted_packets;
	case HIT_SORT_LAST_HIT:
		return (uint64_t)ranked->last_hit_sec;
	default:
		return ranked->counts.packets;
	}
}

/* Lists are in the order of the configuration, so the order of all is total. */
static bool ranks_higher(const void *a_pointer, const void *b_pointer, const void *context)
{
	const struct hit_ranked *a = a_pointer, *b = b_pointer;
	const enum hit_sort sort = ((const struct hit_query *)context)->sort;
	const uint64_t key_a = hit_key(a, sort), key_b = hit_key(b, sort);

	if (key_a != key_b)
		return key_a > key_b;
	if (a->counts.packets != b->counts.packets)
		return a->counts.packets > b->counts.packets;
	if (a->list != b->list)
		return a->list < b->list;
	return prefix_compare(&a->entry->prefix, &b->entry->prefix) < 0;
}

/* ---- what matches ---------------------------------------------------------- */

/* An entry of exactly this prefix, of the source that is asked for. */
static const struct entry *find_entry(const struct list *list, const struct hit_query *query,
				      const struct prefix *prefix)
{
	struct entry_cursor cursor;
	const struct entry *entry;

	entry_cursor_init(&cursor, list, prefix);
	while ((entry = entry_cursor_next(&cursor)) && !prefix_compare(&entry->prefix, prefix))
		if (!entry->is_exclusion && (!query->has_source || entry->source == query->source))
			return entry;
	return NULL;
}

static bool usage_matches(const struct hit_usage *usage, const struct hit_query *query)
{
	if (!usage->counts.packets || usage->last_hit_sec < query->since_sec)
		return false;
	if (query->list && strcmp(query->list, usage->list) != 0)
		return false;
	/* Nothing was averted. */
	if (query->sort == HIT_SORT_AVERTED && !usage->counts.averted_packets)
		return false;
	return !query->has_prefix || prefix_contains(&query->prefix, &usage->prefix) ||
	       prefix_contains(&usage->prefix, &query->prefix);
}

static void ranker_visit(const struct hit_usage *usage, void *context)
{
	struct ranker *ranker = context;
	struct hit_ranked ranked = { .counts = usage->counts, .last_hit_sec = usage->last_hit_sec };
	const struct rule *rule;

	if (!usage_matches(usage, ranker->query))
		return;
	ranked.list = policy_find_list(ranker->policy, usage->list);
	if (!ranked.list || ranked.list->action != usage->action)
		return;
	rule = list_find_rule(ranked.list, &usage->prefix);
	if (!rule || !rule->id)
		return;
	ranked.rule = rule->id;
	ranked.entry = find_entry(ranked.list, ranker->query, &usage->prefix);
	if (!ranked.entry)
		return;
	ranker->match_count++;
	top_add(&ranker->top, &ranked);
}

/* ---- rank ------------------------------------------------------------------- */

static int refuse_hits(struct engine *engine, int err, struct refusal *refusal)
{
	const char *error = hits_error(engine->hits);

	if (err == -ENOMEM)
		return refusal_set_memory(refusal);
	return refusal_set(refusal, OUTCOME_INTERNAL, "hits cannot be read: %s",
			   error ? error : strerror(-err));
}

int engine_rank_hits(struct engine *engine, const struct hit_query *query,
		     struct hit_ranking *ret_ranking, struct refusal *refusal)
{
	const int64_t from_day = query->since_sec / DAY_SEC;
	struct ranker ranker = { .policy = engine->current->policy, .query = query };
	int err;

	if (query->since_sec && from_day <= time_now_sec() / DAY_SEC - HITS_DAYS_KEPT)
		return refusal_set(refusal, OUTCOME_INVALID,
				   "the hits of single days are kept for %d days: ask for a "
				   "shorter time, or for all hits",
				   HITS_DAYS_KEPT - 1);
	if (query->list && !engine_find_list(engine, query->list, refusal))
		return -ECANCELED;
	if (top_init(&ranker.top, query->limit, sizeof(struct hit_ranked), ranks_higher, query))
		return refusal_set_memory(refusal);
	err = engine_look_at_hits(engine);
	if (!err)
		err = hits_walk(engine->hits, query->since_sec ? from_day : INT64_MIN, ranker_visit,
				&ranker);
	if (err) {
		top_done(&ranker.top);
		return refuse_hits(engine, err, refusal);
	}
	top_sort(&ranker.top);
	*ret_ranking = (struct hit_ranking) {
		.items = (struct hit_ranked *)(void *)ranker.top.elements,
		.count = ranker.top.count,
		.match_count = ranker.match_count,
		.counted_from_sec =
		    query->since_sec ? from_day * DAY_SEC : hits_since_sec(engine->hits),
	};
	return 0;
}

void hit_ranking_done(struct hit_ranking *ranking)
{
	free(ranking->items);
	*ranking = (struct hit_ranking) { 0 };
}
