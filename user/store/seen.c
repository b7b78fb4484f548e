/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens seen.db, and reads what it knows of the kernel. */
#include "store/seen.h"

#include <errno.h>
#include <stdlib.h>

#include "store/seen_internal.h"

/* Never change a released step. Slots are numbered since 1970; `first` and `last` are seconds
 * since the slot began. A source is 4 or 16 bytes. The empty text is no list, or no entry. */
static const char tables[] = "CREATE TABLE memory ("
			     " id INTEGER PRIMARY KEY," /* 1 */
			     " since INTEGER NOT NULL,"
			     " cookie INTEGER NOT NULL," /* of the maps that counted: */
			     " reported INTEGER NOT NULL,"
			     " source_limit INTEGER NOT NULL,"
			     " all_limit INTEGER NOT NULL,"
			     " ring_full INTEGER NOT NULL);"
			     "CREATE TABLE decisions ("
			     " id INTEGER PRIMARY KEY,"
			     " list TEXT NOT NULL,"
			     " entry TEXT NOT NULL,"
			     " beaten_list TEXT NOT NULL,"
			     " beaten_entry TEXT NOT NULL,"
			     " UNIQUE (list, entry, beaten_list, beaten_entry));"
			     "CREATE TABLE attempts ("
			     " source BLOB NOT NULL,"
			     " slot INTEGER NOT NULL,"
			     " verdict INTEGER NOT NULL,"
			     " decision INTEGER NOT NULL,"
			     " port INTEGER NOT NULL,"
			     " first INTEGER NOT NULL,"
			     " last INTEGER NOT NULL,"
			     " attempts INTEGER NOT NULL,"
			     " left_out INTEGER NOT NULL,"
			     " PRIMARY KEY (source, slot, verdict, decision, port)) WITHOUT ROWID;"
			     "CREATE INDEX attempts_slot ON attempts (slot);"
			     "CREATE TABLE slots ("
			     " slot INTEGER PRIMARY KEY,"
			     " rows INTEGER NOT NULL,"
			     " attributed INTEGER NOT NULL,"
			     " source_limit INTEGER NOT NULL,"
			     " all_limit INTEGER NOT NULL,"
			     " ring_full INTEGER NOT NULL,"
			     " no_room INTEGER NOT NULL,"
			     " lost INTEGER NOT NULL);";

static const char *const steps[] = { tables };

/* It is not checked, because it grows large. Losing it loses what was seen, but no mail. */
static const struct database_schema seen_schema = {
	.steps = steps,
	.version = sizeof(steps) / sizeof(*steps),
	.is_large = true,
};

/* ---- open --------------------------------------------------------------------- */

/* A new database has no row; then the kernel's counts begin with those at the start. */
static int read_memory(struct seen_store *store)
{
	static const char query[] = "SELECT since, cookie, reported, source_limit, all_limit, "
				    "ring_full FROM memory WHERE id = 1";
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	step = database_step(store->side.database, row);
	if (step > 0) {
		store->since_sec = sqlite3_column_int64(row, 0);
		store->kernel = (struct seen_kernel_counts) {
			.cookie = (uint64_t)sqlite3_column_int64(row, 1),
			.reported = (uint64_t)sqlite3_column_int64(row, 2),
			.source_limit = (uint64_t)sqlite3_column_int64(row, 3),
			.limit = (uint64_t)sqlite3_column_int64(row, 4),
			.ring_full = (uint64_t)sqlite3_column_int64(row, 5),
		};
	}
	database_reset(row);
	return step < 0 ? step : 0;
}

static int read_content(void *context)
{
	struct seen_store *store = context;
	struct seen_slots slots;
	int err;

	store->since_sec = 0;
	err = read_memory(store);
	if (!err)
		err = seen_slots_read(store->side.database, &slots);
	if (err)
		return err;
	seen_slots_done(&store->slots);
	store->slots = slots;
	store->row_count = seen_slots_row_count(&slots);
	return 0;
}

int seen_ready(struct seen_store *store, char **ret_lost)
{
	return side_database_ready(&store->side, &seen_schema, read_content, store, ret_lost);
}

int seen_open(const char *state_dir, struct seen_store **ret_store, char **ret_lost)
{
	struct seen_store *store = calloc(1, sizeof(*store));

	*ret_lost = NULL;
	if (!store)
		return -ENOMEM;
	store->waiting = calloc(SEEN_WAITING_MAX, sizeof(*store->waiting));
	if (!store->waiting || side_database_init(&store->side, state_dir, "seen.db")) {
		free(store->waiting);
		free(store);
		return -ENOMEM;
	}
	if (!store->side.error)
		seen_ready(store, ret_lost);
	*ret_store = store;
	return 0;
}

void seen_close(struct seen_store *store)
{
	if (!store)
		return;
	side_database_done(&store->side);
	seen_slots_done(&store->slots);
	free(store->waiting);
	free(store);
}

const char *seen_error(const struct seen_store *store)
{
	return side_database_error(&store->side);
}

/* ---- what is known -------------------------------------------------------------- */

uint64_t seen_row_count(const struct seen_store *store)
{
	return store->row_count;
}

int64_t seen_since_sec(const struct seen_store *store)
{
	return store->since_sec;
}

size_t seen_waiting_count(const struct seen_store *store)
{
	return store->waiting_count;
}
