/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replica of the fleet in memory and in state.db. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/fleet_internal.h"
#include "store/protections.h"

/* ---- records ------------------------------------------------------------------------- */

int fleet_records_add(struct fleet_records *records, const struct fleet_record *record)
{
	const size_t capacity = records->capacity ? 2 * records->capacity : 16;
	struct fleet_record **items;

	if (records->count == records->capacity) {
		items = reallocarray(records->items, capacity, sizeof(struct fleet_record *));
		if (!items)
			return -ENOMEM;
		records->items = items;
		records->capacity = capacity;
	}
	records->items[records->count] = fleet_record_copy(record);
	return records->items[records->count] ? (records->count++, 0) : -ENOMEM;
}

void fleet_records_done(struct fleet_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free(records->items[i]);
	free(records->items);
	*records = (struct fleet_records) { 0 };
}

/* ---- the replica ----------------------------------------------------------------------- */

struct loading {
	struct fleet_replica *replica;
	const char *stranger; /* whose records are left out; NULL: nobody's */
	size_t bad_count;
};

static int load_record(const struct fleet_record *record, bool is_held, void *context)
{
	const struct loading *loading = context;

	if (loading->stranger && !strcmp(record->origin, loading->stranger))
		return 0;
	return fleet_replica_load(loading->replica, record, is_held, time_now_ms());
}

/* It comes again from the server. */
static void pass_bad_row(const char *origin, const char *key, void *context)
{
	struct loading *loading = context;

	if (!loading->bad_count++)
		log_warning("fleet",
			    "the record \"%s\" of %s is damaged or of a newer version: left out",
			    key, origin);
}

int fleet_load(struct state *state, const struct fleet_member *member, const char *host,
	       struct fleet_replica **ret_replica)
{
	/* If this host had another name until now, another host has said what the new name says. */
	struct loading loading = { .replica = fleet_replica_new(host),
				   .stranger = strcmp(member->host, host) != 0 ? host : NULL };
	int err = loading.replica ? 0 : -ENOMEM;

	if (!err)
		err = fleet_rows_read(state, member->id, load_record, pass_bad_row, &loading);
	if (!err)
		err = fleet_replica_take_changes(loading.replica, NULL, NULL);
	if (err) {
		fleet_replica_free(loading.replica);
		return err;
	}
	*ret_replica = loading.replica;
	return 0;
}

struct fleet_replica *engine_fleet_replica(const struct engine *engine)
{
	return engine->fleet->replica;
}

bool engine_fleet_has_said(const struct engine *engine)
{
	return engine->fleet->written.count > 0;
}

bool engine_fleet_is(const struct engine *engine, const char *name, const char *host)
{
	const struct engine_fleet *fleet = engine->fleet;

	return fleet->replica && !strcmp(fleet->member.name, name) &&
	       !strcmp(fleet_replica_self(fleet->replica), host);
}

void engine_fleet_get_contact(const struct engine *engine, struct fleet_contact *ret_contact)
{
	*ret_contact = engine->fleet->member.contact;
}

int engine_fleet_keep_contact(struct engine *engine, const struct fleet_contact *contact,
			      struct refusal *refusal)
{
	struct engine_fleet *fleet = engine->fleet;
	int err;

	if (!fleet_ready(engine, refusal))
		return -ECANCELED;
	err = fleet_member_enter(engine->state, &fleet->member, fleet_replica_self(fleet->replica));
	if (!err) {
		fleet->member.contact = *contact;
		err = fleet_member_keep(engine->state, &fleet->member);
	}
	if (!err)
		err = state_commit(engine->state);
	return err ? fleet_fail(engine, err, NULL, refusal) : 0;
}

struct fleet_replica *fleet_ready(const struct engine *engine, struct refusal *refusal)
{
	if (!engine->fleet->replica)
		refusal_set(refusal, OUTCOME_CONFLICT,
			    "this host is in no fleet: the configuration has no fleet:");
	return engine->fleet->replica;
}

int fleet_fail(struct engine *engine, int err, const char *error, struct refusal *refusal)
{
	struct engine_fleet *fleet = engine->fleet;
	struct fleet_replica *again;

	refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed",
		    error			 ? error
		    : err == -ENOMEM		 ? strerror(ENOMEM)
		    : state_error(engine->state) ? state_error(engine->state)
						 : strerror(-err));
	state_rollback(engine->state);
	fleet_records_done(&fleet->written);
	if (!fleet_member_find(engine->state, fleet->member.name, &fleet->member) &&
	    !fleet_load(engine->state, &fleet->member, fleet_replica_self(fleet->replica),
			&again)) {
		/* Who waits for this change may have the pointer. */
		fleet_replica_swap(fleet->replica, again);
		fleet_replica_free(again);
	}
	/* Records that were taken before may not be in force yet. */
	fleet->is_stale = true;
	protections_load(engine->protections, engine->state);
	fleet_protections_give(engine, fleet->replica, engine->current);
	return -ECANCELED;
}

static int keep_put(const struct fleet_record *record, bool is_held, void *context)
{
	struct engine *engine = context;
	struct engine_fleet *fleet = engine->fleet;
	int err =
	    fleet_member_enter(engine->state, &fleet->member, fleet_replica_self(fleet->replica));

	return err ? err : fleet_row_put(engine->state, fleet->member.id, record, is_held);
}

static int64_t keep_row(void *context)
{
	const struct engine *engine = context;

	return fleet_row_added(engine->state);
}

static int keep_drop(const struct fleet_record *record, bool is_held, void *context)
{
	const struct engine *engine = context;

	(void)is_held;
	return fleet_row_drop(engine->state, record);
}

struct fleet_keeper fleet_keeper_of(struct engine *engine)
{
	return (struct fleet_keeper) {
		.put = keep_put, .row = keep_row, .drop = keep_drop, .context = engine
	};
}

struct engine_fleet *engine_fleet_new(void)
{
	return calloc(1, sizeof(struct engine_fleet));
}

void engine_fleet_free(struct engine_fleet *fleet)
{
	if (!fleet)
		return;
	fleet_replica_free(fleet->replica);
	fleet_replica_free(fleet->staged);
	fleet_records_done(&fleet->written);
	manual_sets_done(&fleet->sets);
	free(fleet);
}
