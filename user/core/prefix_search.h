/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searches arrays that are sorted by prefix: entries, rules, nodes. */
#ifndef CORE_PREFIX_SEARCH_H
#define CORE_PREFIX_SEARCH_H

#include "core/prefix.h"

/* How to read elements that do not lie side by side. */
struct prefix_access {
	const struct prefix *(*at)(const void *elements, size_t index);
	/* The first index from @begin up to @end whose prefix_compare() with @prefix is at least
	 * @least, or @end. */
	size_t (*search)(const void *elements, size_t begin, size_t end,
			 const struct prefix *prefix, int least);
};

/* An array whose elements each begin with a struct prefix. */
struct prefix_array {
	const void *elements;
	size_t count;
	size_t element_bytes;
	const struct prefix_access *access; /* NULL: elements lie side by side */
};

#define PREFIX_ARRAY(elements, count)                                                              \
	((struct prefix_array) { (elements), (count), sizeof(*(elements)), NULL })

/* The index of the first element from @begin up to @end whose prefix_compare() with @prefix is at
 * least @least, or @end. */
size_t prefix_search(struct prefix_array array, size_t begin, size_t end,
		     const struct prefix *prefix, int least);

/* The index of the first element that is not before @prefix, or array.count. */
size_t prefix_lower_bound(struct prefix_array array, const struct prefix *prefix);

/* The index of the most specific element that covers @prefix (any of them, if several are
 * equal), or array.count. */
size_t prefix_find_covering(struct prefix_array array, const struct prefix *prefix);

/* Find the elements inside @range, including @range itself: from *@ret_begin up to, but
 * without, *@ret_end. */
void prefix_inside(struct prefix_array array, const struct prefix *range, size_t *ret_begin,
		   size_t *ret_end);

#endif
