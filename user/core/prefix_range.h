/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts ranges of addresses to prefixes. */
#ifndef CORE_PREFIX_RANGE_H
#define CORE_PREFIX_RANGE_H

#include "core/prefix.h"

/* No range needs more prefixes: up to two of each IPv6 length from 1 to 127, and one more. */
#define PREFIX_RANGE_MAX 256

/**
 * prefix_range_split() - split a range into the fewest prefixes
 * @first: the range begins with the first address of this prefix
 * @last: the range ends with the last address of this prefix; of the same family
 *
 * Return: how many prefixes there are, in order. 0: the families differ, or @last is before
 * @first.
 */
size_t prefix_range_split(const struct prefix *first, const struct prefix *last,
			  struct prefix ret_prefixes[PREFIX_RANGE_MAX]);

#endif
