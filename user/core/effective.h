/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the entry of each list that applies to a prefix, before allow lists take precedence
 * over block lists. */
#ifndef CORE_EFFECTIVE_H
#define CORE_EFFECTIVE_H

#include "core/policy.h"

/**
 * effective_entries() - call @visit for the entry of each list that applies to @prefix
 * @without: an entry to ignore, as if it did not exist; NULL: none
 *
 * Within a list, the most specific entry or exclusion that covers @prefix applies. At the same
 * prefix, an exclusion comes before an entry. @visit is not called for a list if no entry
 * applies. Lists are visited in their order.
 */
void effective_entries(const struct policy *policy, const struct prefix *prefix,
		       const struct entry *without,
		       void (*visit)(const struct list *list, const struct entry *entry,
				     void *context),
		       void *context);

#endif
