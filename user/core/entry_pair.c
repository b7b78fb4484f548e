/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks two sets of entries side by side. */
#include "core/entry_pair.h"

static size_t count_of(const struct entry_set *set)
{
	return set ? set->count : 0;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return !prefix_compare(&a->prefix, &b->prefix) && a->is_exclusion == b->is_exclusion;
}

/* Whether the entry at @index is of the same prefix as the one before it. */
static bool continues(const struct entry_set *set, size_t index, const struct prefix *prefix)
{
	return index < set->count && !prefix_compare(&set->entries[index].prefix, prefix);
}

bool entry_pair_skip(struct entry_pair *pair)
{
	const size_t from_count = count_of(pair->from), to_count = count_of(pair->to);
	const size_t left = from_count - pair->from_index < to_count - pair->to_index
				? from_count - pair->from_index
				: to_count - pair->to_index;
	const struct entry *from, *to;
	size_t same = 0;

	if (left) {
		from = &pair->from->entries[pair->from_index];
		to = &pair->to->entries[pair->to_index];
		while (same < left && is_same(&from[same], &to[same]))
			same++;
		/* The rest of a prefix may differ: go back to its first entry. */
		if (same &&
		    (continues(pair->from, pair->from_index + same, &from[same - 1].prefix) ||
		     continues(pair->to, pair->to_index + same, &from[same - 1].prefix))) {
			const struct prefix *prefix = &from[same - 1].prefix;

			while (same && !prefix_compare(&from[same - 1].prefix, prefix))
				same--;
		}
	}
	pair->from_index += same;
	pair->to_index += same;
	return pair->from_index < from_count || pair->to_index < to_count;
}

const struct prefix *entry_pair_prefix(const struct entry_pair *pair)
{
	const struct prefix *from = pair->from_index < count_of(pair->from)
					? &pair->from->entries[pair->from_index].prefix
					: NULL;
	const struct prefix *to =
	    pair->to_index < count_of(pair->to) ? &pair->to->entries[pair->to_index].prefix : NULL;

	return !from || (to && prefix_compare(to, from) < 0) ? to : from;
}
