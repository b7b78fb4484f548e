/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place that chooses a verdict for a mail packet, for XDP, tc and the
 * daemon's `test` alike.
 */
#ifndef IPWL_VERDICT_H
#define IPWL_VERDICT_H

#include "ipwl.h"

/* A decision and the match that made it, which is the one to count. */
struct ipwl_decision {
	enum ipwl_verdict verdict;
	__u32 rule; /* 0: none */
	__u32 list; /* slot; meaningless without a rule */
};

/**
 * ipwl_decide() - the verdict for a source address
 * @allow: longest match among the allow lists, or NULL
 * @block: longest match among the block lists, or NULL
 * @enforce: 0 in monitor mode
 *
 * An allow match beats a block match whatever their lengths. A match with
 * rule 0 is a hole and counts as none.
 */
static inline __attribute__((always_inline)) struct ipwl_decision
ipwl_decide(const struct ipwl_match *allow, const struct ipwl_match *block, __u32 enforce)
{
	struct ipwl_decision decision = { .verdict = IPWL_UNLISTED };
	int is_blocked = block && block->rule;

	if (allow && allow->rule) {
		decision.verdict = is_blocked ? IPWL_AVERTED : IPWL_ALLOW;
		decision.rule = allow->rule;
		decision.list = allow->list;
	} else if (is_blocked) {
		decision.verdict =
		    enforce && !(block->flags & IPWL_MATCH_MONITOR) ? IPWL_BLOCK : IPWL_WOULD_BLOCK;
		decision.rule = block->rule;
		decision.list = block->list;
	}
	return decision;
}

#endif
