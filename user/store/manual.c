/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes each change, and records the entry before and after it. */
#include "store/manual.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"
#include "store/fleet.h"

/* ---- images --------------------------------------------------------------- */

/* Only another program can have written text that is not UTF-8. It is shortened until it is
 * valid, so that it does not prevent a change. */
static json_t *text_json(const char *text)
{
	size_t bytes = text ? strlen(text) : 0;
	json_t *json = text ? json_string(text) : json_null();

	while (!json && bytes)
		json = json_stringn(text, --bytes);
	return json ? json : json_null();
}

static json_t *protection_json(sqlite3_stmt *row)
{
	if (sqlite3_column_type(row, 4) == SQLITE_NULL)
		return json_null();
	return json_pack("{s:I,s:o,s:o}", "at", (json_int_t)sqlite3_column_int64(row, 4), "author",
			 text_json(database_text(row, 5)), "reason",
			 text_json(database_text(row, 6)));
}

/* Only entries of a fleet have these members. Return: 0 or -1: no memory. */
static int add_scope(json_t *image, sqlite3_stmt *row)
{
	int err = 0;

	if (sqlite3_column_int(row, 7))
		err |= json_object_set_new(image, "local", json_true());
	if (sqlite3_column_type(row, 8) != SQLITE_NULL)
		err |= json_object_set_new(image, "only_hosts", text_json(database_text(row, 8)));
	if (sqlite3_column_type(row, 9) != SQLITE_NULL)
		err |= json_object_set_new(image, "not_hosts", text_json(database_text(row, 9)));
	return err;
}

static char *row_image(sqlite3_stmt *row)
{
	json_t *image =
	    json_pack("{s:o,s:o,s:I,s:I,s:o}", "reason", text_json(database_text(row, 0)), "author",
		      text_json(database_text(row, 1)), "added_at",
		      (json_int_t)sqlite3_column_int64(row, 2), "expires_at",
		      (json_int_t)sqlite3_column_int64(row, 3), "protected", protection_json(row));
	char *text = image && !add_scope(image, row)
			 ? json_dumps(image, JSON_COMPACT | JSON_SORT_KEYS)
			 : NULL;

	json_decref(image);
	return text;
}

int manual_image(struct state *state, const char *list, const struct prefix *prefix,
		 char **ret_image)
{
	static const char query[] =
	    "SELECT e.reason, e.author, e.added_at, e.expires_at, p.protected_at, p.author, "
	    "p.reason, e.is_local, e.only_hosts, e.not_hosts FROM entries e LEFT JOIN protections "
	    "p ON p.list = e.list AND "
	    "p.prefix = e.prefix WHERE e.list = ? AND e.prefix = ?";
	sqlite3_stmt *row;

	if (database_statement(state_database(state), query, &row))
		return -EIO;
	database_bind_text(row, 1, list);
	database_bind_prefix(row, 2, prefix);
	return database_read_image(state_database(state), row, row_image, ret_image);
}

int64_t manual_image_expiry_sec(const char *image)
{
	json_t *object = json_loads(image, 0, NULL);
	int64_t expires_sec = json_integer_value(json_object_get(object, "expires_at"));

	json_decref(object);
	return expires_sec;
}

/* ---- changes -------------------------------------------------------------- */

/* A change of one entry, with its image before the change. */
struct change {
	struct manual_batch *batch;
	const char *list;
	enum action action;
	const struct prefix *prefix;
	char *was;
};

static int begin_change(struct change *change)
{
	return manual_image(change->batch->state, change->list, change->prefix, &change->was);
}

/* @err: the result of the change itself. */
static int end_change(struct change *change, int err)
{
	struct manual_batch *batch = change->batch;
	char *now = NULL;

	if (!err)
		err = manual_image(batch->state, change->list, change->prefix, &now);
	if (!err) {
		const struct history_change put = {
			.list = change->list,
			.action = change->action,
			.source = SOURCE_MANUAL,
			.prefix = change->prefix,
			.added = now && !change->was,
			.removed = change->was && !now,
			.was = change->was,
			.now = now,
		};

		err = history_put(batch->state, &batch->record, batch->change_count++, &put);
		batch->added_count += put.added;
		batch->removed_count += put.removed;
	}
	if (!err)
		err = fleet_mark_put(batch->state, change->list, change->prefix);
	free(now);
	free(change->was);
	return err;
}

int manual_begin(struct manual_batch *batch)
{
	batch->change_count = batch->added_count = batch->removed_count = 0;
	return history_begin(batch->state, &batch->record);
}

int manual_put(struct manual_batch *batch, const struct state_entry *entry)
{
	struct change change = { .batch = batch,
				 .list = entry->list,
				 .action = entry->action,
				 .prefix = &entry->prefix };
	int err = begin_change(&change);

	return err ? err : end_change(&change, state_put(batch->state, entry));
}

/* Run a statement whose parameters are list and prefix. */
static int run_for(struct state *state, const char *sql, const char *list,
		   const struct prefix *prefix)
{
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), sql, &statement))
		return -EIO;
	database_bind_text(statement, 1, list);
	database_bind_prefix(statement, 2, prefix);
	return database_run(state_database(state), statement);
}

static int delete_protection(struct state *state, const char *list, const struct prefix *prefix)
{
	static const char delete[] = "DELETE FROM protections WHERE list = ? AND prefix = ?";

	return run_for(state, delete, list, prefix);
}

static int put_protection(struct state *state, const char *list, const struct prefix *prefix,
			  const char *author, const char *reason, int64_t at_sec)
{
	static const char put[] = "INSERT OR REPLACE INTO protections (list, prefix, reason, "
				  "author, protected_at) VALUES (?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), put, &statement))
		return -EIO;
	database_bind_text(statement, 1, list);
	database_bind_prefix(statement, 2, prefix);
	database_bind_text(statement, 3, reason);
	database_bind_text(statement, 4, author);
	sqlite3_bind_int64(statement, 5, at_sec);
	return database_run(state_database(state), statement);
}

int manual_delete(struct manual_batch *batch, const char *list, enum action action,
		  const struct prefix *prefix)
{
	struct change change = { .batch = batch, .list = list, .action = action, .prefix = prefix };
	int err = begin_change(&change);

	if (err)
		return err;
	err = delete_protection(batch->state, list, prefix);
	if (!err)
		err = state_delete(batch->state, list, prefix);
	return end_change(&change, err);
}

int manual_protect(struct manual_batch *batch, const char *list, enum action action,
		   const struct prefix *prefix, const struct state_entry *entry)
{
	static const char stay[] =
	    "UPDATE entries SET expires_at = 0 WHERE list = ? AND prefix = ?";
	const struct history_record *record = &batch->record;
	struct change change = { .batch = batch, .list = list, .action = action, .prefix = prefix };
	int err = begin_change(&change);

	if (err)
		return err;
	err = entry ? state_put(batch->state, entry) : run_for(batch->state, stay, list, prefix);
	if (!err)
		err = put_protection(batch->state, list, prefix, record->author, record->reason,
				     record->at_sec);
	return end_change(&change, err);
}

int manual_unprotect(struct manual_batch *batch, const char *list, enum action action,
		     const struct prefix *prefix)
{
	struct change change = { .batch = batch, .list = list, .action = action, .prefix = prefix };
	int err = begin_change(&change);

	return err ? err : end_change(&change, delete_protection(batch->state, list, prefix));
}

/* ---- restore -------------------------------------------------------------- */

static int put_image(struct state *state, const char *list, enum action action,
		     const struct prefix *prefix, const json_t *image)
{
	const json_t *protection = json_object_get(image, "protected");
	const struct state_entry entry = {
		.list = list,
		.action = action,
		.prefix = *prefix,
		.reason = json_string_value(json_object_get(image, "reason")),
		.author = json_string_value(json_object_get(image, "author")),
		.added_at_sec = json_integer_value(json_object_get(image, "added_at")),
		.expires_at_sec = json_integer_value(json_object_get(image, "expires_at")),
		.scope = { .is_local = json_is_true(json_object_get(image, "local")),
			   .only_hosts = json_string_value(json_object_get(image, "only_hosts")),
			   .not_hosts = json_string_value(json_object_get(image, "not_hosts")) },
	};
	int err = state_put(state, &entry);

	if (err || !json_is_object(protection))
		return err ? err : delete_protection(state, list, prefix);
	return put_protection(state, list, prefix,
			      json_string_value(json_object_get(protection, "author")),
			      json_string_value(json_object_get(protection, "reason")),
			      json_integer_value(json_object_get(protection, "at")));
}

int manual_restore(struct manual_batch *batch, const char *list, enum action action,
		   const struct prefix *prefix, const char *image)
{
	struct change change = { .batch = batch, .list = list, .action = action, .prefix = prefix };
	json_t *json = image ? json_loads(image, 0, NULL) : NULL;
	int err;

	if (!image)
		return manual_delete(batch, list, action, prefix);
	err = json ? begin_change(&change) : database_fail(state_database(batch->state));
	if (!err)
		err = end_change(&change, put_image(batch->state, list, action, prefix, json));
	json_decref(json);
	return err;
}
