/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database of samples. */
#include "store/sample_store.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/log.h"
#include "store/database.h"

/* A row for each place of a ring, so that the file does not grow. `counts`: for each verdict, in
 * the order of the ABI, packets and connections as little-endian numbers of 64 bits. */
static const char tables[] = "CREATE TABLE samples ("
			     " series INTEGER NOT NULL," /* enum sample_series */
			     " place INTEGER NOT NULL,"
			     " start INTEGER NOT NULL,"
			     " covered INTEGER NOT NULL,"
			     " counts BLOB NOT NULL,"
			     " PRIMARY KEY (series, place)) WITHOUT ROWID;"
			     "CREATE TABLE look (at INTEGER NOT NULL, cookie INTEGER NOT NULL);"
			     "CREATE TABLE counters ("
			     " interface TEXT PRIMARY KEY,"
			     " counts BLOB NOT NULL) WITHOUT ROWID;";
/* Limits brought two more verdicts, the last ones of the ABI. */
static const char limit_verdicts[] =
    "UPDATE samples SET counts = CAST(counts || zeroblob(32) AS BLOB);"
    "UPDATE counters SET counts = CAST(counts || zeroblob(32) AS BLOB);";
static const char *const steps[] = { tables, limit_verdicts };

/* It is small, so all of it can be checked. */
static const struct database_schema samples_schema = {
	.steps = steps,
	.version = sizeof(steps) / sizeof(*steps),
	.is_checked = true,
};

struct sample_store {
	char *path;
	struct database *database; /* NULL: not open */
	char *error;
};

int sample_store_new(const char *state_dir, struct sample_store **ret_store)
{
	struct sample_store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	if (asprintf(&store->path, "%s/samples.db", state_dir) < 0) {
		free(store);
		return -ENOMEM;
	}
	*ret_store = store;
	return 0;
}

void sample_store_free(struct sample_store *store)
{
	if (!store)
		return;
	database_close(store->database);
	free(store->path);
	free(store->error);
	free(store);
}

const char *sample_store_error(const struct sample_store *store)
{
	return store->error;
}

static int store_fail(struct sample_store *store, const char *error)
{
	free(store->error);
	store->error = text_copy(error);
	return -EIO;
}

/* Close a damaged database, so that it is set aside when it is opened again. */
static int store_fail_statement(struct sample_store *store)
{
	store_fail(store, database_error(store->database));
	if (database_is_corrupt(store->database)) {
		database_close(store->database);
		store->database = NULL;
	}
	return -EIO;
}

static int store_open(struct sample_store *store)
{
	char message[DATABASE_MESSAGE_BYTES];
	enum database_result result;

	if (store->database)
		return 0;
	result = database_open(store->path, &samples_schema, &store->database, message);
	if (result == DATABASE_CORRUPT && !database_set_aside(store->path, message)) {
		log_warning("samples", "%s was damaged and is kept as %s: its plots begin anew",
			    store->path, message);
		result = database_open(store->path, &samples_schema, &store->database, message);
	}
	if (result == DATABASE_OK)
		return 0;
	database_close(store->database);
	store->database = NULL;
	return store_fail(store, message);
}

/* ---- counts ------------------------------------------------------------------ */

#define COUNTS_NUMBERS (2 * IPWL_VERDICT_COUNT)

static void bind_counts(sqlite3_stmt *statement, int index,
			const struct verdict_counts counts[IPWL_VERDICT_COUNT])
{
	uint64_t numbers[COUNTS_NUMBERS];

	for (size_t i = 0; i < IPWL_VERDICT_COUNT; i++) {
		numbers[2 * i] = htole64(counts[i].packets);
		numbers[2 * i + 1] = htole64(counts[i].connections);
	}
	sqlite3_bind_blob(statement, index, numbers, sizeof(numbers), SQLITE_TRANSIENT);
}

static bool read_counts(sqlite3_stmt *row, int column,
			struct verdict_counts ret_counts[IPWL_VERDICT_COUNT])
{
	const void *blob = sqlite3_column_blob(row, column);
	uint64_t numbers[COUNTS_NUMBERS];

	if (!blob || sqlite3_column_bytes(row, column) != sizeof(numbers))
		return false;
	memcpy(numbers, blob, sizeof(numbers));
	for (size_t i = 0; i < IPWL_VERDICT_COUNT; i++) {
		ret_counts[i].packets = le64toh(numbers[2 * i]);
		ret_counts[i].connections = le64toh(numbers[2 * i + 1]);
	}
	return true;
}

/* ---- read -------------------------------------------------------------------- */

static int read_samples(struct database *database, struct samples *samples)
{
	static const char query[] = "SELECT series, start, covered, counts FROM samples";
	sqlite3_stmt *row;
	int step;

	if (database_statement(database, query, &row))
		return -EIO;
	while ((step = database_step(database, row)) > 0) {
		const int series = sqlite3_column_int(row, 0);
		struct placed_sample placed = {
			.series = (enum sample_series)series,
			.sample = { .start_sec = sqlite3_column_int64(row, 1),
				    .covered_sec = sqlite3_column_int64(row, 2) },
		};

		if (series >= 0 && series < SAMPLES_SERIES_COUNT &&
		    read_counts(row, 3, placed.sample.counts))
			samples_restore(samples, &placed);
	}
	database_reset(row);
	return step;
}

static int read_look(struct database *database, struct look *ret_look)
{
	static const char query[] = "SELECT at, cookie, (SELECT count(*) FROM counters) FROM look";
	sqlite3_stmt *row;
	int64_t count = 0;
	int step;

	if (database_statement(database, query, &row))
		return -EIO;
	step = database_step(database, row);
	if (step > 0) {
		ret_look->at_sec = sqlite3_column_int64(row, 0);
		ret_look->cookie = (uint64_t)sqlite3_column_int64(row, 1);
		count = sqlite3_column_int64(row, 2);
	}
	database_reset(row);
	if (step < 0)
		return -EIO;
	ret_look->interfaces = calloc((size_t)count + 1, sizeof(*ret_look->interfaces));
	return ret_look->interfaces ? 0 : -ENOMEM;
}

static int read_counters(struct database *database, struct look *look)
{
	static const char query[] = "SELECT interface, counts FROM counters";
	sqlite3_stmt *row;
	int step;

	if (database_statement(database, query, &row))
		return -EIO;
	while ((step = database_step(database, row)) > 0) {
		struct look_interface *interface = &look->interfaces[look->interface_count];
		const char *name = database_text(row, 0);

		if (!name || strlen(name) >= sizeof(interface->name) ||
		    !read_counts(row, 1, interface->counts))
			continue;
		snprintf(interface->name, sizeof(interface->name), "%s", name);
		interface->is_read = true;
		look->interface_count++;
	}
	database_reset(row);
	return step;
}

int sample_store_load(struct sample_store *store, struct samples *samples, struct look *last)
{
	int err = store_open(store);

	if (err)
		return err;
	err = read_samples(store->database, samples);
	if (!err)
		err = read_look(store->database, last);
	if (!err)
		err = read_counters(store->database, last);
	if (!err)
		return 0;
	look_done(last);
	return err == -ENOMEM ? err : store_fail_statement(store);
}

/* ---- write ------------------------------------------------------------------- */

static int put_sample(struct database *database, const struct placed_sample *placed)
{
	static const char put[] = "REPLACE INTO samples VALUES (?, ?, ?, ?, ?)";
	const struct sample *sample = &placed->sample;
	sqlite3_stmt *statement;

	if (database_statement(database, put, &statement))
		return -EIO;
	sqlite3_bind_int(statement, 1, (int)placed->series);
	sqlite3_bind_int64(statement, 2, (int64_t)samples_place(placed->series, sample->start_sec));
	sqlite3_bind_int64(statement, 3, sample->start_sec);
	sqlite3_bind_int64(statement, 4, sample->covered_sec);
	bind_counts(statement, 5, sample->counts);
	return database_run(database, statement);
}

static int put_look(struct database *database, const struct look *look)
{
	static const char put[] = "INSERT INTO look VALUES (?, ?)";
	sqlite3_stmt *statement;

	if (database_statement(database, put, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 1, look->at_sec);
	sqlite3_bind_int64(statement, 2, (int64_t)look->cookie);
	return database_run(database, statement);
}

static int put_counters(struct database *database, const struct look_interface *interface)
{
	static const char put[] = "INSERT INTO counters VALUES (?, ?)";
	sqlite3_stmt *statement;

	if (database_statement(database, put, &statement))
		return -EIO;
	database_bind_text(statement, 1, interface->name);
	bind_counts(statement, 2, interface->counts);
	return database_run(database, statement);
}

static int delete_look(struct database *database)
{
	static const char *const deletes[] = { "DELETE FROM look", "DELETE FROM counters" };
	sqlite3_stmt *statement;

	for (size_t i = 0; i < sizeof(deletes) / sizeof(*deletes); i++)
		if (database_statement(database, deletes[i], &statement) ||
		    database_run(database, statement))
			return -EIO;
	return 0;
}

static int put_all(struct database *database, const struct placed_sample *samples, size_t count,
		   const struct look *last)
{
	int err = database_begin(database);

	for (size_t i = 0; i < count && !err; i++)
		err = put_sample(database, &samples[i]);
	if (!err)
		err = delete_look(database);
	if (!err)
		err = put_look(database, last);
	for (size_t i = 0; i < last->interface_count && !err; i++)
		err = put_counters(database, &last->interfaces[i]);
	return err ? err : database_commit(database);
}

int sample_store_write(struct sample_store *store, const struct placed_sample *samples,
		       size_t count, const struct look *last)
{
	int err = store_open(store);

	if (err)
		return err;
	if (put_all(store->database, samples, count, last))
		return store_fail_statement(store);
	free(store->error);
	store->error = NULL;
	return 0;
}
