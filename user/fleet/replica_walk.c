/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at a replica, and at what has changed in it. */
#include "fleet/replica_internal.h"

static bool is_live_here(const struct fleet_replica *replica, const struct place *place,
			 const struct fleet_record *record, int64_t now_ms)
{
	return record && record->op == FLEET_ADD && !replica_is_expired(record, now_ms) &&
	       scope_has(&record->scope, replica->self->name) &&
	       replica_is_live(place, record, NULL, NULL);
}

/* Entries first: who wants one of each origin takes these. */
static int place_walk_live(const struct fleet_replica *replica, const struct place *place,
			   int64_t now_ms,
			   int (*visit)(const struct fleet_record *record, void *context),
			   void *context)
{
	int err = 0;

	for (int kind = 0; kind < FLEET_KIND_COUNT && !err; kind++)
		for (const struct slot *slot = place->slots; slot && !err; slot = slot->next)
			if ((int)replica_slot_kind(slot) == kind &&
			    is_live_here(replica, place, slot->current, now_ms))
				err = visit(slot->current, context);
	return err;
}

static const struct place *find_place(const struct fleet_replica *replica, const char *list,
				      const struct prefix *prefix)
{
	/* Nothing is made, so nothing changes. */
	return replica_place((struct fleet_replica *)(uintptr_t)replica, list, prefix, false);
}

int fleet_replica_live(const struct fleet_replica *replica, const char *list,
		       const struct prefix *prefix, int64_t now_ms,
		       int (*visit)(const struct fleet_record *record, void *context),
		       void *context)
{
	const struct place *place = find_place(replica, list, prefix);

	return place ? place_walk_live(replica, place, now_ms, visit, context) : 0;
}

int fleet_replica_walk_live(const struct fleet_replica *replica, int64_t now_ms,
			    int (*visit)(const struct fleet_record *record, void *context),
			    void *context)
{
	const struct place *place;
	size_t index = 0;
	int err = 0;

	while (!err && (place = replica_next_place(replica, &index)))
		err = place_walk_live(replica, place, now_ms, visit, context);
	return err;
}

static int slot_walk(const struct slot *slot,
		     int (*visit)(const struct fleet_record *record, bool is_held, void *context),
		     void *context)
{
	int err = slot->current ? visit(slot->current, false, context) : 0;

	return !err && slot->held ? visit(slot->held, true, context) : err;
}

int fleet_replica_walk(const struct fleet_replica *replica,
		       int (*visit)(const struct fleet_record *record, bool is_held, void *context),
		       void *context)
{
	const struct place *place;
	size_t index = 0;
	int err = 0;

	while (!err && (place = replica_next_place(replica, &index)))
		for (const struct slot *slot = place->slots; slot && !err; slot = slot->next)
			err = slot_walk(slot, visit, context);
	return err;
}

const struct fleet_record *fleet_replica_find(const struct fleet_replica *replica,
					      const char *origin, const char *list,
					      const struct prefix *prefix, enum fleet_kind kind)
{
	struct fleet_replica *same = (struct fleet_replica *)(uintptr_t)replica;
	struct origin *from = replica_origin(same, origin, false);
	struct place *place = from ? replica_place(same, list, prefix, false) : NULL;
	const struct slot *slot = place ? replica_slot(place, from, kind, false) : NULL;

	return slot ? slot->current : NULL;
}

bool fleet_replica_is_live(const struct fleet_replica *replica, const struct fleet_record *record,
			   int64_t now_ms)
{
	const struct place *place = find_place(replica, record->list, &record->prefix);

	return record->op == FLEET_ADD && !replica_is_expired(record, now_ms) && place &&
	       replica_is_live(place, record, NULL, NULL);
}

int fleet_replica_evidence(const struct fleet_replica *replica, const char *list,
			   const struct prefix *prefix, int64_t now_ms,
			   int (*visit)(const struct fleet_record *record, void *context),
			   void *context)
{
	const struct place *place = find_place(replica, list, prefix);
	int err = 0;

	for (const struct slot *slot = place ? place->slots : NULL; slot && !err; slot = slot->next)
		if (replica_slot_kind(slot) == FLEET_EVIDENCE && slot->origin != replica->self &&
		    !slot->origin->held_count && slot->current && slot->current->op == FLEET_ADD &&
		    !replica_is_expired(slot->current, now_ms))
			err = visit(slot->current, context);
	return err;
}

size_t fleet_replica_origin_count(const struct fleet_replica *replica)
{
	return replica->origin_count;
}

void fleet_replica_get_origin(const struct fleet_replica *replica, size_t index,
			      struct fleet_origin *ret_origin)
{
	const struct origin *origin = replica->origins[index];

	*ret_origin = (struct fleet_origin) { .name = origin->name,
					      .count = origin->count,
					      .digest = origin->digest,
					      .held_count = origin->held_count,
					      .evidence_count = origin->evidence_count,
					      .version = origin->version };
}

int fleet_replica_take_changes(struct fleet_replica *replica,
			       int (*visit)(const char *list, const struct prefix *prefix,
					    void *context),
			       void *context)
{
	int err = 0;

	while (replica->changed) {
		struct place *place = replica->changed;

		replica->changed = place->next_changed;
		place->is_changed = false;
		if (!err && visit)
			err = visit(place->list, &place->prefix, context);
	}
	return err;
}
