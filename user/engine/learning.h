/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to the files of learned.h: what learning keeps, and changes of what is in force. */
#ifndef ENGINE_LEARNING_H
#define ENGINE_LEARNING_H

#include <pthread.h>

#include "engine/learned.h"
#include "learn/caps.h"
#include "store/evidence.h"

struct learning {
	struct evidence_store *store; /* NULL: not opened yet, or learning is off */
	/* The entries of the snapshot that is to be. */
	struct entry_set *staged;
	bool is_unread; /* they are those in force, if there are any */

	bool needs_follow; /* the rows of learn.db may differ from what is in force */
	bool touches_all;  /* the configuration has changed */
	bool is_failing;   /* it was said that learn.db fails */
	struct learn_caps caps;
	int64_t told_day[LEARN_CAP_COUNT]; /* that a limit holds */
	int64_t pruned_day;
	struct prefix *own; /* addresses of this host, sorted */
	size_t own_count;
	double own_read_at_sec; /* monotonic; 0: never */

	pthread_mutex_t lock; /* for: */
	struct learning_counters counters;
};

struct learning *learning_new(void);
/* NULL is fine. */
void learning_free(struct learning *learning);

/* The settings in force. */
const struct learn_settings *learning_settings(const struct engine *engine);
/* The time that counts now. */
int64_t learning_now(const struct engine *engine);
/* Why an address is never learned, a constant, or NULL. */
const char *learning_refuse(struct engine *engine, const struct prefix *subject);

/* Have learn.db open and its rows as what is in force says. Return: 0; -ECANCELED: it cannot be
 * used, or learning is off, as @refusal says. */
int learning_ready(struct engine *engine, struct refusal *refusal);
/* Refuse because learn.db fails. Roll back first. Return: -ECANCELED. */
int learning_refuse_failed(struct engine *engine, struct refusal *refusal);

/* ---- learned_follow.c ---- */

/* Make the rows of learn.db follow what is in force, and count them. Return: 0, -ENOMEM or
 * -EIO. */
int learning_follow(struct engine *engine);
int learning_count_rows(struct engine *engine);

/* ---- learned_change.c ---- */

/* What becomes of an address. */
struct learned_change {
	struct learned was; /* state LEARN_NONE: it had no row */
	struct learned to;
	enum learn_notice notice;
	bool forgets; /* delete the evidence, too */
};

/**
 * learning_change() - write rows, and put in force what they say
 * @by: NULL: learning itself; then the guard may hold removals
 * @ret_held: the guard's reason, to be freed: no removal is made, and their rows stay what they
 *            were; NULL: not held
 *
 * The addresses are no longer touched. Everything is committed, or nothing is. Return: 0;
 * -ECANCELED: as @refusal says.
 */
int learning_change(struct engine *engine, const struct deed *by, struct learned_change *changes,
		    size_t count, char **ret_held, struct refusal *refusal);

/* ---- learned_source.c ---- */

/* Read the learned entries as state.db has them now. @ret_set: NULL: none. Return: 0, -ENOMEM
 * or -EIO. */
int learned_source_read_set(struct engine *engine, const struct config *config,
			    struct entry_set **ret_set);
/* Give them to the list of @next. Takes over @set. */
void learned_source_give(const struct config *config, struct policy *policy, struct entry_set *set);

extern const struct entry_source learned_source;

#endif
