/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens databases and keeps their errors. No other file does. */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define BUSY_TIMEOUT_MS 2000
/* More than any of our databases uses. */
#define STATEMENTS_MAX 64

struct database {
	sqlite3 *handle;
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} statements[STATEMENTS_MAX];
	char *path;
	char *error;
	bool is_corrupt;
	bool is_new;
};

static bool is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

static int database_execute(struct database *database, const char *sql)
{
	return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

/* ---- open ----------------------------------------------------------------- */

static enum database_result describe(const struct database *database, bool existed,
				     char message[DATABASE_MESSAGE_BYTES])
{
	snprintf(message, DATABASE_MESSAGE_BYTES, "%s", sqlite3_errmsg(database->handle));
	if (is_damage(sqlite3_errcode(database->handle)))
		return DATABASE_CORRUPT;
	if ((sqlite3_errcode(database->handle) & 0xff) == SQLITE_BUSY)
		return DATABASE_LOCKED;
	return existed ? DATABASE_UNREADABLE : DATABASE_UNUSABLE;
}

/* Read the first column of the first row; "" and 0 if there is no row. */
static int query_first(struct database *database, const char *sql, int64_t *ret_number,
		       char message[DATABASE_MESSAGE_BYTES])
{
	sqlite3_stmt *row;
	int step;

	message[0] = '\0';
	*ret_number = 0;
	if (sqlite3_prepare_v2(database->handle, sql, -1, &row, NULL) != SQLITE_OK)
		return -EIO;
	step = sqlite3_step(row);
	if (step == SQLITE_ROW) {
		const char *text = database_text(row, 0);

		snprintf(message, DATABASE_MESSAGE_BYTES, "%s", text ? text : "");
		*ret_number = sqlite3_column_int64(row, 0);
	}
	/* This does not reset the error of sqlite3_errcode(). */
	sqlite3_finalize(row);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -EIO;
}

/* Keep a copy for users who return to an earlier release. The open transaction prevents other
 * writers. */
static int keep_former(const struct database *database, int version)
{
	int64_t changed_sec;
	char *path, *bytes;
	size_t count;
	int err;

	if (asprintf(&path, "%s.v%d", database->path, version) < 0)
		return -ENOMEM;
	err = file_read_whole(database->path, &bytes, &count, &changed_sec);
	if (!err) {
		err = file_replace(path, 0600, bytes, count);
		free(bytes);
	}
	free(path);
	return err;
}

static int schema_upgrade(struct database *database, const struct database_schema *schema, int from,
			  char message[DATABASE_MESSAGE_BYTES])
{
	char set_version[64];
	int err;

	if (database_execute(database, "BEGIN IMMEDIATE"))
		return -EIO;
	err = schema->keeps_former && from ? keep_former(database, from) : 0;
	if (err) {
		snprintf(message, DATABASE_MESSAGE_BYTES,
			 "it is of schema version %d, and no copy of it can be kept before that "
			 "changes: %s",
			 from, strerror(-err));
		return err;
	}
	for (int version = from; version < schema->version; version++)
		if (database_execute(database, schema->steps[version]))
			return -EIO;
	snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d; COMMIT;",
		 schema->version);
	return database_execute(database, set_version);
}

/* Nothing in the database is lost. If the upgrade fails, the database stays readable, but
 * changes to it cannot be saved. */
static enum database_result check_schema(struct database *database,
					 const struct database_schema *schema, bool existed,
					 char message[DATABASE_MESSAGE_BYTES])
{
	int64_t version;

	if (query_first(database, "PRAGMA user_version", &version, message))
		return describe(database, existed, message);
	if (version == schema->version)
		return DATABASE_OK;
	if (version < 0 || version > schema->version) {
		snprintf(message, DATABASE_MESSAGE_BYTES,
			 "its schema version is %lld, but this ipwld knows only %d",
			 (long long)version, schema->version);
		return DATABASE_UNREADABLE;
	}
	message[0] = '\0';
	database->is_new = !version;
	if (!schema_upgrade(database, schema, (int)version, message))
		return DATABASE_OK;
	if (!*message)
		describe(database, existed, message);
	database_rollback(database);
	/* Version 0 has none of our tables. */
	return version ? DATABASE_OUTDATED : DATABASE_UNUSABLE;
}

static enum database_result database_set_up(struct database *database, const char *path,
					    const struct database_schema *schema,
					    char message[DATABASE_MESSAGE_BYTES])
{
	struct stat status;
	bool existed = stat(path, &status) ? errno != ENOENT : status.st_size > 0;
	int64_t number;
	/* Other users must not read the content, whatever the umask is. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == ELOOP) {
		snprintf(message, DATABASE_MESSAGE_BYTES, "it is a symbolic link");
		return DATABASE_UNREADABLE;
	}
	if (fd >= 0)
		close(fd);
	if (sqlite3_open_v2(path, &database->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			    NULL) != SQLITE_OK)
		return describe(database, existed, message);
	sqlite3_extended_result_codes(database->handle, 1);
	sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
	/* Use small pages; this affects only a new database. A change writes each page that it
	 * touches twice, and a full disk may have only some kilobytes left. A large database
	 * changes many rows at once. */
	if (database_execute(database, schema->is_large
					   ? "PRAGMA page_size = 4096; PRAGMA cache_size = -32768"
					   : "PRAGMA page_size = 1024") ||
	    database_execute(database, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL"))
		return describe(database, existed, message);
	if (schema->is_checked) {
		if (query_first(database, "PRAGMA quick_check(1)", &number, message))
			return describe(database, existed, message);
		if (strcmp(message, "ok") != 0)
			return DATABASE_CORRUPT;
	}
	return check_schema(database, schema, existed, message);
}

enum database_result database_open(const char *path, const struct database_schema *schema,
				   struct database **ret_database,
				   char message[DATABASE_MESSAGE_BYTES])
{
	struct database *database = calloc(1, sizeof(*database));
	enum database_result result;

	*ret_database = NULL;
	if (database)
		database->path = strdup(path);
	if (!database || !database->path) {
		free(database);
		snprintf(message, DATABASE_MESSAGE_BYTES, "%s", strerror(ENOMEM));
		return DATABASE_UNREADABLE;
	}
	result = database_set_up(database, path, schema, message);
	if (result == DATABASE_OK || result == DATABASE_OUTDATED)
		*ret_database = database;
	else
		database_close(database);
	return result;
}

void database_close(struct database *database)
{
	if (!database)
		return;
	for (size_t i = 0; i < STATEMENTS_MAX; i++)
		sqlite3_finalize(database->statements[i].statement);
	sqlite3_close(database->handle);
	free(database->path);
	free(database->error);
	free(database);
}

/* Rename the journal first: a new database must never find the journal of the old one. */
static int rename_with_journal(const char *path, const char *aside)
{
	char journal[PATH_MAX], aside_journal[PATH_MAX];

	if (snprintf(journal, sizeof(journal), "%s-journal", path) >= (int)sizeof(journal) ||
	    snprintf(aside_journal, sizeof(aside_journal), "%s-journal", aside) >=
		(int)sizeof(aside_journal))
		return -ENAMETOOLONG;
	if (rename(journal, aside_journal) && errno != ENOENT)
		return -errno;
	return rename(path, aside) ? -errno : 0;
}

int database_set_aside(const char *path, char message[DATABASE_MESSAGE_BYTES])
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	char *aside;
	int err;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	if (asprintf(&aside, "%s.corrupt-%s", path, stamp) < 0)
		return -ENOMEM;
	err = rename_with_journal(path, aside);
	if (err)
		snprintf(message, DATABASE_MESSAGE_BYTES,
			 "it is corrupt and cannot be renamed to %s: %s", aside, strerror(-err));
	else
		snprintf(message, DATABASE_MESSAGE_BYTES, "%s", aside);
	free(aside);
	return err;
}

/* ---- errors --------------------------------------------------------------- */

const char *database_error(const struct database *database)
{
	return database ? database->error : NULL;
}

bool database_is_new(const struct database *database)
{
	return database && database->is_new;
}

bool database_is_corrupt(const struct database *database)
{
	return database && database->is_corrupt;
}

int database_fail(struct database *database)
{
	char *error;

	if (!database)
		return -EIO;
	database->is_corrupt |= is_damage(sqlite3_errcode(database->handle));
	if (asprintf(&error, "%s: %s", database->path, sqlite3_errmsg(database->handle)) >= 0) {
		free(database->error);
		database->error = error;
	}
	database_rollback(database);
	return -EIO;
}

int database_image(struct database *database, void **ret_image, size_t *ret_bytes,
		   int64_t *ret_version)
{
	char message[DATABASE_MESSAGE_BYTES];
	sqlite3_int64 bytes;
	void *image;

	if (!database)
		return -EIO;
	if (query_first(database, "PRAGMA user_version", ret_version, message))
		return database_fail(database);
	image = sqlite3_serialize(database->handle, "main", &bytes, 0);
	if (!image)
		return -ENOMEM;
	*ret_image = image;
	*ret_bytes = (size_t)bytes;
	return 0;
}

/* ---- transactions --------------------------------------------------------- */

int database_begin(struct database *database)
{
	if (!database)
		return -EIO;
	if (!sqlite3_get_autocommit(database->handle))
		return 0;
	return database_execute(database, "BEGIN IMMEDIATE") ? database_fail(database) : 0;
}

int database_commit(struct database *database)
{
	if (!database)
		return -EIO;
	if (database_execute(database, "COMMIT"))
		return database_fail(database);
	free(database->error);
	database->error = NULL;
	return 0;
}

void database_rollback(struct database *database)
{
	/* Some errors roll back by themselves. */
	if (database && !sqlite3_get_autocommit(database->handle))
		database_execute(database, "ROLLBACK");
}

bool database_in_transaction(const struct database *database)
{
	return database && !sqlite3_get_autocommit(database->handle);
}

/* ---- statements ----------------------------------------------------------- */

int database_statement(struct database *database, const char *sql, sqlite3_stmt **ret_statement)
{
	size_t i = 0;

	if (!database)
		return -EIO;
	while (i < STATEMENTS_MAX - 1 && database->statements[i].sql &&
	       database->statements[i].sql != sql)
		i++;
	if (database->statements[i].sql != sql) {
		sqlite3_finalize(database->statements[i].statement);
		database->statements[i].sql = NULL;
		if (database_prepare(database, sql, &database->statements[i].statement))
			return -EIO;
		database->statements[i].sql = sql;
	}
	*ret_statement = database->statements[i].statement;
	return 0;
}

int database_prepare(struct database *database, const char *sql, sqlite3_stmt **ret_statement)
{
	if (!database)
		return -EIO;
	return sqlite3_prepare_v2(database->handle, sql, -1, ret_statement, NULL) == SQLITE_OK
		   ? 0
		   : database_fail(database);
}

int database_step(struct database *database, sqlite3_stmt *statement)
{
	int step = sqlite3_step(statement);

	if (step == SQLITE_ROW || step == SQLITE_DONE)
		return step == SQLITE_ROW;
	/* This keeps the error, and ends the statement, which might block a rollback. */
	sqlite3_reset(statement);
	return database_fail(database);
}

int database_run(struct database *database, sqlite3_stmt *statement)
{
	int step = database_step(database, statement);

	database_reset(statement);
	return step < 0 ? step : 0;
}

void database_reset(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

int database_read_image(struct database *database, sqlite3_stmt *row,
			char *(*image_of)(sqlite3_stmt *row), char **ret_image)
{
	char *image = NULL;
	int step = database_step(database, row);

	if (step > 0) {
		image = image_of(row);
		if (!image)
			step = database_fail(database);
	}
	database_reset(row);
	if (step < 0)
		return step;
	*ret_image = image;
	return 0;
}

void database_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(statement, index);
}

void database_bind_prefix(sqlite3_stmt *statement, int index, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_BYTES];

	database_bind_text(statement, index, prefix_format(prefix, text));
}

const char *database_text(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

int database_find_name(sqlite3_stmt *row, int column, const char *const names[], int count)
{
	const char *name = database_text(row, column);
	int i = 0;

	while (i < count && (!name || strcmp(names[i], name) != 0))
		i++;
	return i;
}

int64_t database_last_id(const struct database *database)
{
	return sqlite3_last_insert_rowid(database->handle);
}

int database_change_count(const struct database *database)
{
	return sqlite3_changes(database->handle);
}
