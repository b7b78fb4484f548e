/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the listed entries that are hit most, or were hit last. */
#ifndef ENGINE_HIT_RANK_H
#define ENGINE_HIT_RANK_H

#include "engine/engine.h"
#include "store/hits.h"

/* The most entries of one answer. */
#define HIT_RANK_MAX 1000

enum hit_sort {
	HIT_SORT_HITS,
	HIT_SORT_CONNECTIONS,
	HIT_SORT_AVERTED,
	HIT_SORT_LAST_HIT,
	HIT_SORT_COUNT,
};

/* "hits", "connections", … indexed by enum hit_sort. */
extern const char *const hit_sort_names[HIT_SORT_COUNT];

struct hit_query {
	enum hit_sort sort;
	int64_t since_sec; /* entries that were hit since then; 0: ever */
	const char *list;  /* or NULL: all */
	bool has_source;
	enum source source;
	bool has_prefix; /* entries that cover it or lie inside it */
	struct prefix prefix;
	size_t limit; /* from 1 to HIT_RANK_MAX */
};

struct hit_ranked {
	const struct list *list; /* of the snapshot in force */
	const struct entry *entry;
	uint32_t rule;
	struct hit_counts counts; /* from counted_from_sec on */
	int64_t last_hit_sec;	  /* 0: unknown */
};

struct hit_ranking {
	struct hit_ranked *items; /* the first one ranks highest */
	size_t count;
	size_t match_count; /* entries that match, with those beyond the limit */
	/* Hits are kept by day: the beginning of the day of since_sec, or since when hits are
	 * remembered. */
	int64_t counted_from_sec;
};

/* Read the counters of all rules, and rank. Return: 0; -ECANCELED: as @refusal says. */
int engine_rank_hits(struct engine *engine, const struct hit_query *query,
		     struct hit_ranking *ret_ranking, struct refusal *refusal);
void hit_ranking_done(struct hit_ranking *ranking);

#endif
