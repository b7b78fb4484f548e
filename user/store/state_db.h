/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that keep something in state.db: statements within the transaction
 * that is open. */
#ifndef STORE_STATE_DB_H
#define STORE_STATE_DB_H

#include <sqlite3.h>

#include "store/state.h"

/**
 * state_db_statement() - prepare a statement, or take it as prepared before
 * @sql: a constant: its address is its name
 * @ret_statement: reset, its parameters NULL; to be given back with state_db_run() or
 *		   state_db_reset()
 *
 * Return: 0 or -EIO, and state_error() tells.
 */
int state_db_statement(struct state *state, const char *sql, sqlite3_stmt **ret_statement);

/* Prepare a statement of any text; to be finalized. Return: 0 or -EIO. */
int state_db_prepare(struct state *state, const char *sql, sqlite3_stmt **ret_statement);

void state_db_reset(sqlite3_stmt *statement);

/* Run a statement that gives no rows, and reset it. On failure (-EIO) the transaction is
 * rolled back. */
int state_db_run(struct state *state, sqlite3_stmt *statement);

/* Say what SQLite said last; rolls back. Return: -EIO. */
int state_db_fail(struct state *state);

/* NULL is bound as NULL. */
void state_db_bind_text(sqlite3_stmt *statement, int index, const char *text);
void state_db_bind_prefix(sqlite3_stmt *statement, int index, const struct prefix *prefix);

int64_t state_db_last_id(const struct state *state);

/* A text column, or NULL. */
const char *state_db_text(sqlite3_stmt *row, int column);

#endif
