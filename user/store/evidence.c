/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens learn.db, and what all of its files need. */
#include "store/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "store/evidence_internal.h"

/* ---- keys and statements ------------------------------------------------------------ */

void evidence_bind_subject(sqlite3_stmt *statement, int index, const struct prefix *subject)
{
	sqlite3_bind_blob(statement, index, subject->addr,
			  subject->family == FAMILY_IPV4 ? 4 : SUBJECT_KEY_MAX, SQLITE_TRANSIENT);
}

bool evidence_read_subject(sqlite3_stmt *row, int column, struct prefix *ret_subject)
{
	const void *key = sqlite3_column_blob(row, column);
	const int bytes = sqlite3_column_bytes(row, column);

	if (!key || (bytes != 4 && bytes != SUBJECT_KEY_MAX))
		return false;
	*ret_subject = (struct prefix) { .family = bytes == 4 ? FAMILY_IPV4 : FAMILY_IPV6,
					 .len = bytes == 4 ? 32 : 64 };
	memcpy(ret_subject->addr, key, (size_t)bytes);
	return true;
}

int evidence_read_subjects(struct evidence_store *store, sqlite3_stmt *row, size_t max,
			   struct prefix *ret_subjects, size_t *ret_count)
{
	size_t count = 0;
	int step = 0;

	while (count < max && (step = database_step(store->side.database, row)) > 0)
		count += evidence_read_subject(row, 0, &ret_subjects[count]);
	database_reset(row);
	if (step < 0)
		return step;
	*ret_count = count;
	return 0;
}

int evidence_statement_of(struct evidence_store *store, const char *sql,
			  const struct prefix *subject, sqlite3_stmt **ret_statement)
{
	if (database_statement(store->side.database, sql, ret_statement))
		return -EIO;
	evidence_bind_subject(*ret_statement, 1, subject);
	return 0;
}

int evidence_run_of(struct evidence_store *store, const char *sql, const struct prefix *subject)
{
	sqlite3_stmt *statement;

	if (database_begin(store->side.database) ||
	    evidence_statement_of(store, sql, subject, &statement))
		return -EIO;
	return database_run(store->side.database, statement);
}

int evidence_run_number(struct evidence_store *store, const char *sql, int64_t number)
{
	sqlite3_stmt *statement;

	if (database_begin(store->side.database) ||
	    database_statement(store->side.database, sql, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, number);
	return database_run(store->side.database, statement);
}

int evidence_query_number(struct evidence_store *store, const char *sql, int64_t parameter,
			  int64_t *ret_number)
{
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->side.database, sql, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, parameter);
	step = database_step(store->side.database, row);
	if (step >= 0)
		*ret_number = step ? sqlite3_column_int64(row, 0) : 0;
	database_reset(row);
	return step < 0 ? step : 0;
}

uint64_t evidence_changed(const struct evidence_store *store)
{
	return (uint64_t)database_change_count(store->side.database);
}

/* ---- open --------------------------------------------------------------------------- */

/* A new database gets a key. */
static int read_memory(struct evidence_store *store)
{
	static const char insert[] = "INSERT INTO memory SELECT ?, 0 WHERE NOT EXISTS "
				     "(SELECT 1 FROM memory)";
	static const char query[] = "SELECT key, newest FROM memory";
	uint8_t key[SIPHASH_KEY_BYTES];
	sqlite3_stmt *statement;
	int step;

	if (getrandom(key, sizeof(key), 0) != sizeof(key) ||
	    database_statement(store->side.database, insert, &statement))
		return -EIO;
	sqlite3_bind_blob(statement, 1, key, sizeof(key), SQLITE_TRANSIENT);
	if (database_run(store->side.database, statement) ||
	    database_statement(store->side.database, query, &statement))
		return -EIO;
	step = database_step(store->side.database, statement);
	if (step > 0 && sqlite3_column_bytes(statement, 0) == SIPHASH_KEY_BYTES) {
		memcpy(store->key, sqlite3_column_blob(statement, 0), SIPHASH_KEY_BYTES);
		store->newest_sec = sqlite3_column_int64(statement, 1);
	} else if (step >= 0) {
		step = 0;
	}
	database_reset(statement);
	return step > 0 ? 0 : -EIO;
}

static int read_numbers(void *context)
{
	struct evidence_store *store = context;
	static const char count[] = "SELECT count(*) FROM days WHERE day > ?";
	int64_t rows;

	if (read_memory(store) || evidence_query_number(store, count, INT64_MIN, &rows))
		return -EIO;
	store->row_count = (uint64_t)rows;
	store->committed_newest_sec = store->newest_sec;
	store->committed_row_count = store->row_count;
	return 0;
}

int evidence_ready(struct evidence_store *store, char **ret_lost)
{
	return side_database_ready(&store->side, &evidence_schema, read_numbers, store, ret_lost);
}

int evidence_open(const char *state_dir, struct evidence_store **ret_store, char **ret_lost)
{
	struct evidence_store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	if (side_database_init(&store->side, state_dir, "learn.db")) {
		free(store);
		return -ENOMEM;
	}
	*ret_lost = NULL;
	if (!store->side.error)
		evidence_ready(store, ret_lost);
	*ret_store = store;
	return 0;
}

void evidence_close(struct evidence_store *store)
{
	if (!store)
		return;
	side_database_done(&store->side);
	free(store);
}

const char *evidence_error(const struct evidence_store *store)
{
	return side_database_error(&store->side);
}

/* ---- transactions ---------------------------------------------------------------------- */

static void return_to_commit(struct evidence_store *store)
{
	store->newest_sec = store->committed_newest_sec;
	store->row_count = store->committed_row_count;
}

int evidence_commit(struct evidence_store *store)
{
	static const char update[] = "UPDATE memory SET newest = ?";

	if ((store->newest_sec != store->committed_newest_sec &&
	     evidence_run_number(store, update, store->newest_sec)) ||
	    (!database_in_transaction(store->side.database)
		 ? 0
		 : database_commit(store->side.database))) {
		return_to_commit(store);
		return -EIO;
	}
	store->committed_newest_sec = store->newest_sec;
	store->committed_row_count = store->row_count;
	return 0;
}

void evidence_rollback(struct evidence_store *store)
{
	database_rollback(store->side.database);
	return_to_commit(store);
}

int64_t evidence_newest_sec(const struct evidence_store *store)
{
	return store->newest_sec;
}

uint64_t evidence_number(const struct evidence_store *store)
{
	static const char what[] = "the number of this database";

	return siphash(store->key, what, sizeof(what)) & INT64_MAX;
}

uint64_t evidence_row_count(const struct evidence_store *store)
{
	return store->row_count;
}

/* ---- positions --------------------------------------------------------------------------- */

int evidence_set_position(struct evidence_store *store, const char *reader, const char *position)
{
	static const char put[] = "INSERT OR REPLACE INTO positions VALUES (?, ?)";
	sqlite3_stmt *statement;

	if (database_begin(store->side.database) ||
	    database_statement(store->side.database, put, &statement))
		return -EIO;
	database_bind_text(statement, 1, reader);
	database_bind_text(statement, 2, position);
	return database_run(store->side.database, statement);
}

int evidence_position(struct evidence_store *store, const char *reader, char **ret_position)
{
	static const char query[] = "SELECT position FROM positions WHERE reader = ?";
	const char *text;
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	database_bind_text(row, 1, reader);
	step = database_step(store->side.database, row);
	text = step > 0 ? database_text(row, 0) : NULL;
	*ret_position = text ? strdup(text) : NULL;
	if (text && !*ret_position)
		step = -ENOMEM;
	database_reset(row);
	return step < 0 ? step : 0;
}
