/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of addresses as prefixes. */
#ifndef CORE_PREFIX_RANGE_H
#define CORE_PREFIX_RANGE_H

#include "core/prefix.h"

/* No range needs more: up to two of each length of IPv6 from 1 to 127, and one. */
#define PREFIX_RANGE_MAX 256

/**
 * prefix_range_split() - the fewest prefixes that cover a range and nothing else
 * @first: an address, or a network for its first address
 * @last: of the same family; the range ends with its last address
 *
 * Return: how many there are, in order; 0: the families differ, or @last is before
 * @first.
 */
size_t prefix_range_split(const struct prefix *first, const struct prefix *last,
			  struct prefix ret_prefixes[PREFIX_RANGE_MAX]);

#endif
