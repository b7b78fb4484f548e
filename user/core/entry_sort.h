/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorts entries. */
#ifndef CORE_ENTRY_SORT_H
#define CORE_ENTRY_SORT_H

#include "core/entry.h"

/* The sort key of an entry. */
struct entry_key {
	uint64_t head; /* the family and the first bits of its prefix, which sort as prefixes do */
	size_t index;
};

/* Sort @entries by prefix. Entries with the same prefix stay in their order. @keys has room for
 * @count keys. */
void entries_sort(struct entry *entries, struct entry_key *keys, size_t count);

#endif
