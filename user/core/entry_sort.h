/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorts entries. */
#ifndef CORE_ENTRY_SORT_H
#define CORE_ENTRY_SORT_H

#include "core/entry.h"

/* An entry's place before the sort. */
struct entry_key {
	uint64_t head; /* the first bits of its prefix, in order */
	size_t index;
};

/* Sort @entries by prefix; equal ones stay in their order. @keys has room for a key of
 * each. */
void entries_sort(struct entry *entries, struct entry_key *keys, size_t count);

#endif
