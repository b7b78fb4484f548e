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
 * count n: a block of n intervals, in the order of addresses. An interval begins at its first
 *   address. It ends with the smallest aligned range of 2^length addresses that contains the
 *   first one, or where the next interval begins. So a prefix needs no last address, also if
 *   others lie inside it. An interval may be unlisted, to end the one before it.
 *   With at most 16 bits of the address left (IPv4 always): __u16 first[n]; __u16 kind[n];
 *   __u32 rule[n]. Bits that are not left are 0 in first. If n is above IPWL_SHORT_MAX, the rules
 *   lie elsewhere, and a __u32 before all else is the place of the first one. So a lookup reads
 *   about 4 bytes an interval, which a cache holds when the rules do not fit.
 *   With more bits left, of the next 64: __u64 first[n]; struct ipwl_wide_kind[n];
 *   __u32 rule[n]; n is at most IPWL_WIDE_MAX. A kind with child_bits has the word of a further
 *   block or node in place of a rule.
 *   An address before the first interval is unlisted.
 *
 * Example: 10.1.0.0/16 with 10.1.2.0/24 in another list is root word 0x0a01, a block
 * of n = 3: first { 0x0000, 0x0200, 0x0300 }, lengths { 16, 8, 16 }.
 *
 * In a block of more than IPWL_SHORT_MAX intervals, a lookup does not read the rule. It tells
 * where the rule is, its place, and whoever counts the packet reads it there, for many packets at
 * once (struct ipwl_pending).
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
/* Of one generation, which has regions of its own. So whether an index has room does not depend
 * on the one before it. */
#define IPWL_REGIONS_MAX (1U << (32 - IPWL_WORD_COUNT_BITS - 16))
#define IPWL_REGION_SLOTS (IPWL_GENERATIONS * IPWL_REGIONS_MAX)
/* Unused space after the units, so that for the verifier each block that begins in the region
 * also ends in it. */
#define IPWL_REGION_SLACK_BYTES 4096U
#define IPWL_REGION_BYTES (IPWL_REGION_UNITS * IPWL_UNIT_BYTES + IPWL_REGION_SLACK_BYTES)

#define IPWL_WIDE_MAX 64
/* Intervals of a narrow block that contains their rules. It is not larger than a line of a
 * cache. */
#define IPWL_SHORT_MAX 8
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

/* The kind of an interval of a narrow block: its class below, and above what `length` is. 15
 * stands for 16, and there is no interval of 15. */
#define IPWL_KIND_LENGTH_SHIFT 12
#define IPWL_KIND_CLASS_MASK ((1U << IPWL_KIND_LENGTH_SHIFT) - 1)
#define IPWL_KIND_WHOLE 15
/* The class of an interval that is unlisted. */
#define IPWL_CLASS_NONE IPWL_KIND_CLASS_MASK
_Static_assert(IPWL_CLASSES_MAX < IPWL_CLASS_NONE, "classes fit");

struct ipwl_wide_kind {
	__u16 class;	 /* number in `classes`; IPWL_CLASS_NONE; of a child: 0 */
	__u8 length;	 /* at most 64 */
	__u8 child_bits; /* 0: no child; otherwise how many bits the way to it takes */
};
_Static_assert(sizeof(struct ipwl_wide_kind) == 4, "ABI");

/* Offsets in a block of @count, and its size. */
#define IPWL_IS_LONG(count) ((count) > IPWL_SHORT_MAX)
#define IPWL_NARROW_FIRSTS(count) (IPWL_IS_LONG(count) ? 4 : 0)
#define IPWL_NARROW_BYTES(count) (IPWL_IS_LONG(count) ? 4 + 4 * (count) : 8 * (count))
#define IPWL_WIDE_KINDS(count) (8 * (count))
#define IPWL_WIDE_RULES(count) (12 * (count))
#define IPWL_WIDE_BYTES(count) (16 * (count))

/* The place of a rule's id: unit * 4 + the number of the __u32 in it, in a generation. It stands
 * in for a rule's id wherever IPWL_PLACE_FLAG is set. */
#define IPWL_PLACE_BITS (32 - IPWL_WORD_COUNT_BITS + 2)
#define IPWL_PLACE_MASK ((1U << IPWL_PLACE_BITS) - 1)
#define IPWL_PLACE_FLAG (1U << 31)
#define IPWL_PLACE(generation, unit)                                                               \
	(IPWL_PLACE_FLAG | (__u32)(generation) << IPWL_PLACE_BITS | (__u32)(unit) << 2)
_Static_assert(IPWL_PLACE_BITS + 1 < 31 && IPWL_GENERATIONS == 2, "a place fits below the flag");

#endif
