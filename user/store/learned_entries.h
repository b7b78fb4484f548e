/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Learned entries in force, in state.db. They are here and not in learn.db, so that a lost or
 * damaged learn.db takes nobody off the list, and so that an entry, its record and the kernel's
 * tables change together. They belong to the list that `learn: list:` names, so no list is
 * stored.
 */
#ifndef STORE_LEARNED_ENTRIES_H
#define STORE_LEARNED_ENTRIES_H

#include "store/manual.h"

struct learned_entry {
	struct prefix prefix;
	const char *rule; /* its name */
	const char *why;
	int64_t added_at_sec;
};

/* Call @visit for each entry, by the text of the prefix. @visit returns 0 to continue or -errno
 * to stop. Invalid rows are skipped. Return: 0, that -errno, or -EIO. */
int learned_entries_read(struct state *state,
			 int (*visit)(const struct learned_entry *entry, void *context),
			 void *context);

/* Find the entry of a prefix. @visit is called for it, if there is one. Return: 0, what @visit
 * returned, or -EIO. */
int learned_entry_find(struct state *state, const struct prefix *prefix,
		       int (*visit)(const struct learned_entry *entry, void *context),
		       void *context);

/* Changes of a batch (manual.h), with their records. @list: that has the entries. Return: as the
 * functions there. */
int learned_entry_put(struct manual_batch *batch, const char *list,
		      const struct learned_entry *entry);
int learned_entry_delete(struct manual_batch *batch, const char *list, const struct prefix *prefix);
/* Restore the entry from an earlier @image. NULL: delete it. */
int learned_entry_restore(struct manual_batch *batch, const char *list, const struct prefix *prefix,
			  const char *image);

/* Describe an entry as JSON, with the members added_at, reason and rule. As manual_image(). */
int learned_entry_image(struct state *state, const struct prefix *prefix, char **ret_image);

#endif
