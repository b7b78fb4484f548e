/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only place that chooses a verdict for a mail packet: for XDP, tc, the compiler of the
 * index and the daemon's `test`. */
#ifndef IPWL_VERDICT_H
#define IPWL_VERDICT_H

#include "ipwl.h"
#include "ipwl_limit.h"

/**
 * ipwl_merge() - the one match that decides
 * @allow: longest match among the allow lists, or NULL
 * @block: longest match among the block lists, or NULL
 *
 * An allow match beats a block match whatever their lengths. A match with rule 0 is
 * a hole and counts as none. Return: a match with rule 0 if there is none.
 */
static inline __attribute__((always_inline)) struct ipwl_match
ipwl_merge(const struct ipwl_match *allow, const struct ipwl_match *block)
{
	struct ipwl_match match = { .rule = 0 };
	int is_blocked = block && block->rule;

	if (allow && allow->rule) {
		match.rule = allow->rule;
		match.class = allow->class | (is_blocked ? IPWL_CLASS_SECOND : 0);
	} else if (is_blocked) {
		match = *block;
	}
	return match;
}

/* A decision, and the match that made it and is counted. */
struct ipwl_decision {
	enum ipwl_verdict verdict;
	__u32 rule; /* 0: none */
	/* Meaningless without a rule: */
	__u32 list; /* slot */
	__u32 class;
	enum ipwl_answer answer; /* to a SYN, if the verdict is IPWL_BLOCK */
};

/**
 * ipwl_decide() - the decision by a merged match
 * @class: of the match, or NULL, which is possible only without a rule
 * @enforce: 0 in monitor mode
 */
static inline __attribute__((always_inline)) struct ipwl_decision
ipwl_decide(const struct ipwl_match *match, const struct ipwl_class *class, __u32 enforce)
{
	struct ipwl_decision decision = { .verdict = IPWL_UNLISTED };

	if (!match->rule || !class)
		return decision;
	decision.rule = match->rule;
	decision.list = class->list;
	decision.class = match->class;
	decision.answer = (enum ipwl_answer) class->answer;
	decision.verdict = (enum ipwl_verdict) class->verdict;
	if (decision.verdict == IPWL_BLOCK && !enforce)
		decision.verdict = IPWL_WOULD_BLOCK;
	return decision;
}

/**
 * ipwl_limit_verdict() - the verdict for an unlisted source that is over a limit
 * @limits: enum ipwl_limit_mode
 * @enforce: 0 in monitor mode
 */
static inline __attribute__((always_inline)) enum ipwl_verdict ipwl_limit_verdict(__u32 limits,
										  __u32 enforce)
{
	return limits == IPWL_LIMITS_ENFORCE && enforce ? IPWL_LIMITED : IPWL_WOULD_LIMIT;
}

/* Whether packets with this verdict are dropped. */
static inline __attribute__((always_inline)) int ipwl_drops(enum ipwl_verdict verdict)
{
	return verdict == IPWL_BLOCK || verdict == IPWL_LIMITED;
}

#endif
