/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries the history. The text of a query depends on the filter. */
#include "store/history_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/database.h"

/* ---- rows ----------------------------------------------------------------- */

/* Return the index of a word, or @count if it is not among them. */
static size_t find_word(const char *word, const char *const *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (word && !strcmp(word, words[i]))
			break;
	return i;
}

/* A later release may have written a source that this one does not know. It is read as manual. */
static enum source read_source(sqlite3_stmt *row, int column)
{
	size_t source = find_word(database_text(row, column), source_names, SOURCE_COUNT);

	return source < SOURCE_COUNT ? (enum source)source : SOURCE_MANUAL;
}

static bool read_record(sqlite3_stmt *row, struct history_record *ret_record)
{
	size_t event = find_word(database_text(row, 2), history_event_names, HISTORY_EVENT_COUNT);

	*ret_record = (struct history_record) {
		.id = sqlite3_column_int64(row, 0),
		.at_sec = sqlite3_column_int64(row, 1),
		.event = (enum history_event)event,
		.origin = database_text(row, 3),
		.author = database_text(row, 4),
		.via = database_text(row, 5),
		.reason = database_text(row, 6),
		.undoes = sqlite3_column_int64(row, 7),
		.undone_by = sqlite3_column_int64(row, 8),
	};
	return event < HISTORY_EVENT_COUNT;
}

static bool read_change(sqlite3_stmt *row, struct prefix *prefix, struct history_change *ret_change)
{
	const char *text = database_text(row, 3);
	size_t action = find_word(database_text(row, 1), action_names, ACTION_COUNT);

	*ret_change = (struct history_change) {
		.list = database_text(row, 0),
		.action = (enum action)action,
		.source = read_source(row, 2),
		.prefix = text ? prefix : NULL,
		.added = (size_t)sqlite3_column_int64(row, 4),
		.removed = (size_t)sqlite3_column_int64(row, 5),
		.was = database_text(row, 6),
		.now = database_text(row, 7),
	};
	return ret_change->list && action < ACTION_COUNT &&
	       (!text || prefix_parse(text, strlen(text), prefix, NULL) == PREFIX_OK);
}

/* ---- filter --------------------------------------------------------------- */

/* Room for a condition on changes. The places of prefixes are bound as parameters. */
#define CONDITION_BYTES 1024

/* Prefixes inside the filter's prefix are adjacent. Those that cover it are listed one by one.
 * Their parameters begin at ?10, because the query uses the first ones itself. */
static void write_condition(const struct history_filter *filter, char condition[CONDITION_BYTES])
{
	size_t bytes = 0;
	unsigned int len;

	condition[0] = '\0';
	if (filter->list[0])
		bytes += (size_t)snprintf(condition, CONDITION_BYTES, " AND list = ?4");
	if (!filter->has_prefix)
		return;
	bytes += (size_t)snprintf(condition + bytes, CONDITION_BYTES - bytes,
				  " AND (place BETWEEN ?10 AND ?11 OR place IN (");
	for (len = 0; len < filter->prefix.len; len++)
		bytes += (size_t)snprintf(condition + bytes, CONDITION_BYTES - bytes, "%s?%u",
					  len ? "," : "", 12 + len);
	snprintf(condition + bytes, CONDITION_BYTES - bytes, "))");
}

static void bind_place(sqlite3_stmt *statement, int index, const struct prefix *prefix)
{
	unsigned char place[HISTORY_PLACE_BYTES];

	history_place(prefix, place);
	sqlite3_bind_blob(statement, index, place, sizeof(place), SQLITE_TRANSIENT);
}

static void bind_condition(sqlite3_stmt *statement, const struct history_filter *filter)
{
	struct prefix prefix = filter->prefix;
	const unsigned int max_len = prefix_max_len((enum family)prefix.family);
	unsigned int bit;
	uint8_t len;

	if (filter->list[0])
		database_bind_text(statement, 4, filter->list);
	if (!filter->has_prefix)
		return;
	for (len = 0; len < filter->prefix.len; len++) {
		const struct prefix outer = prefix_truncate(&filter->prefix, len);

		bind_place(statement, 12 + len, &outer);
	}
	bind_place(statement, 10, &prefix);
	for (bit = prefix.len; bit < max_len; bit++)
		prefix.addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	prefix.len = (uint8_t)max_len;
	bind_place(statement, 11, &prefix);
}

/* Prepare a query whose text depends on the filter. The caller must finalize it. */
static int prepare(struct state *state, const char *format, const struct history_filter *filter,
		   sqlite3_stmt **ret_statement)
{
	char condition[CONDITION_BYTES], sql[CONDITION_BYTES + 512];

	write_condition(filter, condition);
	snprintf(sql, sizeof(sql), format, condition);
	if (database_prepare(state_database(state), sql, ret_statement))
		return -EIO;
	bind_condition(*ret_statement, filter);
	return 0;
}

/* ---- queries -------------------------------------------------------------- */

#define RECORD_COLUMNS "id, at, event, origin, author, via, reason, undoes, undone_by"

static int walk_records(struct state *state, sqlite3_stmt *statement,
			int (*visit)(const struct history_record *record, void *context),
			void *context)
{
	struct history_record record;
	int step, err = 0;

	while (!err && (step = database_step(state_database(state), statement)) > 0)
		if (read_record(statement, &record))
			err = visit(&record, context);
	sqlite3_finalize(statement);
	return err ? err : step;
}

int history_read(struct state *state, const struct history_filter *filter,
		 int (*visit)(const struct history_record *record, void *context), void *context)
{
	static const char all[] = "SELECT " RECORD_COLUMNS " FROM history WHERE at >= ?1 "
				  "AND id < ?2%s ORDER BY id DESC LIMIT ?3";
	static const char some[] =
	    "SELECT " RECORD_COLUMNS " FROM history WHERE at >= ?1 AND id < ?2 AND id IN "
	    "(SELECT history FROM history_changes WHERE 1%s) ORDER BY id DESC LIMIT ?3";
	sqlite3_stmt *statement;
	bool has_condition = filter->has_prefix || filter->list[0];

	if (prepare(state, has_condition ? some : all, filter, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, filter->since_sec);
	sqlite3_bind_int64(statement, 2, filter->before_id ? filter->before_id : INT64_MAX);
	sqlite3_bind_int64(statement, 3, (int64_t)filter->limit);
	return walk_records(state, statement, visit, context);
}

struct finding {
	int (*visit)(const struct history_record *record, void *context);
	void *context;
	bool is_found;
};

static int find(const struct history_record *record, void *context)
{
	struct finding *finding = context;

	finding->is_found = true;
	return finding->visit(record, finding->context);
}

int history_find(struct state *state, int64_t id,
		 int (*visit)(const struct history_record *record, void *context), void *context)
{
	struct finding finding = { .visit = visit, .context = context };
	sqlite3_stmt *statement;
	int err;

	if (database_prepare(state_database(state),
			     "SELECT " RECORD_COLUMNS " FROM history WHERE id = ?1", &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, id);
	err = walk_records(state, statement, find, &finding);
	return err || finding.is_found ? err : -ENOENT;
}

static int read_id(struct state *state, sqlite3_stmt *statement, int64_t *ret_id)
{
	int step = database_step(state_database(state), statement);

	if (step >= 0)
		*ret_id = step ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return step < 0 ? step : 0;
}

int history_last_change(struct state *state, int64_t *ret_id)
{
	sqlite3_stmt *statement;

	if (database_prepare(state_database(state),
			     "SELECT id FROM history WHERE undone_by IS NULL AND event IN "
			     "('add', 'del', 'import', 'protect', 'unprotect') "
			     "ORDER BY id DESC LIMIT 1",
			     &statement))
		return -EIO;
	return read_id(state, statement, ret_id);
}

int history_last_of(struct state *state, const char *list, const struct prefix *prefix,
		    int64_t *ret_id)
{
	sqlite3_stmt *statement;

	if (database_prepare(state_database(state),
			     "SELECT max(history) FROM history_changes WHERE list = ?1 AND "
			     "place = ?2",
			     &statement))
		return -EIO;
	database_bind_text(statement, 1, list);
	bind_place(statement, 2, prefix);
	return read_id(state, statement, ret_id);
}

int history_read_changes(struct state *state, int64_t id, const struct history_filter *filter,
			 int (*visit)(const struct history_change *change, void *context),
			 void *context)
{
	static const struct history_filter none;
	struct history_change change;
	sqlite3_stmt *statement;
	struct prefix prefix;
	int step, err = 0;

	if (prepare(state,
		    "SELECT list, action, source, prefix, added, removed, was, now FROM "
		    "history_changes WHERE history = ?1%s ORDER BY position",
		    filter ? filter : &none, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, id);
	while (!err && (step = database_step(state_database(state), statement)) > 0)
		if (read_change(statement, &prefix, &change))
			err = visit(&change, context);
	sqlite3_finalize(statement);
	return err ? err : step;
}
