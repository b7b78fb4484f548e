/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the history, the newest record first. */
#ifndef STORE_HISTORY_READ_H
#define STORE_HISTORY_READ_H

#include <stdbool.h>

#include "store/history.h"

struct history_filter {
	bool has_prefix;
	struct prefix prefix;		/* changes of prefixes that cover it or lie inside */
	char list[POLICY_NAME_MAX + 1]; /* changes of this list; "": all */
	int64_t since_sec;		/* records from then on */
	int64_t before_id;		/* records older than this one; 0: all */
	size_t limit;			/* so many records at most */
};

/* Call @visit for each record that has a change that passes the filter, the newest first.
 * It returns 0 or -errno, which ends the walk. Return: 0, that -errno, or -EIO. */
int history_read(struct state *state, const struct history_filter *filter,
		 int (*visit)(const struct history_record *record, void *context), void *context);

/* Find one record. Return: 0, -ENOENT or -EIO. @visit is called for it. */
int history_find(struct state *state, int64_t id,
		 int (*visit)(const struct history_record *record, void *context), void *context);

/* The id of the newest record that a user's change of manual entries made, that is in
 * effect, and that is no undo; 0: there is none. */
int history_last_change(struct state *state, int64_t *ret_id);

/* The id of the newest record with a change of that entry; 0: none. */
int history_last_of(struct state *state, const char *list, const struct prefix *prefix,
		    int64_t *ret_id);

/* Call @visit for each change of a record that passes the filter (NULL: all), in their
 * order. It returns 0 or -errno, which ends the walk. */
int history_read_changes(struct state *state, int64_t id, const struct history_filter *filter,
			 int (*visit)(const struct history_change *change, void *context),
			 void *context);

#endif
