/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of a replica: records that come, those of this host, and what is held. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/evidence.h"
#include "fleet/replica_internal.h"

/* ---- records that come -------------------------------------------------------------- */

bool replica_is_news(struct fleet_replica *replica, const struct fleet_record *record,
		     struct origin **ret_origin, struct place **ret_place, struct slot **ret_slot)
{
	struct origin *origin = replica_origin(replica, record->origin, false);
	struct place *place = replica_place(replica, record->list, &record->prefix, false);
	struct slot *slot =
	    origin && place ? replica_slot(place, origin, record->kind, false) : NULL;

	*ret_origin = origin;
	*ret_place = place;
	*ret_slot = slot;
	return !slot || replica_newest(slot)->version < record->version;
}

/* @origin and @place: NULL: there is none yet. */
static int take_one(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		    struct origin *origin, struct place *place, const struct fleet_record *record,
		    bool is_held, int64_t now_ms)
{
	struct fleet_record *copy;
	struct slot *slot;

	if (!origin)
		origin = replica_origin(replica, record->origin, true);
	if (origin && !place)
		place = replica_place(replica, record->list, &record->prefix, true);
	copy = origin && place ? fleet_record_share(record, origin->name, place->list) : NULL;
	slot = copy ? replica_slot(place, origin, record->kind, true) : NULL;
	if (!slot) {
		free(copy);
		return -ENOMEM;
	}
	return replica_put(replica, keeper, place, slot, copy, is_held, now_ms);
}

/* This host has said something since it lost this later record of its own: it says that again. */
static int say_again(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		     struct place *place, struct slot *slot, uint64_t version, int64_t now_ms)
{
	struct fleet_record *copy =
	    fleet_record_share(slot->current, slot->origin->name, place->list);

	if (!copy)
		return -ENOMEM;
	copy->version = fleet_clock_after(&replica->clock, now_ms, version);
	return replica_put(replica, keeper, place, slot, copy, false, now_ms);
}

/* Whether a removal would take the last allow entry of its list and prefix. */
static bool removes_allow(const struct place *place, const struct slot *slot,
			  const struct fleet_record *record, int64_t now_ms)
{
	struct slot stranger = { .current = NULL };

	if (!place || !replica_is_allowed(place, NULL, NULL, now_ms))
		return false;
	if (slot)
		return !replica_is_allowed(place, slot, record, now_ms);
	/* A tombstone of a host that has said nothing of this prefix before. */
	stranger.next = place->slots;
	return !replica_is_allowed(&(struct place) { .slots = &stranger }, &stranger, record,
				   now_ms);
}

static void window_move(struct origin *origin, int64_t now_ms)
{
	/* The clock may have been set back. */
	if (now_ms >= origin->window_ms && now_ms - origin->window_ms < FLEET_WINDOW_MS)
		return;
	origin->window_ms = now_ms;
	origin->removed_count = 0;
}

/* Count what each origin would remove. Return: 0 or -ENOMEM. */
static int count_removals(struct fleet_replica *replica, const struct fleet_record *const records[],
			  size_t count, int64_t now_ms)
{
	for (size_t i = 0; i < replica->origin_count; i++)
		replica->origins[i]->pending_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct origin *origin;
		struct place *place;
		struct slot *slot;

		if (!fleet_record_is_removal(records[i]) ||
		    !replica_is_news(replica, records[i], &origin, &place, &slot) ||
		    !removes_allow(place, slot, records[i], now_ms))
			continue;
		origin = replica_origin(replica, records[i]->origin, true);
		if (!origin)
			return -ENOMEM;
		origin->pending_count++;
	}
	return 0;
}

static void judge_origins(struct fleet_replica *replica, size_t allowed_count,
			  const struct guard_limits *limits, int64_t now_ms)
{
	for (size_t i = 0; i < replica->origin_count; i++) {
		struct origin *origin = replica->origins[i];
		size_t removed, share;

		window_move(origin, now_ms);
		/* What is held already counts: the rest of many may come by itself. */
		removed = origin->removed_count + origin->held_count + origin->pending_count;
		share = (size_t)limits->max_removed_share * (allowed_count + origin->removed_count);
		origin->is_holding =
		    origin->pending_count &&
		    ((limits->max_removed_entries != GUARD_NO_LIMIT &&
		      removed > limits->max_removed_entries) ||
		     (removed >= GUARD_SHARE_ENTRIES_MIN && removed * 100 > share));
	}
}

static int take_removal(struct fleet_replica *replica, const struct fleet_keeper *keeper,
			const struct fleet_record *record, int64_t now_ms,
			struct fleet_taking *taking)
{
	struct origin *origin;
	struct place *place;
	struct slot *slot;
	bool is_removing, is_held;

	if (!replica_is_news(replica, record, &origin, &place, &slot))
		return 0;
	if (slot && slot->is_fresh)
		return say_again(replica, keeper, place, slot, record->version, now_ms);
	is_removing = removes_allow(place, slot, record, now_ms);
	is_held = is_removing && origin->is_holding;
	if (is_removing && !is_held)
		origin->removed_count++;
	taking->taken_count++;
	taking->held_count += is_held;
	return take_one(replica, keeper, origin, place, record, is_held, now_ms);
}

int fleet_replica_take(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		       const struct fleet_record *const records[], size_t count,
		       const struct guard_limits *limits, int64_t now_ms,
		       struct fleet_taking *ret_taking)
{
	const size_t allowed_count = replica->allowed_count;
	struct fleet_taking taking = { 0 };
	int err = 0;

	/* Entries first: what comes at the same time is no reason to hold anything. */
	for (size_t i = 0; i < count && !err; i++) {
		struct origin *origin;
		struct place *place;
		struct slot *slot;

		if (fleet_record_is_removal(records[i]) ||
		    !replica_is_news(replica, records[i], &origin, &place, &slot))
			continue;
		if (!slot && records[i]->kind == FLEET_EVIDENCE && origin &&
		    origin->evidence_count >= FLEET_EVIDENCE_MAX) {
			taking.full_count++;
			continue;
		}
		taking.taken_count++;
		taking.evidence_count += records[i]->kind == FLEET_EVIDENCE;
		err = slot && slot->is_fresh
			  ? say_again(replica, keeper, place, slot, records[i]->version, now_ms)
			  : take_one(replica, keeper, origin, place, records[i], false, now_ms);
	}
	if (!err)
		err = count_removals(replica, records, count, now_ms);
	if (!err)
		judge_origins(replica,
			      allowed_count > replica->allowed_count ? allowed_count
								     : replica->allowed_count,
			      limits, now_ms);
	for (size_t i = 0; i < count && !err; i++)
		if (fleet_record_is_removal(records[i]))
			err = take_removal(replica, keeper, records[i], now_ms, &taking);
	if (!err)
		*ret_taking = taking;
	return err;
}

/* ---- records of this host ----------------------------------------------------------- */

static uint64_t place_version(const struct place *place)
{
	uint64_t version = 0;

	for (const struct slot *slot = place ? place->slots : NULL; slot; slot = slot->next)
		if (replica_newest(slot)->version > version)
			version = replica_newest(slot)->version;
	return version;
}

int fleet_replica_write(struct fleet_replica *replica, const struct fleet_keeper *keeper,
			const struct fleet_record *record, int64_t now_ms)
{
	struct place *place = replica_place(replica, record->list, &record->prefix, false);
	struct fleet_record own = *record;
	struct slot *slot;
	int err;

	own.origin = replica->self->name;
	own.version = fleet_clock_after(&replica->clock, now_ms, place_version(place));
	err = take_one(replica, keeper, replica->self, place, &own, false, now_ms);
	place = replica_place(replica, record->list, &record->prefix, false);
	slot = place ? replica_slot(place, replica->self, record->kind, false) : NULL;
	if (slot)
		slot->is_fresh = !replica->is_compared;
	return err;
}

/* ---- what is held ------------------------------------------------------------------- */

static int accept_slot(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		       struct place *place, struct slot *slot, int64_t now_ms)
{
	struct fleet_record *copy =
	    slot->held ? fleet_record_share(slot->held, slot->origin->name, place->list) : NULL;

	if (!slot->held)
		return 0;
	return copy ? replica_put(replica, keeper, place, slot, copy, false, now_ms) : -ENOMEM;
}

int fleet_replica_accept(struct fleet_replica *replica, const struct fleet_keeper *keeper,
			 const char *name, int64_t now_ms)
{
	struct origin *origin = replica_origin(replica, name, false);
	struct place *place;
	size_t index = 0;
	int err = 0;

	if (!origin || !origin->held_count)
		return 0;
	while (!err && (place = replica_next_place(replica, &index)))
		for (struct slot *slot = place->slots; slot && !err; slot = slot->next)
			if (slot->origin == origin)
				err = accept_slot(replica, keeper, place, slot, now_ms);
	return err;
}

/* ---- what is forgotten -------------------------------------------------------------- */

bool replica_is_old(const struct fleet_record *record, int64_t keep_ms, int64_t now_ms)
{
	if (fleet_record_is_removal(record))
		return fleet_version_ms(record->version) < now_ms - keep_ms;
	return record->expires_at_sec && record->expires_at_sec < (now_ms - keep_ms) / 1000;
}

struct forgetting {
	const struct fleet_keeper *keeper;
	const struct origin *origin; /* NULL: what is old */
	int64_t now_ms;
	int (*visit)(const struct fleet_record *record, void *context);
	void *context;
};

static int forget_record(const struct forgetting *forgetting, const struct fleet_record *record,
			 bool is_held)
{
	const struct fleet_keeper *keeper = forgetting->keeper;
	int err = 0;

	if (!record)
		return 0;
	if (forgetting->visit)
		err = forgetting->visit(record, forgetting->context);
	return !err && keeper && keeper->drop ? keeper->drop(record, is_held, keeper->context)
					      : err;
}

static bool is_forgotten(const struct forgetting *forgetting, const struct slot *slot)
{
	if (forgetting->origin)
		return slot->origin == forgetting->origin;
	return !slot->held && replica_is_old(slot->current, FLEET_KEEP_MS, forgetting->now_ms);
}

/* @link: where the slot is. */
static int forget_slot(struct fleet_replica *replica, const struct forgetting *forgetting,
		       struct place *place, struct slot **link)
{
	struct slot *slot = *link;
	struct origin *origin = slot->origin;
	const bool is_evidence = replica_slot_kind(slot) == FLEET_EVIDENCE;
	int err = forget_record(forgetting, slot->current, false);

	if (!err)
		err = forget_record(forgetting, slot->held, true);
	if (err)
		return err;
	origin->digest ^= fleet_record_digest(replica_newest(slot));
	origin->count--;
	origin->held_count -= slot->held != NULL;
	origin->evidence_count -= is_evidence;
	*link = slot->next;
	free(slot->current);
	free(slot->held);
	free(slot);
	if (!is_evidence)
		replica_touch(replica, place, forgetting->now_ms);
	return 0;
}

int fleet_replica_forget(struct fleet_replica *replica, const struct fleet_keeper *keeper,
			 const char *name, int64_t now_ms,
			 int (*visit)(const struct fleet_record *record, void *context),
			 void *context)
{
	const struct forgetting forgetting = { .keeper = keeper,
					       .origin = name ? replica_origin(replica, name, false)
							      : NULL,
					       .now_ms = now_ms,
					       .visit = visit,
					       .context = context };
	struct place *place;
	size_t index = 0;
	int err = 0;

	if (name && !forgetting.origin)
		return 0;
	while (!err && (place = replica_next_place(replica, &index))) {
		struct slot **link = &place->slots;

		while (*link && !err) {
			if (is_forgotten(&forgetting, *link))
				err = forget_slot(replica, &forgetting, place, link);
			else
				link = &(*link)->next;
		}
	}
	return err;
}
