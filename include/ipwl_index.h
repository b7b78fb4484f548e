/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index: all allow and block lists of a policy, merged into intervals of addresses that
 * have the same decision. ipwl_lookup.h contains the lookup.
 *
 * The first 16 bits of an address pick a word of the root. A word is 0 (nothing is listed
 * below it) or tells where the lookup continues: line << IPWL_WORD_COUNT_BITS | count. A word
 * is replaced by one store. The data that it points to is never changed, only added, so a
 * reader finds the old decision or the new one. Lines are numbered across all regions; no
 * block or node crosses a region's end.
 *
 * count 0: a node, 256 words for the next 8 bits.
 * count n: a block of n intervals that do not overlap, in the order of addresses.
 *   With at most 16 bits of the address left (IPv4 always): __u16 first[n], padded
 *   to 8 bytes; struct ipwl_leaf[n]. Bits that are not left are 0 in first, and 1 in
 *   last.
 *   With more bits left, of the next 64: __u64 first[n]; struct ipwl_wide_leaf[n];
 *   n is at most IPWL_WIDE_MAX. A leaf with IPWL_LEAF_CHILD points to a further block or node.
 *   An address between intervals is unlisted.
 *
 * Example: 10.1.0.0/16 with 10.1.2.0/24 in another list is root word 0x0a01, a block
 * of n = 3: first { 0x0000, 0x0200, 0x0300 }, last { 0x01ff, 0x02ff, 0xffff }.
 */
#ifndef IPWL_INDEX_H
#define IPWL_INDEX_H

#include "ipwl.h"

#define IPWL_ROOT_BITS 16
#define IPWL_ROOT_WORDS (1U << IPWL_ROOT_BITS)
#define IPWL_NODE_BITS 8
#define IPWL_NODE_WORDS (1U << IPWL_NODE_BITS)

/* Of a word: 22 bits of line number, 10 of count. */
#define IPWL_WORD_COUNT_BITS 10
#define IPWL_WORD_COUNT_MAX ((1U << IPWL_WORD_COUNT_BITS) - 1)
#define IPWL_LINE_BYTES 64U
/* Of one region, 1 MiB; a mapped array begins at a page, so lines are those of the
 * CPU's caches. */
#define IPWL_REGION_LINES (1U << 14)
#define IPWL_REGIONS_MAX (1U << (32 - IPWL_WORD_COUNT_BITS - 14))
/* Unused space after the lines, so that for the verifier each block that begins in the region
 * also ends in it. */
#define IPWL_REGION_SLACK_BYTES 12288U
#define IPWL_REGION_BYTES (IPWL_REGION_LINES * IPWL_LINE_BYTES + IPWL_REGION_SLACK_BYTES)

#define IPWL_WIDE_MAX 32
/* Intervals of a narrow block that is one line. */
#define IPWL_ONE_LINE_MAX 6
/* Each step takes 8 bits at least of the 112 that the root leaves of an IPv6 address. */
#define IPWL_STEPS_MAX 14

/* The value of `roots`; user space writes it through mmap. By generation and family
 * (IPv4, IPv6). */
struct ipwl_roots {
	__u32 words[IPWL_GENERATIONS][2][IPWL_ROOT_WORDS];
};

/* A filter before a large index: whether anything is listed below the first 24 bits of an IPv4
 * address. Most packets of a flood come from unlisted networks, and 2 MiB stay in a cache that
 * is too small for the index. Bit n % 32 of word n / 32; 0: unlisted. */
#define IPWL_FILTER_BITS 24
#define IPWL_FILTER_WORDS (1U << (IPWL_FILTER_BITS - 5))

/* A leaf's list_flags: the list's slot (in a child: how many bits the way there
 * takes), and above it IPWL_MATCH_* or IPWL_LEAF_CHILD. */
#define IPWL_LEAF_LIST_BITS 10
#define IPWL_LEAF_LIST_MASK ((1U << IPWL_LEAF_LIST_BITS) - 1)
_Static_assert(IPWL_LISTS_MAX == 1U << IPWL_LEAF_LIST_BITS, "slots fit");
#define IPWL_LEAF_CHILD (1U << 3)

/* Who decides in an interval. */
struct ipwl_leaf {
	__u32 rule; /* id, never 0; of a child: its word */
	__u16 list_flags;
	__u16 last; /* of the interval; unused in a wide leaf */
};
_Static_assert(sizeof(struct ipwl_leaf) == 8, "ABI");

struct ipwl_wide_leaf {
	__u64 last; /* of the interval */
	struct ipwl_leaf leaf;
};
_Static_assert(sizeof(struct ipwl_wide_leaf) == 16, "ABI");

/* Where the leaves of a block of @count begin. */
#define IPWL_NARROW_LEAVES(count) ((2 * (count) + 7) & ~7U)
#define IPWL_WIDE_LEAVES(count) (8 * (count))

#endif
