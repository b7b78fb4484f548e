/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds up the days of the database for all records at once: one pass over the rows, whatever
 * their number, and no query for each entry. */
#include "store/hits_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/hits_table.h"

struct window {
	struct hits *hits;
	struct hit_counts *counts; /* by index of the record */
};

static int window_add(const struct hits_row *row, void *context)
{
	const struct window *window = context;
	struct hits *hits = window->hits;
	const struct hit_record *record = NULL;

	for (size_t i = 0; i < hits->list_count && !record; i++)
		if (hits->lists[i].action == row->action && !strcmp(hits->lists[i].name, row->list))
			record = hits_find_record(hits, i, &row->prefix);
	if (record)
		hit_counts_add(&window->counts[record - hits->records], &row->total);
	return 0;
}

/* The caller frees *@ret_counts. */
static int window_read(struct hits *hits, int64_t from_day, struct hit_counts **ret_counts)
{
	struct window window = { .hits = hits };
	int err;

	if (!hits->database)
		return -EIO;
	window.counts = calloc(hits->record_count + 1, sizeof(*window.counts));
	if (!window.counts)
		return -ENOMEM;
	for (size_t i = 0; i < hits->record_count; i++)
		window.counts[i] = hits->records[i].pending;
	err = hits_file_sum_all(hits->database, from_day, window_add, &window);
	if (err) {
		free(window.counts);
		return err == -EIO ? hits_fail(hits) : err;
	}
	*ret_counts = window.counts;
	return 0;
}

/* Only the worker changes the records, so it needs no lock to read them. */
int hits_walk(struct hits *hits, int64_t from_day,
	      void (*visit)(const struct hit_usage *usage, void *context), void *context)
{
	struct hit_counts *counts = NULL;
	int err = from_day == INT64_MIN ? 0 : window_read(hits, from_day, &counts);

	if (err)
		return err;
	for (size_t i = 0; i < hits->record_count; i++) {
		const struct hit_record *record = &hits->records[i];
		const struct hit_usage usage = {
			.list = hits->lists[record->list].name,
			.action = hits->lists[record->list].action,
			.prefix = record->prefix,
			.counts = counts ? counts[i] : record->total,
			.last_hit_sec = record->last_hit_sec,
		};

		visit(&usage, context);
	}
	free(counts);
	return 0;
}
