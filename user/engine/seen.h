/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts that block lists match or that are over a limit: remembered in seen.db (store/seen.h),
 * told in the log, and asked for. Nothing here changes a verdict or makes a change of the policy
 * fail.
 */
#ifndef ENGINE_SEEN_H
#define ENGINE_SEEN_H

#include "core/attempt.h"
#include "engine/engine.h"
#include "store/seen.h"

struct seen;

/* ---- for any thread ------------------------------------------------------- */

struct seen_counters {
	bool is_failing;	       /* seen.db cannot be used, or not be written */
	uint64_t row_count;	       /* in seen.db */
	uint64_t waiting;	       /* attempts to be written */
	uint64_t noted;		       /* attempts since the start */
	uint64_t told_lines;	       /* in the log since the start */
	uint64_t untold;	       /* attempts that had no line, because there were too many */
	struct seen_left_out left_out; /* of all that is remembered */
};

void seen_read_counters(struct seen *seen, struct seen_counters *ret_counters);

/* ---- for the engine's thread ---------------------------------------------- */

/* Remember attempts, and tell of new sources. */
void engine_note_attempts(struct engine *engine, const struct attempt *attempts, size_t count);

/* Write what could not be written before, and what the kernel left out. To be called from time
 * to time. */
void engine_update_seen(struct engine *engine);

/* What is wrong with seen.db at present, or NULL. */
const char *engine_seen_error(const struct engine *engine);

/* The most rows of one answer. */
#define SEEN_ANSWER_MAX 1000

enum seen_sort { SEEN_SORT_ATTEMPTS, SEEN_SORT_LAST, SEEN_SORT_FIRST, SEEN_SORT_COUNT };
/* "attempts", "last", "first", indexed by enum seen_sort. */
extern const char *const seen_sort_names[SEEN_SORT_COUNT];

struct seen_query {
	int64_t since_sec;
	bool has_prefix;
	struct prefix prefix; /* sources inside it */
	const char *list;     /* or NULL: all; decided, or was overruled */
	enum seen_sort sort;  /* of sources; rows: the newest first */
	size_t limit;	      /* from 1 to SEEN_ANSWER_MAX */
};

/* All attempts of a source. */
struct seen_source {
	struct seen_row sum;		 /* of all; verdict and what decided: of the last one */
	uint64_t of[IPWL_VERDICT_COUNT]; /* attempts by verdict */
};

/* Attempts over a limit (ipwl_limit.h) of a network. */
struct seen_network {
	struct prefix network;		 /* a /24 or a /48 */
	uint64_t source_count;		 /* addresses */
	uint64_t of[IPWL_VERDICT_COUNT]; /* attempts by verdict */
	uint64_t attempts;		 /* of both verdicts */
	uint64_t left_out;		 /* of these, attempts that were not reported one by one */
	int64_t first_sec;
	int64_t last_sec;
};

struct seen_answer {
	struct seen_row *rows;	       /* of engine_find_seen() */
	struct seen_source *sources;   /* of engine_find_blocked() */
	struct seen_network *networks; /* of engine_find_limited() */
	size_t count;
	/* Of all that match, with those beyond the limit. */
	uint64_t match_count;
	uint64_t attempt_count;
	int64_t since_sec;	       /* what is older is not shown, or not remembered */
	int64_t remembered_since_sec;  /* 0: nothing is remembered yet */
	struct seen_left_out left_out; /* attempts of any source since then */
};

/* Find the attempts of a source or of all in a prefix, or the sources that attempted. Return: 0;
 * -ECANCELED: as @refusal says. */
int engine_find_seen(struct engine *engine, const struct seen_query *query,
		     struct seen_answer *ret_answer, struct refusal *refusal);
int engine_find_blocked(struct engine *engine, const struct seen_query *query,
			struct seen_answer *ret_answer, struct refusal *refusal);
/* Find the networks with most attempts over a limit. The list and the order of the query do not
 * matter. Each count is exact for the attempts that the kernel reported or counted with a later
 * event of their source; the others are in `left_out` of the answer. */
int engine_find_limited(struct engine *engine, const struct seen_query *query,
			struct seen_answer *ret_answer, struct refusal *refusal);
void seen_answer_done(struct seen_answer *answer);

/* ---- sums -------------------------------------------------------------------- */

/* Attempts that an allow entry has saved from one block list. */
struct seen_averted {
	struct seen_match allow;
	char block_list[POLICY_NAME_MAX + 1]; /* empty: unknown */
	uint64_t attempts;
	uint64_t source_count;
};

/* Attempts that a block list matched. */
struct seen_list_sum {
	char list[POLICY_NAME_MAX + 1];	 /* empty: unknown */
	uint64_t of[IPWL_VERDICT_COUNT]; /* attempts by verdict; IPWL_AVERTED: overruled */
	uint64_t source_count;		 /* of attempts that were dropped, or would have been */
	struct seen_source *sources;	 /* those with most of them, the most first */
	size_t count;
};

struct seen_totals {
	struct seen_averted *averted; /* the most attempts first */
	size_t averted_count;
	uint64_t averted_match_count; /* with those beyond the limit */
	struct seen_list_sum *lists;  /* the most attempts first */
	size_t list_count;
	uint64_t of[IPWL_VERDICT_COUNT]; /* all attempts by verdict */
	uint64_t source_count;
	/* As in struct seen_answer. */
	int64_t since_sec;
	int64_t remembered_since_sec;
	struct seen_left_out left_out;
};

/* Sum up attempts since a time. @entries_max, @sources_max: how many to name, at least 1. Return:
 * as above. */
int engine_sum_seen(struct engine *engine, int64_t since_sec, size_t entries_max,
		    size_t sources_max, struct seen_totals *ret_totals, struct refusal *refusal);
void seen_totals_done(struct seen_totals *totals);

/* Delete all attempts of sources in a prefix. */
int engine_forget_seen(struct engine *engine, const struct prefix *prefix, uint64_t *ret_row_count,
		       struct refusal *refusal);

#endif
