/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to the files of engine/seen.h. */
#ifndef ENGINE_SEEN_INTERNAL_H
#define ENGINE_SEEN_INTERNAL_H

#include <pthread.h>

#include "config/config.h"
#include "engine/seen.h"

struct seen_journal;

struct seen {
	struct seen_store *store; /* NULL: nothing is stored */
	struct seen_journal *journal;
	bool is_failing; /* it was said that seen.db fails */
	uint64_t noted;

	pthread_mutex_t lock; /* for: */
	struct seen_counters counters;
};

struct seen *seen_new(void);
/* NULL is fine. */
void seen_free(struct seen *seen);

/* Open seen.db before any event is consumed, unless nothing is to be stored. */
void seen_begin(struct engine *engine, const struct config *config);
/* Delete what is too old. */
void seen_forget_old(struct engine *engine, int64_t now_sec);

/* ---- seen_query.c ---- */

/* Refuse a question if nothing is stored. Return: 0 or -ECANCELED. */
int seen_refuse_off(const struct engine *engine, struct refusal *refusal);
/* Refuse because of an error of the store. Return: -ECANCELED. */
int seen_refuse_error(const struct engine *engine, int err, struct refusal *refusal);
/* The time from when on attempts are shown. What is older than `keep` may still be on the disk,
 * but is not shown. */
int64_t seen_shown_since_sec(const struct engine *engine, int64_t since_sec);

/* ---- seen_journal.c ---- */

/* NULL: out of memory. */
struct seen_journal *seen_journal_new(void);
void seen_journal_free(struct seen_journal *journal);

/* Take an attempt: a line tells of a source that was not told of for an hour. */
void seen_journal_take(struct seen_journal *journal, const struct seen_row *row,
		       uint32_t lines_per_minute, double now_sec);
/* Tell how often the sources of the last hour have tried again, once the hour is over. */
void seen_journal_sweep(struct seen_journal *journal, uint32_t lines_per_minute, double now_sec);
/* Forget sources in a prefix. */
void seen_journal_forget(struct seen_journal *journal, const struct prefix *prefix);
/* Lines so far, and attempts without one. */
void seen_journal_counts(const struct seen_journal *journal, uint64_t *ret_lines,
			 uint64_t *ret_untold);

#endif
