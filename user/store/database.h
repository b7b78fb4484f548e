/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A database in one file: SQLite over one connection, with a version of its tables, one
 * transaction at a time, and the last thing that went wrong. A rollback journal, not WAL:
 * it can be read from a full disk. Not for two threads at once.
 *
 * A database that is NULL is one that could not be opened: each function fails.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/prefix.h"

struct database;

/* Each version as a step from the one before: a step is never changed once it has been
 * released. The version is in user_version; a larger one is of a later release. */
struct database_schema {
	const char *const *steps; /* SQL; the first one makes version 1 */
	int version;		  /* their count */
	bool is_checked;	  /* look for damage at every opening: all pages are read */
	bool keeps_former;	  /* before an upgrade, leave a copy as PATH.vVERSION */
};

enum database_result {
	DATABASE_OK,
	DATABASE_CORRUPT,    /* no database, or a damaged one */
	DATABASE_UNREADABLE, /* it exists, with rows that cannot be read now */
	DATABASE_UNUSABLE,   /* there is none, and none can be made */
	DATABASE_OUTDATED,   /* of an earlier release: it can be read, not changed */
};

#define DATABASE_MESSAGE_BYTES 1024

/**
 * database_open() - open a database and bring its tables to the schema, or make one
 * @schema: must stay
 * @ret_database: NULL unless the result is DATABASE_OK or DATABASE_OUTDATED
 * @message: what is wrong, unless all is well
 */
enum database_result database_open(const char *path, const struct database_schema *schema,
				   struct database **ret_database,
				   char message[DATABASE_MESSAGE_BYTES]);
/* NULL is fine. */
void database_close(struct database *database);

/* Rename the file, and its journal, to PATH.corrupt-TIME. @message is the new name, or
 * what went wrong. Return: 0 or -errno. */
int database_set_aside(const char *path, char message[DATABASE_MESSAGE_BYTES]);

/* What went wrong since the last commit, "PATH: MESSAGE"; NULL: nothing, or out of memory. */
const char *database_error(const struct database *database);
/* Whether that was damage: to be closed and put aside. */
bool database_is_corrupt(const struct database *database);

/* ---- transactions --------------------------------------------------------- */

/* Begin one, unless one is open. Return: 0 or -EIO. */
int database_begin(struct database *database);
/* End it. A commit that fails (-EIO) has changed nothing. */
int database_commit(struct database *database);
void database_rollback(struct database *database);

/* Keep what SQLite said last for database_error(), and roll back. Return: -EIO. */
int database_fail(struct database *database);

/* ---- statements ----------------------------------------------------------- */

/**
 * database_statement() - prepare a statement, or take it as prepared before
 * @sql: a constant: its address is its name
 * @ret_statement: reset, its parameters NULL; to be given back with database_run() or
 *		   database_reset()
 *
 * Return: 0 or -EIO: rolled back.
 */
int database_statement(struct database *database, const char *sql, sqlite3_stmt **ret_statement);

/* Prepare a statement of any text; to be finalized. Return: 0 or -EIO: rolled back. */
int database_prepare(struct database *database, const char *sql, sqlite3_stmt **ret_statement);

/* Go to the next row. Return: 1; 0: there is none; -EIO: rolled back. */
int database_step(struct database *database, sqlite3_stmt *statement);

/* Run a statement that gives no rows, and reset it. Return: 0 or -EIO: rolled back. */
int database_run(struct database *database, sqlite3_stmt *statement);

void database_reset(sqlite3_stmt *statement);

/* NULL is bound as NULL. */
void database_bind_text(sqlite3_stmt *statement, int index, const char *text);
void database_bind_prefix(sqlite3_stmt *statement, int index, const struct prefix *prefix);

/* A text column, or NULL. */
const char *database_text(sqlite3_stmt *row, int column);

/* The id of the row that was inserted last. */
int64_t database_last_id(const struct database *database);
/* How many rows the last statement changed. */
int database_change_count(const struct database *database);

#endif
