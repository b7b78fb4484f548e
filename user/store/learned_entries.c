/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes each change of a learned entry, and records the entry before and after it. */
#include "store/learned_entries.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"
#include "store/fleet.h"

int learned_entries_read(struct state *state,
			 int (*visit)(const struct learned_entry *entry, void *context),
			 void *context)
{
	static const char query[] = "SELECT prefix, rule, why, added_at FROM learned ORDER BY "
				    "prefix";
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_prepare(state_database(state), query, &row))
		return -EIO;
	while (!err && (step = database_step(state_database(state), row)) > 0) {
		const char *prefix = database_text(row, 0);
		struct learned_entry entry = { .rule = database_text(row, 1),
					       .why = database_text(row, 2),
					       .added_at_sec = sqlite3_column_int64(row, 3) };

		if (prefix && entry.rule &&
		    prefix_parse(prefix, strlen(prefix), &entry.prefix, NULL) == PREFIX_OK)
			err = visit(&entry, context);
	}
	sqlite3_finalize(row);
	return err ? err : step;
}

int learned_entry_find(struct state *state, const struct prefix *prefix,
		       int (*visit)(const struct learned_entry *entry, void *context),
		       void *context)
{
	static const char query[] = "SELECT rule, why, added_at FROM learned WHERE prefix = ?";
	struct learned_entry entry = { .prefix = *prefix };
	sqlite3_stmt *row;
	int step, err = 0;

	if (database_statement(state_database(state), query, &row))
		return -EIO;
	database_bind_prefix(row, 1, prefix);
	step = database_step(state_database(state), row);
	if (step > 0) {
		entry.rule = database_text(row, 0);
		entry.why = database_text(row, 1);
		entry.added_at_sec = sqlite3_column_int64(row, 2);
		err = entry.rule ? visit(&entry, context) : 0;
	}
	database_reset(row);
	return step < 0 ? step : err;
}

static char *row_image(sqlite3_stmt *row)
{
	const char *why = database_text(row, 1);
	json_t *image =
	    json_pack("{s:s,s:s,s:I}", "rule", database_text(row, 0), "reason", why ? why : "",
		      "added_at", (json_int_t)sqlite3_column_int64(row, 2));
	char *text = image ? json_dumps(image, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(image);
	return text;
}

int learned_entry_image(struct state *state, const struct prefix *prefix, char **ret_image)
{
	static const char query[] = "SELECT rule, why, added_at FROM learned WHERE prefix = ?";
	sqlite3_stmt *row;

	if (database_statement(state_database(state), query, &row))
		return -EIO;
	database_bind_prefix(row, 1, prefix);
	return database_read_image(state_database(state), row, row_image, ret_image);
}

/* ---- changes -------------------------------------------------------------------- */

static int put_row(struct state *state, const struct learned_entry *entry)
{
	static const char put[] = "INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), put, &statement))
		return -EIO;
	database_bind_prefix(statement, 1, &entry->prefix);
	database_bind_text(statement, 2, entry->rule);
	database_bind_text(statement, 3, entry->why);
	sqlite3_bind_int64(statement, 4, entry->added_at_sec);
	return database_run(state_database(state), statement);
}

static int delete_row(struct state *state, const struct prefix *prefix)
{
	static const char delete[] = "DELETE FROM learned WHERE prefix = ?";
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), delete, &statement))
		return -EIO;
	database_bind_prefix(statement, 1, prefix);
	return database_run(state_database(state), statement);
}

/* @entry: what the entry becomes; NULL: none. */
static int change(struct manual_batch *batch, const char *list, const struct prefix *prefix,
		  const struct learned_entry *entry)
{
	struct history_change put = {
		.list = list, .action = ACTION_ALLOW, .source = SOURCE_LEARNED, .prefix = prefix
	};
	char *was = NULL, *now = NULL;
	int err = learned_entry_image(batch->state, prefix, &was);

	if (!err)
		err = entry ? put_row(batch->state, entry) : delete_row(batch->state, prefix);
	if (!err)
		err = learned_entry_image(batch->state, prefix, &now);
	if (!err) {
		put.added = now && !was;
		put.removed = was && !now;
		put.was = was;
		put.now = now;
		err = history_put(batch->state, &batch->record, batch->change_count++, &put);
		batch->added_count += put.added;
		batch->removed_count += put.removed;
	}
	if (!err)
		err = fleet_mark_put(batch->state, list, prefix);
	free(was);
	free(now);
	return err;
}

int learned_entry_put(struct manual_batch *batch, const char *list,
		      const struct learned_entry *entry)
{
	return change(batch, list, &entry->prefix, entry);
}

int learned_entry_delete(struct manual_batch *batch, const char *list, const struct prefix *prefix)
{
	return change(batch, list, prefix, NULL);
}

int learned_entry_restore(struct manual_batch *batch, const char *list, const struct prefix *prefix,
			  const char *image)
{
	json_t *json = image ? json_loads(image, 0, NULL) : NULL;
	struct learned_entry entry = { .prefix = *prefix };
	int err;

	if (!image)
		return learned_entry_delete(batch, list, prefix);
	entry.rule = json_string_value(json_object_get(json, "rule"));
	entry.why = json_string_value(json_object_get(json, "reason"));
	entry.added_at_sec = json_integer_value(json_object_get(json, "added_at"));
	err = entry.rule ? learned_entry_put(batch, list, &entry)
			 : database_fail(state_database(batch->state));
	json_decref(json);
	return err;
}
