/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares two snapshots: the changes of settings, lists and entries. */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lines.h"
#include "config/snapshot.h"
#include "core/policy_diff.h"

/* A setting before and after, as text. NULL: it is not set. */
struct setting_change {
	const char *key;
	char *from;
	char *to;
};

struct setting_changes {
	struct setting_change *items;
	size_t count;
};

struct list_change {
	const struct list *list; /* the new list, or the old one if it is gone */
	const char *change;	 /* "added", "removed" or "changed"; NULL: it has not changed */
	const struct list_diff *diff;
	struct setting_changes settings; /* only if both snapshots have the list */
};

struct snapshot_diff {
	bool is_any;	      /* anything differs: an entry, an exclusion, a list or a setting */
	size_t added_count;   /* entries, without exclusions */
	size_t removed_count; /* the same */
	struct setting_changes settings;
	struct list_change *lists; /* in the order of @policy, into which they point */
	struct policy_diff policy;
};

/**
 * snapshot_diff() - compare two snapshots
 * @visit: called as by policy_diff(); may be NULL
 * @ret_diff: points into both snapshots; to be freed with snapshot_diff_done()
 *
 * Return: 0 or -ENOMEM.
 */
int snapshot_diff(const struct snapshot *from, const struct snapshot *to,
		  void (*visit)(const struct list *list, const struct entry *entry, bool is_added,
				void *context),
		  void *context, struct snapshot_diff *ret_diff);
void snapshot_diff_done(struct snapshot_diff *diff);

/* Add a line for each change of settings and lists, like "list drop: mode monitor -> none". */
void snapshot_diff_describe(const struct snapshot_diff *diff, struct lines *lines);

#endif
