/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes attempts in one transaction with the counts of what was left out, and makes room. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/seen_internal.h"

/* Rows that give way at once, so that the largest slot is seldom looked for. */
#define ROOM_ROWS 256

/* ---- take ------------------------------------------------------------------------ */

void seen_note(struct seen_store *store, const struct seen_row *row)
{
	store->noted_count += row->attempts;
	if (store->waiting_count == SEEN_WAITING_MAX)
		store->overflow_count += row->attempts;
	else
		store->waiting[store->waiting_count++] = *row;
}

uint64_t seen_lost_count(const struct seen_store *store)
{
	return store->overflow_count + store->lost_at_start;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void seen_continue(struct seen_store *store, const struct seen_kernel_counts *counts,
		   uint64_t unread_count)
{
	store->is_continuing = true;
	store->kernel_at_start = *counts;
	store->kernel_at_start.reported = minus(counts->reported, unread_count);
}

/* Compare the kernel's counts at the start with those of the last commit. */
static void continue_counts(struct seen_store *store)
{
	const struct seen_kernel_counts *start = &store->kernel_at_start;

	if (!store->is_continuing)
		return;
	store->is_continuing = false;
	if (!store->since_sec)
		store->kernel = *start;
	else if (store->kernel.cookie != start->cookie)
		store->kernel = (struct seen_kernel_counts) { .cookie = start->cookie };
	store->lost_at_start = minus(start->reported, store->kernel.reported);
	store->kernel.reported = start->reported;
}

/* ---- room ------------------------------------------------------------------------ */

static int delete_fewest(struct seen_store *store, struct seen_slot *slot, uint64_t count)
{
	static const char sum[] =
	    "SELECT count(*), sum(attempts), sum(left_out) FROM (SELECT attempts, left_out FROM "
	    "attempts WHERE slot = ? ORDER BY attempts + left_out, source, verdict, decision, port "
	    "LIMIT ?)";
	static const char delete[] =
	    "DELETE FROM attempts WHERE (source, slot, verdict, decision, port) IN (SELECT source, "
	    "slot, verdict, decision, port FROM attempts WHERE slot = ? ORDER BY attempts + "
	    "left_out, source, verdict, decision, port LIMIT ?)";
	sqlite3_stmt *statement;
	uint64_t rows, attempts;
	int step;

	if (database_statement(store->side.database, sum, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, slot->slot);
	sqlite3_bind_int64(statement, 2, (int64_t)count);
	step = database_step(store->side.database, statement);
	rows = step > 0 ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	attempts = step > 0 ? (uint64_t)(sqlite3_column_int64(statement, 1) +
					 sqlite3_column_int64(statement, 2))
			    : 0;
	database_reset(statement);
	if (step < 0 || database_statement(store->side.database, delete, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, slot->slot);
	sqlite3_bind_int64(statement, 2, (int64_t)count);
	if (database_run(store->side.database, statement))
		return -EIO;
	slot->rows = minus(slot->rows, rows);
	slot->left_out.rows += attempts;
	store->row_count = minus(store->row_count, rows);
	/* Otherwise the slot would be asked for room again and again. */
	if (!rows)
		slot->rows = 0;
	return 0;
}

/* Make room for a row of @slot. Return: 1; 0: there is none; -EIO. */
static int make_room(struct seen_store *store, const struct seen_slot *slot, uint64_t rows_max)
{
	struct seen_slot *largest;
	uint64_t count;

	if (store->row_count < rows_max)
		return 1;
	largest = seen_slots_largest(&store->slots);
	if (!largest || largest->rows <= slot->rows + 1)
		return 0;
	count = (largest->rows - slot->rows) / 2;
	if (delete_fewest(store, largest, count < ROOM_ROWS ? count : ROOM_ROWS))
		return -EIO;
	return store->row_count < rows_max;
}

/* The limit may have become smaller. */
static int shrink(struct seen_store *store, uint64_t rows_max)
{
	while (store->row_count > rows_max) {
		struct seen_slot *largest = seen_slots_largest(&store->slots);
		const uint64_t excess = store->row_count - rows_max;
		uint64_t part;

		if (!largest)
			return 0;
		part = largest->rows / 8 + 1;
		if (delete_fewest(store, largest, excess < part ? excess : part))
			return -EIO;
	}
	return 0;
}

/* ---- rows ------------------------------------------------------------------------ */

static int bind_row(struct seen_store *store, const char *sql, const struct seen_row *row,
		    int64_t decision, sqlite3_stmt **ret_statement)
{
	const int64_t slot = seen_slot_of(row->first_sec);

	if (database_statement(store->side.database, sql, ret_statement))
		return -EIO;
	seen_bind_address(*ret_statement, 1, &row->source);
	sqlite3_bind_int64(*ret_statement, 2, slot);
	sqlite3_bind_int64(*ret_statement, 3, row->verdict);
	sqlite3_bind_int64(*ret_statement, 4, decision);
	sqlite3_bind_int64(*ret_statement, 5, row->port);
	sqlite3_bind_int64(*ret_statement, 6, row->first_sec - slot * SEEN_SLOT_SEC);
	sqlite3_bind_int64(*ret_statement, 7, row->last_sec - slot * SEEN_SLOT_SEC);
	sqlite3_bind_int64(*ret_statement, 8, (int64_t)row->attempts);
	sqlite3_bind_int64(*ret_statement, 9, (int64_t)row->left_out);
	return 0;
}

static int put_row(struct seen_store *store, const struct seen_row *row, int64_t decision,
		   uint64_t rows_max)
{
	static const char update[] =
	    "UPDATE attempts SET first = min(first, ?6), last = max(last, ?7), attempts = attempts "
	    "+ ?8, left_out = left_out + ?9 WHERE source = ?1 AND slot = ?2 AND verdict = ?3 AND "
	    "decision = ?4 AND port = ?5";
	static const char insert[] = "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct seen_slot *slot;
	sqlite3_stmt *statement;
	int room;

	if (bind_row(store, update, row, decision, &statement) ||
	    database_run(store->side.database, statement))
		return -EIO;
	slot = seen_slots_enter(&store->slots, seen_slot_of(row->first_sec));
	if (!slot)
		return -ENOMEM;
	slot->attributed += row->left_out;
	if (database_change_count(store->side.database))
		return 0;
	room = make_room(store, slot, rows_max);
	if (room < 0)
		return room;
	if (!room) {
		slot->left_out.rows += row->attempts + row->left_out;
		return 0;
	}
	if (bind_row(store, insert, row, decision, &statement) ||
	    database_run(store->side.database, statement))
		return -EIO;
	slot->rows++;
	store->row_count++;
	return 0;
}

static int put_rows(struct seen_store *store, uint64_t rows_max)
{
	int64_t decision;
	int err = shrink(store, rows_max);

	for (size_t i = 0; i < store->waiting_count && !err; i++) {
		err = seen_decision_id(store->side.database, &store->waiting[i], &decision);
		if (!err)
			err = put_row(store, &store->waiting[i], decision, rows_max);
	}
	return err;
}

/* ---- the transaction ---------------------------------------------------------------- */

static int put_memory(struct seen_store *store, const struct seen_kernel_counts *kernel,
		      int64_t since_sec)
{
	static const char put[] = "INSERT OR REPLACE INTO memory VALUES (1, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (database_statement(store->side.database, put, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, since_sec);
	sqlite3_bind_int64(statement, 2, (int64_t)kernel->cookie);
	sqlite3_bind_int64(statement, 3, (int64_t)kernel->reported);
	sqlite3_bind_int64(statement, 4, (int64_t)kernel->source_limit);
	sqlite3_bind_int64(statement, 5, (int64_t)kernel->limit);
	sqlite3_bind_int64(statement, 6, (int64_t)kernel->ring_full);
	return database_run(store->side.database, statement);
}

/* Add what the kernel has left out since the last commit, and what is lost, to the present
 * slot. */
static int add_left_out(struct seen_store *store, const struct seen_kernel_counts *counts,
			int64_t now_sec)
{
	struct seen_left_out more = {
		.source_limit = minus(counts->source_limit, store->kernel.source_limit),
		.limit = minus(counts->limit, store->kernel.limit),
		.ring_full = minus(counts->ring_full, store->kernel.ring_full),
		.lost = seen_lost_count(store),
	};
	struct seen_slot *slot;

	if (!seen_left_out_sum(&more))
		return 0;
	slot = seen_slots_enter(&store->slots, seen_slot_of(now_sec));
	if (!slot)
		return -ENOMEM;
	slot->left_out.source_limit += more.source_limit;
	slot->left_out.limit += more.limit;
	slot->left_out.ring_full += more.ring_full;
	slot->left_out.lost += more.lost;
	return 0;
}

static bool has_changed(const struct seen_store *store, const struct seen_kernel_counts *counts,
			uint64_t rows_max)
{
	return !store->since_sec || store->waiting_count || seen_lost_count(store) ||
	       store->row_count > rows_max || counts->cookie != store->kernel.cookie ||
	       counts->source_limit != store->kernel.source_limit ||
	       counts->limit != store->kernel.limit || counts->ring_full != store->kernel.ring_full;
}

/* The slots change while rows are written. @before: as they were. */
static int write_all(struct seen_store *store, const struct seen_kernel_counts *counts,
		     uint64_t rows_max, int64_t now_sec, const struct seen_slots *before)
{
	struct seen_kernel_counts kernel = *counts;
	const int64_t since_sec = store->since_sec ? store->since_sec : now_sec;
	int err = database_begin(store->side.database);

	kernel.reported = store->kernel.reported + store->noted_count;
	if (!err)
		err = put_rows(store, rows_max);
	if (!err)
		err = add_left_out(store, counts, now_sec);
	if (!err)
		err = seen_slots_write(store->side.database, before, &store->slots);
	if (!err)
		err = put_memory(store, &kernel, since_sec);
	if (!err)
		err = database_commit(store->side.database);
	if (err)
		return err;
	store->kernel = kernel;
	store->since_sec = since_sec;
	store->noted_count = store->overflow_count = store->lost_at_start = 0;
	store->waiting_count = 0;
	return 0;
}

int seen_write(struct seen_store *store, const struct seen_kernel_counts *counts, uint64_t rows_max,
	       int64_t now_sec)
{
	struct seen_slots before;
	int err;

	if (!store->side.database)
		return -EIO;
	continue_counts(store);
	if (!has_changed(store, counts, rows_max))
		return 0;
	err = seen_slots_copy(&store->slots, &before);
	if (!err)
		err = write_all(store, counts, rows_max, now_sec, &before);
	if (err) {
		database_rollback(store->side.database);
		seen_slots_done(&store->slots);
		store->slots = before;
		store->row_count = seen_slots_row_count(&store->slots);
		return -EIO;
	}
	seen_slots_done(&before);
	return 0;
}

/* ---- delete -------------------------------------------------------------------------- */

static int run_number(struct seen_store *store, const char *sql, int64_t number)
{
	sqlite3_stmt *statement;

	if (database_statement(store->side.database, sql, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, number);
	return database_run(store->side.database, statement);
}

static int delete_unused_decisions(struct seen_store *store)
{
	return run_number(store,
			  "DELETE FROM decisions WHERE id > ? AND id NOT IN (SELECT decision FROM "
			  "attempts)",
			  0);
}

int seen_prune(struct seen_store *store, int64_t oldest_sec)
{
	/* The slot ends before that time. */
	const int64_t slot = seen_slot_of(oldest_sec);

	if (!store->side.database)
		return -EIO;
	if (database_begin(store->side.database) ||
	    run_number(store, "DELETE FROM attempts WHERE slot < ?", slot) ||
	    run_number(store, "DELETE FROM slots WHERE slot < ?", slot) ||
	    delete_unused_decisions(store) || database_commit(store->side.database)) {
		database_rollback(store->side.database);
		return -EIO;
	}
	seen_slots_remove_before(&store->slots, slot);
	store->row_count = seen_slots_row_count(&store->slots);
	return 0;
}

/* Lower the slots' numbers of rows by those of @prefix. */
static int count_forgotten(struct seen_store *store, const struct prefix *prefix)
{
	static const char query[] =
	    "SELECT slot, count(*) FROM attempts WHERE source BETWEEN ? AND "
	    "? AND length(source) = ? GROUP BY slot";
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	seen_bind_range(row, 1, prefix);
	while ((step = database_step(store->side.database, row)) > 0) {
		struct seen_slot *slot =
		    seen_slots_enter(&store->slots, sqlite3_column_int64(row, 0));

		if (slot)
			slot->rows = minus(slot->rows, (uint64_t)sqlite3_column_int64(row, 1));
	}
	database_reset(row);
	return step;
}

static int delete_forgotten(struct seen_store *store, const struct prefix *prefix,
			    const struct seen_slots *before, uint64_t *ret_row_count)
{
	static const char delete[] =
	    "DELETE FROM attempts WHERE source BETWEEN ? AND ? AND length(source) = ?";
	sqlite3_stmt *statement;

	if (database_begin(store->side.database) || count_forgotten(store, prefix) ||
	    database_statement(store->side.database, delete, &statement))
		return -EIO;
	seen_bind_range(statement, 1, prefix);
	if (database_run(store->side.database, statement))
		return -EIO;
	*ret_row_count = (uint64_t)database_change_count(store->side.database);
	return seen_slots_write(store->side.database, before, &store->slots) ||
		       delete_unused_decisions(store) || database_commit(store->side.database)
		   ? -EIO
		   : 0;
}

static void forget_waiting(struct seen_store *store, const struct prefix *prefix)
{
	size_t kept = 0;

	for (size_t i = 0; i < store->waiting_count; i++)
		if (!prefix_contains(prefix, &store->waiting[i].source))
			store->waiting[kept++] = store->waiting[i];
	store->waiting_count = kept;
}

int seen_forget(struct seen_store *store, const struct prefix *prefix, uint64_t *ret_row_count)
{
	struct seen_slots before;
	int err;

	if (!store->side.database)
		return -EIO;
	err = seen_slots_copy(&store->slots, &before);
	if (!err)
		err = delete_forgotten(store, prefix, &before, ret_row_count);
	if (err) {
		database_rollback(store->side.database);
		seen_slots_done(&store->slots);
		store->slots = before;
		return -EIO;
	}
	seen_slots_done(&before);
	forget_waiting(store, prefix);
	store->row_count = seen_slots_row_count(&store->slots);
	return 0;
}

int seen_clear(struct seen_store *store)
{
	static const char *const deletes[] = {
		"DELETE FROM attempts WHERE ?",
		"DELETE FROM slots WHERE ?",
		"DELETE FROM decisions WHERE ?",
		"DELETE FROM memory WHERE ?",
	};
	int err = database_begin(store->side.database);

	for (size_t i = 0; i < sizeof(deletes) / sizeof(*deletes) && !err; i++)
		err = run_number(store, deletes[i], 1);
	if (!err)
		err = database_commit(store->side.database);
	if (err)
		return -EIO;
	seen_slots_done(&store->slots);
	store->row_count = store->waiting_count = 0;
	store->since_sec = 0;
	store->overflow_count = store->lost_at_start = store->noted_count = 0;
	return 0;
}
