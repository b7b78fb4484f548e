/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what Redis lacks of a replica, a part at a time. */
#include "fleet/replica_internal.h"

void fleet_replica_compare_begin(struct fleet_replica *replica)
{
	replica->comparison++;
	replica->compared_index = 0;
	replica->compared_cells = replica->cell_count;
}

void fleet_replica_compare_note(struct fleet_replica *replica, const struct fleet_record *record)
{
	struct origin *origin;
	struct place *place;
	struct slot *slot;

	replica_is_news(replica, record, &origin, &place, &slot);
	if (!slot)
		return;
	slot->seen_version = record->version;
	slot->seen_in = replica->comparison;
}

static void mark_origins(struct fleet_replica *replica, const struct fleet_scan *scan)
{
	for (size_t i = 0; i < replica->origin_count; i++)
		replica->origins[i]->is_compared = false;
	for (size_t i = 0; i < scan->origin_count; i++) {
		struct origin *origin = replica_origin(replica, scan->origins[i], false);

		if (origin)
			origin->is_compared = true;
	}
	replica->is_compared |= replica->self->is_compared;
}

/* Visit the record if Redis lacks it. */
static int compare_slot(const struct fleet_replica *replica, struct slot *slot,
			const struct fleet_scan *scan, int64_t now_ms)
{
	const struct fleet_record *newest = replica_newest(slot);
	const uint64_t seen = slot->seen_in == replica->comparison ? slot->seen_version : 0;
	int err;

	slot->is_fresh &= !replica->is_compared;
	if (!slot->origin->is_compared || seen >= newest->version)
		return 0;
	if (slot->origin != replica->self && replica_is_old(newest, FLEET_RESTORE_MS, now_ms))
		return 0;
	err = scan->visit(newest, !seen, scan->context);
	if (err)
		return err;
	slot->seen_version = newest->version;
	slot->seen_in = replica->comparison;
	return 0;
}

int fleet_replica_compare_step(struct fleet_replica *replica, const struct fleet_scan *scan,
			       size_t place_count, int64_t now_ms, bool *ret_is_done)
{
	struct place *place = NULL;

	mark_origins(replica, scan);
	/* The table has grown since: what was seen is marked, so only time is lost. */
	if (replica->compared_cells != replica->cell_count) {
		replica->compared_cells = replica->cell_count;
		replica->compared_index = 0;
	}
	for (size_t i = 0; i < place_count; i++) {
		place = replica_next_place(replica, &replica->compared_index);
		for (struct slot *slot = place ? place->slots : NULL; slot; slot = slot->next) {
			int err = compare_slot(replica, slot, scan, now_ms);

			if (err) {
				replica->compared_index--;
				return err;
			}
		}
		if (!place)
			break;
	}
	*ret_is_done = !place;
	return 0;
}
