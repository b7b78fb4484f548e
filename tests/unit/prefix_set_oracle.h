/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sets of addresses mean, said as plainly as possible: without the code under test. */
#ifndef UNIT_PREFIX_SET_ORACLE_H
#define UNIT_PREFIX_SET_ORACLE_H

#include "core/prefix_set.h"
#include "lookup_oracle.h"

/* Whether one of the lists holds the address. */
static inline bool oracle_lists_hold(const struct list *const lists[], size_t list_count,
				     const struct prefix *address)
{
	for (size_t i = 0; i < list_count; i++) {
		const struct entry *match = oracle_list_match(lists[i], address);

		if (match && !match->is_exclusion)
			return true;
	}
	return false;
}

/* What the longest node that covers the address says. */
static inline bool oracle_set_holds(const struct prefix_set *set, const struct prefix *address)
{
	const struct prefix_node *best = NULL;

	for (size_t i = 0; i < set->count; i++) {
		const struct prefix_node *node = &set->nodes[i];

		if (oracle_covers(&node->prefix, address) &&
		    (!best || node->prefix.len > best->prefix.len))
			best = node;
	}
	return best && !best->is_hole;
}

/* The node right around nodes[@index], or NULL. */
static inline const struct prefix_node *oracle_outer(const struct prefix_set *set, size_t index)
{
	const struct prefix_node *outer = NULL;

	for (size_t i = 0; i < set->count; i++) {
		const struct prefix_node *node = &set->nodes[i];

		if (i != index && oracle_covers(&node->prefix, &set->nodes[index].prefix) &&
		    (!outer || node->prefix.len > outer->prefix.len))
			outer = node;
	}
	return outer;
}

/* Whether two nodes are the halves of one prefix. */
static inline bool oracle_are_halves(const struct prefix *a, const struct prefix *b)
{
	struct prefix whole = *a;

	if (a->family != b->family || a->len != b->len || !a->len || oracle_equal(a, b))
		return false;
	whole.len--;
	return oracle_covers(&whole, b);
}

#endif
