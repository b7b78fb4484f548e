/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard checks whether a new policy removes too many senders from the allow lists. */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "core/policy.h"

/* Value of `max_removed_entries`: no limit. */
#define GUARD_NO_LIMIT UINT32_MAX
/* If fewer entries are removed, their share is ignored: one of two would already be half. */
#define GUARD_SHARE_ENTRIES_MIN 5
/* But a file, or a list in the configuration, must not lose all of its entries in use, if it has
 * at least this many. */
#define GUARD_EMPTIED_ENTRIES_MIN 2
/* Maximum number of removed entries that a result names. */
#define GUARD_EXAMPLES_MAX 20
/* The time in which deletions by hand are counted. */
#define GUARD_DELETIONS_SEC 60

struct guard_limits {
	uint32_t max_removed_entries; /* a policy that removes more is held */
	uint32_t max_removed_share;   /* percent of the entries in use; 100: no limit */
	/* Allow entries that may be deleted by hand within GUARD_DELETIONS_SEC; the next one is
	 * held. GUARD_NO_LIMIT: any number. */
	uint32_t max_deleted_entries;
};

/* Tells which rules are in use, which means that they have counted packets. */
struct guard_hits {
	bool (*is_hit)(const struct list *list, const struct rule *rule, void *context);
	void *context;
};

struct guard_example {
	const struct list *list;
	const struct entry *entry; /* an entry of the old policy */
	struct prefix lost; /* its prefix, or the first part of it that is no longer allowed */
};

struct guard_result {
	bool is_held;
	size_t in_use_count;  /* allow rules of the old policy that are in use */
	size_t removed_count; /* those of them that the new policy does not allow completely */
	/* The origin that loses all of its entries in use; NULL: none does. Not looked for if the
	 * share has no limit. */
	const char *emptied;
	size_t emptied_count;
	struct guard_example examples[GUARD_EXAMPLES_MAX];
	size_t example_count;
};

/**
 * guard_check() - find senders in use that a new policy no longer allows
 * @from: the policy in force, numbered (rules.h); the result points into it
 * @to: need not be numbered
 * @ports: the mail ports of both configurations
 *
 * Only addresses matter, not the entries that contain them. An entry in use counts as removed
 * if its list allows an address inside it and no allow list of @to does. So an entry with a new
 * exclusion inside it counts as removed. An entry whose addresses other entries still cover
 * does not. All this is checked for each port by the lists that are for it. The result is that of
 * the port with the most removed entries.
 *
 * Return: 0 or -ENOMEM.
 */
int guard_check(const struct policy *from, const struct policy *to, const uint16_t *ports,
		size_t port_count, const struct guard_hits *hits, const struct guard_limits *limits,
		struct guard_result *ret_result);

/**
 * guard_loses() - whether guard_check() would count a removed entry
 * @from, @to, @ports, @hits: as there
 * @ret_loses: false: it would count none; true: it would, or an allow list of @from is gone or
 *             has other ports
 *
 * Takes as long as what changes in allow lists, and not as all of both policies.
 *
 * Return: 0 or -ENOMEM.
 */
int guard_loses(const struct policy *from, const struct policy *to, const uint16_t *ports,
		size_t port_count, const struct guard_hits *hits, bool *ret_loses);

#endif
