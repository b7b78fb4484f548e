/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what Redis lacks of a replica. */
#include "fleet/replica_internal.h"

static void mark_origins(struct fleet_replica *replica, const char *const origins[], size_t count)
{
	for (size_t i = 0; i < replica->origin_count; i++)
		replica->origins[i]->is_compared = false;
	for (size_t i = 0; i < count; i++) {
		struct origin *origin = replica_origin(replica, origins[i], false);

		if (origin)
			origin->is_compared = true;
	}
}

/* Visit the record if Redis lacks it. */
static int
compare_slot(const struct fleet_replica *replica, const struct slot *slot, int64_t now_ms,
	     int (*visit)(const struct fleet_record *record, bool is_absent, void *context),
	     void *context)
{
	const struct fleet_record *newest = replica_newest(slot);

	if (!slot->origin->is_compared || slot->seen_version >= newest->version)
		return 0;
	if (slot->origin != replica->self && replica_is_old(newest, FLEET_RESTORE_MS, now_ms))
		return 0;
	return visit(newest, !slot->seen_version, context);
}

static int
compare_place(const struct fleet_replica *replica, const struct place *place, int64_t now_ms,
	      int (*visit)(const struct fleet_record *record, bool is_absent, void *context),
	      void *context)
{
	int err = 0;

	for (const struct slot *slot = place->slots; slot && !err; slot = slot->next)
		err = compare_slot(replica, slot, now_ms, visit, context);
	return err;
}

static void end_comparison(const struct fleet_replica *replica, struct place *place)
{
	for (struct slot *slot = place->slots; slot; slot = slot->next) {
		slot->seen_version = 0;
		slot->is_fresh &= !replica->self->is_compared;
	}
}

static void note_seen(struct fleet_replica *replica, const struct fleet_record *record)
{
	struct origin *origin;
	struct place *place;
	struct slot *slot;

	replica_is_news(replica, record, &origin, &place, &slot);
	if (slot)
		slot->seen_version = record->version;
}

int fleet_replica_compare(
    struct fleet_replica *replica, const struct fleet_scan *scan, int64_t now_ms,
    int (*visit)(const struct fleet_record *record, bool is_absent, void *context), void *context)
{
	struct place *place;
	size_t index = 0;
	int err = 0;

	mark_origins(replica, scan->origins, scan->origin_count);
	for (size_t i = 0; i < scan->count; i++)
		note_seen(replica, scan->records[i]);
	while ((place = replica_next_place(replica, &index))) {
		if (!err)
			err = compare_place(replica, place, now_ms, visit, context);
		end_comparison(replica, place);
	}
	replica->is_compared |= replica->self->is_compared;
	return err;
}
