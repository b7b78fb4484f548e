/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sets of entries side by side. Most of two successive sets is the same, and is passed by
 * quickly. */
#ifndef CORE_ENTRY_PAIR_H
#define CORE_ENTRY_PAIR_H

#include "core/entry.h"

/* A place in each of two finished sets. Either set may be NULL: it has no entries. */
struct entry_pair {
	const struct entry_set *from, *to;
	size_t from_index, to_index;
};

/**
 * entry_pair_skip() - pass entries that both sets have
 *
 * Both places must be where the walk began, or behind all entries of a prefix. They move on as long
 * as the entries of the next prefix are the same in both sets: as many, and in the same order
 * entries or exclusions. Nothing else is compared. Return: whether either set has more.
 */
bool entry_pair_skip(struct entry_pair *pair);

/* The lesser of the two next prefixes. NULL: both sets are at their end. */
const struct prefix *entry_pair_prefix(const struct entry_pair *pair);

#endif
