/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps protected entries: each of their addresses stays listed, whatever feeds or learned
 * entries exclude. A file or the configuration can exclude it, but the guard holds such a
 * reload until it is accepted. */
#ifndef ENGINE_PROTECTED_H
#define ENGINE_PROTECTED_H

#include "core/policy.h"
#include "store/protections.h"

/* Take what feeds exclude of protected entries out of force (core/overrule.h); @policy has
 * all of its entries and is not numbered. Return: 0 or -ENOMEM. */
int protected_overrule(struct protections *protections, struct policy *policy);

/* The prefixes of a list's protected entries. */
struct protected
{
	struct prefix *prefixes; /* sorted; to be freed */
	size_t count;
};

/* Return: 0 or -ENOMEM. */
int protected_of(struct protections *protections, const struct list *list,
		 struct protected *ret_protected);

/**
 * protected_lost() - the protected entries that a new policy removes, wholly or in part
 * @from: in force
 * @ret_lines: one for each: which addresses, and what excludes them
 *
 * An address counts that the entry's list has in @from and no list of the same action has
 * in @to. Return: 0 or -ENOMEM.
 */
int protected_lost(struct protections *protections, const struct policy *from,
		   const struct policy *to, struct lines *ret_lines);

/* Warn of each protected entry that its list in @policy excludes, whole or in part. Return: 0
 * or -ENOMEM. */
int protected_check(struct protections *protections, const struct policy *policy,
		    struct lines *warnings);

#endif
