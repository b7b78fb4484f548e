/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exclusions that are overruled: a feed or what is learned has them, but they would take
 * addresses of a protected entry away. They are kept apart from the list's sets, so that
 * whoever looks at those sees only what is in force.
 */
#ifndef CORE_OVERRULE_H
#define CORE_OVERRULE_H

#include "core/policy.h"
#include "core/prefix_search.h"

/* Whether the source is one that nobody has looked at: a feed, what is learned. */
bool source_is_automatic(enum source source);

/* Whether it is an exclusion of an automatic source inside one of @protected. */
bool entry_is_overruled(const struct entry *entry, struct prefix_array protected);

/**
 * list_overrule() - keep the list's exclusions from ending what is protected
 * @list: of a policy that is not numbered yet
 * @protected: prefixes of its protected entries, sorted; there may be none
 *
 * Says anew for each automatic exclusion whether it is in force, so what was overruled
 * before is in force again unless @protected says so still. Return: 0 or -ENOMEM: some
 * are as before.
 */
int list_overrule(struct list *list, struct prefix_array protected);

/* Call @visit for each overruled exclusion that covers @prefix. */
void policy_overruled(const struct policy *policy, const struct prefix *prefix,
		      void (*visit)(const struct list *list, const struct entry *exclusion,
				    void *context),
		      void *context);

#endif
