/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual entries in SQLite. A rollback journal, not WAL: it can be read from a full
 * disk.
 */
#include "store/state.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/state_db.h"
#include "store/state_file.h"

/* More than there are statements. */
#define STATEMENTS_MAX 24

struct state {
	sqlite3 *db; /* NULL: could not be opened */
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} statements[STATEMENTS_MAX];
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
	if (result == STATE_FILE_OUTDATED) {
		fail(state, message);
		return 0;
	}
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
	size_t i;

	if (!state)
		return;
	for (i = 0; i < STATEMENTS_MAX; i++)
		sqlite3_finalize(state->statements[i].statement);
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

#define ENTRY_COLUMNS "list, action, prefix, reason, author, added_at, expires_at"

static int walk(struct state *state, sqlite3_stmt *row,
		int (*visit)(const struct state_entry *entry, void *context),
		void (*visit_bad)(const char *list, const char *prefix, void *context),
		void *context)
{
	struct state_entry entry;
	int step, err = 0;

	while (!err && (step = sqlite3_step(row)) == SQLITE_ROW) {
		if (read_row(row, &entry))
			err = visit(&entry, context);
		else if (visit_bad)
			visit_bad((const char *)sqlite3_column_text(row, 0),
				  (const char *)sqlite3_column_text(row, 2), context);
	}
	if (!err && step != SQLITE_DONE)
		err = fail_sqlite(state);
	sqlite3_finalize(row);
	return err;
}

int state_read(struct state *state, int (*visit)(const struct state_entry *entry, void *context),
	       void (*visit_bad)(const char *list, const char *prefix, void *context),
	       void *context)
{
	sqlite3_stmt *row;
	int err = state_db_prepare(
	    state, "SELECT " ENTRY_COLUMNS " FROM entries ORDER BY list, prefix", &row);

	return err ? err : walk(state, row, visit, visit_bad, context);
}

int state_read_expired(struct state *state, int64_t now_sec,
		       int (*visit)(const struct state_entry *entry, void *context), void *context)
{
	sqlite3_stmt *row;
	int err = state_db_prepare(state,
				   "SELECT " ENTRY_COLUMNS " FROM entries WHERE expires_at <> 0 "
				   "AND expires_at <= ? ORDER BY list, prefix",
				   &row);

	if (err)
		return err;
	sqlite3_bind_int64(row, 1, now_sec);
	return walk(state, row, visit, NULL, context);
}

int state_begin(struct state *state)
{
	if (state->db && !sqlite3_get_autocommit(state->db))
		return 0;
	if (!state->db || sqlite3_exec(state->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return fail_sqlite(state);
	return 0;
}

int state_put(struct state *state, const struct state_entry *entry)
{
	static const char put[] = "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (state_begin(state) || state_db_statement(state, put, &statement))
		return -EIO;
	state_db_bind_text(statement, 1, entry->list);
	state_db_bind_prefix(statement, 2, &entry->prefix);
	state_db_bind_text(statement, 3, action_names[entry->action]);
	state_db_bind_text(statement, 4, entry->reason);
	state_db_bind_text(statement, 5, entry->author);
	sqlite3_bind_int64(statement, 6, entry->added_at_sec);
	sqlite3_bind_int64(statement, 7, entry->expires_at_sec);
	return state_db_run(state, statement);
}

int state_delete(struct state *state, const char *list, const struct prefix *prefix)
{
	static const char delete[] = "DELETE FROM entries WHERE list = ? AND prefix = ?";
	sqlite3_stmt *statement;

	if (state_begin(state) || state_db_statement(state, delete, &statement))
		return -EIO;
	state_db_bind_text(statement, 1, list);
	state_db_bind_prefix(statement, 2, prefix);
	return state_db_run(state, statement);
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

/* ---- statements ---------------------------------------------------------- */

int state_db_statement(struct state *state, const char *sql, sqlite3_stmt **ret_statement)
{
	size_t i = 0;

	if (!state->db)
		return fail_sqlite(state);
	while (i < STATEMENTS_MAX - 1 && state->statements[i].sql &&
	       state->statements[i].sql != sql)
		i++;
	if (state->statements[i].sql != sql) {
		sqlite3_finalize(state->statements[i].statement);
		state->statements[i].sql = NULL;
		if (sqlite3_prepare_v2(state->db, sql, -1, &state->statements[i].statement, NULL) !=
		    SQLITE_OK)
			return state_db_fail(state);
		state->statements[i].sql = sql;
	}
	*ret_statement = state->statements[i].statement;
	return 0;
}

int state_db_prepare(struct state *state, const char *sql, sqlite3_stmt **ret_statement)
{
	if (!state->db)
		return fail_sqlite(state);
	return sqlite3_prepare_v2(state->db, sql, -1, ret_statement, NULL) == SQLITE_OK
		   ? 0
		   : state_db_fail(state);
}

void state_db_reset(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

int state_db_run(struct state *state, sqlite3_stmt *statement)
{
	int err = sqlite3_step(statement) == SQLITE_DONE ? 0 : fail_sqlite(state);

	state_db_reset(statement);
	if (err)
		state_rollback(state);
	return err;
}

int state_db_fail(struct state *state)
{
	fail_sqlite(state);
	state_rollback(state);
	return -EIO;
}

void state_db_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(statement, index);
}

void state_db_bind_prefix(sqlite3_stmt *statement, int index, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_BYTES];

	state_db_bind_text(statement, index, prefix_format(prefix, text));
}

int64_t state_db_last_id(const struct state *state)
{
	return sqlite3_last_insert_rowid(state->db);
}

const char *state_db_text(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}
