/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard: whether a new policy takes too many senders out of the allow lists. */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "core/policy.h"

/* For `max_removed_entries`: no number of entries is too many. */
#define GUARD_NO_LIMIT UINT32_MAX
/* Below as many, a share says little: one of two is half of them. */
#define GUARD_SHARE_ENTRIES_MIN 5
/* Removed entries that a result names. */
#define GUARD_EXAMPLES_MAX 20

struct guard_limits {
	uint32_t max_removed_entries; /* more than these are held */
	uint32_t max_removed_share;   /* in percent of those in use; 100: no limit */
};

/* Which rules are in use: have counted packets. */
struct guard_hits {
	bool (*is_hit)(const struct list *list, const struct rule *rule, void *context);
	void *context;
};

struct guard_example {
	const struct list *list;
	const struct entry *entry; /* of the old policy */
	struct prefix lost;	   /* the whole of it, or the first part that is not allowed */
};

struct guard_result {
	bool is_held;
	size_t in_use_count;  /* allow rules of the old policy that are in use */
	size_t removed_count; /* of them, those of which it does not allow each address */
	struct guard_example examples[GUARD_EXAMPLES_MAX];
	size_t example_count;
};

/**
 * guard_check() - look for senders in use that a new policy does not allow any more
 * @from: the policy in force, numbered (rules.h); the result points into it
 * @to: need not be numbered
 *
 * Which entries there are does not matter, only which addresses are allowed: an entry in
 * use counts as removed if its list allows any address inside it and no list of @to does.
 * A hole that an exclusion makes counts, a prefix that other entries make up does not.
 *
 * Return: 0 or -ENOMEM.
 */
int guard_check(const struct policy *from, const struct policy *to, const struct guard_hits *hits,
		const struct guard_limits *limits, struct guard_result *ret_result);

#endif
