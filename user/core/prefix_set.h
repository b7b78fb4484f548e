/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of addresses: what several lists hold together, as prefixes with holes.
 *
 * Prefixes may nest. The most specific one that covers an address says whether the address is
 * in the set.
 */
#ifndef CORE_PREFIX_SET_H
#define CORE_PREFIX_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/policy.h"

struct prefix_node {
	struct prefix prefix;
	bool is_hole;
};

/* Sorted by prefix, each prefix once. Each hole lies directly inside a prefix that is no hole. */
struct prefix_set {
	struct prefix_node *nodes;
	size_t count;
};

/**
 * prefix_set_build() - build the union of lists
 * @ret_set: to be freed with prefix_set_done()
 *
 * Within a list, the most specific entry or exclusion applies; at the same prefix, the
 * exclusion applies. An exclusion is a hole only in its own list. Each entry that applies
 * becomes a node, even if another node covers it.
 *
 * Return: 0 or -ENOMEM.
 */
int prefix_set_build(const struct list *const lists[], size_t list_count,
		     struct prefix_set *ret_set);
void prefix_set_done(struct prefix_set *set);

/**
 * prefix_set_aggregate() - express the same addresses with fewer prefixes
 *
 * Removes covered prefixes and merges neighbouring ones. The same is done with holes. No hole
 * is added.
 *
 * Return: 0; -ENOMEM: the set has not changed.
 */
int prefix_set_aggregate(struct prefix_set *set);

/**
 * prefix_set_split() - express the same addresses without holes and nesting
 * @is_merging: true: adjacent prefixes are merged, which gives the fewest possible prefixes;
 *              false: each prefix stays separate, or becomes the fewest parts that leave out
 *              its holes
 * @ret_flat: to be freed with prefix_set_done()
 *
 * Parts inside ::ffff:0:0/96 are left out, because many programs read them as IPv4.
 *
 * Return: 0 or -ENOMEM.
 */
int prefix_set_split(const struct prefix_set *set, bool is_merging, struct prefix_set *ret_flat);

/**
 * prefix_set_subtract() - find the addresses of one set that another does not hold
 * @from, @what: without holes and nesting, as from prefix_set_split()
 * @ret_rest: without holes and nesting; to be freed with prefix_set_done()
 *
 * Return: 0 or -ENOMEM.
 */
int prefix_set_subtract(const struct prefix_set *from, const struct prefix_set *what,
			struct prefix_set *ret_rest);

/* Find addresses that @set and @prefix share. @set has neither holes nor nesting. @ret_part is
 * all of @prefix, or the first node of @set inside it. Return: whether there are any. */
bool prefix_set_overlap(const struct prefix_set *set, const struct prefix *prefix,
			struct prefix *ret_part);

/* Append a node. @capacity is the number of allocated nodes, and grows as needed. Return: 0 or
 * -ENOMEM. */
int prefix_set_append(struct prefix_set *set, size_t *capacity, const struct prefix_node *node);

#endif
