/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits entries around the exclusions inside them, for formats without exclusions. */
#include <errno.h>
#include <stdlib.h>

#include "core/entry.h"
#include "core/prefix_search.h"

struct flattening {
	struct prefix_array holes; /* sorted */
	const struct prefix *prefixes;
	const struct entry *entry; /* the entry to split */
	struct entry_set *to;
};

/* The right half of a prefix, which must not be a single address. */
static struct prefix right_half(const struct prefix *prefix)
{
	struct prefix half = *prefix;

	half.addr[prefix->len / 8] |= (uint8_t)(0x80 >> prefix->len % 8);
	half.len++;
	return half;
}

/* Add the parts of @prefix outside the holes from @begin up to, but without, @end. */
static int split(struct flattening *flattening, const struct prefix *prefix, size_t begin,
		 size_t end)
{
	struct entry part = *flattening->entry;
	struct prefix left = *prefix, right;
	size_t middle = begin;
	int err;

	if (begin == end) {
		part.prefix = *prefix;
		return entry_set_add(flattening->to, &part);
	}
	if (!prefix_compare(&flattening->prefixes[begin], prefix))
		return 0;
	left.len++;
	right = right_half(prefix);
	while (middle < end && prefix_compare(&flattening->prefixes[middle], &right) < 0)
		middle++;
	err = split(flattening, &left, begin, middle);
	return err ? err : split(flattening, &right, middle, end);
}

static int flatten_entry(struct flattening *flattening, const struct entry *entry)
{
	size_t begin = prefix_lower_bound(flattening->holes, &entry->prefix), end = begin;
	size_t around = prefix_find_covering(flattening->holes, &entry->prefix);

	/* A hole around the entry has no effect, because the entry is more specific. */
	if (around < flattening->holes.count &&
	    !prefix_compare(&flattening->prefixes[around], &entry->prefix))
		return 0;
	while (end < flattening->holes.count &&
	       prefix_contains(&entry->prefix, &flattening->prefixes[end]))
		end++;
	flattening->entry = entry;
	return split(flattening, &entry->prefix, begin, end);
}

static int flatten(const struct entry_set *set, struct entry_set *to)
{
	struct prefix *holes = malloc((set->count + 1) * sizeof(*holes));
	struct flattening flattening = { .prefixes = holes, .to = to };
	size_t count = 0;
	int err = holes ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->count && !err; i++) {
		if (set->entries[i].is_exclusion)
			holes[count++] = set->entries[i].prefix;
	}
	flattening.holes = PREFIX_ARRAY(holes, count);
	for (size_t i = 0; i < set->count && !err; i++) {
		if (!set->entries[i].is_exclusion)
			err = flatten_entry(&flattening, &set->entries[i]);
	}
	free(holes);
	return err;
}

struct entry_set *entry_set_flatten(const struct entry_set *set)
{
	struct entry_set *to = entry_set_new();

	if (!to || flatten(set, to)) {
		entry_set_unref(to);
		return NULL;
	}
	entry_set_finish(to);
	return to;
}
