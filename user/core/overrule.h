/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Overrules exclusions of feeds and learned lists that would remove addresses of a protected
 * entry. Overruled exclusions are kept apart from the list's sets, so the sets hold only what
 * is in force.
 */
#ifndef CORE_OVERRULE_H
#define CORE_OVERRULE_H

#include "core/policy.h"
#include "core/prefix_search.h"

/* Whether nobody reviews what the source contains: a feed, or what is learned. */
bool source_is_automatic(enum source source);

/* Whether the entry is an exclusion of an automatic source inside one of @protected. */
bool entry_is_overruled(const struct entry *entry, struct prefix_array protected);

/**
 * list_overrule() - overrule exclusions that lie inside protected prefixes
 * @list: of a policy that is not numbered yet
 * @protected: the prefixes of its protected entries, sorted; may be empty
 *
 * Decides again for each automatic exclusion whether it is in force. An overruled exclusion is
 * in force again unless @protected still covers it. Return: 0 or -ENOMEM: some sources are
 * unchanged.
 */
int list_overrule(struct list *list, struct prefix_array protected);

/* Call @visit for each overruled exclusion that covers @prefix. */
void policy_overruled(const struct policy *policy, const struct prefix *prefix,
		      void (*visit)(const struct list *list, const struct entry *exclusion,
				    void *context),
		      void *context);

#endif
