/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only lookup in the index (ipwl_index.h), for the BPF programs and user space. A file that
 * includes it defines ipwl_region(). */
#ifndef IPWL_LOOKUP_H
#define IPWL_LOOKUP_H

#include "ipwl_index.h"

/* Index lookups work on the bits of an address that are left, from the top of two
 * words on. */
struct ipwl_bits {
	__u64 high, low;
	__u32 left; /* how many */
};

/* Keep a value below a power of 2, in a way that the verifier understands and the compiler does
 * not optimise away. Plain C in user space. */
#ifdef __bpf__
#define IPWL_BOUND(value, mask) asm volatile("%0 &= %1" : "+r"(value) : "i"(mask))
#define IPWL_UNROLL _Pragma("unroll")
/* Keep the compiler from computing with a pointer before the check for NULL: the verifier
 * forbids it (6.1). */
#define IPWL_OPAQUE(pointer) asm volatile("" : "+r"(pointer))
/* Read once a value that user space may change at any time. */
#define IPWL_LOAD(place) (*(const volatile __typeof__(*(place)) *)(place))
#else
#define IPWL_OPAQUE(pointer) ((void)(pointer))
#define IPWL_LOAD(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define IPWL_BOUND(value, mask) ((value) &= (mask))
#define IPWL_UNROLL
#endif

/* The includer's: where a region begins, or NULL. @regions is passed through. */
static inline __attribute__((always_inline)) const char *ipwl_region(const void *regions,
								     __u32 number);

static inline __attribute__((always_inline)) const char *ipwl_line(const void *regions, __u32 word)
{
	__u32 line = word >> IPWL_WORD_COUNT_BITS;
	const char *region = ipwl_region(regions, line / IPWL_REGION_LINES);
	__u32 offset = line % IPWL_REGION_LINES * IPWL_LINE_BYTES;

	if (!region)
		return (const char *)0;
	IPWL_OPAQUE(region);
	return region + offset;
}

/* Whether a <= b, without a branch. */
static inline __attribute__((always_inline)) __u64 ipwl_is_at_most(__u64 a, __u64 b)
{
	return (((~b & a) | ((~b | a) & (b - a))) >> 63) ^ 1;
}

/* The place of the last of @count values that is not above @key, or 0. */
static inline __attribute__((always_inline)) __u32
ipwl_search_narrow(const char *block, __u32 count, __u32 key, int steps)
{
	__u32 at = 0, left = count;

	for (int step = 0; step < steps && left > 1; step++) {
		__u32 half = left >> 1;
		__u32 probe = at + half;
		__u64 first;

		IPWL_BOUND(probe, IPWL_WORD_COUNT_MAX);
		first = *(const __u16 *)(const void *)(block + 2 * probe);
		/* Both are below 2^16: the sign of the difference tells, without a branch
		 * that would be mispredicted half of the time. */
		at += half & (__u32)((first - key - 1) >> 32);
		left -= half;
	}
	IPWL_BOUND(at, IPWL_WORD_COUNT_MAX);
	return at;
}

static inline __attribute__((always_inline)) __u32 ipwl_search_wide(const char *block, __u32 count,
								    __u64 key)
{
	__u32 at = 0, left = count;

	IPWL_UNROLL
	for (int step = 0; step < 5; step++) {
		__u32 half = left >> 1;
		__u32 probe = at + half;

		IPWL_BOUND(probe, IPWL_WIDE_MAX - 1);
		at += half & -(__u32)ipwl_is_at_most(
				 *(const __u64 *)(const void *)(block + 8 * probe), key);
		left -= half;
	}
	IPWL_BOUND(at, IPWL_WIDE_MAX - 1);
	return at;
}

static inline __attribute__((always_inline)) struct ipwl_match
ipwl_leaf_match(const struct ipwl_leaf *leaf)
{
	struct ipwl_match match = {
		.rule = leaf->rule,
		.list = leaf->list_flags & IPWL_LEAF_LIST_MASK,
		.flags = leaf->list_flags >> IPWL_LEAF_LIST_BITS,
	};

	return match;
}

/* In a block for at most 16 bits. */
static inline __attribute__((always_inline)) struct ipwl_match
ipwl_match_narrow(const char *block, __u32 count, __u32 key)
{
	struct ipwl_match none = { .rule = 0 };
	const struct ipwl_leaf *leaf;
	__u32 leaves = IPWL_NARROW_LEAVES(count);
	__u32 at;

	IPWL_BOUND(leaves, 0xff8);
	/* Prefetch the line that probably contains the leaf while the search continues. */
	if (count > IPWL_ONE_LINE_MAX)
		(void)*(const volatile __u32 *)(const void *)(block + leaves + 4 * count);
	at = ipwl_search_narrow(block, count, key, IPWL_WORD_COUNT_BITS);
	leaf = (const void *)(block + leaves + 8 * at);
	if (*(const __u16 *)(const void *)(block + 2 * at) > key || key > leaf->last)
		return none;
	return ipwl_leaf_match(leaf);
}

/**
 * ipwl_match4() - what the index says of an IPv4 address
 * @root: of a generation, for IPv4
 * @filter: of that generation, or NULL
 * @address: host byte order
 *
 * Return: a match with rule 0: unlisted.
 */
static inline __attribute__((always_inline)) struct ipwl_match
ipwl_match4(const __u32 *root, const __u32 *filter, const void *regions, __u32 address)
{
	struct ipwl_match none = { .rule = 0 };
	__u32 net = address >> (32 - IPWL_FILTER_BITS);
	__u32 key = address & 0xffff;
	const char *line;
	__u32 word, count;

	if (filter && !(IPWL_LOAD(&filter[net >> 5]) >> (net & 31) & 1))
		return none;
	word = IPWL_LOAD(&root[address >> 16]);
	if (!word)
		return none;
	line = ipwl_line(regions, word);
	count = word & IPWL_WORD_COUNT_MAX;
	if (line && !count) {
		word = *(const __u32 *)(const void *)(line + 4 * (key >> 8));
		if (!word)
			return none;
		key = key << 8 & 0xffff;
		line = ipwl_line(regions, word);
		count = word & IPWL_WORD_COUNT_MAX;
	}
	return line ? ipwl_match_narrow(line, count, key) : none;
}

static inline __attribute__((always_inline)) void ipwl_take_bits(struct ipwl_bits *bits,
								 __u32 count)
{
	/* A shift by 64 is undefined. */
	IPWL_BOUND(count, 127);
	if (count >= 64) {
		bits->high = bits->low;
		bits->low = 0;
	} else if (count) {
		bits->high = bits->high << count | bits->low >> (64 - count);
		bits->low <<= count;
	}
	bits->left -= count;
}

/* One step from @word on. Return: 1 to go on with *@word; 0: *@ret_match is it. */
static inline __attribute__((always_inline)) int
ipwl_step(const void *regions, __u32 *word, struct ipwl_bits *bits, struct ipwl_match *ret_match)
{
	const struct ipwl_wide_leaf *leaf;
	__u32 count = *word & IPWL_WORD_COUNT_MAX;
	const char *line;
	__u32 at;

	if (!*word)
		return 0;
	line = ipwl_line(regions, *word);
	if (!line)
		return 0;
	if (!count) {
		*word = *(const __u32 *)(const void *)(line + 4 * (bits->high >> 56));
		ipwl_take_bits(bits, IPWL_NODE_BITS);
		return 1;
	}
	if (bits->left <= 16) {
		*ret_match = ipwl_match_narrow(line, count, (__u32)(bits->high >> 48));
		return 0;
	}
	IPWL_BOUND(count, 2 * IPWL_WIDE_MAX - 1);
	at = ipwl_search_wide(line, count, bits->high);
	leaf = (const void *)(line + IPWL_WIDE_LEAVES(count) + 16 * at);
	if (*(const __u64 *)(const void *)(line + 8 * at) > bits->high || bits->high > leaf->last)
		return 0;
	if (leaf->leaf.list_flags & IPWL_LEAF_CHILD << IPWL_LEAF_LIST_BITS) {
		*word = leaf->leaf.rule;
		ipwl_take_bits(bits, leaf->leaf.list_flags & IPWL_LEAF_LIST_MASK);
		return 1;
	}
	*ret_match = ipwl_leaf_match(&leaf->leaf);
	return 0;
}

/**
 * ipwl_match6() - what the index says of an IPv6 address
 * @root: of a generation, for IPv6
 * @high, @low: the address's halves, host byte order
 */
static inline __attribute__((always_inline)) struct ipwl_match
ipwl_match6(const __u32 *root, const void *regions, __u64 high, __u64 low)
{
	struct ipwl_bits bits = { .high = high, .low = low, .left = 128 };
	struct ipwl_match match = { .rule = 0 };
	__u32 word = IPWL_LOAD(&root[high >> 48]);

	ipwl_take_bits(&bits, IPWL_ROOT_BITS);
	for (int step = 0; step < IPWL_STEPS_MAX; step++)
		if (!ipwl_step(regions, &word, &bits, &match))
			break;
	return match;
}

#endif
