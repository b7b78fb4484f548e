/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who decides in which interval of addresses: allow and block tables merged. */
#ifndef COMPILE_INTERVAL_H
#define COMPILE_INTERVAL_H

#include "compile/table.h"
#include "ipwl.h"

/* An address of either family, its first bit the highest; IPv4 leaves the rest 0. */
typedef unsigned __int128 address_bits;

/* Addresses that decide alike. In @last all bits behind those of an IPv4 address are 1. */
struct interval {
	address_bits first, last;
	struct ipwl_match match; /* merged (ipwl_verdict.h); its rule is never 0 */
};

/* The first and the last address of a prefix. */
address_bits prefix_first(const struct prefix *prefix);
address_bits prefix_last(const struct prefix *prefix);

struct interval_compiler;

/* For @policy (numbered, with slots), which must outlive it. NULL: out of memory. */
struct interval_compiler *interval_compiler_new(const struct policy *policy);
void interval_compiler_free(struct interval_compiler *compiler);

/**
 * interval_compiler_run() - the intervals of listed addresses in @range
 * @ret_intervals: in the order of addresses; neighbours differ in what decides or have
 *                 a gap between them. Belong to the compiler, valid until the next run
 *
 * Return: 0 or -ENOMEM.
 */
int interval_compiler_run(struct interval_compiler *compiler, const struct prefix *range,
			  const struct interval **ret_intervals, size_t *ret_count);

#endif
