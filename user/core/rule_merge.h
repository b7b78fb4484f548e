/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the rules of many lists in the order of their prefixes. */
#ifndef CORE_RULE_MERGE_H
#define CORE_RULE_MERGE_H

#include "core/policy.h"
#include "core/rule_array.h"

/* The rules of a list that are still to come. */
struct rule_run {
	const struct rule *next;
	struct rule_cursor cursor; /* behind @next */
	size_t list;		   /* index in the policy */
};

/* Merges the rules of several lists. At the same prefix, lists come in the order of the policy. */
struct rule_merge {
	struct rule_run *runs; /* a heap with the first rule on top; no run is empty */
	size_t run_count;
	size_t rule_count; /* number of rules at the start */
};

/* Allocate memory for the lists of @policy. Return: 0 or -ENOMEM. */
int rule_merge_init(struct rule_merge *merge, const struct policy *policy);
void rule_merge_done(struct rule_merge *merge);

/* Start to merge the rules of one action inside @range, including @range itself. Only lists that
 * are for @port count; 0: all lists. */
void rule_merge_start(struct rule_merge *merge, const struct policy *policy, enum action action,
		      uint16_t port, const struct prefix *range);

static inline bool rule_merge_is_done(const struct rule_merge *merge)
{
	return merge->run_count == 0;
}

/* The next rule. The merge must not be done. rule_merge_list() is the index of its list. */
static inline const struct rule *rule_merge_first(const struct rule_merge *merge)
{
	return merge->runs[0].next;
}

static inline size_t rule_merge_list(const struct rule_merge *merge)
{
	return merge->runs[0].list;
}

/* Move on to the next rule. */
void rule_merge_next(struct rule_merge *merge);

#endif
