/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Computes which rule decides in each interval of addresses, from the merged allow and block
 * tables. */
#ifndef COMPILE_INTERVAL_H
#define COMPILE_INTERVAL_H

#include "compile/averted.h"
#include "compile/table.h"
#include "ipwl.h"

/* An address of either family. Its first bit is the highest one. The low 96 bits of an IPv4
 * address are 0. */
typedef unsigned __int128 address_bits;

/* Addresses with the same decision. The low 96 bits of an IPv4 address are 1 in @last. */
struct interval {
	address_bits first, last;
	struct ipwl_match match; /* merged (ipwl_verdict.h); its rule is never 0 */
};

/* The first and the last address of a prefix. */
address_bits prefix_first(const struct prefix *prefix);
address_bits prefix_last(const struct prefix *prefix);

/* The match of a node by itself. */
struct ipwl_match match_of_node(const struct node *node);

struct interval_compiler;

/* Create a compiler for @policy (numbered, with slots) and @port (see tables_compile()).
 * @averted numbers classes. Both must outlive it. NULL: out of memory. */
struct interval_compiler *interval_compiler_new(const struct policy *policy, uint16_t port,
						struct averted_classes *averted);
void interval_compiler_free(struct interval_compiler *compiler);

/**
 * interval_compiler_run() - compute the intervals of listed addresses in @range
 * @ret_intervals: in the order of addresses. Neighbours have different decisions or a gap
 *                 between them. They belong to the compiler and are valid until the next run
 *
 * Return: 0 or -ENOMEM.
 */
int interval_compiler_run(struct interval_compiler *compiler, const struct prefix *range,
			  const struct interval **ret_intervals, size_t *ret_count);

#endif
