/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes address space out of a set of entries. */
#ifndef CORE_ENTRY_CUT_H
#define CORE_ENTRY_CUT_H

#include "core/entry.h"
#include "core/prefix_search.h"

/* Whether any entry of a finished set, exclusions apart, has an address of one of @spaces. */
bool entry_set_reaches(const struct entry_set *set, struct prefix_array spaces);

/**
 * entry_set_cut() - the same set without the addresses of @spaces
 * @set: finished
 * @spaces: sorted
 * @ret_count: entries that had some
 *
 * An entry inside a space vanishes; one around it becomes the prefixes around it, with its
 * reason and the rest. Exclusions stay as they are. Return: a finished set, which may be
 * @set with another reference, or NULL: out of memory.
 */
struct entry_set *entry_set_cut(struct entry_set *set, struct prefix_array spaces,
				size_t *ret_count);

#endif
