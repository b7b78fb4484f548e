/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the rules of many lists in the order of their prefixes. */
#ifndef CORE_RULE_MERGE_H
#define CORE_RULE_MERGE_H

#include "core/policy.h"

/* The rules of a list that are not yet walked. */
struct rule_run {
	const struct rule *next;
	const struct rule *end;
	size_t list; /* index in the policy */
};

/* At one prefix the lists come in the order of the policy. */
struct rule_merge {
	struct rule_run *runs; /* a heap, the first rule on top; none is empty */
	size_t run_count;
	size_t rule_count; /* at the start */
};

/* Make room for the lists of @policy. Return: 0 or -ENOMEM. */
int rule_merge_init(struct rule_merge *merge, const struct policy *policy);
void rule_merge_done(struct rule_merge *merge);

/* Start with the rules of one action inside @range, itself included. */
void rule_merge_start(struct rule_merge *merge, const struct policy *policy, enum action action,
		      const struct prefix *range);

static inline bool rule_merge_is_done(const struct rule_merge *merge)
{
	return merge->run_count == 0;
}

/* The rule to take next, and the index of its list; not when the merge is done. */
static inline const struct rule *rule_merge_first(const struct rule_merge *merge)
{
	return merge->runs[0].next;
}

static inline size_t rule_merge_list(const struct rule_merge *merge)
{
	return merge->runs[0].list;
}

/* Take the first rule. */
void rule_merge_next(struct rule_merge *merge);

#endif
