/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life cycle of learned addresses, in learn.db (evidence.h). What is in force is decided by
 * state.db (learned_entries.h); these rows follow it.
 *
 * Unless stated otherwise, functions return 0 or -EIO, and write in the open transaction or
 * begin one. */
#ifndef STORE_LEARNED_ROWS_H
#define STORE_LEARNED_ROWS_H

#include "learn/life.h"
#include "store/evidence.h"

/* -ENOENT: there is none. */
int learned_row_find(struct evidence_store *store, const struct prefix *subject,
		     struct learned *ret_learned);
/* @due_sec: when it must be reviewed; 0: only if it is touched. */
int learned_row_put(struct evidence_store *store, const struct learned *learned, int64_t due_sec);
int learned_row_delete(struct evidence_store *store, const struct prefix *subject);

/* Addresses that are due. @ret_subjects: room for @max. */
int learned_rows_read_due(struct evidence_store *store, int64_t now_sec, size_t max,
			  struct prefix *ret_subjects, size_t *ret_count);

/* Call @visit for the rows of a state (LEARN_NONE: of all) by prefix, after @after (or NULL).
 * Return: 0; a value of @visit that is not 0; -EIO. */
int learned_rows_walk(struct evidence_store *store, enum learn_state state,
		      const struct prefix *after,
		      int (*visit)(const struct learned *learned, void *context), void *context);

struct learned_row_counts {
	uint64_t of[LEARN_STATE_COUNT][LEARN_RULE_COUNT];
	uint64_t held;
	uint64_t entered; /* put in force since a time */
	uint64_t removed; /* barred since a time */
};

int learned_rows_count(struct evidence_store *store, int64_t since_sec,
		       struct learned_row_counts *ret_counts);

#endif
