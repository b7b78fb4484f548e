/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens seen.db, and reads what it knows of the kernel. */
#include "store/seen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lines.h"
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

static void keep_error(struct seen_store *store, const char *message)
{
	char *error;

	if (asprintf(&error, "%s: %s", store->path, message) < 0)
		return;
	free(store->error);
	store->error = error;
}

/* A new database has no row; then the kernel's counts begin with those at the start. */
static int read_memory(struct seen_store *store)
{
	static const char query[] = "SELECT since, cookie, reported, source_limit, all_limit, "
				    "ring_full FROM memory WHERE id = 1";
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->database, query, &row))
		return -EIO;
	step = database_step(store->database, row);
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

static int read_content(struct seen_store *store)
{
	struct seen_slots slots;
	int err;

	store->since_sec = 0;
	err = read_memory(store);
	if (!err)
		err = seen_slots_read(store->database, &slots);
	if (err)
		return err;
	seen_slots_done(&store->slots);
	store->slots = slots;
	store->row_count = seen_slots_row_count(&slots);
	return 0;
}

/* Return: 0; -EBADMSG: it is corrupt; -ENOMEM or -EIO. */
static int open_database(struct seen_store *store)
{
	char message[DATABASE_MESSAGE_BYTES] = "";
	enum database_result result =
	    database_open(store->path, &seen_schema, &store->database, message);
	bool is_corrupt = result == DATABASE_CORRUPT;
	int err = result == DATABASE_OK ? read_content(store) : -EIO;

	if (!err) {
		free(store->error);
		store->error = NULL;
		return 0;
	}
	if (result == DATABASE_OK) {
		const char *error = database_error(store->database);

		is_corrupt = database_is_corrupt(store->database);
		free(store->error);
		store->error = text_copy(error ? error : strerror(-err));
	} else {
		keep_error(store, message);
	}
	database_close(store->database);
	store->database = NULL;
	return is_corrupt ? -EBADMSG : err;
}

static int set_aside(struct seen_store *store, char **ret_lost)
{
	char aside[DATABASE_MESSAGE_BYTES];

	if (database_set_aside(store->path, aside)) {
		keep_error(store, aside);
		return -EIO;
	}
	if (asprintf(ret_lost, "%s is corrupt and is kept as %s", store->path, aside) < 0)
		*ret_lost = NULL;
	return open_database(store) ? -EIO : 0;
}

int seen_ready(struct seen_store *store, char **ret_lost)
{
	int err;

	*ret_lost = NULL;
	if (store->database && !database_is_corrupt(store->database))
		return 0;
	if (store->database) {
		database_close(store->database);
		store->database = NULL;
		return set_aside(store, ret_lost);
	}
	err = open_database(store);
	if (err == -EBADMSG)
		err = set_aside(store, ret_lost);
	return err ? -EIO : 0;
}

int seen_open(const char *state_dir, struct seen_store **ret_store, char **ret_lost)
{
	struct seen_store *store = calloc(1, sizeof(*store));
	int err;

	*ret_lost = NULL;
	if (!store)
		return -ENOMEM;
	store->waiting = calloc(SEEN_WAITING_MAX, sizeof(*store->waiting));
	if (!store->waiting || asprintf(&store->path, "%s/seen.db", state_dir) < 0) {
		free(store->waiting);
		free(store);
		return -ENOMEM;
	}
	err = directory_make(state_dir, 0750);
	if (err)
		keep_error(store, strerror(-err));
	else
		seen_ready(store, ret_lost);
	*ret_store = store;
	return 0;
}

void seen_close(struct seen_store *store)
{
	if (!store)
		return;
	database_close(store->database);
	seen_slots_done(&store->slots);
	free(store->waiting);
	free(store->path);
	free(store->error);
	free(store);
}

const char *seen_error(const struct seen_store *store)
{
	const char *error = database_error(store->database);

	return error ? error : store->error;
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
