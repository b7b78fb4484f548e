/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes the tables `fleet_records` and `fleet_changed` of state.db. */
#include "store/fleet.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

/* ---- fleets -------------------------------------------------------------------------- */

int fleet_member_find(struct state *state, const char *name, struct fleet_member *ret_member)
{
	static const char find[] = "SELECT id, host, contact, returned FROM fleets WHERE name = ?";
	struct database *database = state_database(state);
	struct fleet_member member = { 0 };
	sqlite3_stmt *row;
	int step;

	strncpy(member.name, name, sizeof(member.name) - 1);
	*ret_member = member;
	if (!state_has_fleet(state))
		return database ? 0 : -EIO;
	if (database_statement(database, find, &row))
		return -EIO;
	database_bind_text(row, 1, name);
	step = database_step(database, row);
	if (step > 0) {
		const char *host = database_text(row, 1);

		ret_member->id = sqlite3_column_int64(row, 0);
		strncpy(ret_member->host, host ? host : "", sizeof(ret_member->host) - 1);
		ret_member->contact.last_ms = sqlite3_column_int64(row, 2);
		ret_member->contact.return_ms = sqlite3_column_int64(row, 3);
	}
	if (step >= 0)
		database_reset(row);
	return step < 0 ? step : 0;
}

static int write_member(struct state *state, struct fleet_member *member)
{
	static const char write[] = "INSERT INTO fleets (name, host, contact, returned) "
				    "VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
				    "host = excluded.host, contact = excluded.contact, "
				    "returned = excluded.returned";
	struct database *database = state_database(state);
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(database, write, &statement))
		return -EIO;
	database_bind_text(statement, 1, member->name);
	database_bind_text(statement, 2, member->host);
	sqlite3_bind_int64(statement, 3, member->contact.last_ms);
	sqlite3_bind_int64(statement, 4, member->contact.return_ms);
	if (database_run(database, statement))
		return -EIO;
	if (!member->id)
		member->id = database_last_id(database);
	return 0;
}

int fleet_member_enter(struct state *state, struct fleet_member *member, const char *host)
{
	static const char drop[] = "DELETE FROM fleet_records WHERE fleet = ? AND origin = ?";
	struct database *database = state_database(state);
	sqlite3_stmt *statement;

	if (!member->id && fleet_member_find(state, member->name, member))
		return -EIO;
	if (member->id && !strcmp(member->host, host))
		return 0;
	if (member->id) {
		if (state_begin(state) || database_statement(database, drop, &statement))
			return -EIO;
		sqlite3_bind_int64(statement, 1, member->id);
		database_bind_text(statement, 2, host);
		if (database_run(database, statement))
			return -EIO;
	}
	strncpy(member->host, host, sizeof(member->host) - 1);
	return write_member(state, member);
}

int fleet_member_keep(struct state *state, const struct fleet_member *member)
{
	struct fleet_member copy = *member;

	return write_member(state, &copy);
}

int fleet_members_prune(struct state *state, const struct fleet_member *member, int64_t since_ms)
{
	static const char *const prune[] = {
		"DELETE FROM fleet_records WHERE fleet IN "
		"(SELECT id FROM fleets WHERE id != ? AND contact < ?)",
		"DELETE FROM fleets WHERE id != ? AND contact < ?",
	};
	struct database *database = state_database(state);
	sqlite3_stmt *statement;

	for (size_t i = 0; i < sizeof(prune) / sizeof(prune[0]); i++) {
		if (state_begin(state) || database_statement(database, prune[i], &statement))
			return -EIO;
		sqlite3_bind_int64(statement, 1, member->id);
		sqlite3_bind_int64(statement, 2, since_ms);
		if (database_run(database, statement))
			return -EIO;
	}
	return 0;
}

/* ---- records ------------------------------------------------------------------------- */

static int read_row(sqlite3_stmt *row,
		    int (*visit)(const struct fleet_record *record, bool is_held, void *context),
		    void (*visit_bad)(const char *origin, const char *key, void *context),
		    void *context)
{
	const char *origin = database_text(row, 1), *key = database_text(row, 2);
	const char *value = database_text(row, 4);
	struct fleet_texts texts;
	struct fleet_record record;

	if (origin && key && value && !fleet_record_parse(origin, key, value, &texts, &record)) {
		record.row = sqlite3_column_int64(row, 0);
		return visit(&record, sqlite3_column_int(row, 3) != 0, context);
	}
	if (visit_bad)
		visit_bad(origin ? origin : "", key ? key : "", context);
	return 0;
}

int fleet_rows_read(struct state *state, int64_t fleet,
		    int (*visit)(const struct fleet_record *record, bool is_held, void *context),
		    void (*visit_bad)(const char *origin, const char *key, void *context),
		    void *context)
{
	static const char query[] =
	    "SELECT id, origin, key, is_held, value FROM fleet_records WHERE fleet = ?";
	struct database *database = state_database(state);
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (!state_has_fleet(state))
		return database ? 0 : -EIO;
	if (database_prepare(database, query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, fleet);
	while (!err && (step = database_step(database, row)) > 0)
		err = read_row(row, visit, visit_bad, context);
	sqlite3_finalize(row);
	return err ? err : step;
}

int fleet_row_put(struct state *state, int64_t fleet, const struct fleet_record *record,
		  bool is_held)
{
	static const char add[] =
	    "INSERT INTO fleet_records (origin, key, is_held, value, fleet) VALUES (?, ?, ?, ?, ?)";
	static const char replace[] =
	    "INSERT OR REPLACE INTO fleet_records "
	    "(origin, key, is_held, value, fleet, id) VALUES (?, ?, ?, ?, ?, ?)";
	struct database *database = state_database(state);
	char key[FLEET_KEY_BYTES], value[FLEET_VALUE_BYTES];
	sqlite3_stmt *statement;

	if (state_begin(state) ||
	    database_statement(database, record->row ? replace : add, &statement))
		return -EIO;
	fleet_record_format(record, value);
	database_bind_text(statement, 1, record->origin);
	database_bind_text(statement, 2, fleet_record_key(record, key));
	sqlite3_bind_int(statement, 3, is_held);
	database_bind_text(statement, 4, value);
	sqlite3_bind_int64(statement, 5, fleet);
	if (record->row)
		sqlite3_bind_int64(statement, 6, record->row);
	return database_run(database, statement);
}

int64_t fleet_row_added(struct state *state)
{
	return database_last_id(state_database(state));
}

int fleet_row_drop(struct state *state, const struct fleet_record *record)
{
	static const char drop[] = "DELETE FROM fleet_records WHERE id = ?";
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(state_database(state), drop, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, record->row);
	return database_run(state_database(state), statement);
}

char *fleet_entry_image(const struct entry *entry)
{
	json_t *image = json_pack(
	    "{s:I,s:s?,s:I,s:s?,s:s?}", "added_at", (json_int_t)entry->about->added_at_sec,
	    "author", entry->about->author, "expires_at", (json_int_t)entry->about->expires_at_sec,
	    "host", entry->about->origin, "reason", entry->reason);
	char *text = image ? json_dumps(image, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(image);
	return text;
}

/* ---- changes of this host ------------------------------------------------------------ */

/* Run a statement whose parameters are list and prefix. */
static int run_for(struct state *state, const char *sql, const char *list,
		   const struct prefix *prefix)
{
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(state_database(state), sql, &statement))
		return -EIO;
	database_bind_text(statement, 1, list);
	database_bind_prefix(statement, 2, prefix);
	return database_run(state_database(state), statement);
}

int fleet_mark_put(struct state *state, const char *list, const struct prefix *prefix)
{
	static const char put[] = "INSERT OR IGNORE INTO fleet_changed VALUES (?, ?)";

	return state_notes_changes(state) ? run_for(state, put, list, prefix) : 0;
}

int fleet_mark_delete(struct state *state, const char *list, const struct prefix *prefix)
{
	static const char delete[] = "DELETE FROM fleet_changed WHERE list = ? AND prefix = ?";

	return run_for(state, delete, list, prefix);
}

int fleet_marks_read(struct state *state, size_t count_max,
		     int (*visit)(const char *list, const struct prefix *prefix, void *context),
		     void *context)
{
	struct database *database = state_database(state);
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_prepare(database, "SELECT list, prefix FROM fleet_changed LIMIT ?", &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, (int64_t)count_max);
	while (!err && (step = database_step(database, row)) > 0) {
		const char *list = database_text(row, 0), *text = database_text(row, 1);
		struct prefix prefix;

		if (list && text && prefix_parse(text, strlen(text), &prefix, NULL) == PREFIX_OK)
			err = visit(list, &prefix, context);
	}
	sqlite3_finalize(row);
	return err ? err : step;
}
