/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slots of time of seen.h: how many rows they have, and what was left out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/seen_internal.h"

#define FIRST_CAPACITY 64

int64_t seen_slot_of(int64_t time_sec)
{
	return time_sec < 0 ? 0 : time_sec / SEEN_SLOT_SEC;
}

uint64_t seen_left_out_sum(const struct seen_left_out *left_out)
{
	return left_out->source_limit + left_out->limit + left_out->ring_full + left_out->rows +
	       left_out->lost;
}

/* The index of the first slot that is not before @slot. */
static size_t slots_lower_bound(const struct seen_slots *slots, int64_t slot)
{
	size_t begin = 0, end = slots->count;

	while (begin < end) {
		const size_t middle = (begin + end) / 2;

		if (slots->items[middle].slot < slot)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

static int slots_grow(struct seen_slots *slots)
{
	const size_t capacity = slots->capacity ? 2 * slots->capacity : FIRST_CAPACITY;
	struct seen_slot *items;

	if (slots->count < slots->capacity)
		return 0;
	items = reallocarray(slots->items, capacity, sizeof(*items));
	if (!items)
		return -ENOMEM;
	slots->items = items;
	slots->capacity = capacity;
	return 0;
}

struct seen_slot *seen_slots_enter(struct seen_slots *slots, int64_t slot)
{
	const size_t i = slots_lower_bound(slots, slot);

	if (i < slots->count && slots->items[i].slot == slot)
		return &slots->items[i];
	if (slots_grow(slots))
		return NULL;
	memmove(&slots->items[i + 1], &slots->items[i], (slots->count - i) * sizeof(*slots->items));
	slots->items[i] = (struct seen_slot) { .slot = slot };
	slots->count++;
	return &slots->items[i];
}

struct seen_slot *seen_slots_largest(const struct seen_slots *slots)
{
	struct seen_slot *largest = NULL;

	for (size_t i = 0; i < slots->count; i++)
		if (slots->items[i].rows && (!largest || slots->items[i].rows > largest->rows))
			largest = &slots->items[i];
	return largest;
}

uint64_t seen_slots_row_count(const struct seen_slots *slots)
{
	uint64_t count = 0;

	for (size_t i = 0; i < slots->count; i++)
		count += slots->items[i].rows;
	return count;
}

void seen_slots_remove_before(struct seen_slots *slots, int64_t slot)
{
	const size_t i = slots_lower_bound(slots, slot);

	if (!i)
		return;
	memmove(slots->items, &slots->items[i], (slots->count - i) * sizeof(*slots->items));
	slots->count -= i;
}

int seen_slots_copy(const struct seen_slots *slots, struct seen_slots *ret_copy)
{
	struct seen_slots copy = { .count = slots->count, .capacity = slots->count };

	if (slots->count) {
		copy.items = malloc(slots->count * sizeof(*copy.items));
		if (!copy.items)
			return -ENOMEM;
		memcpy(copy.items, slots->items, slots->count * sizeof(*copy.items));
	}
	*ret_copy = copy;
	return 0;
}

void seen_slots_done(struct seen_slots *slots)
{
	free(slots->items);
	*slots = (struct seen_slots) { 0 };
}

/* ---- the database ----------------------------------------------------------- */

static int slots_take_row(sqlite3_stmt *row, struct seen_slots *slots)
{
	struct seen_slot *slot = seen_slots_enter(slots, sqlite3_column_int64(row, 0));

	if (!slot)
		return -ENOMEM;
	slot->rows = (uint64_t)sqlite3_column_int64(row, 1);
	slot->attributed = (uint64_t)sqlite3_column_int64(row, 2);
	slot->left_out = (struct seen_left_out) {
		.source_limit = (uint64_t)sqlite3_column_int64(row, 3),
		.limit = (uint64_t)sqlite3_column_int64(row, 4),
		.ring_full = (uint64_t)sqlite3_column_int64(row, 5),
		.rows = (uint64_t)sqlite3_column_int64(row, 6),
		.lost = (uint64_t)sqlite3_column_int64(row, 7),
	};
	return 0;
}

int seen_slots_read(struct database *database, struct seen_slots *ret_slots)
{
	static const char query[] = "SELECT slot, rows, attributed, source_limit, all_limit, "
				    "ring_full, no_room, lost FROM slots ORDER BY slot";
	struct seen_slots slots = { 0 };
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_statement(database, query, &row))
		return -EIO;
	while (!err && (step = database_step(database, row)) > 0)
		err = slots_take_row(row, &slots);
	database_reset(row);
	if (err || step < 0) {
		seen_slots_done(&slots);
		return err ? err : step;
	}
	*ret_slots = slots;
	return 0;
}

static int slot_write(struct database *database, const struct seen_slot *slot)
{
	static const char put[] = "INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (database_statement(database, put, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, slot->slot);
	sqlite3_bind_int64(statement, 2, (int64_t)slot->rows);
	sqlite3_bind_int64(statement, 3, (int64_t)slot->attributed);
	sqlite3_bind_int64(statement, 4, (int64_t)slot->left_out.source_limit);
	sqlite3_bind_int64(statement, 5, (int64_t)slot->left_out.limit);
	sqlite3_bind_int64(statement, 6, (int64_t)slot->left_out.ring_full);
	sqlite3_bind_int64(statement, 7, (int64_t)slot->left_out.rows);
	sqlite3_bind_int64(statement, 8, (int64_t)slot->left_out.lost);
	return database_run(database, statement);
}

int seen_slots_write(struct database *database, const struct seen_slots *before,
		     const struct seen_slots *slots)
{
	int err = 0;

	for (size_t i = 0, j = 0; i < slots->count && !err; i++) {
		const struct seen_slot *slot = &slots->items[i];

		while (j < before->count && before->items[j].slot < slot->slot)
			j++;
		if (j == before->count || memcmp(&before->items[j], slot, sizeof(*slot)) != 0)
			err = slot_write(database, slot);
	}
	return err;
}
