/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index: all allow and block lists of a policy, merged into intervals of addresses that
 * have the same decision. ipwl_lookup.h contains the lookup.
 *
 * The first 16 bits of an address pick a word of the root. A word is 0 (nothing is listed
 * below it) or tells where the lookup continues: unit << IPWL_WORD_COUNT_BITS | count. A word
 * is replaced by one store. The data that it points to is never changed, only added, so a
 * reader finds the old decision or the new one. Units are numbered across all regions; no
 * block or node crosses a region's end.
 *
 * count 0: a node, 256 words for the next 8 bits.
 * count n: a block of n intervals that do not overlap, in the order of addresses.
 *   With at most 16 bits of the address left (IPv4 always): __u16 first[n], padded to 4
 *   bytes; struct ipwl_end[n]; __u32 rule[n]. Bits that are not left are 0 in first, and 1 in
 *   last. The search and the decision need only what comes before the rules, so few lines of
 *   a cache hold much of it.
 *   With more bits left, of the next 64: __u64 first[n]; struct ipwl_wide_leaf[n];
 *   n is at most IPWL_WIDE_MAX. A leaf with child_bits points to a further block or node.
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

/* Of a word: 25 bits of unit number, 7 of count. */
#define IPWL_WORD_COUNT_BITS 7
#define IPWL_WORD_COUNT_MAX ((1U << IPWL_WORD_COUNT_BITS) - 1)
#define IPWL_UNIT_BYTES 16U
/* Of one region, 1 MiB. A mapped array begins at a page, so units do not cross lines of the
 * CPU's caches. */
#define IPWL_REGION_UNITS (1U << 16)
#define IPWL_REGIONS_MAX (1U << (32 - IPWL_WORD_COUNT_BITS - 16))
/* Unused space after the units, so that for the verifier each block that begins in the region
 * also ends in it. */
#define IPWL_REGION_SLACK_BYTES 4096U
#define IPWL_REGION_BYTES (IPWL_REGION_UNITS * IPWL_UNIT_BYTES + IPWL_REGION_SLACK_BYTES)

#define IPWL_WIDE_MAX 32
/* Intervals of a narrow block that is one line of a cache. */
#define IPWL_ONE_LINE_MAX 6
/* Each step but the last takes 8 bits at least of the 112 that the root leaves of an IPv6
 * address. */
#define IPWL_STEPS_MAX 15

/* A value of `roots`, by IPWL_ROOT; user space writes it through mmap. By family (IPv4, IPv6). */
struct ipwl_roots {
	__u32 words[2][IPWL_ROOT_WORDS];
};

/* A filter before a large index: whether anything is listed below the first 24 bits of an IPv4
 * address, for any group of ports. Most packets of a flood come from unlisted networks, and 2 MiB
 * stay in a cache that is too small for the index. Bit n % 32 of word n / 32; 0: unlisted. */
#define IPWL_FILTER_BITS 24
#define IPWL_FILTER_WORDS (1U << (IPWL_FILTER_BITS - 5))

/* Where an interval of a narrow block ends, and what it decides. */
struct ipwl_end {
	__u16 last;
	__u16 class; /* number in `classes` */
};
_Static_assert(sizeof(struct ipwl_end) == 4, "ABI");

struct ipwl_wide_leaf {
	__u64 last;	  /* of the interval */
	__u32 rule;	  /* id, never 0; of a child: its word */
	__u16 class;	  /* number in `classes`; of a child: 0 */
	__u16 child_bits; /* 0: no child; otherwise how many bits the way to it takes */
};
_Static_assert(sizeof(struct ipwl_wide_leaf) == 16, "ABI");

/* Offsets in a block of @count, and its size. */
#define IPWL_NARROW_ENDS(count) ((2 * (count) + 3) & ~3U)
#define IPWL_NARROW_RULES(count) (IPWL_NARROW_ENDS(count) + 4 * (count))
#define IPWL_NARROW_BYTES(count) (IPWL_NARROW_RULES(count) + 4 * (count))
#define IPWL_WIDE_LEAVES(count) (8 * (count))
#define IPWL_WIDE_BYTES(count) (24 * (count))

#endif
