/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a row of seen.h: its order, its keys, its decision. */
#include <errno.h>
#include <string.h>

#include "store/seen_internal.h"

static int match_compare(const struct seen_match *a, const struct seen_match *b)
{
	int order = strcmp(a->list, b->list);

	if (!order)
		order = a->has_entry - b->has_entry;
	if (!order && a->has_entry)
		order = prefix_compare(&a->entry, &b->entry);
	return order;
}

int seen_row_compare(const struct seen_row *a, const struct seen_row *b)
{
	int order = prefix_compare(&a->source, &b->source);

	if (!order)
		order = (a->first_sec > b->first_sec) - (a->first_sec < b->first_sec);
	if (!order)
		order = (int)a->verdict - (int)b->verdict;
	if (!order)
		order = (int)a->port - (int)b->port;
	if (!order)
		order = match_compare(&a->decided, &b->decided);
	return order ? order : match_compare(&a->beaten, &b->beaten);
}

static int address_bytes(const struct prefix *address)
{
	return address->family == FAMILY_IPV4 ? 4 : 16;
}

void seen_bind_address(sqlite3_stmt *statement, int index, const struct prefix *address)
{
	sqlite3_bind_blob(statement, index, address->addr, address_bytes(address),
			  SQLITE_TRANSIENT);
}

void seen_bind_range(sqlite3_stmt *statement, int index, const struct prefix *prefix)
{
	struct prefix last = *prefix;

	for (int bit = prefix->len; bit < 8 * address_bytes(prefix); bit++)
		last.addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	seen_bind_address(statement, index, prefix);
	seen_bind_address(statement, index + 1, &last);
	sqlite3_bind_int(statement, index + 2, address_bytes(prefix));
}

/* ---- decisions ---------------------------------------------------------------- */

static void bind_match(sqlite3_stmt *statement, int index, const struct seen_match *match)
{
	database_bind_text(statement, index, match->list);
	if (match->has_entry)
		database_bind_prefix(statement, index + 1, &match->entry);
	else
		database_bind_text(statement, index + 1, "");
}

static int decision_statement(struct database *database, const char *sql,
			      const struct seen_row *row, sqlite3_stmt **ret_statement)
{
	if (database_statement(database, sql, ret_statement))
		return -1;
	bind_match(*ret_statement, 1, &row->decided);
	bind_match(*ret_statement, 3, &row->beaten);
	return 0;
}

int seen_decision_id(struct database *database, const struct seen_row *row, int64_t *ret_id)
{
	static const char query[] = "SELECT id FROM decisions WHERE list = ? AND entry = ? AND "
				    "beaten_list = ? AND beaten_entry = ?";
	static const char insert[] =
	    "INSERT INTO decisions (list, entry, beaten_list, beaten_entry) VALUES (?, ?, ?, ?)";
	sqlite3_stmt *statement;
	int step;

	if (decision_statement(database, query, row, &statement))
		return -EIO;
	step = database_step(database, statement);
	if (step > 0)
		*ret_id = sqlite3_column_int64(statement, 0);
	database_reset(statement);
	if (step)
		return step < 0 ? step : 0;
	if (decision_statement(database, insert, row, &statement) ||
	    database_run(database, statement))
		return -EIO;
	*ret_id = database_last_id(database);
	return 0;
}
