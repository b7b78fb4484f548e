/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the history. */
#include "store/history.h"

#include <errno.h>
#include <string.h>

#include "store/database.h"

const char *const history_event_names[] = {
	[HISTORY_ADD] = "add",
	[HISTORY_DELETE] = "del",
	[HISTORY_IMPORT] = "import",
	[HISTORY_PROTECT] = "protect",
	[HISTORY_UNPROTECT] = "unprotect",
	[HISTORY_UNDO] = "undo",
	[HISTORY_EXPIRE] = "expire",
	[HISTORY_RETURN] = "return",
	[HISTORY_RELOAD] = "reload",
	[HISTORY_FEED] = "feed",
	[HISTORY_LEARNED] = "learned",
	[HISTORY_DETACH] = "detach",
	[HISTORY_DOMAIN] = "domain",
	[HISTORY_RESCUE] = "rescue",
	[HISTORY_FLEET] = "fleet",
	[HISTORY_HELD] = "held",
};
_Static_assert(sizeof(history_event_names) / sizeof(*history_event_names) == HISTORY_EVENT_COUNT,
	       "one each");

static void bind_id(sqlite3_stmt *statement, int index, int64_t id)
{
	if (id)
		sqlite3_bind_int64(statement, index, id);
	else
		sqlite3_bind_null(statement, index);
}

int history_begin(struct state *state, struct history_record *record)
{
	static const char insert[] =
	    "INSERT INTO history (at, event, origin, author, via, reason, undoes) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(state_database(state), insert, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, record->at_sec);
	database_bind_text(statement, 2, history_event_names[record->event]);
	database_bind_text(statement, 3, record->origin);
	database_bind_text(statement, 4, record->author);
	database_bind_text(statement, 5, record->via);
	database_bind_text(statement, 6, record->reason);
	bind_id(statement, 7, record->undoes);
	if (database_run(state_database(state), statement))
		return -EIO;
	record->id = database_last_id(state_database(state));
	return 0;
}

void history_place(const struct prefix *prefix, unsigned char place[HISTORY_PLACE_BYTES])
{
	place[0] = prefix->family;
	memcpy(place + 1, prefix->addr, sizeof(prefix->addr));
	place[1 + sizeof(prefix->addr)] = prefix->len;
}

int history_put(struct state *state, const struct history_record *record, size_t position,
		const struct history_change *change)
{
	static const char insert[] =
	    "INSERT INTO history_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	unsigned char place[HISTORY_PLACE_BYTES];
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), insert, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, record->id);
	sqlite3_bind_int64(statement, 2, (int64_t)position);
	database_bind_text(statement, 3, change->list);
	database_bind_text(statement, 4, action_names[change->action]);
	database_bind_text(statement, 5, source_names[change->source]);
	if (change->prefix) {
		history_place(change->prefix, place);
		database_bind_prefix(statement, 6, change->prefix);
		sqlite3_bind_blob(statement, 7, place, sizeof(place), SQLITE_TRANSIENT);
	}
	sqlite3_bind_int64(statement, 8, (int64_t)change->added);
	sqlite3_bind_int64(statement, 9, (int64_t)change->removed);
	database_bind_text(statement, 10, change->was);
	database_bind_text(statement, 11, change->now);
	return database_run(state_database(state), statement);
}

int history_set_undone(struct state *state, int64_t undone, int64_t id)
{
	static const char update[] = "UPDATE history SET undone_by = ? WHERE id = ?";
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), update, &statement))
		return -EIO;
	bind_id(statement, 1, id);
	sqlite3_bind_int64(statement, 2, undone);
	return database_run(state_database(state), statement);
}

int history_clear_undone(struct state *state, int64_t id)
{
	static const char update[] = "UPDATE history SET undone_by = NULL WHERE undone_by = ?";
	sqlite3_stmt *statement;

	if (database_statement(state_database(state), update, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, id);
	return database_run(state_database(state), statement);
}

int history_summarise(struct state *state, struct history_record *record,
		      const struct history_change *changes, size_t change_count)
{
	size_t i, position = 0;

	for (i = 0; i < change_count; i++) {
		if (!changes[i].added && !changes[i].removed)
			continue;
		if (!position && history_begin(state, record))
			return -EIO;
		if (history_put(state, record, position++, &changes[i]))
			return -EIO;
	}
	return position ? state_commit(state) : 0;
}

/* ---- prune ---------------------------------------------------------------- */

/* Return: 1 if there are older records, else 0; -EIO. */
static int count_old(struct state *state, int64_t before_sec)
{
	static const char query[] = "SELECT count(*) FROM (SELECT 1 FROM history WHERE at < ? "
				    "LIMIT 1)";
	sqlite3_stmt *row;
	int count;

	if (database_statement(state_database(state), query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, before_sec);
	count = database_step(state_database(state), row);
	if (count > 0)
		count = sqlite3_column_int(row, 0);
	database_reset(row);
	return count;
}

int history_prune(struct state *state, int64_t before_sec)
{
	static const char *const deletes[] = {
		"DELETE FROM history_changes WHERE history IN (SELECT id FROM history WHERE at < "
		"?)",
		"DELETE FROM history WHERE at < ?",
	};
	sqlite3_stmt *statement;
	size_t i;
	int count = count_old(state, before_sec);

	if (count <= 0)
		return count;
	if (state_begin(state))
		return -EIO;
	for (i = 0; i < sizeof(deletes) / sizeof(*deletes); i++) {
		if (database_statement(state_database(state), deletes[i], &statement))
			return -EIO;
		sqlite3_bind_int64(statement, 1, before_sec);
		if (database_run(state_database(state), statement))
			return -EIO;
	}
	return state_commit(state);
}
