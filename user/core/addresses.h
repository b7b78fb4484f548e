/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Computes the addresses that lists hold, from all their entries and exclusions. */
#ifndef CORE_ADDRESSES_H
#define CORE_ADDRESSES_H

#include "core/prefix_set.h"

/* Compute the addresses of one list. The result has neither holes nor nesting
 * (prefix_set_split()); free it with prefix_set_done(). Return: 0 or -ENOMEM. */
int list_addresses(const struct list *list, struct prefix_set *ret_addresses);
/* The same for all lists of one action that are for @port together; 0: of all lists. */
int policy_addresses(const struct policy *policy, enum action action, uint16_t port,
		     struct prefix_set *ret_addresses);

#endif
