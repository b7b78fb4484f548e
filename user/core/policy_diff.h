/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the lists and entries of two policies. */
#ifndef CORE_POLICY_DIFF_H
#define CORE_POLICY_DIFF_H

#include "core/policy.h"

enum list_part { PART_ENTRIES, PART_EXCLUSIONS, PART_COUNT };

/* A list of one policy or of both. Lists match if name and action are equal. */
struct list_diff {
	const struct list *from; /* NULL: the list is new */
	const struct list *to;	 /* NULL: the list is gone */
	bool is_moved;		 /* among the lists of its action in both policies */
	size_t added[PART_COUNT];
	size_t removed[PART_COUNT];
};

/* All lists of both policies: first those of the new policy in its order, then those that are
 * gone. */
struct policy_diff {
	struct list_diff *lists;
	size_t count;
};

/**
 * policy_diff() - compare the entries of two policies
 * @from, @to: need not be numbered; @ret_diff points into them
 * @visit: called for each entry and exclusion that one policy has more often than the other,
 *         list by list in the order of prefixes; may be NULL
 * @ret_diff: to be freed with policy_diff_done()
 *
 * Entries match if list, prefix and source are equal. File, line and reason make no difference.
 * Return: 0 or -ENOMEM.
 */
int policy_diff(const struct policy *from, const struct policy *to,
		void (*visit)(const struct list *list, const struct entry *entry, bool is_added,
			      void *context),
		void *context, struct policy_diff *ret_diff);
void policy_diff_done(struct policy_diff *diff);

#endif
