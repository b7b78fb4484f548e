/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data of a replica, for replica*.c. */
#ifndef FLEET_REPLICA_INTERNAL_H
#define FLEET_REPLICA_INTERNAL_H

#include "fleet/replica.h"

/* A host whose records are known. */
struct origin {
	char name[FLEET_HOST_BYTES_MAX + 1];
	size_t count;
	uint64_t digest;
	size_t held_count;
	size_t evidence_count;
	uint64_t version;
	int64_t window_ms; /* since when its removals are counted */
	size_t removed_count;
	/* While removals are judged, or records are compared. */
	size_t pending_count;
	bool is_holding;
	bool is_compared;
};

/* What one origin says, of one kind. One of the two records may be NULL. */
struct slot {
	struct slot *next;
	struct origin *origin;
	struct fleet_record *current;
	struct fleet_record *held; /* newer than current */
	uint64_t seen_version;	   /* what Redis has */
	uint32_t seen_in;	   /* the comparison in which it was seen */
	bool is_fresh;		   /* this host wrote it, before its records were compared */
};

/* A prefix of a list. */
struct place {
	struct place *next_changed;
	struct slot *slots;
	bool is_changed;
	bool is_allowed; /* it counts as an allow entry in force */
	struct prefix prefix;
	char list[];
};

/* The hash beside its place, because most places in memory are far apart: a prefix that is not
 * there yet is found to be so without a look at others. */
struct cell {
	uint64_t hash;
	struct place *place; /* NULL: the cell is free */
};

struct fleet_replica {
	struct origin *self;
	struct origin **origins;
	size_t origin_count;
	struct cell *cells; /* by hash, or in the next free cell; at most half are in use */
	size_t cell_count;  /* a power of two */
	size_t place_count;
	struct place *changed;
	size_t allowed_count;
	bool is_compared; /* the records of this host were */
	/* The comparison that was begun last, from 1 on, and how far it is. */
	uint32_t comparison;
	size_t compared_index; /* of the next cell */
	size_t compared_cells; /* of the table, which may grow meanwhile */
	struct fleet_clock clock;
};

/* The next place at or after the cell *@index, which is moved past it; NULL: there is none. Places
 * that are made meanwhile may be left out. */
static inline struct place *replica_next_place(const struct fleet_replica *replica, size_t *index)
{
	while (*index < replica->cell_count) {
		struct place *place = replica->cells[(*index)++].place;

		if (place)
			return place;
	}
	return NULL;
}

/* NULL: out of memory, or with @is_made false: there is none. */
struct origin *replica_origin(struct fleet_replica *replica, const char *name, bool is_made);
struct place *replica_place(struct fleet_replica *replica, const char *list,
			    const struct prefix *prefix, bool is_made);
struct slot *replica_slot(struct place *place, struct origin *origin, enum fleet_kind kind,
			  bool is_made);

/* The kind of record that a slot is for. */
enum fleet_kind replica_slot_kind(const struct slot *slot);
/* The newest record of a slot. */
const struct fleet_record *replica_newest(const struct slot *slot);

/* Whether the record is live, if @slot had @instead in effect; NULL: as it is. */
bool replica_is_live(const struct place *place, const struct fleet_record *record,
		     const struct slot *slot, const struct fleet_record *instead);
/* Whether the place has a live allow entry that has not expired. */
bool replica_is_allowed(const struct place *place, const struct slot *slot,
			const struct fleet_record *instead, int64_t now_ms);

/* Whether a record is newer than what its slot has. @ret_slot, and the others, may be NULL: there
 * is none. */
bool replica_is_news(struct fleet_replica *replica, const struct fleet_record *record,
		     struct origin **ret_origin, struct place **ret_place, struct slot **ret_slot);
/* Whether it is a removal, or has expired, so long ago. */
bool replica_is_old(const struct fleet_record *record, int64_t keep_ms, int64_t now_ms);

/* Put a record into a slot: @is_held, or else in effect, and then what was held is dropped if it is
 * not newer. @record is taken over. Return: 0 or what the keeper returned. */
int replica_put(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		struct place *place, struct slot *slot, struct fleet_record *record, bool is_held,
		int64_t now_ms);
/* Drop what is held of a slot. */
int replica_drop_held(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		      struct slot *slot);

/* The place has changed: note it, and count it anew. */
void replica_touch(struct fleet_replica *replica, struct place *place, int64_t now_ms);

static inline bool replica_is_expired(const struct fleet_record *record, int64_t now_ms)
{
	return record->expires_at_sec && record->expires_at_sec <= now_ms / 1000;
}

#endif
