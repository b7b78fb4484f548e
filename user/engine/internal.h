/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to the engine: its data, and the switch from one policy to the next. */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "base/clock.h"
#include "core/rules.h"
#include "engine/engine.h"
#include "engine/manual.h"
#include "engine/sampling.h"

struct engine_fleet;
struct feed_store;
struct learning;
struct seen;
struct protections;
struct rule_file;
struct sample_store;

/* Entries of the rescue, by the index of their list. */
struct rescue_sets {
	struct entry_set **items; /* NULL: none */
	size_t count;
};

struct engine {
	const char *config_path;
	struct datapath *datapath;
	struct state *state;
	struct rule_file *rule_file; /* NULL: cannot be kept */
	struct rule_ids ids;
	struct policy *adopted;	     /* rules of the daemon before, until the first switch */
	struct manual_staged manual; /* of the snapshot that is to be */
	struct rescue_sets rescue;   /* the same */
	struct feed_store *feeds[FEED_KIND_COUNT];	  /* of current */
	struct feed_store *staged_feeds[FEED_KIND_COUNT]; /* of the snapshot that is to be */
	struct snapshot *current;
	bool is_kernel_known; /* it decides by current */
	bool is_detached;
	struct protections *protections;
	struct hits *hits; /* of entries, remembered */
	struct learning *learning;
	struct engine_fleet *fleet;
	struct seen *seen; /* attempts */
	bool are_hits_failing;
	struct sample_store *sample_store;
	bool are_samples_failing;
	struct sampling sampling;
	double pruned_at_monotonic_sec; /* what is old was last forgotten; 0: never */
	struct clock_watch clock_watch;
	/* Allow entries deleted by hand, unless it was accepted, since that time. */
	size_t deletion_count;
	double deletions_from_monotonic_sec;
	int64_t expiry_looked_at_sec; /* what has expired was last taken out of force */
};

/* ---- switch.c -------------------------------------------------------------- */

/**
 * engine_switch() - put @next in force
 * @next: its entries are final; a reference is taken
 * @commits_state: a transaction is open and is to be committed with it
 *
 * On failure nothing has changed, except for the open transaction, which the caller must roll
 * back. Return: 0 or -errno.
 */
int engine_switch(struct engine *engine, struct snapshot *next, bool commits_state,
		  char error[DATAPATH_ERROR_BYTES]);

/* Put one list's new manual entries in force and commit the open transaction; takes over
 * @set, which may be NULL: out of memory. On failure the transaction is rolled back. Return:
 * as engine_switch(). */
int engine_switch_list(struct engine *engine, const char *name, struct entry_set *set,
		       char error[DATAPATH_ERROR_BYTES]);

/* Put the manual and learned entries of the open transaction in force and commit it. On failure it
 * is rolled back, and nothing has changed. Return: 0 or -errno. */
int engine_switch_manual(struct engine *engine, char error[DATAPATH_ERROR_BYTES]);

#endif
