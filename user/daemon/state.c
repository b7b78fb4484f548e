/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual entries in SQLite. A rollback journal, not WAL: it can be read from a full
 * disk.
 */
#include "state.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "state_file.h"

struct state {
	sqlite3 *db; /* NULL: could not be opened */
	char *path;
	char *error;
	char *suspension;
};

/* Keep what went wrong for state_error(). */
static int fail(struct state *state, const char *message)
{
	char *error;

	if (asprintf(&error, "%s: %s", state->path, message) < 0)
		return -EIO;
	free(state->error);
	state->error = error;
	return -EIO;
}

static int fail_sqlite(struct state *state)
{
	return fail(state, state->db ? sqlite3_errmsg(state->db) : "is not open");
}

static void succeed(struct state *state)
{
	/* While suspended the error tells where the entries went. */
	if (state->suspension)
		return;
	free(state->error);
	state->error = NULL;
}

static void suspend(struct state *state, const char *reason)
{
	free(state->suspension);
	state->suspension = strdup(reason);
}

/* A database put aside leaves a row for each reader to come: a restart must not begin
 * to drop what the lost entries allowed. */
static void remember_suspension(struct state *state)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(state->db, "INSERT INTO suspension VALUES (?)", -1, &statement,
			       NULL) != SQLITE_OK)
		return;
	sqlite3_bind_text(statement, 1, state->suspension, -1, SQLITE_TRANSIENT);
	sqlite3_step(statement);
	sqlite3_finalize(statement);
}

static void recall_suspension(struct state *state)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(state->db, "SELECT reason FROM suspension", -1, &statement, NULL) !=
	    SQLITE_OK)
		return;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *reason = (const char *)sqlite3_column_text(statement, 0);

		suspend(state, reason ? reason : "manual entries were lost");
		fail(state, state->suspension);
	}
	sqlite3_finalize(statement);
}

static int open_failed(struct state *state, enum state_file_result result, const char *message)
{
	char reason[1024];

	sqlite3_close(state->db);
	state->db = NULL;
	fail(state, message);
	if (result == STATE_FILE_UNREADABLE) {
		snprintf(reason, sizeof(reason),
			 "%s cannot be read (%s), so the manual entries in it are not in force; "
			 "repair it and restart, or reload to enforce without them",
			 state->path, message);
		suspend(state, reason);
	}
	return -EIO;
}

/* Open a database of which nothing is known; a corrupt one is put aside and, the
 * second time, a new one is made. */
static int open_database(struct state *state, bool may_be_set_aside)
{
	char message[STATE_FILE_MESSAGE_BYTES] = "";
	char reason[2 * STATE_FILE_MESSAGE_BYTES];
	enum state_file_result result = state_file_open(state->path, &state->db, message);

	if (result == STATE_FILE_OK)
		return 0;
	if (result != STATE_FILE_CORRUPT || !may_be_set_aside)
		return open_failed(state, result, message);
	sqlite3_close(state->db);
	state->db = NULL;
	snprintf(reason, sizeof(reason), "%s was corrupt (%s)", state->path, message);
	if (state_file_set_aside(state->path, message))
		return open_failed(state, STATE_FILE_UNREADABLE, message);
	snprintf(reason + strlen(reason), sizeof(reason) - strlen(reason),
		 " and is kept as %s: the manual entries in it are not in force; add again what is "
		 "missing, then reload",
		 message);
	suspend(state, reason);
	fail(state, reason);
	if (open_database(state, false))
		return -EIO;
	remember_suspension(state);
	return 0;
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
		open_failed(state, STATE_FILE_UNUSABLE, strerror(-err));
	else if (!open_database(state, true))
		recall_suspension(state);
	*ret_state = state;
	return 0;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	sqlite3_close(state->db);
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
	return state->error;
}

const char *state_suspension(const struct state *state)
{
	return state->suspension;
}

void state_acknowledge(struct state *state)
{
	if (!state->suspension)
		return;
	free(state->suspension);
	state->suspension = NULL;
	if (!state->db)
		return;
	if (sqlite3_exec(state->db, "DELETE FROM suspension", NULL, NULL, NULL) != SQLITE_OK)
		fail_sqlite(state);
	else
		succeed(state);
}

/* ---- entries ------------------------------------------------------------ */

/* Return: 1: an entry; 0: its prefix or action is none. */
static int read_row(sqlite3_stmt *row, struct state_entry *ret_entry)
{
	const char *text = (const char *)sqlite3_column_text(row, 2);
	const char *action = (const char *)sqlite3_column_text(row, 1);
	struct state_entry entry = {
		.list = (const char *)sqlite3_column_text(row, 0),
		.reason = (const char *)sqlite3_column_text(row, 3),
		.author = (const char *)sqlite3_column_text(row, 4),
		.added_at_sec = sqlite3_column_int64(row, 5),
		.expires_at_sec = sqlite3_column_int64(row, 6),
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

int state_read(struct state *state, int (*visit)(const struct state_entry *entry, void *context),
	       void (*visit_bad)(const char *list, const char *prefix, void *context),
	       void *context)
{
	static const char query[] = "SELECT list, action, prefix, reason, author, added_at, "
				    "expires_at FROM entries ORDER BY list, prefix";
	struct state_entry entry;
	sqlite3_stmt *row;
	int step, err = 0;

	if (!state->db || sqlite3_prepare_v2(state->db, query, -1, &row, NULL) != SQLITE_OK)
		return fail_sqlite(state);
	while (!err && (step = sqlite3_step(row)) == SQLITE_ROW) {
		if (read_row(row, &entry))
			err = visit(&entry, context);
		else
			visit_bad((const char *)sqlite3_column_text(row, 0),
				  (const char *)sqlite3_column_text(row, 2), context);
	}
	if (!err && step != SQLITE_DONE)
		err = fail_sqlite(state);
	sqlite3_finalize(row);
	return err;
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(statement, index);
}

static int begin(struct state *state, const char *sql, sqlite3_stmt **ret_statement)
{
	if (!state->db || sqlite3_exec(state->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return fail_sqlite(state);
	if (sqlite3_prepare_v2(state->db, sql, -1, ret_statement, NULL) != SQLITE_OK) {
		fail_sqlite(state);
		state_rollback(state);
		return -EIO;
	}
	return 0;
}

static int run(struct state *state, sqlite3_stmt *statement)
{
	int err = 0;

	if (sqlite3_step(statement) != SQLITE_DONE)
		err = fail_sqlite(state);
	sqlite3_finalize(statement);
	if (err)
		state_rollback(state);
	return err;
}

static const char put_sql[] = "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)";

static void bind_entry(sqlite3_stmt *statement, const struct state_entry *entry)
{
	char prefix[PREFIX_TEXT_BYTES];

	bind_text(statement, 1, entry->list);
	bind_text(statement, 2, prefix_format(&entry->prefix, prefix));
	bind_text(statement, 3, action_names[entry->action]);
	bind_text(statement, 4, entry->reason);
	bind_text(statement, 5, entry->author);
	sqlite3_bind_int64(statement, 6, entry->added_at_sec);
	sqlite3_bind_int64(statement, 7, entry->expires_at_sec);
}

int state_put(struct state *state, const struct state_entry *entry)
{
	sqlite3_stmt *statement;
	int err = begin(state, put_sql, &statement);

	if (err)
		return err;
	bind_entry(statement, entry);
	return run(state, statement);
}

int state_put_set(struct state *state, const char *list, enum action action,
		  const struct entry_set *set)
{
	sqlite3_stmt *statement;
	int err = begin(state, put_sql, &statement);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < set->count && !err; i++) {
		const struct entry *entry = &set->entries[i];

		bind_entry(statement, &(struct state_entry) {
					  .list = list,
					  .action = action,
					  .prefix = entry->prefix,
					  .reason = entry->reason,
					  .author = entry->author,
					  .added_at_sec = entry->added_at_sec,
					  .expires_at_sec = entry->expires_at_sec,
				      });
		if (sqlite3_step(statement) != SQLITE_DONE)
			err = fail_sqlite(state);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	if (err)
		state_rollback(state);
	return err;
}

int state_delete(struct state *state, const char *list, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_BYTES];
	sqlite3_stmt *statement;
	int err = begin(state, "DELETE FROM entries WHERE list = ? AND prefix = ?", &statement);

	if (err)
		return err;
	bind_text(statement, 1, list);
	bind_text(statement, 2, prefix_format(prefix, text));
	return run(state, statement);
}

int state_commit(struct state *state)
{
	if (sqlite3_exec(state->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) {
		succeed(state);
		return 0;
	}
	fail_sqlite(state);
	state_rollback(state);
	return -EIO;
}

void state_rollback(struct state *state)
{
	/* Some errors have rolled back already; a second time does no harm. */
	if (state->db && !sqlite3_get_autocommit(state->db))
		sqlite3_exec(state->db, "ROLLBACK", NULL, NULL, NULL);
}

int state_delete_expired(struct state *state, int64_t now_sec)
{
	sqlite3_stmt *statement;
	int err = begin(state, "DELETE FROM entries WHERE expires_at <> 0 AND expires_at <= ?",
			&statement);

	if (err)
		return err;
	sqlite3_bind_int64(statement, 1, now_sec);
	err = run(state, statement);
	return err ? err : state_commit(state);
}
