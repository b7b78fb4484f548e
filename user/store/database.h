/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A database in one file: SQLite over one connection. It keeps the version of its tables, one
 * transaction at a time, and the last error. It uses a rollback journal instead of WAL, so that
 * it can be read from a full disk. Only one thread at a time may use it.
 *
 * A NULL database is one that could not be opened: each function fails with it.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/prefix.h"

struct database;

/* The tables of a database. Each step makes one version from the one before. A released step
 * must never be changed. The version is stored in user_version; a larger one than ours comes
 * from a later release. */
struct database_schema {
	const char *const *steps; /* SQL; the first one makes version 1 */
	int version;		  /* their count */
	bool is_checked;	  /* look for damage at each opening; this reads all pages */
	bool keeps_former;	  /* before an upgrade, keep a copy as PATH.vVERSION */
	bool is_large;		  /* it grows with traffic: larger pages, more memory */
};

enum database_result {
	DATABASE_OK,
	DATABASE_CORRUPT,    /* the file is damaged, or not a database */
	DATABASE_UNREADABLE, /* it exists, but its rows cannot be read now */
	DATABASE_LOCKED,     /* the same, because another program has locked it */
	DATABASE_UNUSABLE,   /* it does not exist and cannot be created */
	DATABASE_OUTDATED,   /* from an earlier release; it can be read but not changed */
};

#define DATABASE_MESSAGE_BYTES 1024

/**
 * database_open() - open a database and upgrade its tables to the schema, or create one
 * @schema: must outlive the database
 * @ret_database: NULL unless the result is DATABASE_OK or DATABASE_OUTDATED
 * @message: says what is wrong if the result is not DATABASE_OK
 */
enum database_result database_open(const char *path, const struct database_schema *schema,
				   struct database **ret_database,
				   char message[DATABASE_MESSAGE_BYTES]);
/* NULL is fine. */
void database_close(struct database *database);

/* Rename the file and its journal to PATH.corrupt-TIME. @message is set to the new name, or to
 * the error. Return: 0 or -errno. */
int database_set_aside(const char *path, char message[DATABASE_MESSAGE_BYTES]);

/* The last error since the last commit, as "PATH: MESSAGE". NULL: there was none, or memory ran
 * out. */
const char *database_error(const struct database *database);
/* Whether there was no database when this one was opened, or an empty file. */
bool database_is_new(const struct database *database);
/* Whether an error has shown that the file is damaged. The caller must then close it and call
 * database_set_aside(). */
bool database_is_corrupt(const struct database *database);

/**
 * database_image() - copy all of the database, as its file has it
 * @ret_image: for sqlite3_free()
 * @ret_version: of its tables
 *
 * No transaction may be open. Return: 0, -EIO or -ENOMEM.
 */
int database_image(struct database *database, void **ret_image, size_t *ret_bytes,
		   int64_t *ret_version);

/* ---- transactions --------------------------------------------------------- */

/* Begin a transaction unless one is open. Return: 0 or -EIO. */
int database_begin(struct database *database);
/* Commit the transaction. If that fails (-EIO), nothing has changed. */
int database_commit(struct database *database);
void database_rollback(struct database *database);
/* Whether a transaction is open. */
bool database_in_transaction(const struct database *database);

/* Keep SQLite's last error for database_error(), and roll back. Return: -EIO. */
int database_fail(struct database *database);

/* ---- statements ----------------------------------------------------------- */

/**
 * database_statement() - prepare a statement, or reuse a prepared one
 * @sql: a constant; its address identifies the statement
 * @ret_statement: reset, with all parameters NULL; the caller must pass it to database_run() or
 *                 database_reset()
 *
 * Return: 0 or -EIO: rolled back.
 */
int database_statement(struct database *database, const char *sql, sqlite3_stmt **ret_statement);

/* Prepare a statement whose text is no constant. The caller must finalize it. Return: 0 or
 * -EIO: rolled back. */
int database_prepare(struct database *database, const char *sql, sqlite3_stmt **ret_statement);

/* Step to the next row. Return: 1; 0: there is none; -EIO: rolled back. */
int database_step(struct database *database, sqlite3_stmt *statement);

/* Run a statement that returns no rows, and reset it. Return: 0 or -EIO: rolled back. */
int database_run(struct database *database, sqlite3_stmt *statement);

void database_reset(sqlite3_stmt *statement);

/* Make an image of the first row, and reset the statement. @image_of: NULL: no memory.
 * @ret_image: the caller's; NULL: there is no row. Return: 0 or -EIO: rolled back. */
int database_read_image(struct database *database, sqlite3_stmt *row,
			char *(*image_of)(sqlite3_stmt *row), char **ret_image);

/* Bind a text; NULL is bound as SQL NULL. */
void database_bind_text(sqlite3_stmt *statement, int index, const char *text);
void database_bind_prefix(sqlite3_stmt *statement, int index, const struct prefix *prefix);

/* The text of a column, or NULL. It belongs to the row. */
const char *database_text(sqlite3_stmt *row, int column);

/* The index of a column's text among @names, or @count. */
int database_find_name(sqlite3_stmt *row, int column, const char *const names[], int count);

/* The id of the row that was inserted last. */
int64_t database_last_id(const struct database *database);
/* The number of rows that the last statement changed. */
int database_change_count(const struct database *database);

#endif
