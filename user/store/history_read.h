/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the history, beginning with the newest record. */
#ifndef STORE_HISTORY_READ_H
#define STORE_HISTORY_READ_H

#include <stdbool.h>

#include "store/history.h"

struct history_filter {
	bool has_prefix;
	struct prefix prefix;		/* changes of prefixes that cover it or lie inside it */
	char list[POLICY_NAME_MAX + 1]; /* changes of this list; "": all */
	int64_t since_sec;		/* records from this time on */
	int64_t before_id;		/* records older than this one; 0: all */
	size_t limit;			/* maximum number of records */
};

/* Call @visit for each record that matches the filter, the newest first. If the filter names a
 * prefix or a list, the record must have a change that matches both. @visit returns 0 to
 * continue or -errno to stop. Return: 0, that -errno, or -EIO. */
int history_read(struct state *state, const struct history_filter *filter,
		 int (*visit)(const struct history_record *record, void *context), void *context);

/* Call @visit for the record @id. Return: 0, the -errno of @visit, -ENOENT or -EIO. */
int history_find(struct state *state, int64_t id,
		 int (*visit)(const struct history_record *record, void *context), void *context);

/* The id of the newest record that a user could undo: it changed manual entries, is still in
 * effect, and is not an undo itself. 0: there is none. Return: 0 or -EIO. */
int history_last_change(struct state *state, int64_t *ret_id);

/* The id of the newest record with a change of this entry; 0: none. Return: 0 or -EIO. */
int history_last_of(struct state *state, const char *list, const struct prefix *prefix,
		    int64_t *ret_id);

/* Call @visit for each change of a record that matches the filter (NULL: all), in their order.
 * @visit returns 0 to continue or -errno to stop. Return: 0, that -errno, or -EIO. */
int history_read_changes(struct state *state, int64_t id, const struct history_filter *filter,
			 int (*visit)(const struct history_change *change, void *context),
			 void *context);

#endif
