/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule ids: numbers for (list, prefix) that stay the same from policy to policy,
 * so that the kernel's counters stay those of their rule.
 */
#ifndef CORE_RULES_H
#define CORE_RULES_H

#include "core/policy.h"

/* Which ids are taken. Ids begin at 1. */
struct rule_ids {
	uint32_t limit;	    /* ids are below it */
	uint32_t next;	    /* ids from here on were never given out */
	uint32_t *free_ids; /* a stack of those given back */
	size_t free_count;
	size_t free_capacity;
};

/* @limit: ids are below it (IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES). */
void rule_ids_init(struct rule_ids *ids, uint32_t limit);
void rule_ids_done(struct rule_ids *ids);

/* What rules_number() changed. Ids in added are to be zeroed before they count;
 * those in removed are given back by rules_commit(). */
struct rules_change {
	uint32_t *added;
	size_t added_count;
	uint32_t *removed;
	size_t removed_count;
	/* Only below these prefixes does the new policy decide otherwise, */
	struct prefix *changed;
	size_t changed_count;
	/* unless the lists themselves, their order or their modes have changed. */
	bool is_everything;
};
void rules_change_done(struct rules_change *change);

/**
 * rules_number() - build list->rules of each list of @policy
 * @policy: new; its lists have no rules yet
 * @old: the policy in force, or NULL; lists are matched by name and action
 * @ids: given ids are taken from it at once
 * @ret_change: to be freed with rules_change_done()
 *
 * Return: 0; -ENOMEM; -ENOSPC: more rules than ids. On error the ids taken are
 * given back and @policy is only to be freed.
 */
int rules_number(struct policy *policy, const struct policy *old, struct rule_ids *ids,
		 struct rules_change *ret_change);

/* The new policy is in force: the removed ids may be given out again. -ENOMEM
 * leaves some of them unused, which is harmless. */
int rules_commit(struct rule_ids *ids, const struct rules_change *change);

/* The new policy is given up: the added ids are free again. */
int rules_rollback(struct rule_ids *ids, const struct rules_change *change);

#endif
