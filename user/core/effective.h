/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each list by itself says of a prefix, before allow lists beat block lists. */
#ifndef CORE_EFFECTIVE_H
#define CORE_EFFECTIVE_H

#include "core/policy.h"

/**
 * effective_entries() - call @visit for the entry that speaks for each list
 * @without: an entry that is looked at as if it were not there; NULL: none
 *
 * Within a list the most specific of what covers @prefix holds, an exclusion before an
 * entry of its prefix; a list that has none, or excludes it, does not speak. Lists come in
 * their order.
 */
void effective_entries(const struct policy *policy, const struct prefix *prefix,
		       const struct entry *without,
		       void (*visit)(const struct list *list, const struct entry *entry,
				     void *context),
		       void *context);

#endif
