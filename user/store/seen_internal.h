/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of seen.h. */
#ifndef STORE_SEEN_INTERNAL_H
#define STORE_SEEN_INTERNAL_H

#include "store/seen.h"
#include "store/side_database.h"

/* SEEN_SLOT_SEC from slot × SEEN_SLOT_SEC on. */
struct seen_slot {
	int64_t slot;
	uint64_t rows;
	uint64_t attributed; /* attempts in `left_out` of rows, of those in left_out.source_limit */
	struct seen_left_out left_out; /* source_limit: all of them */
};

/* Sorted by slot. */
struct seen_slots {
	struct seen_slot *items;
	size_t count;
	size_t capacity;
};

struct seen_store {
	struct side_database side;
	int64_t since_sec;
	struct seen_slots slots;
	uint64_t row_count; /* of all slots */

	struct seen_row *waiting; /* SEEN_WAITING_MAX of them */
	size_t waiting_count;
	uint64_t overflow_count; /* attempts that found no room there, to be written as lost */

	/* Of the last commit. `reported` counts attempts that were noted or are known as lost. */
	struct seen_kernel_counts kernel;
	uint64_t noted_count; /* attempts since then */
	/* What seen_continue() was told, until the database is open. */
	bool is_continuing;
	struct seen_kernel_counts kernel_at_start; /* reported: without unread events */
	uint64_t lost_at_start;
};

/* ---- seen_slots.c ---- */

int64_t seen_slot_of(int64_t time_sec);
/* Find a slot, or add it. NULL: out of memory. Pointers to others become invalid. */
struct seen_slot *seen_slots_enter(struct seen_slots *slots, int64_t slot);
/* The slot with most rows; NULL: no slot has any. */
struct seen_slot *seen_slots_largest(const struct seen_slots *slots);
uint64_t seen_slots_row_count(const struct seen_slots *slots);
void seen_slots_remove_before(struct seen_slots *slots, int64_t slot);
/* Return: 0 or -ENOMEM. */
int seen_slots_copy(const struct seen_slots *slots, struct seen_slots *ret_copy);
void seen_slots_done(struct seen_slots *slots);
/* Return: 0, -ENOMEM or -EIO. */
int seen_slots_read(struct database *database, struct seen_slots *ret_slots);
/* Write those that differ from @before. */
int seen_slots_write(struct database *database, const struct seen_slots *before,
		     const struct seen_slots *slots);

/* ---- seen_row.c ---- */

/* Compare by source, time, and the other members that make a row. */
int seen_row_compare(const struct seen_row *a, const struct seen_row *b);
/* An address as a key: its 4 or 16 bytes. */
void seen_bind_address(sqlite3_stmt *statement, int index, const struct prefix *address);
/* The first and the last address of a prefix. */
void seen_bind_range(sqlite3_stmt *statement, int index, const struct prefix *prefix);
/* Find the id of the decision of a row, or add it. */
int seen_decision_id(struct database *database, const struct seen_row *row, int64_t *ret_id);

#endif
