/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database of hits.h. */
#include "store/hits_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char tables[] = "CREATE TABLE memory (since INTEGER NOT NULL);"
			     "CREATE TABLE hits ("
			     " id INTEGER PRIMARY KEY,"
			     " list TEXT NOT NULL,"
			     " action TEXT NOT NULL,"
			     " prefix TEXT NOT NULL,"
			     " cookie INTEGER NOT NULL," /* of the maps with `rule` */
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
			     " day INTEGER NOT NULL," /* days since 1970, UTC */
			     " packets INTEGER NOT NULL,"
			     " connections INTEGER NOT NULL,"
			     " averted_packets INTEGER NOT NULL,"
			     " PRIMARY KEY (hit, day)) WITHOUT ROWID;";
static const char *const steps[] = { tables };

/* It is not checked, because it grows large. Losing it loses statistics, but no mail. */
static const struct database_schema hits_schema = {
	.steps = steps,
	.version = sizeof(steps) / sizeof(*steps),
};

/* ---- open ----------------------------------------------------------------- */

/* Read since when the database remembers hits. A new one begins now. */
static int read_since(struct database *database, int64_t now_sec, int64_t *ret_since_sec,
		      bool *ret_is_new)
{
	static const char insert[] = "INSERT INTO memory SELECT ? WHERE NOT EXISTS "
				     "(SELECT 1 FROM memory)";
	static const char query[] = "SELECT since FROM memory";
	sqlite3_stmt *statement;
	int step;

	if (database_statement(database, insert, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, now_sec);
	if (database_run(database, statement))
		return -EIO;
	*ret_is_new = database_change_count(database) > 0;
	if (database_statement(database, query, &statement))
		return -EIO;
	step = database_step(database, statement);
	if (step > 0)
		*ret_since_sec = sqlite3_column_int64(statement, 0);
	database_reset(statement);
	return step > 0 ? 0 : -EIO;
}

int hits_file_open(const char *path, int64_t now_sec, struct database **ret_database,
		   int64_t *ret_since_sec, bool *ret_is_new, char message[HITS_FILE_MESSAGE_BYTES])
{
	char reason[DATABASE_MESSAGE_BYTES];
	enum database_result result = database_open(path, &hits_schema, ret_database, reason);
	const char *error;
	bool is_corrupt;

	if (result != DATABASE_OK) {
		snprintf(message, HITS_FILE_MESSAGE_BYTES, "%s: %s", path, reason);
		database_close(*ret_database);
		*ret_database = NULL;
		return result == DATABASE_CORRUPT ? -EBADMSG : -EIO;
	}
	if (!read_since(*ret_database, now_sec, ret_since_sec, ret_is_new))
		return 0;
	error = database_error(*ret_database);
	is_corrupt = database_is_corrupt(*ret_database);
	snprintf(message, HITS_FILE_MESSAGE_BYTES, "%s", error ? error : strerror(ENOMEM));
	database_close(*ret_database);
	*ret_database = NULL;
	return is_corrupt ? -EBADMSG : -EIO;
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

/* Read the first three columns. Return: whether they are valid. */
static bool read_key(sqlite3_stmt *row, struct hits_row *ret_row)
{
	const char *action = database_text(row, 1);
	const char *prefix = database_text(row, 2);

	ret_row->list = database_text(row, 0);
	ret_row->action = 0;
	if (!ret_row->list || !action || !prefix ||
	    prefix_parse(prefix, strlen(prefix), &ret_row->prefix, NULL) != PREFIX_OK)
		return false;
	while (ret_row->action < ACTION_COUNT && strcmp(action, action_names[ret_row->action]) != 0)
		ret_row->action++;
	return ret_row->action < ACTION_COUNT;
}

/* Return: whether the row is valid. */
static bool read_row(sqlite3_stmt *row, struct hits_row *ret_row)
{
	*ret_row = (struct hits_row) {
		.cookie = (uint64_t)sqlite3_column_int64(row, 3),
		.rule = (uint32_t)sqlite3_column_int64(row, 4),
		.counted = read_counts(row, 5),
		.total = read_counts(row, 8),
		.last_hit_sec = sqlite3_column_int64(row, 11),
	};
	return read_key(row, ret_row);
}

int hits_file_read(struct database *database,
		   int (*visit)(const struct hits_row *row, void *context), void *context)
{
	static const char query[] =
	    "SELECT list, action, prefix, cookie, rule, counted_packets, counted_connections, "
	    "counted_averted_packets, packets, connections, averted_packets, last_hit_at FROM hits";
	sqlite3_stmt *statement;
	struct hits_row row;
	int step, err = 0;

	if (database_statement(database, query, &statement))
		return -EIO;
	while (!err && (step = database_step(database, statement)) > 0)
		if (read_row(statement, &row))
			err = visit(&row, context);
	database_reset(statement);
	return err ? err : step;
}

/* Prepare a statement whose first parameters are list, action and prefix. */
static int bind_key(struct database *database, const char *sql, const char *list,
		    enum action action, const struct prefix *prefix, sqlite3_stmt **ret_statement)
{
	if (database_statement(database, sql, ret_statement))
		return -EIO;
	database_bind_text(*ret_statement, 1, list);
	database_bind_text(*ret_statement, 2, action_names[action]);
	database_bind_prefix(*ret_statement, 3, prefix);
	return 0;
}

int hits_file_sum(struct database *database, const char *list, enum action action,
		  const struct prefix *prefix, int64_t day, struct hit_counts *ret_counts)
{
	static const char query[] =
	    "SELECT sum(days.packets), sum(days.connections), sum(days.averted_packets) "
	    "FROM days JOIN hits ON days.hit = hits.id "
	    "WHERE list = ? AND action = ? AND prefix = ? AND day >= ?";
	sqlite3_stmt *statement;
	int step;

	if (bind_key(database, query, list, action, prefix, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 4, day);
	step = database_step(database, statement);
	if (step > 0)
		*ret_counts = read_counts(statement, 0);
	database_reset(statement);
	return step > 0 ? 0 : -EIO;
}

int hits_file_sum_all(struct database *database, int64_t day,
		      int (*visit)(const struct hits_row *row, void *context), void *context)
{
	static const char query[] =
	    "SELECT list, action, prefix, sum(days.packets), sum(days.connections), "
	    "sum(days.averted_packets) FROM days JOIN hits ON days.hit = hits.id WHERE day >= ? "
	    "GROUP BY days.hit";
	sqlite3_stmt *statement;
	int step = 0, err = 0;

	if (database_statement(database, query, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, day);
	while (!err && (step = database_step(database, statement)) > 0) {
		struct hits_row row = { .total = read_counts(statement, 3) };

		if (read_key(statement, &row))
			err = visit(&row, context);
	}
	database_reset(statement);
	return err ? err : step;
}

/* ---- write ---------------------------------------------------------------- */

static void bind_counts(sqlite3_stmt *statement, int index, const struct hit_counts *counts)
{
	sqlite3_bind_int64(statement, index, (int64_t)counts->packets);
	sqlite3_bind_int64(statement, index + 1, (int64_t)counts->connections);
	sqlite3_bind_int64(statement, index + 2, (int64_t)counts->averted_packets);
}

static int put_row(struct database *database, const struct hits_row *row, int64_t *ret_id)
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
	sqlite3_stmt *statement;

	if (bind_key(database, put, row->list, row->action, &row->prefix, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 4, (int64_t)row->cookie);
	sqlite3_bind_int64(statement, 5, row->rule);
	bind_counts(statement, 6, &row->counted);
	bind_counts(statement, 9, &row->total);
	sqlite3_bind_int64(statement, 12, row->last_hit_sec);
	if (database_step(database, statement) <= 0)
		return -EIO;
	*ret_id = sqlite3_column_int64(statement, 0);
	/* The statement must end before the row is written. */
	return database_run(database, statement);
}

static int put_day(struct database *database, int64_t id, int64_t day,
		   const struct hit_counts *grown)
{
	static const char put[] =
	    "INSERT INTO days VALUES (?, ?, ?, ?, ?) ON CONFLICT (hit, day) DO UPDATE SET "
	    "packets = packets + excluded.packets, connections = connections + "
	    "excluded.connections, averted_packets = averted_packets + excluded.averted_packets";
	sqlite3_stmt *statement;

	if (database_statement(database, put, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, id);
	sqlite3_bind_int64(statement, 2, day);
	bind_counts(statement, 3, grown);
	return database_run(database, statement);
}

int hits_file_put(struct database *database, const struct hits_row *row, int64_t day,
		  const struct hit_counts *grown)
{
	int64_t id;

	if (put_row(database, row, &id))
		return -EIO;
	return grown->packets ? put_day(database, id, day, grown) : 0;
}

int hits_file_delete(struct database *database, const char *list, enum action action,
		     const struct prefix *prefix)
{
	static const char *const deletes[] = {
		"DELETE FROM days WHERE hit = (SELECT id FROM hits WHERE list = ? AND action = ? "
		"AND prefix = ?)",
		"DELETE FROM hits WHERE list = ? AND action = ? AND prefix = ?",
	};
	sqlite3_stmt *statement;
	size_t i;

	for (i = 0; i < sizeof(deletes) / sizeof(*deletes); i++)
		if (bind_key(database, deletes[i], list, action, prefix, &statement) ||
		    database_run(database, statement))
			return -EIO;
	return 0;
}

int hits_file_delete_days(struct database *database, int64_t day)
{
	static const char delete[] = "DELETE FROM days WHERE day < ?";
	sqlite3_stmt *statement;

	if (database_statement(database, delete, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, day);
	return database_run(database, statement);
}
