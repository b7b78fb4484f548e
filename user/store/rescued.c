/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes the table `rescued` of state.db. */
#include "store/rescued.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

int rescued_read(struct state *state,
		 int (*visit)(const struct rescued_entry *entry, void *context), void *context)
{
	static const char query[] = "SELECT prefix, zone, why, added_at, expires_at FROM rescued "
				    "ORDER BY prefix";
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_prepare(state_database(state), query, &row))
		return -EIO;
	while (!err && (step = database_step(state_database(state), row)) > 0) {
		const char *prefix = database_text(row, 0);
		struct rescued_entry entry = { .zone = database_text(row, 1),
					       .why = database_text(row, 2),
					       .added_at_sec = sqlite3_column_int64(row, 3),
					       .expires_at_sec = sqlite3_column_int64(row, 4) };

		if (prefix && entry.zone && entry.expires_at_sec > 0 &&
		    prefix_parse(prefix, strlen(prefix), &entry.prefix, NULL) == PREFIX_OK)
			err = visit(&entry, context);
	}
	sqlite3_finalize(row);
	return err ? err : step;
}

/* ---- changes ---------------------------------------------------------------------- */

static char *row_image(sqlite3_stmt *row)
{
	const char *why = database_text(row, 1);
	json_t *image =
	    json_pack("{s:s,s:s,s:I,s:I}", "zone", database_text(row, 0), "reason", why ? why : "",
		      "added_at", (json_int_t)sqlite3_column_int64(row, 2), "expires_at",
		      (json_int_t)sqlite3_column_int64(row, 3));
	char *text = image ? json_dumps(image, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(image);
	return text;
}

static int read_image(struct state *state, const struct prefix *prefix, char **ret_image)
{
	static const char query[] =
	    "SELECT zone, why, added_at, expires_at FROM rescued WHERE prefix = ?";
	sqlite3_stmt *row;

	if (database_statement(state_database(state), query, &row))
		return -EIO;
	database_bind_prefix(row, 1, prefix);
	return database_read_image(state_database(state), row, row_image, ret_image);
}

static int put_row(struct state *state, const struct rescued_entry *entry)
{
	static const char put[] = "INSERT OR REPLACE INTO rescued VALUES (?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), put, &statement))
		return -EIO;
	database_bind_prefix(statement, 1, &entry->prefix);
	database_bind_text(statement, 2, entry->zone);
	database_bind_text(statement, 3, entry->why);
	sqlite3_bind_int64(statement, 4, entry->added_at_sec);
	sqlite3_bind_int64(statement, 5, entry->expires_at_sec);
	return database_run(state_database(state), statement);
}

int rescued_put(struct manual_batch *batch, const char *list, const struct rescued_entry *entry)
{
	struct history_change put = { .list = list,
				      .action = ACTION_ALLOW,
				      .source = SOURCE_RESCUE,
				      .prefix = &entry->prefix };
	char *was = NULL, *now = NULL;
	int err = read_image(batch->state, &entry->prefix, &was);

	if (!err)
		err = put_row(batch->state, entry);
	if (!err)
		err = read_image(batch->state, &entry->prefix, &now);
	if (!err) {
		put.added = !was;
		put.was = was;
		put.now = now;
		err = history_put(batch->state, &batch->record, batch->change_count++, &put);
		batch->added_count += put.added;
	}
	free(was);
	free(now);
	return err;
}

int rescued_expire(struct state *state, int64_t now_sec)
{
	static const char look[] = "SELECT 1 FROM rescued WHERE expires_at <= ? LIMIT 1";
	static const char delete[] = "DELETE FROM rescued WHERE expires_at <= ?";
	struct database *database = state_database(state);
	sqlite3_stmt *statement;
	int step;

	if (database_statement(database, look, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, now_sec);
	step = database_step(database, statement);
	database_reset(statement);
	if (step <= 0)
		return step;
	if (state_begin(state) || database_statement(database, delete, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, now_sec);
	return database_run(database, statement) ? -EIO : state_commit(state);
}
