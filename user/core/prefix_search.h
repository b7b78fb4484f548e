/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search in arrays that are sorted by prefix: entries, rules, nodes. */
#ifndef CORE_PREFIX_SEARCH_H
#define CORE_PREFIX_SEARCH_H

#include "core/prefix.h"

/* An array whose elements each begin with a struct prefix. */
struct prefix_array {
	const void *elements;
	size_t count;
	size_t element_bytes;
};

#define PREFIX_ARRAY(elements, count)                                                              \
	((struct prefix_array) { (elements), (count), sizeof(*(elements)) })

/* Index of the first element that is not before @prefix; count: all are. */
size_t prefix_lower_bound(struct prefix_array array, const struct prefix *prefix);

/* Index of the most specific element that covers @prefix (any, if several are
 * equal); count: none does. */
size_t prefix_find_covering(struct prefix_array array, const struct prefix *prefix);

/* Where the elements inside @range, itself included, begin and end. */
void prefix_inside(struct prefix_array array, const struct prefix *range, size_t *ret_begin,
		   size_t *ret_end);

#endif
