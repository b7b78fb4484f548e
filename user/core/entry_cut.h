/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removes address space from a set of entries. */
#ifndef CORE_ENTRY_CUT_H
#define CORE_ENTRY_CUT_H

#include "core/entry.h"
#include "core/prefix_search.h"

/* Whether any entry of a finished set has an address in one of @spaces. Exclusions are ignored. */
bool entry_set_reaches(const struct entry_set *set, struct prefix_array spaces);

/**
 * entry_set_cut() - remove the addresses of @spaces from a set
 * @set: finished
 * @spaces: sorted
 * @ret_count: number of entries that had such addresses
 *
 * An entry inside a space is dropped. An entry around spaces becomes the prefixes around them,
 * each with its reason and other members. Exclusions do not change. Return: a finished set,
 * which may be @set with another reference, or NULL: out of memory.
 */
struct entry_set *entry_set_cut(struct entry_set *set, struct prefix_array spaces,
				size_t *ret_count);

#endif
