/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All records of the fleet that this host knows, and what they mean. It does no I/O.
 *
 * A record that adds an entry is live unless a tombstone (FLEET_DEL) of any origin for the same
 * list and prefix is later; at equal times, an allow entry stays and a block entry goes. A
 * protection lists its prefix too, and only its origin ends it. Nothing is concluded from the
 * absence of a record.
 *
 * Evidence (evidence.h) lists nothing, and no tombstone ends it.
 *
 * Many removals of one origin within FLEET_WINDOW_MS are held, as a reload would be: the records
 * are kept, but have no effect until somebody accepts them or the origin adds the entries again.
 */
#ifndef FLEET_REPLICA_H
#define FLEET_REPLICA_H

#include "core/guard.h"
#include "fleet/clock.h"
#include "fleet/record.h"

#define FLEET_WINDOW_MS ((int64_t)600 * 1000)
/* So long after it was made, a removal is forgotten; so is an entry after its expiry. */
#define FLEET_KEEP_MS ((int64_t)30 * 86400 * 1000)
/* Before that, nobody restores it elsewhere any more. */
#define FLEET_RESTORE_MS (FLEET_KEEP_MS - (int64_t)86400 * 1000)

/* When this host was last connected, kept across restarts. A removal is forgotten after
 * FLEET_KEEP_MS, so a host that was away for as long does not know of all. Of others' records, it
 * writes none that is older than its return: somebody may have removed them since. */
struct fleet_contact {
	int64_t last_ms;   /* 0: never */
	int64_t return_ms; /* from an absence of FLEET_RESTORE_MS; 0: there was none */
};

struct fleet_replica;

/* Where rows are kept. put() and drop() return 0 or -errno, which ends what was begun. put() writes
 * the row `row` of the record anew; if that is 0, it adds one, and row() tells which. So no row is
 * looked for, and rows of a million records that come in any order are added one behind the other.
 * NULL functions: nowhere. */
struct fleet_keeper {
	int (*put)(const struct fleet_record *record, bool is_held, void *context);
	int64_t (*row)(void *context);
	int (*drop)(const struct fleet_record *record, bool is_held, void *context);
	void *context;
};

/* What is known of one origin. */
struct fleet_origin {
	const char *name;
	size_t count;	 /* of its records, the newest of each key */
	uint64_t digest; /* of these */
	size_t held_count;
	size_t evidence_count; /* of `count`: at most FLEET_EVIDENCE_MAX */
	uint64_t version;      /* of its latest record */
};

/* @self: the name of this host; is copied. NULL: out of memory. */
struct fleet_replica *fleet_replica_new(const char *self);
/* NULL is fine. */
void fleet_replica_free(struct fleet_replica *replica);

/* Exchange what two replicas have, so that pointers to one stay valid when it is read again. */
void fleet_replica_swap(struct fleet_replica *a, struct fleet_replica *b);

const char *fleet_replica_self(const struct fleet_replica *replica);

/* Add a row as it was kept. Return: 0 or -ENOMEM. */
int fleet_replica_load(struct fleet_replica *replica, const struct fleet_record *record,
		       bool is_held, int64_t now_ms);

/* What became of records. */
struct fleet_taking {
	size_t taken_count;    /* newer than what was known */
	size_t held_count;     /* of these */
	size_t evidence_count; /* of these */
	size_t full_count;     /* evidence not taken: its origin has too much already */
};

/**
 * fleet_replica_take() - learn records of other hosts, or of this one before it lost them
 * @limits: when removals are held
 *
 * After an error the replica has a part of them. Return: 0, -ENOMEM or what the keeper returned.
 */
int fleet_replica_take(struct fleet_replica *replica, const struct fleet_keeper *keeper,
		       const struct fleet_record *const records[], size_t count,
		       const struct guard_limits *limits, int64_t now_ms,
		       struct fleet_taking *ret_taking);

/* Write a record of this host. Its origin and version are set: later than all that is known of this
 * list and prefix. Until this host has compared its own records, it may have lost later ones,
 * because it was restored from a backup; what it writes until then replaces those. Return: as
 * fleet_replica_take(). */
int fleet_replica_write(struct fleet_replica *replica, const struct fleet_keeper *keeper,
			const struct fleet_record *record, int64_t now_ms);

/* Give effect to what is held of the origin of that name. Return: as fleet_replica_take(). */
int fleet_replica_accept(struct fleet_replica *replica, const struct fleet_keeper *keeper,
			 const char *name, int64_t now_ms);

/* Forget all records of the origin of that name, or with NULL, removals and expired entries older
 * than FLEET_KEEP_MS. @visit: called for each before it goes; may be NULL. Return: as
 * fleet_replica_take(). */
int fleet_replica_forget(struct fleet_replica *replica, const struct fleet_keeper *keeper,
			 const char *name, int64_t now_ms,
			 int (*visit)(const struct fleet_record *record, void *context),
			 void *context);

/* ---- what there is ------------------------------------------------------------------- */

/* The records that list this prefix on this host now: live, not expired, and for this host. */
int fleet_replica_live(const struct fleet_replica *replica, const char *list,
		       const struct prefix *prefix, int64_t now_ms,
		       int (*visit)(const struct fleet_record *record, void *context),
		       void *context);
/* The same for all lists and prefixes, in no order. */
int fleet_replica_walk_live(const struct fleet_replica *replica, int64_t now_ms,
			    int (*visit)(const struct fleet_record *record, void *context),
			    void *context);
/* All records, held ones also, in no order. @visit returns 0 to continue. */
int fleet_replica_walk(const struct fleet_replica *replica,
		       int (*visit)(const struct fleet_record *record, bool is_held, void *context),
		       void *context);

/* What an origin says of a prefix (in effect: not held); NULL: nothing. */
const struct fleet_record *fleet_replica_find(const struct fleet_replica *replica,
					      const char *origin, const char *list,
					      const struct prefix *prefix, enum fleet_kind kind);
/* Whether a record that adds an entry is live now. */
bool fleet_replica_is_live(const struct fleet_replica *replica, const struct fleet_record *record,
			   int64_t now_ms);

/* The evidence of other hosts about a place, in effect and not expired. Not that of a host of which
 * removals are held: something is wrong with it. */
int fleet_replica_evidence(const struct fleet_replica *replica, const char *list,
			   const struct prefix *prefix, int64_t now_ms,
			   int (*visit)(const struct fleet_record *record, void *context),
			   void *context);

size_t fleet_replica_origin_count(const struct fleet_replica *replica);
void fleet_replica_get_origin(const struct fleet_replica *replica, size_t index,
			      struct fleet_origin *ret_origin);

/* Visit the lists and prefixes whose records have changed since the last call. */
int fleet_replica_take_changes(struct fleet_replica *replica,
			       int (*visit)(const char *list, const struct prefix *prefix,
					    void *context),
			       void *context);

/* ---- what Redis lacks ---------------------------------------------------------------- */

/* Begin to compare the replica with what Redis has. */
void fleet_replica_compare_begin(struct fleet_replica *replica);
/* Redis has this record, which was taken before. */
void fleet_replica_compare_note(struct fleet_replica *replica, const struct fleet_record *record);

struct fleet_scan {
	const char *const *origins; /* all of whose records in Redis were noted */
	size_t origin_count;
	/* Called for each record that is known here and absent there, or older there (@is_absent:
	 * false). Not for removals of others that will be forgotten soon. Return: 0: Redis will
	 * have it; anything else: later. */
	int (*visit)(const struct fleet_record *record, bool is_absent, void *context);
	void *context;
};

/**
 * fleet_replica_compare_step() - find what Redis lacks, in a part of the replica
 * @place_count: look at so many lists and prefixes, at least 1
 *
 * If this host is one of the origins, it knows from now on what it said before it was restored from
 * a backup. Return: 0, or what visit() returned; the next call visits this record again.
 */
int fleet_replica_compare_step(struct fleet_replica *replica, const struct fleet_scan *scan,
			       size_t place_count, int64_t now_ms, bool *ret_is_done);

#endif
