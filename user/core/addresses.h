/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses lists hold, whatever entries and exclusions say so. */
#ifndef CORE_ADDRESSES_H
#define CORE_ADDRESSES_H

#include "core/prefix_set.h"

/* Both without holes and nesting (prefix_set_split()), to be freed with prefix_set_done().
 * Return: 0 or -ENOMEM. */
int list_addresses(const struct list *list, struct prefix_set *ret_addresses);
/* What the lists of one action hold together. */
int policy_addresses(const struct policy *policy, enum action action,
		     struct prefix_set *ret_addresses);

#endif
