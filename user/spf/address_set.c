/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adding a prefix costs a search and a move, so records with thousands of terms stay cheap. */
#include "spf/address_set.h"

#include <errno.h>
#include <string.h>

#include "core/prefix_search.h"

int address_set_add(struct address_set *address_set, const struct prefix *prefix)
{
	struct prefix_set *set = &address_set->set;
	const struct prefix_array nodes = PREFIX_ARRAY(set->nodes, set->count);
	const struct prefix_node node = { .prefix = *prefix };
	size_t begin, end;

	if (prefix_find_covering(nodes, prefix) < set->count)
		return 0;
	prefix_inside(nodes, prefix, &begin, &end);
	if (begin == end) {
		if (prefix_set_append(set, &address_set->capacity, &node))
			return -ENOMEM;
		end = begin + 1;
		memmove(set->nodes + end, set->nodes + begin,
			(set->count - end) * sizeof(*set->nodes));
	} else {
		memmove(set->nodes + begin + 1, set->nodes + end,
			(set->count - end) * sizeof(*set->nodes));
		set->count -= end - begin - 1;
	}
	set->nodes[begin] = node;
	return 0;
}

int address_set_missing(const struct address_set *address_set, const struct prefix *prefix,
			struct prefix_set *ret_missing)
{
	const struct prefix_set *set = &address_set->set;
	const struct prefix_array nodes = PREFIX_ARRAY(set->nodes, set->count);
	struct prefix_node node = { .prefix = *prefix };
	const struct prefix_set whole = { &node, 1 };
	struct prefix_set inside = { .count = 0 };
	size_t begin, end;

	if (prefix_find_covering(nodes, prefix) < set->count) {
		*ret_missing = (struct prefix_set) { 0 };
		return 0;
	}
	prefix_inside(nodes, prefix, &begin, &end);
	if (begin < end)
		inside = (struct prefix_set) { set->nodes + begin, end - begin };
	return prefix_set_subtract(&whole, &inside, ret_missing);
}

void address_set_done(struct address_set *address_set)
{
	prefix_set_done(&address_set->set);
	address_set->capacity = 0;
}
