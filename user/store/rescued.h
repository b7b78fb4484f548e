/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of the rescue, in state.db: sources that a DNS allow list knows. They belong to the list
 * that `rescue:` names for their zone, so no list is stored. */
#ifndef STORE_RESCUED_H
#define STORE_RESCUED_H

#include "store/manual.h"

struct rescued_entry {
	struct prefix prefix;
	const char *zone;
	const char *why;
	int64_t added_at_sec;
	int64_t expires_at_sec;
};

/* Call @visit for each entry, also expired ones, by the text of the prefix. @visit returns 0 to
 * continue or -errno to stop. Invalid rows are skipped. Return: 0, that -errno, or -EIO. */
int rescued_read(struct state *state,
		 int (*visit)(const struct rescued_entry *entry, void *context), void *context);

/* Add an entry, or replace one of the same prefix, with a record of the batch (manual.h). @list:
 * that has the entry. Return: 0 or -EIO: the transaction is rolled back. */
int rescued_put(struct manual_batch *batch, const char *list, const struct rescued_entry *entry);

/* Delete the entries that expired at @now_sec or before, and commit, if there are any. No other
 * transaction may be open. Return: 0 or -EIO. */
int rescued_expire(struct state *state, int64_t now_sec);

#endif
