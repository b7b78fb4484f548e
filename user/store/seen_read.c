/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads rows of seen.db, merged with those that wait to be written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/seen_internal.h"

#define COLUMNS                                                                                    \
	"source, slot, verdict, port, first, last, attempts, left_out, list, entry, beaten_list, " \
	"beaten_entry FROM attempts JOIN decisions ON attempts.decision = decisions.id "

/* ---- rows of the database --------------------------------------------------------- */

static bool read_address(sqlite3_stmt *row, int column, struct prefix *ret_address)
{
	const void *key = sqlite3_column_blob(row, column);
	const int bytes = sqlite3_column_bytes(row, column);

	if (!key || (bytes != 4 && bytes != 16))
		return false;
	*ret_address = (struct prefix) { .family = bytes == 4 ? FAMILY_IPV4 : FAMILY_IPV6,
					 .len = (uint8_t)(8 * bytes) };
	memcpy(ret_address->addr, key, (size_t)bytes);
	return true;
}

static void read_match(sqlite3_stmt *row, int column, struct seen_match *ret_match)
{
	const char *list = database_text(row, column);
	const char *entry = database_text(row, column + 1);

	*ret_match = (struct seen_match) { 0 };
	if (list && strlen(list) < sizeof(ret_match->list))
		memcpy(ret_match->list, list, strlen(list) + 1);
	ret_match->has_entry =
	    entry && prefix_parse(entry, strlen(entry), &ret_match->entry, NULL) == PREFIX_OK;
}

/* Return: whether the row is valid. */
static bool read_row(sqlite3_stmt *row, struct seen_row *ret_row)
{
	const int64_t begin_sec = sqlite3_column_int64(row, 1) * SEEN_SLOT_SEC;
	const int64_t verdict = sqlite3_column_int64(row, 2);

	if (verdict < 0 || verdict >= IPWL_VERDICT_COUNT || !read_address(row, 0, &ret_row->source))
		return false;
	ret_row->verdict = (enum ipwl_verdict)verdict;
	ret_row->port = (uint16_t)sqlite3_column_int64(row, 3);
	ret_row->first_sec = begin_sec + sqlite3_column_int64(row, 4);
	ret_row->last_sec = begin_sec + sqlite3_column_int64(row, 5);
	ret_row->attempts = (uint64_t)sqlite3_column_int64(row, 6);
	ret_row->left_out = (uint64_t)sqlite3_column_int64(row, 7);
	read_match(row, 8, &ret_row->decided);
	read_match(row, 10, &ret_row->beaten);
	return true;
}

static int select_rows(struct seen_store *store, const struct seen_filter *filter,
		       sqlite3_stmt **ret_statement)
{
	static const char all[] =
	    "SELECT " COLUMNS "WHERE slot >= ?1 ORDER BY length(source), source, slot, "
	    "first, verdict, port, decision";
	/* The key finds few rows; an index of slots must not be used instead. */
	static const char some[] =
	    "SELECT " COLUMNS "WHERE +slot >= ?1 AND source BETWEEN ?2 AND "
	    "?3 AND length(source) = ?4 ORDER BY source, slot, first, verdict, "
	    "port, decision";

	if (database_statement(store->side.database, filter->has_prefix ? some : all,
			       ret_statement))
		return -EIO;
	sqlite3_bind_int64(*ret_statement, 1, seen_slot_of(filter->since_sec));
	if (filter->has_prefix)
		seen_bind_range(*ret_statement, 2, &filter->prefix);
	return 0;
}

/* ---- rows that wait ---------------------------------------------------------------- */

static int compare_waiting(const void *a, const void *b)
{
	return seen_row_compare(a, b);
}

static bool passes(const struct seen_row *row, const struct seen_filter *filter)
{
	return row->last_sec >= filter->since_sec &&
	       (!filter->has_prefix || prefix_contains(&filter->prefix, &row->source));
}

struct merge {
	struct seen_store *store;
	const struct seen_filter *filter;
	int (*visit)(const struct seen_row *row, void *context);
	void *context;
	size_t next; /* of those that wait */
};

/* Visit those that come before @row; NULL: all. */
static int merge_waiting(struct merge *merge, const struct seen_row *row)
{
	const struct seen_store *store = merge->store;
	int err = 0;

	for (; !err && merge->next < store->waiting_count; merge->next++) {
		const struct seen_row *waiting = &store->waiting[merge->next];

		if (row && seen_row_compare(waiting, row) > 0)
			return 0;
		if (passes(waiting, merge->filter))
			err = merge->visit(waiting, merge->context);
	}
	return err;
}

static int merge_row(struct merge *merge, const struct seen_row *row)
{
	int err = merge_waiting(merge, row);

	return err || !passes(row, merge->filter) ? err : merge->visit(row, merge->context);
}

static int walk_stored(struct merge *merge)
{
	struct database *database = merge->store->side.database;
	struct seen_row row = { 0 };
	sqlite3_stmt *statement;
	int step = 0, err = 0;

	if (select_rows(merge->store, merge->filter, &statement))
		return -EIO;
	while (!err && (step = database_step(database, statement)) > 0)
		if (read_row(statement, &row))
			err = merge_row(merge, &row);
	database_reset(statement);
	return err ? err : step;
}

int seen_walk(struct seen_store *store, const struct seen_filter *filter,
	      int (*visit)(const struct seen_row *row, void *context), void *context)
{
	struct merge merge = {
		.store = store, .filter = filter, .visit = visit, .context = context
	};
	int err = 0;

	qsort(store->waiting, store->waiting_count, sizeof(*store->waiting), compare_waiting);
	if (store->side.database)
		err = walk_stored(&merge);
	return err ? err : merge_waiting(&merge, NULL);
}

/* ---- what was left out ---------------------------------------------------------------- */

void seen_read_left_out(const struct seen_store *store, int64_t since_sec,
			struct seen_left_out *ret_left_out)
{
	struct seen_left_out sum = { .lost = seen_lost_count(store) };
	uint64_t attributed = 0;

	for (size_t i = 0; i < store->slots.count; i++) {
		const struct seen_slot *slot = &store->slots.items[i];

		if (slot->slot < seen_slot_of(since_sec))
			continue;
		sum.source_limit += slot->left_out.source_limit;
		sum.limit += slot->left_out.limit;
		sum.ring_full += slot->left_out.ring_full;
		sum.rows += slot->left_out.rows;
		sum.lost += slot->left_out.lost;
		attributed += slot->attributed;
	}
	sum.source_limit = sum.source_limit > attributed ? sum.source_limit - attributed : 0;
	*ret_left_out = sum;
}
