/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores the verified reverse names of an address: learn/names.h decides which one counts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/names.h"
#include "store/evidence_internal.h"

static void copy_text(char *copy, size_t bytes, const char *text)
{
	snprintf(copy, bytes, "%s", text ? text : "");
}

static int read_names(struct evidence_store *store, const struct prefix *subject,
		      struct learn_names *names)
{
	static const char query[] = "SELECT name, other, also FROM names WHERE address = ?";
	sqlite3_stmt *row;
	int step;

	*names = (struct learn_names) { 0 };
	if (evidence_statement_of(store, query, subject, &row))
		return -EIO;
	step = database_step(store->side.database, row);
	if (step > 0) {
		copy_text(names->name, sizeof(names->name), database_text(row, 0));
		copy_text(names->other, sizeof(names->other), database_text(row, 1));
		copy_text(names->also, sizeof(names->also), database_text(row, 2));
	}
	database_reset(row);
	return step < 0 ? step : 0;
}

static int put_names(struct evidence_store *store, const struct prefix *subject,
		     const struct learn_names *names)
{
	static const char put[] =
	    "INSERT INTO names (address, name, other, also) VALUES (?, ?, ?, ?) ON CONFLICT "
	    "(address) DO UPDATE SET name = excluded.name, other = excluded.other, also = "
	    "excluded.also";
	sqlite3_stmt *statement;

	if (evidence_statement_of(store, put, subject, &statement))
		return -EIO;
	database_bind_text(statement, 2, names->name);
	database_bind_text(statement, 3, names->other);
	database_bind_text(statement, 4, names->also);
	return database_run(store->side.database, statement);
}

static int compare_times(const void *a, const void *b)
{
	const struct evidence *const *x = a, *const *y = b;

	if ((*x)->at_sec != (*y)->at_sec)
		return (*x)->at_sec < (*y)->at_sec ? -1 : 1;
	return strcmp((*x)->name, (*y)->name);
}

int evidence_note_names(struct evidence_store *store, const struct evidence_item *items,
			size_t count)
{
	const struct evidence **seen = calloc(count ? count : 1, sizeof(const struct evidence *));
	struct learn_names names;
	size_t seen_count = 0;
	bool is_changed = false;
	int err = 0;

	if (!seen)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (*items[i].evidence->name)
			seen[seen_count++] = items[i].evidence;
	if (seen_count) {
		qsort(seen, seen_count, sizeof(const struct evidence *), compare_times);
		err = read_names(store, &items[0].subject, &names);
	}
	for (size_t i = 0; i < seen_count && !err; i++)
		is_changed |= learn_names_see(&names, seen[i]->name);
	if (!err && is_changed)
		err = put_names(store, &items[0].subject, &names);
	free(seen);
	return err;
}
