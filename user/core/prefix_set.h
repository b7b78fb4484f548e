/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of addresses: what lists hold together, as prefixes and holes in them.
 *
 * Prefixes may nest; the most specific one that covers an address says whether it
 * is in the set.
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

/* Sorted by prefix, each prefix once. No hole lies in another, or outside of all. */
struct prefix_set {
	struct prefix_node *nodes;
	size_t count;
};

/**
 * prefix_set_build() - the union of lists
 * @ret_set: to be freed with prefix_set_done()
 *
 * Within a list the most specific of entries and exclusions holds, at the same prefix
 * the exclusion; an exclusion is a hole in that list alone. Each entry that counts
 * stays a node, also where another covers it.
 *
 * Return: 0 or -ENOMEM.
 */
int prefix_set_build(const struct list *const lists[], size_t list_count,
		     struct prefix_set *ret_set);
void prefix_set_done(struct prefix_set *set);

/**
 * prefix_set_aggregate() - say the same with fewer prefixes
 *
 * Drops what others cover and merges neighbours, of holes too; no hole is added.
 *
 * Return: 0 or -ENOMEM, and the set is as it was.
 */
int prefix_set_aggregate(struct prefix_set *set);

/**
 * prefix_set_split() - say the same without holes and without nesting
 * @is_merging: prefixes that touch become one where they can, which gives the fewest
 *              there are; otherwise each stays by itself, or in the fewest parts that
 *              leave out its holes
 * @ret_flat: to be freed with prefix_set_done()
 *
 * A part inside ::ffff:0:0/96 is left out: in text it would mean IPv4 to many.
 *
 * Return: 0 or -ENOMEM.
 */
int prefix_set_split(const struct prefix_set *set, bool is_merging, struct prefix_set *ret_flat);

/**
 * prefix_set_subtract() - the addresses of one set that another does not hold
 * @from, @what: without holes and nesting, as prefix_set_split() makes them
 * @ret_rest: the same; to be freed with prefix_set_done()
 *
 * Return: 0 or -ENOMEM.
 */
int prefix_set_subtract(const struct prefix_set *from, const struct prefix_set *what,
			struct prefix_set *ret_rest);

/* A prefix of both @set, which has neither holes nor nesting, and @prefix: the whole of
 * @prefix or the first part of it. Return: whether there is one. */
bool prefix_set_overlap(const struct prefix_set *set, const struct prefix *prefix,
			struct prefix *ret_part);

/* Append a node, with @capacity as the room there is. Return: 0 or -ENOMEM. */
int prefix_set_append(struct prefix_set *set, size_t *capacity, const struct prefix_node *node);

#endif
