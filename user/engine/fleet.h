/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of the fleet: what other hosts list, and what this one says to them. Nothing here talks
 * to a server.
 *
 * state.db has the records of all hosts, and the replica has them in memory. If a change of both
 * fails, the replica is read again. The functions are for the worker, as those of engine.h. If the
 * configuration has no `fleet:`, they refuse with OUTCOME_CONFLICT.
 */
#ifndef ENGINE_FLEET_H
#define ENGINE_FLEET_H

#include "engine/lookup.h"
#include "fleet/replica.h"

struct entry_source;

extern const struct entry_source fleet_source;

/* Records with strings of their own. */
struct fleet_records {
	struct fleet_record **items;
	size_t count;
	size_t capacity;
};

void fleet_records_done(struct fleet_records *records);

/**
 * engine_fleet_publish() - say what has changed on this host
 * @ret_records: its new records, for fleet_records_done(): to be sent to the others
 * @ret_is_all: false: there are more
 *
 * They are on the disk when this returns. To be called after each change of entries, and
 * after engine_fleet_take().
 * Return: 0; -ECANCELED: nothing has changed, and @refusal says why.
 */
int engine_fleet_publish(struct engine *engine, struct fleet_records *ret_records, bool *ret_is_all,
			 struct refusal *refusal);

/**
 * engine_fleet_take() - learn records of other hosts, or of this one before it lost them
 * @records: authentic. Those of hosts that `only_from` leaves out are passed over
 * @is_last: false: more follow soon. They are on the disk when this returns, and in force when
 *	     the last ones are
 *
 * Return: as engine_fleet_publish().
 */
int engine_fleet_take(struct engine *engine, const struct fleet_record *const records[],
		      size_t count, bool is_last, struct fleet_taking *ret_taking,
		      struct refusal *refusal);

/* The replica, for the exchange with the server: only to be read, by the worker. NULL: there is no
 * fleet. It may be another one after a reload, but not after another change. */
struct fleet_replica *engine_fleet_replica(const struct engine *engine);

/* Whether the replica is what the host of that name knows of the fleet of that name. */
bool engine_fleet_is(const struct engine *engine, const char *name, const char *host);

/* When this host was last in contact with its fleet; zeros: never, or there is no fleet. */
void engine_fleet_get_contact(const struct engine *engine, struct fleet_contact *ret_contact);
/* Return: as engine_fleet_publish(). */
int engine_fleet_keep_contact(struct engine *engine, const struct fleet_contact *contact,
			      struct refusal *refusal);

/* Let removals of a host through that are held. @host: NULL: of all hosts. @ret_count: how many.
 * Return: as engine_fleet_publish(). */
int engine_fleet_accept(struct engine *engine, const struct deed *by, const char *host,
			size_t *ret_count, struct refusal *refusal);

/* Forget all that another host has said. Return: as engine_fleet_publish(). */
int engine_fleet_forget(struct engine *engine, const struct deed *by, const char *host,
			size_t *ret_count, struct refusal *refusal);

/* Forget old removals, expired entries and fleets that this host has left long ago. Return: as
 * engine_fleet_publish(). */
int engine_fleet_prune(struct engine *engine, struct refusal *refusal);

/* Remove prefixes from a list on all hosts: also what other hosts have added, and manual entries of
 * this one. Return: as engine_fleet_publish(). */
int engine_fleet_delete(struct engine *engine, const struct deed *by,
			const struct entry_change *change, struct refusal *refusal);

/* Give @next the entries of other hosts that have not expired by the clock as it is now. Return: 0
 * or -ENOMEM. */
int engine_fleet_reread(const struct engine *engine, struct snapshot *next);

/* Whether this host has said something since engine_fleet_publish(). */
bool engine_fleet_has_said(const struct engine *engine);

/* What is known of a host. */
struct fleet_host {
	char name[FLEET_HOST_BYTES_MAX + 1];
	bool is_self;
	size_t count;
	size_t held_count;
	size_t evidence_count; /* of `count` */
	bool is_full;	       /* no more evidence of it is taken, and this host says no more */
	uint64_t digest;
	int64_t said_at_ms; /* its latest record; 0: none */
};

/* The hosts, in the order of their names; for free(). Return: as engine_fleet_publish(). */
int engine_fleet_hosts(struct engine *engine, struct fleet_host **ret_hosts, size_t *ret_count,
		       struct refusal *refusal);

#endif
