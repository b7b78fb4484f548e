/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subtracts one set from another. The subtracted prefixes become holes, and the set is split
 * around them. */
#include <errno.h>

#include "core/prefix_set.h"

/* Copy the nodes of @from that @what does not cover. The prefixes of @what inside them become
 * holes. Both sets are walked side by side. */
static int pierce(const struct prefix_set *from, const struct prefix_set *what,
		  struct prefix_set *pierced)
{
	size_t capacity = 0, next = 0;

	for (size_t i = 0; i < from->count; i++) {
		const struct prefix_node *node = &from->nodes[i];

		while (next < what->count &&
		       prefix_compare(&what->nodes[next].prefix, &node->prefix) < 0 &&
		       !prefix_contains(&what->nodes[next].prefix, &node->prefix))
			next++;
		/* It may cover the next node, too. */
		if (next < what->count && prefix_contains(&what->nodes[next].prefix, &node->prefix))
			continue;
		if (prefix_set_append(pierced, &capacity, node))
			return -ENOMEM;
		for (; next < what->count &&
		       prefix_contains(&node->prefix, &what->nodes[next].prefix);
		     next++) {
			const struct prefix_node hole = { what->nodes[next].prefix, true };

			if (prefix_set_append(pierced, &capacity, &hole))
				return -ENOMEM;
		}
	}
	return 0;
}

int prefix_set_subtract(const struct prefix_set *from, const struct prefix_set *what,
			struct prefix_set *ret_rest)
{
	struct prefix_set pierced = { 0 };
	int err = pierce(from, what, &pierced);

	if (!err)
		err = prefix_set_split(&pierced, false, ret_rest);
	prefix_set_done(&pierced);
	return err;
}
