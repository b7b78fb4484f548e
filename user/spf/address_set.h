/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of addresses that grow prefix by prefix. They are sorted, without holes and nesting. */
#ifndef SPF_ADDRESS_SET_H
#define SPF_ADDRESS_SET_H

#include "core/prefix_set.h"

struct address_set {
	struct prefix_set set;
	size_t capacity;
};

/* Add a prefix, and drop those inside it. Return: 0 or -ENOMEM. */
int address_set_add(struct address_set *set, const struct prefix *prefix);

/* Find the addresses of @prefix that are not in @set. Free the result with prefix_set_done().
 * Return: 0 or -ENOMEM. */
int address_set_missing(const struct address_set *set, const struct prefix *prefix,
			struct prefix_set *ret_missing);

void address_set_done(struct address_set *set);

#endif
