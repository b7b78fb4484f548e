/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps manual entries in a database, and decides what the daemon does if they are lost. */
#include "store/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lines.h"
#include "store/database.h"
#include "store/state_schema.h"

#define LOST "manual entries were lost"

struct state {
	struct database *database; /* NULL: could not be opened */
	char *path;
	char *error; /* why it could not be opened, or where lost entries are kept */
	char *suspension;
	bool is_locked;
	bool notes_changes;
	bool has_fleet;
};

/* Keep an error for state_error(). @error was allocated; NULL: out of memory. */
static void state_keep_text(struct state *state, char *error)
{
	if (!error)
		return;
	free(state->error);
	state->error = error;
}

static void state_keep_error(struct state *state, const char *message)
{
	char *error;

	state_keep_text(state, asprintf(&error, "%s: %s", state->path, message) < 0 ? NULL : error);
}

static void state_clear_error(struct state *state)
{
	/* During a suspension, the error says where the lost entries are kept. */
	if (state->suspension)
		return;
	free(state->error);
	state->error = NULL;
}

static void state_suspend(struct state *state, const char *reason)
{
	free(state->suspension);
	state->suspension = strdup(reason);
}

/* After a database was set aside, the new one stores the suspension. Otherwise a restart would
 * begin to drop mail that the lost entries allowed. */
static void remember_suspension(struct state *state)
{
	static const char insert[] = "INSERT INTO suspension VALUES (?)";
	sqlite3_stmt *statement;

	if (database_statement(state->database, insert, &statement))
		return;
	database_bind_text(statement, 1, state->suspension);
	database_run(state->database, statement);
}

static void recall_suspension(struct state *state)
{
	static const char query[] = "SELECT reason FROM suspension";
	sqlite3_stmt *row;

	if (database_statement(state->database, query, &row))
		return;
	if (database_step(state->database, row) > 0) {
		const char *reason = database_text(row, 0);

		state_suspend(state, reason ? reason : LOST);
		state_keep_text(state, strdup(reason ? reason : LOST));
	}
	database_reset(row);
}

static int refuse_open(struct state *state, enum database_result result, const char *message)
{
	char reason[DATABASE_MESSAGE_BYTES];

	state_keep_error(state, message);
	state->is_locked = result == DATABASE_LOCKED;
	if (result == DATABASE_UNREADABLE || result == DATABASE_LOCKED) {
		snprintf(reason, sizeof(reason),
			 "%s cannot be read (%s), so the manual entries in it are not in force; "
			 "repair it and restart, or reload to enforce without them",
			 state->path, message);
		state_suspend(state, reason);
	}
	return -EIO;
}

static int open_database(struct state *state, bool may_be_set_aside);

/* @message says what is corrupt; on success it is the new name of that database. */
static int replace_corrupt(struct state *state, char message[DATABASE_MESSAGE_BYTES])
{
	char reason[2 * DATABASE_MESSAGE_BYTES];

	snprintf(reason, sizeof(reason), "%s was corrupt (%s)", state->path, message);
	if (database_set_aside(state->path, message))
		return refuse_open(state, DATABASE_UNREADABLE, message);
	snprintf(reason + strlen(reason), sizeof(reason) - strlen(reason),
		 " and is kept as %s: the manual entries in it are not in force; add the missing "
		 "entries again, then reload",
		 message);
	state_suspend(state, reason);
	state_keep_text(state, strdup(reason));
	if (open_database(state, false))
		return -EIO;
	remember_suspension(state);
	return 0;
}

static bool find_fleet(struct state *state)
{
	static const char query[] = "SELECT 1 FROM sqlite_master WHERE name = 'fleet_records'";
	sqlite3_stmt *row;
	bool is_found;

	if (database_statement(state->database, query, &row))
		return false;
	is_found = database_step(state->database, row) > 0;
	database_reset(row);
	return is_found;
}

/* Open a database. If it is corrupt and @may_be_set_aside, set it aside and create a new one. */
static int open_database(struct state *state, bool may_be_set_aside)
{
	char message[DATABASE_MESSAGE_BYTES] = "";
	enum database_result result =
	    database_open(state->path, &state_schema, &state->database, message);

	if (result == DATABASE_OK || result == DATABASE_OUTDATED)
		state->has_fleet = find_fleet(state);
	if (result == DATABASE_OK)
		return 0;
	if (result == DATABASE_OUTDATED) {
		state_keep_error(state, message);
		return 0;
	}
	if (result == DATABASE_CORRUPT && may_be_set_aside)
		return replace_corrupt(state, message);
	return refuse_open(state, result, message);
}

int state_open(const char *state_dir, struct state **ret_state)
{
	struct state *state = calloc(1, sizeof(*state));
	int err;

	if (!state)
		return -ENOMEM;
	if (asprintf(&state->path, "%s/state.db", state_dir) < 0) {
		free(state);
		return -ENOMEM;
	}
	err = directory_make(state_dir, 0750);
	if (err)
		refuse_open(state, DATABASE_UNUSABLE, strerror(-err));
	else if (!open_database(state, true))
		recall_suspension(state);
	*ret_state = state;
	return 0;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	database_close(state->database);
	free(state->path);
	free(state->error);
	free(state->suspension);
	free(state);
}

const char *state_path(const struct state *state)
{
	return state->path;
}

const char *state_error(const struct state *state)
{
	const char *error = database_error(state->database);

	return error ? error : state->error;
}

const char *state_suspension(const struct state *state)
{
	return state->suspension;
}

bool state_is_new(const struct state *state)
{
	return database_is_new(state->database);
}

void state_miss(struct state *state)
{
	char reason[DATABASE_MESSAGE_BYTES];

	snprintf(reason, sizeof(reason),
		 "%s was missing or empty, although ipwld has run before: the manual entries that "
		 "were in it are not in force; restore them from a backup or add them again, then "
		 "reload",
		 state->path);
	state_suspend(state, reason);
	state_keep_text(state, strdup(reason));
	remember_suspension(state);
}

bool state_is_locked(const struct state *state)
{
	return state->is_locked;
}

void state_acknowledge(struct state *state)
{
	static const char delete[] = "DELETE FROM suspension";
	sqlite3_stmt *statement;

	if (!state->suspension)
		return;
	free(state->suspension);
	state->suspension = NULL;
	if (!state->database || database_statement(state->database, delete, &statement) ||
	    database_run(state->database, statement))
		return;
	state_clear_error(state);
}

/* ---- entries ------------------------------------------------------------ */

struct state_entry row_of_entry(const struct list *list, const struct entry *entry)
{
	return (struct state_entry) {
		.list = list->name,
		.action = list->action,
		.prefix = entry->prefix,
		.reason = entry->reason,
		.author = entry->about->author,
		.added_at_sec = entry->about->added_at_sec,
		.expires_at_sec = entry->about->expires_at_sec,
	};
}

struct entry entry_of_row(const struct state_entry *row, struct provenance *about)
{
	*about = (struct provenance) {
		.origin = row->author,
		.author = row->author,
		.added_at_sec = row->added_at_sec,
		.expires_at_sec = row->expires_at_sec,
	};
	return (struct entry) {
		.prefix = row->prefix,
		.source = SOURCE_MANUAL,
		.reason = row->reason,
		.about = about,
	};
}

/* Return: 1: the row is an entry; 0: its prefix or action is invalid. */
static int read_row(sqlite3_stmt *row, struct state_entry *ret_entry)
{
	const char *text = database_text(row, 2);
	const char *action = database_text(row, 1);
	struct state_entry entry = {
		.list = database_text(row, 0),
		.reason = database_text(row, 3),
		.author = database_text(row, 4),
		.added_at_sec = sqlite3_column_int64(row, 5),
		.expires_at_sec = sqlite3_column_int64(row, 6),
		.scope = { .is_local = sqlite3_column_int(row, 7) != 0,
			   .only_hosts = database_text(row, 8),
			   .not_hosts = database_text(row, 9) },
	};

	if (!entry.list || !text || !action ||
	    prefix_parse(text, strlen(text), &entry.prefix, NULL) != PREFIX_OK)
		return 0;
	for (entry.action = 0; entry.action < ACTION_COUNT; entry.action++) {
		if (!strcmp(action, action_names[entry.action])) {
			*ret_entry = entry;
			return 1;
		}
	}
	return 0;
}

#define ENTRY_COLUMNS "list, action, prefix, reason, author, added_at, expires_at"
#define SCOPE_COLUMNS "is_local, only_hosts, not_hosts"

static int walk_entries(struct state *state, sqlite3_stmt *row,
			int (*visit)(const struct state_entry *entry, void *context),
			void (*visit_bad)(const char *list, const char *prefix, void *context),
			void *context)
{
	struct state_entry entry;
	int step, err = 0;

	while (!err && (step = database_step(state->database, row)) > 0) {
		if (read_row(row, &entry))
			err = visit(&entry, context);
		else if (visit_bad)
			visit_bad(database_text(row, 0), database_text(row, 2), context);
	}
	sqlite3_finalize(row);
	return err ? err : step;
}

int state_read(struct state *state, int (*visit)(const struct state_entry *entry, void *context),
	       void (*visit_bad)(const char *list, const char *prefix, void *context),
	       void *context)
{
	sqlite3_stmt *row;
	int err = database_prepare(state->database,
				   state->has_fleet ? "SELECT " ENTRY_COLUMNS ", " SCOPE_COLUMNS
						      " FROM entries ORDER BY list, prefix"
						    : "SELECT " ENTRY_COLUMNS ", 0, NULL, NULL "
						      "FROM entries ORDER BY list, prefix",
				   &row);

	return err ? err : walk_entries(state, row, visit, visit_bad, context);
}

int state_read_expired(struct state *state, int64_t now_sec,
		       int (*visit)(const struct state_entry *entry, void *context), void *context)
{
	sqlite3_stmt *row;
	int err = database_prepare(state->database,
				   "SELECT " ENTRY_COLUMNS ", " SCOPE_COLUMNS
				   " FROM entries WHERE expires_at <> 0 "
				   "AND expires_at <= ? ORDER BY list, prefix",
				   &row);

	if (err)
		return err;
	sqlite3_bind_int64(row, 1, now_sec);
	return walk_entries(state, row, visit, NULL, context);
}

int state_find(struct state *state, const char *list, const struct prefix *prefix,
	       int (*visit)(const struct state_entry *entry, void *context), void *context)
{
	static const char query[] = "SELECT " ENTRY_COLUMNS ", " SCOPE_COLUMNS
				    " FROM entries WHERE list = ? AND prefix = ?";
	struct state_entry entry;
	sqlite3_stmt *row;
	int step, err = 0;

	if (database_statement(state->database, query, &row))
		return -EIO;
	database_bind_text(row, 1, list);
	database_bind_prefix(row, 2, prefix);
	step = database_step(state->database, row);
	if (step > 0 && read_row(row, &entry))
		err = visit(&entry, context);
	database_reset(row);
	return step < 0 ? step : err;
}

int state_begin(struct state *state)
{
	return database_begin(state->database);
}

int state_put(struct state *state, const struct state_entry *entry)
{
	static const char put[] =
	    "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(state->database, put, &statement))
		return -EIO;
	database_bind_text(statement, 1, entry->list);
	database_bind_prefix(statement, 2, &entry->prefix);
	database_bind_text(statement, 3, action_names[entry->action]);
	database_bind_text(statement, 4, entry->reason);
	database_bind_text(statement, 5, entry->author);
	sqlite3_bind_int64(statement, 6, entry->added_at_sec);
	sqlite3_bind_int64(statement, 7, entry->expires_at_sec);
	sqlite3_bind_int(statement, 8, entry->scope.is_local);
	database_bind_text(statement, 9, entry->scope.only_hosts);
	database_bind_text(statement, 10, entry->scope.not_hosts);
	return database_run(state->database, statement);
}

int state_delete(struct state *state, const char *list, const struct prefix *prefix)
{
	static const char delete[] = "DELETE FROM entries WHERE list = ? AND prefix = ?";
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(state->database, delete, &statement))
		return -EIO;
	database_bind_text(statement, 1, list);
	database_bind_prefix(statement, 2, prefix);
	return database_run(state->database, statement);
}

int state_commit(struct state *state)
{
	if (database_commit(state->database))
		return -EIO;
	state_clear_error(state);
	return 0;
}

void state_rollback(struct state *state)
{
	database_rollback(state->database);
}

void state_note_changes(struct state *state, bool is_on)
{
	state->notes_changes = is_on;
}

bool state_notes_changes(const struct state *state)
{
	return state->notes_changes;
}

bool state_has_fleet(const struct state *state)
{
	return state->has_fleet;
}

struct database *state_database(struct state *state)
{
	return state->database;
}
