/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule ids are numbers for (list, prefix). They stay the same from policy to policy, so the
 * kernel's counters keep belonging to their rule.
 */
#ifndef CORE_RULES_H
#define CORE_RULES_H

#include "core/policy.h"

/* Which ids are taken. Ids begin at 1. */
struct rule_ids {
	uint32_t limit;	    /* ids are below it */
	uint32_t next;	    /* ids from here on were never used */
	uint32_t *free_ids; /* a stack of returned ids */
	size_t free_count;
	size_t free_capacity;
};

/* @limit: all ids are below this (IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES). */
void rule_ids_init(struct rule_ids *ids, uint32_t limit);
void rule_ids_done(struct rule_ids *ids);

/* A rule of the old policy that the new one has not. */
struct removed_rule {
	const struct list *list;
	const struct rule *rule;
};

/* The result of rules_number(). The counters of ids in `added` must be zeroed before they
 * count. rules_commit() returns the ids in `removed`. */
struct rules_change {
	uint32_t *added;
	size_t added_count;
	uint32_t *removed;
	struct removed_rule *removed_rules; /* the same ones; they belong to the old policy */
	size_t removed_count;
	/* The new policy decides differently only below these prefixes. */
	struct prefix *changed;
	size_t changed_count;
	/* The lists, their order, their modes or their ports have changed, so `changed` does not
	 * tell everything. */
	bool is_everything;
};
void rules_change_done(struct rules_change *change);

/**
 * rules_number() - build list->rules of each list of @policy
 * @policy: new; its lists have no rules yet
 * @old: the policy in force, or NULL; lists match by name and action
 * @ids: new ids are taken from it at once
 * @ret_change: to be freed with rules_change_done()
 *
 * Return: 0; -ENOMEM; -ENOSPC: there are more rules than ids. On error, the taken ids are
 * returned to @ids, and the caller can only free @policy.
 */
int rules_number(struct policy *policy, const struct policy *old, struct rule_ids *ids,
		 struct rules_change *ret_change);

/* Call this when the new policy is in force. The removed ids may then be used again. -ENOMEM
 * leaves some of them unused, which is harmless. */
int rules_commit(struct rule_ids *ids, const struct rules_change *change);

/* Call this when the new policy is discarded. The added ids may then be used again. -ENOMEM
 * leaves some of them unused, which is harmless. */
int rules_rollback(struct rule_ids *ids, const struct rules_change *change);

#endif
