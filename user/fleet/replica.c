/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records by list and prefix, and which of them are live. */
#include "fleet/replica.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "fleet/replica_internal.h"

#define CELLS_MIN 64

/* ---- the table ---------------------------------------------------------------------- */

struct origin *replica_origin(struct fleet_replica *replica, const char *name, bool is_made)
{
	struct origin **origins, *origin;

	for (size_t i = 0; i < replica->origin_count; i++)
		if (!strcmp(replica->origins[i]->name, name))
			return replica->origins[i];
	if (!is_made)
		return NULL;
	origins = reallocarray(replica->origins, replica->origin_count + 1, sizeof(*origins));
	if (!origins)
		return NULL;
	replica->origins = origins;
	origin = calloc(1, sizeof(*origin));
	if (!origin)
		return NULL;
	strncpy(origin->name, name, sizeof(origin->name) - 1);
	origins[replica->origin_count++] = origin;
	return origin;
}

static uint64_t place_hash(const char *list, const struct prefix *prefix)
{
	static const uint8_t key[SIPHASH_KEY_BYTES] = "ipwl places";
	uint8_t bytes[POLICY_NAME_MAX + sizeof(prefix->addr) + 2];
	const size_t name_bytes = strnlen(list, POLICY_NAME_MAX);

	memcpy(bytes, prefix->addr, sizeof(prefix->addr));
	bytes[sizeof(prefix->addr)] = prefix->family;
	bytes[sizeof(prefix->addr) + 1] = prefix->len;
	memcpy(bytes + sizeof(prefix->addr) + 2, list, name_bytes);
	return siphash(key, bytes, sizeof(prefix->addr) + 2 + name_bytes);
}

/* The cell of the place, or the free one where it belongs. */
static struct cell *find_cell(const struct fleet_replica *replica, uint64_t hash, const char *list,
			      const struct prefix *prefix)
{
	for (size_t i = (size_t)hash;; i++) {
		struct cell *cell = &replica->cells[i & (replica->cell_count - 1)];

		if (!cell->place ||
		    (cell->hash == hash && !prefix_compare(&cell->place->prefix, prefix) &&
		     !strcmp(cell->place->list, list)))
			return cell;
	}
}

static int grow(struct fleet_replica *replica)
{
	const size_t count = replica->cell_count ? 2 * replica->cell_count : CELLS_MIN;
	struct cell *cells = calloc(count, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < replica->cell_count; i++) {
		const struct cell *cell = &replica->cells[i];
		size_t to = (size_t)cell->hash & (count - 1);

		if (!cell->place)
			continue;
		while (cells[to].place)
			to = (to + 1) & (count - 1);
		cells[to] = *cell;
	}
	free(replica->cells);
	replica->cells = cells;
	replica->cell_count = count;
	return 0;
}

struct place *replica_place(struct fleet_replica *replica, const char *list,
			    const struct prefix *prefix, bool is_made)
{
	const uint64_t hash = place_hash(list, prefix);
	struct cell *cell = find_cell(replica, hash, list, prefix);
	struct place *place;

	if (cell->place || !is_made)
		return cell->place;
	if (2 * (replica->place_count + 1) > replica->cell_count) {
		if (grow(replica))
			return NULL;
		cell = find_cell(replica, hash, list, prefix);
	}
	place = calloc(1, sizeof(*place) + strlen(list) + 1);
	if (!place)
		return NULL;
	place->prefix = *prefix;
	memcpy(place->list, list, strlen(list) + 1);
	*cell = (struct cell) { hash, place };
	replica->place_count++;
	return place;
}

const struct fleet_record *replica_newest(const struct slot *slot)
{
	return slot->held ? slot->held : slot->current;
}

enum fleet_kind replica_slot_kind(const struct slot *slot)
{
	return replica_newest(slot)->kind;
}

/* A slot that is made must get a record. */
struct slot *replica_slot(struct place *place, struct origin *origin, enum fleet_kind kind,
			  bool is_made)
{
	struct slot *slot;

	for (slot = place->slots; slot; slot = slot->next)
		if (slot->origin == origin && replica_newest(slot) &&
		    replica_slot_kind(slot) == kind)
			return slot;
	slot = is_made ? calloc(1, sizeof(*slot)) : NULL;
	if (!slot)
		return NULL;
	slot->origin = origin;
	slot->next = place->slots;
	place->slots = slot;
	return slot;
}

struct fleet_replica *fleet_replica_new(const char *self)
{
	struct fleet_replica *replica = calloc(1, sizeof(*replica));

	if (!replica)
		return NULL;
	replica->self = replica_origin(replica, self, true);
	if (replica->self && !grow(replica))
		return replica;
	fleet_replica_free(replica);
	return NULL;
}

static void place_free(struct place *place)
{
	while (place->slots) {
		struct slot *slot = place->slots;

		place->slots = slot->next;
		free(slot->current);
		free(slot->held);
		free(slot);
	}
	free(place);
}

void fleet_replica_free(struct fleet_replica *replica)
{
	struct place *place;

	if (!replica)
		return;
	for (size_t i = 0; (place = replica_next_place(replica, &i));)
		place_free(place);
	for (size_t i = 0; i < replica->origin_count; i++)
		free(replica->origins[i]);
	free(replica->origins);
	free(replica->cells);
	free(replica);
}

void fleet_replica_swap(struct fleet_replica *a, struct fleet_replica *b)
{
	const struct fleet_replica former = *a;

	*a = *b;
	*b = former;
}

const char *fleet_replica_self(const struct fleet_replica *replica)
{
	return replica->self->name;
}

/* ---- what is live ------------------------------------------------------------------- */

bool replica_is_live(const struct place *place, const struct fleet_record *record,
		     const struct slot *slot, const struct fleet_record *instead)
{
	if (record->kind == FLEET_EVIDENCE)
		return false;
	/* Only its origin ends a protection. */
	if (record->kind == FLEET_PROTECTIONS)
		return true;
	for (const struct slot *other = place->slots; other; other = other->next) {
		const struct fleet_record *tombstone = other == slot ? instead : other->current;

		if (!tombstone || tombstone->op != FLEET_DEL || tombstone->action != record->action)
			continue;
		if (tombstone->version > record->version)
			return false;
		if (tombstone->version == record->version && record->action == ACTION_BLOCK)
			return false;
	}
	return true;
}

bool replica_is_allowed(const struct place *place, const struct slot *slot,
			const struct fleet_record *instead, int64_t now_ms)
{
	for (const struct slot *other = place->slots; other; other = other->next) {
		const struct fleet_record *record = other == slot ? instead : other->current;

		if (record && record->op == FLEET_ADD && record->action == ACTION_ALLOW &&
		    !replica_is_expired(record, now_ms) &&
		    replica_is_live(place, record, slot, instead))
			return true;
	}
	return false;
}

void replica_touch(struct fleet_replica *replica, struct place *place, int64_t now_ms)
{
	const bool is_allowed = replica_is_allowed(place, NULL, NULL, now_ms);

	replica->allowed_count += (size_t)is_allowed - (size_t)place->is_allowed;
	place->is_allowed = is_allowed;
	if (place->is_changed)
		return;
	place->is_changed = true;
	place->next_changed = replica->changed;
	replica->changed = place;
}

/* ---- rows --------------------------------------------------------------------------- */

/* @old: which it replaces; NULL: none. */
static int keep(const struct fleet_keeper *keeper, struct fleet_record *record,
		const struct fleet_record *old, bool is_held)
{
	int err;

	record->row = old ? old->row : 0;
	if (!keeper || !keeper->put)
		return 0;
	err = keeper->put(record, is_held, keeper->context);
	if (!err && !record->row && keeper->row)
		record->row = keeper->row(keeper->context);
	return err;
}

static int unkeep(const struct fleet_keeper *keeper, const struct fleet_record *record,
		  bool is_held)
{
	return keeper && keeper->drop ? keeper->drop(record, is_held, keeper->context) : 0;
}

/* The newest record of the slot counts for the digest of its origin: take it out, or in. */
static void count_newest(struct slot *slot, bool is_in)
{
	const struct fleet_record *newest = replica_newest(slot);

	if (!newest)
		return;
	slot->origin->digest ^= fleet_record_digest(newest);
	slot->origin->count += is_in ? 1 : (size_t)-1;
	if (is_in && newest->version > slot->origin->version)
		slot->origin->version = newest->version;
}

int replica_drop_held(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		      struct slot *slot)
{
	int err;

	(void)replica;
	if (!slot->held)
		return 0;
	err = unkeep(keeper, slot->held, true);
	if (err)
		return err;
	count_newest(slot, false);
	free(slot->held);
	slot->held = NULL;
	slot->origin->held_count--;
	count_newest(slot, true);
	return 0;
}

static void slot_set(struct slot *slot, struct fleet_record *record, bool is_held)
{
	struct fleet_record **place = is_held ? &slot->held : &slot->current;

	count_newest(slot, false);
	slot->origin->held_count += is_held && !slot->held;
	slot->origin->evidence_count += !replica_newest(slot) && record->kind == FLEET_EVIDENCE;
	free(*place);
	*place = record;
	count_newest(slot, true);
}

int replica_put(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		struct place *place, struct slot *slot, struct fleet_record *record, bool is_held,
		int64_t now_ms)
{
	const uint64_t version = record->version;
	int err = keep(keeper, record, is_held ? slot->held : slot->current, is_held);

	slot_set(slot, record, is_held);
	fleet_clock_see(&replica->clock, now_ms, version);
	/* What comes is newer than all that the slot has. */
	if (!err && !is_held)
		err = replica_drop_held(replica, keeper, slot);
	if (record->kind != FLEET_EVIDENCE)
		replica_touch(replica, place, now_ms);
	return err;
}

int fleet_replica_load(struct fleet_replica *replica, const struct fleet_record *record,
		       bool is_held, int64_t now_ms)
{
	struct origin *origin = replica_origin(replica, record->origin, true);
	struct place *place =
	    origin ? replica_place(replica, record->list, &record->prefix, true) : NULL;
	struct fleet_record *copy =
	    place ? fleet_record_share(record, origin->name, place->list) : NULL;
	struct slot *slot = copy ? replica_slot(place, origin, record->kind, true) : NULL;

	if (!slot) {
		free(copy);
		return -ENOMEM;
	}
	slot_set(slot, copy, is_held);
	fleet_clock_see(&replica->clock, now_ms, record->version);
	if (record->kind != FLEET_EVIDENCE)
		replica_touch(replica, place, now_ms);
	return 0;
}
