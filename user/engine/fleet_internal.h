/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to the files engine/fleet_*.c. */
#ifndef ENGINE_FLEET_INTERNAL_H
#define ENGINE_FLEET_INTERNAL_H

#include "engine/fleet.h"
#include "engine/fleet_evidence.h"
#include "engine/internal.h"
#include "store/fleet.h"
#include "store/manual.h"

struct engine_fleet {
	struct fleet_replica *replica; /* NULL: there is no fleet */
	struct fleet_member member;    /* the fleet of the replica */
	struct fleet_records written;  /* of this host, not yet given to engine_fleet_publish() */
	bool is_manual_stale; /* entries of this host have changed that are not in force as they are
			       */
	bool is_stale;	      /* what has changed in the replica is not known */
	bool are_protections_stale;
	bool is_full_told;    /* that a host has too much evidence, since the start */
	int64_t evidence_day; /* on which all evidence was looked at; -1: it is to be */
	/* Between reading and settling: */
	struct fleet_replica *staged; /* NULL: the replica stays */
	struct fleet_member staged_member;
	struct manual_sets sets; /* by the index of their list */
	bool is_unread;
};

/* ---- fleet_replica.c ------------------------------------------------------------------- */

struct engine_fleet *engine_fleet_new(void);
/* NULL is fine. */
void engine_fleet_free(struct engine_fleet *fleet);

static inline const struct fleet_settings *fleet_settings_of(const struct engine *engine)
{
	return &engine->current->config->fleet;
}

static inline bool fleet_publishes(const struct engine *engine, enum fleet_kind kind)
{
	return fleet_settings_of(engine)->publishes[kind];
}

/* The replica, or NULL: @refusal says why there is none. */
struct fleet_replica *fleet_ready(const struct engine *engine, struct refusal *refusal);

/* Read what the host of that name knows of a fleet from state.db. Return: 0, -ENOMEM or -EIO. */
int fleet_load(struct state *state, const struct fleet_member *member, const char *host,
	       struct fleet_replica **ret_replica);
/* A change has failed: roll back, read the replica again and refuse. Return: -ECANCELED. */
int fleet_fail(struct engine *engine, int err, const char *error, struct refusal *refusal);

/* Writes what the replica keeps into the open transaction. */
struct fleet_keeper fleet_keeper_of(struct engine *engine);

int fleet_records_add(struct fleet_records *records, const struct fleet_record *record);

/* ---- fleet_source.c -------------------------------------------------------------------- */

/* The entry of a record; it shares its strings, and @about and @origin for the rest. */
struct entry fleet_entry_of(const struct fleet_record *record, struct provenance *about,
			    char origin[SCOPE_ORIGIN_BYTES]);

/* Whether a record of another host may be in force here, in that list. */
static inline bool fleet_is_wanted(const struct fleet_replica *replica, const struct config *config,
				   const struct list *list, const struct fleet_record *record)
{
	return list && list->action == record->action &&
	       strcmp(record->origin, fleet_replica_self(replica)) != 0 &&
	       fleet_settings_believe(&config->fleet, record->origin);
}

/**
 * fleet_drop_dangers() - leave out what must not be blocked
 * @set: finished, of a list; a block list loses entries that danger.h would refuse. A reference
 *	 is taken over
 * @ret_count: how many; may be NULL
 *
 * Return: a finished set; NULL: out of memory.
 */
struct entry_set *fleet_drop_dangers(const struct config *config, const struct list *list,
				     struct entry_set *set, size_t *ret_count);

/* The entries of a snapshot's lists, by their index; for manual_sets_done(). @replica: NULL: none.
 * Return: 0 or -ENOMEM. */
int fleet_sets_make(const struct fleet_replica *replica, const struct snapshot *next,
		    struct manual_sets *ret_sets);
/* Give the lists of @policy their entries; nothing is left in @sets. */
void fleet_sets_give(struct manual_sets *sets, struct policy *policy);

/* ---- fleet_protections.c --------------------------------------------------------------- */

/* Tell engine->protections what other hosts protect. @replica: NULL: nothing. Return: 0 or
 * -ENOMEM: nothing has changed. */
int fleet_protections_give(struct engine *engine, const struct fleet_replica *replica,
			   const struct snapshot *snapshot);

/* ---- fleet_own.c --------------------------------------------------------------------- */

/* Note where the entries of this host and its records differ. Return: 0, -ENOMEM or -EIO: the
 * transaction is rolled back. */
int fleet_mark_differences(struct engine *engine);
/* Write records for up to @count_max marks, in the open transaction or a new one. @ret_count: how
 * many marks there were. Return: 0, -ENOMEM or -EIO. */
int fleet_write_marked(struct engine *engine, size_t count_max, size_t *ret_count);
/* What this host has said of a prefix, in effect; NULL: nothing. */
const struct fleet_record *fleet_said_of(const struct engine *engine, const char *list,
					 const struct prefix *prefix, enum fleet_kind kind);
/* Whether this host would say just what a record of it says. Return: 0 or -EIO. */
int fleet_says(struct engine *engine, const struct fleet_record *record, bool *ret_says);
/* Whether learned entries belong to that list. */
bool fleet_has_learned(const struct engine *engine, const char *list);

/* ---- fleet_follow.c ------------------------------------------------------------------ */

/* Take an entry out that this host has learned, if it has. Return: 0, -ENOMEM or -EIO. */
int fleet_end_learned(struct engine *engine, struct manual_batch *batch, const char *list,
		      const struct prefix *prefix);
/* Change the entries of this host as @record says, which was taken: one of this host that it had
 * lost, or a removal by another. Return: 0, -ENOMEM or -EIO. */
int fleet_follow(struct engine *engine, struct manual_batch *batch,
		 const struct fleet_record *record);

/* ---- fleet_force.c --------------------------------------------------------------------- */

/**
 * fleet_put_in_force() - put what has changed in the replica in force, and commit
 * @batch: begun or not (id 0 of its record): gets the changes of entries of other hosts
 *
 * Return: 0 or -errno: @error says why, and the transaction is open or rolled back.
 */
int fleet_put_in_force(struct engine *engine, struct manual_batch *batch,
		       char error[DATAPATH_ERROR_BYTES]);

#endif
