/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database below hits.h. */
#include "store/hits_file.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In user_version. */
#define SCHEMA_VERSION 1
#define BUSY_TIMEOUT_MS 2000

struct hits_file {
	sqlite3 *db;
	/* Prepared once; NULL until then. */
	sqlite3_stmt *put;
	sqlite3_stmt *put_day;
};

static const char schema[] = "CREATE TABLE memory (since INTEGER NOT NULL);"
			     "CREATE TABLE hits ("
			     " id INTEGER PRIMARY KEY,"
			     " list TEXT NOT NULL,"
			     " action TEXT NOT NULL,"
			     " prefix TEXT NOT NULL,"
			     " cookie INTEGER NOT NULL," /* of the maps of rule and counted_… */
			     " rule INTEGER NOT NULL,"	 /* 0: none */
			     " counted_packets INTEGER NOT NULL,"
			     " counted_connections INTEGER NOT NULL,"
			     " counted_averted_packets INTEGER NOT NULL,"
			     " packets INTEGER NOT NULL,"
			     " connections INTEGER NOT NULL,"
			     " averted_packets INTEGER NOT NULL,"
			     " last_hit_at INTEGER NOT NULL," /* 0: not known */
			     " UNIQUE (list, action, prefix));"
			     "CREATE TABLE days ("
			     " hit INTEGER NOT NULL,"
			     " day INTEGER NOT NULL," /* since 1970, of UTC */
			     " packets INTEGER NOT NULL,"
			     " connections INTEGER NOT NULL,"
			     " averted_packets INTEGER NOT NULL,"
			     " PRIMARY KEY (hit, day)) WITHOUT ROWID;"
			     "PRAGMA user_version = 1;";
_Static_assert(SCHEMA_VERSION == 1, "the schema sets user_version");

static int fail(sqlite3 *db, char message[HITS_FILE_MESSAGE_BYTES])
{
	int code = sqlite3_errcode(db) & 0xff;

	snprintf(message, HITS_FILE_MESSAGE_BYTES, "%s", sqlite3_errmsg(db));
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? -EBADMSG : -EIO;
}

/* ---- open ----------------------------------------------------------------- */

/* The one number that @sql gives. */
static int query_number(sqlite3 *db, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *statement;
	int step;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return -EIO;
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return step == SQLITE_ROW ? 0 : -EIO;
}

static int make_schema(sqlite3 *db, int64_t now_sec)
{
	char insert[80];

	snprintf(insert, sizeof(insert), "INSERT INTO memory VALUES (%lld); COMMIT;",
		 (long long)now_sec);
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, insert, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return -EIO;
}

static int prepare(sqlite3 *db, int64_t now_sec, int64_t *ret_since_sec, bool *ret_is_new,
		   char message[HITS_FILE_MESSAGE_BYTES])
{
	int64_t version = 0;

	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	*ret_is_new = false;
	if (sqlite3_exec(db,
			 "PRAGMA page_size = 1024; PRAGMA journal_mode = DELETE; "
			 "PRAGMA synchronous = FULL",
			 NULL, NULL, NULL) != SQLITE_OK ||
	    query_number(db, "PRAGMA user_version", &version))
		return fail(db, message);
	if (!version) {
		*ret_is_new = true;
		if (make_schema(db, now_sec))
			return fail(db, message);
	} else if (version != SCHEMA_VERSION) {
		snprintf(message, HITS_FILE_MESSAGE_BYTES,
			 "its schema version is %lld, this ipwld knows %d", (long long)version,
			 SCHEMA_VERSION);
		return -EIO;
	}
	return query_number(db, "SELECT since FROM memory", ret_since_sec) ? fail(db, message) : 0;
}

int hits_file_open(const char *path, int64_t now_sec, struct hits_file **ret_file,
		   int64_t *ret_since_sec, bool *ret_is_new, char message[HITS_FILE_MESSAGE_BYTES])
{
	struct hits_file *file = calloc(1, sizeof(*file));
	int err = 0;

	if (!file) {
		snprintf(message, HITS_FILE_MESSAGE_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (sqlite3_open_v2(path, &file->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		err = fail(file->db, message);
	if (!err)
		err = prepare(file->db, now_sec, ret_since_sec, ret_is_new, message);
	if (err) {
		hits_file_close(file);
		return err;
	}
	*ret_file = file;
	return 0;
}

void hits_file_close(struct hits_file *file)
{
	if (!file)
		return;
	sqlite3_finalize(file->put);
	sqlite3_finalize(file->put_day);
	sqlite3_close(file->db);
	free(file);
}

/* ---- read ----------------------------------------------------------------- */

static struct hit_counts read_counts(sqlite3_stmt *row, int column)
{
	return (struct hit_counts) {
		.packets = (uint64_t)sqlite3_column_int64(row, column),
		.connections = (uint64_t)sqlite3_column_int64(row, column + 1),
		.averted_packets = (uint64_t)sqlite3_column_int64(row, column + 2),
	};
}

/* Return: whether it is one. */
static bool read_row(sqlite3_stmt *row, struct hits_row *ret_row)
{
	const char *action = (const char *)sqlite3_column_text(row, 1);
	const char *prefix = (const char *)sqlite3_column_text(row, 2);
	struct hits_row read = {
		.list = (const char *)sqlite3_column_text(row, 0),
		.cookie = (uint64_t)sqlite3_column_int64(row, 3),
		.rule = (uint32_t)sqlite3_column_int64(row, 4),
		.counted = read_counts(row, 5),
		.total = read_counts(row, 8),
		.last_hit_sec = sqlite3_column_int64(row, 11),
	};

	if (!read.list || !action || !prefix ||
	    prefix_parse(prefix, strlen(prefix), &read.prefix, NULL) != PREFIX_OK)
		return false;
	while (read.action < ACTION_COUNT && strcmp(action, action_names[read.action]) != 0)
		read.action++;
	*ret_row = read;
	return read.action < ACTION_COUNT;
}

int hits_file_read(struct hits_file *file, int (*visit)(const struct hits_row *row, void *context),
		   void *context, char message[HITS_FILE_MESSAGE_BYTES])
{
	static const char query[] =
	    "SELECT list, action, prefix, cookie, rule, counted_packets, counted_connections, "
	    "counted_averted_packets, packets, connections, averted_packets, last_hit_at FROM hits";
	struct hits_row row;
	sqlite3_stmt *statement;
	int step, err = 0;

	if (sqlite3_prepare_v2(file->db, query, -1, &statement, NULL) != SQLITE_OK)
		return fail(file->db, message);
	while (!err && (step = sqlite3_step(statement)) == SQLITE_ROW)
		if (read_row(statement, &row))
			err = visit(&row, context);
	if (err)
		snprintf(message, HITS_FILE_MESSAGE_BYTES, "%s", strerror(-err));
	else if (step != SQLITE_DONE)
		err = fail(file->db, message);
	sqlite3_finalize(statement);
	return err;
}

static int bind_key(sqlite3 *db, const char *sql, const char *list, enum action action,
		    const struct prefix *prefix, sqlite3_stmt **ret_statement)
{
	char text[PREFIX_TEXT_BYTES];

	if (sqlite3_prepare_v2(db, sql, -1, ret_statement, NULL) != SQLITE_OK)
		return -EIO;
	sqlite3_bind_text(*ret_statement, 1, list, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(*ret_statement, 2, action_names[action], -1, SQLITE_STATIC);
	sqlite3_bind_text(*ret_statement, 3, prefix_format(prefix, text), -1, SQLITE_TRANSIENT);
	return 0;
}

int hits_file_sum(struct hits_file *file, const char *list, enum action action,
		  const struct prefix *prefix, int64_t day, struct hit_counts *ret_counts,
		  char message[HITS_FILE_MESSAGE_BYTES])
{
	static const char query[] =
	    "SELECT sum(days.packets), sum(days.connections), sum(days.averted_packets) "
	    "FROM days JOIN hits ON days.hit = hits.id "
	    "WHERE list = ? AND action = ? AND prefix = ? AND day >= ?";
	sqlite3_stmt *statement;
	int step;

	if (bind_key(file->db, query, list, action, prefix, &statement))
		return fail(file->db, message);
	sqlite3_bind_int64(statement, 4, day);
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW)
		*ret_counts = read_counts(statement, 0);
	sqlite3_finalize(statement);
	return step == SQLITE_ROW ? 0 : fail(file->db, message);
}

/* ---- write ---------------------------------------------------------------- */

static int abandon(struct hits_file *file, char message[HITS_FILE_MESSAGE_BYTES])
{
	int err = fail(file->db, message);

	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(file->db))
		sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

int hits_file_begin(struct hits_file *file, char message[HITS_FILE_MESSAGE_BYTES])
{
	return sqlite3_exec(file->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : fail(file->db, message);
}

int hits_file_commit(struct hits_file *file, char message[HITS_FILE_MESSAGE_BYTES])
{
	return sqlite3_exec(file->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : abandon(file, message);
}

static void bind_counts(sqlite3_stmt *statement, int index, const struct hit_counts *counts)
{
	sqlite3_bind_int64(statement, index, (int64_t)counts->packets);
	sqlite3_bind_int64(statement, index + 1, (int64_t)counts->connections);
	sqlite3_bind_int64(statement, index + 2, (int64_t)counts->averted_packets);
}

static int prepare_puts(struct hits_file *file)
{
	static const char put[] =
	    "INSERT INTO hits (list, action, prefix, cookie, rule, counted_packets, "
	    "counted_connections, counted_averted_packets, packets, connections, "
	    "averted_packets, last_hit_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
	    "ON CONFLICT (list, action, prefix) DO UPDATE SET cookie = excluded.cookie, "
	    "rule = excluded.rule, counted_packets = excluded.counted_packets, "
	    "counted_connections = excluded.counted_connections, "
	    "counted_averted_packets = excluded.counted_averted_packets, "
	    "packets = excluded.packets, connections = excluded.connections, "
	    "averted_packets = excluded.averted_packets, last_hit_at = excluded.last_hit_at "
	    "RETURNING id";
	static const char put_day[] =
	    "INSERT INTO days VALUES (?, ?, ?, ?, ?) ON CONFLICT (hit, day) DO UPDATE SET "
	    "packets = packets + excluded.packets, connections = connections + "
	    "excluded.connections, averted_packets = averted_packets + excluded.averted_packets";

	if (!file->put && sqlite3_prepare_v2(file->db, put, -1, &file->put, NULL) != SQLITE_OK)
		return -EIO;
	if (!file->put_day &&
	    sqlite3_prepare_v2(file->db, put_day, -1, &file->put_day, NULL) != SQLITE_OK)
		return -EIO;
	return 0;
}

/* Return: the row's id, or -EIO. */
static int64_t put_row(struct hits_file *file, const struct hits_row *row)
{
	char prefix[PREFIX_TEXT_BYTES];
	int64_t id = -EIO;

	sqlite3_reset(file->put);
	sqlite3_bind_text(file->put, 1, row->list, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(file->put, 2, action_names[row->action], -1, SQLITE_STATIC);
	sqlite3_bind_text(file->put, 3, prefix_format(&row->prefix, prefix), -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(file->put, 4, (int64_t)row->cookie);
	sqlite3_bind_int64(file->put, 5, row->rule);
	bind_counts(file->put, 6, &row->counted);
	bind_counts(file->put, 9, &row->total);
	sqlite3_bind_int64(file->put, 12, row->last_hit_sec);
	if (sqlite3_step(file->put) == SQLITE_ROW)
		id = sqlite3_column_int64(file->put, 0);
	return sqlite3_reset(file->put) == SQLITE_OK ? id : -EIO;
}

int hits_file_put(struct hits_file *file, const struct hits_row *row, int64_t day,
		  const struct hit_counts *grown, char message[HITS_FILE_MESSAGE_BYTES])
{
	int64_t id;

	if (prepare_puts(file))
		return abandon(file, message);
	id = put_row(file, row);
	if (id < 0)
		return abandon(file, message);
	if (!grown->packets)
		return 0;
	sqlite3_bind_int64(file->put_day, 1, id);
	sqlite3_bind_int64(file->put_day, 2, day);
	bind_counts(file->put_day, 3, grown);
	sqlite3_step(file->put_day);
	/* Tells how the step came out. */
	return sqlite3_reset(file->put_day) == SQLITE_OK ? 0 : abandon(file, message);
}

static int run(struct hits_file *file, sqlite3_stmt *statement,
	       char message[HITS_FILE_MESSAGE_BYTES])
{
	int err = sqlite3_step(statement) == SQLITE_DONE ? 0 : abandon(file, message);

	sqlite3_finalize(statement);
	return err;
}

int hits_file_delete(struct hits_file *file, const char *list, enum action action,
		     const struct prefix *prefix, char message[HITS_FILE_MESSAGE_BYTES])
{
	static const char *const deletes[] = {
		"DELETE FROM days WHERE hit = (SELECT id FROM hits WHERE list = ? AND action = ? "
		"AND prefix = ?)",
		"DELETE FROM hits WHERE list = ? AND action = ? AND prefix = ?",
	};
	sqlite3_stmt *statement;
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(deletes) / sizeof(*deletes) && !err; i++)
		err = bind_key(file->db, deletes[i], list, action, prefix, &statement)
			  ? abandon(file, message)
			  : run(file, statement, message);
	return err;
}

int hits_file_delete_days(struct hits_file *file, int64_t day,
			  char message[HITS_FILE_MESSAGE_BYTES])
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(file->db, "DELETE FROM days WHERE day < ?", -1, &statement, NULL) !=
	    SQLITE_OK)
		return abandon(file, message);
	sqlite3_bind_int64(statement, 1, day);
	return run(file, statement, message);
}
