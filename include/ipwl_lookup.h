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
/* Have a line of memory in the cache. */
#define IPWL_TOUCH(place) ((void)*(const volatile __u8 *)(place))
/* Keep the compiler from computing with a pointer before the check for NULL: the verifier
 * forbids it (6.1). */
#define IPWL_OPAQUE(pointer) asm volatile("" : "+r"(pointer))
/* Read once a value that user space may change at any time. */
#define IPWL_LOAD(place) (*(const volatile __typeof__(*(place)) *)(place))
#else
#define IPWL_OPAQUE(pointer) ((void)(pointer))
#define IPWL_LOAD(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define IPWL_BOUND(value, mask) ((value) &= (mask))
#define IPWL_TOUCH(place) ((void)(place))
#endif

/* The includer's: where the region of a slot begins, or NULL. @regions is passed through. */
static inline __attribute__((always_inline)) const char *ipwl_region(const void *regions,
								     __u32 slot);

/* The block or node that a word points to, or NULL. */
static inline __attribute__((always_inline)) const char *ipwl_unit(const void *regions,
								   __u32 generation, __u32 word)
{
	__u32 unit = word >> IPWL_WORD_COUNT_BITS;
	const char *region =
	    ipwl_region(regions, generation * IPWL_REGIONS_MAX + unit / IPWL_REGION_UNITS);
	__u32 offset = unit % IPWL_REGION_UNITS * IPWL_UNIT_BYTES;

	if (!region)
		return (const char *)0;
	IPWL_OPAQUE(region);
	return region + offset;
}

/* The place of what a word points to. */
static inline __attribute__((always_inline)) __u32 ipwl_place_of(__u32 generation, __u32 word)
{
	return IPWL_PLACE(generation, word >> IPWL_WORD_COUNT_BITS);
}

/* The id of a rule, from its place. */
static inline __attribute__((always_inline)) __u32 ipwl_rule_at(const void *regions, __u32 place)
{
	__u32 generation = place >> IPWL_PLACE_BITS & (IPWL_GENERATIONS - 1);
	__u32 word = (place >> 2) << IPWL_WORD_COUNT_BITS;
	const char *unit = ipwl_unit(regions, generation, word);

	return unit ? *(const __u32 *)(const void *)(unit + 4 * (place & 3)) : 0;
}

/* Whether a <= b, without a branch. */
static inline __attribute__((always_inline)) __u64 ipwl_is_at_most(__u64 a, __u64 b)
{
	return (((~b & a) | ((~b | a) & (b - a))) >> 63) ^ 1;
}

/* The last of @count values that is not above @key, or 0. */
static inline __attribute__((always_inline)) __u32
ipwl_search_narrow(const char *firsts, __u32 count, __u32 key, int steps)
{
	__u32 at = 0, left = count;

	for (int step = 0; step < steps && left > 1; step++) {
		__u32 half = left >> 1;
		__u32 probe = at + half;
		__u64 first;

		IPWL_BOUND(probe, IPWL_WORD_COUNT_MAX);
		first = *(const __u16 *)(const void *)(firsts + 2 * probe);
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

	for (int step = 0; step < 6 && left > 1; step++) {
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

/* In a block for at most 16 bits, which is at @place. */
static inline __attribute__((always_inline)) struct ipwl_match
ipwl_match_narrow(const char *block, __u32 place, __u32 count, __u32 key)
{
	struct ipwl_match match = { .rule = 0 };
	const char *firsts = block, *kinds;
	__u32 at, first, kind, length;

	IPWL_BOUND(count, IPWL_WORD_COUNT_MAX);
	if (IPWL_IS_LONG(count)) {
		firsts += 4;
		/* Prefetch the line that probably contains the kind while the search goes on. */
		IPWL_TOUCH(firsts + 2 * count + (count & ~1U));
	}
	kinds = firsts + 2 * count;
	at = ipwl_search_narrow(firsts, count, key, IPWL_WORD_COUNT_BITS);
	first = *(const __u16 *)(const void *)(firsts + 2 * at);
	kind = *(const __u16 *)(const void *)(kinds + 2 * at);
	length = kind >> IPWL_KIND_LENGTH_SHIFT;
	length += length == IPWL_KIND_WHOLE;
	kind &= IPWL_KIND_CLASS_MASK;
	if (first > key || (first ^ key) >> length || kind == IPWL_CLASS_NONE)
		return match;
	match.class = (__u16)kind;
	if (IPWL_IS_LONG(count))
		/* The block tells where, without the flag and the generation. */
		match.rule = (place & ~IPWL_PLACE_MASK) + *(const __u32 *)(const void *)block + at;
	else
		match.rule = *(const __u32 *)(const void *)(kinds + 2 * count + 4 * at);
	return match;
}

/**
 * ipwl_match4() - what the index says of an IPv4 address
 * @root: of @generation, for IPv4
 * @filter: of @generation, or NULL
 * @address: host byte order
 *
 * Return: a match with its rule, or the rule's place, which ipwl_rule_at() reads; with rule 0:
 * unlisted.
 */
static inline __attribute__((always_inline)) struct ipwl_match
ipwl_match4(const __u32 *root, const __u32 *filter, const void *regions, __u32 generation,
	    __u32 address)
{
	struct ipwl_match none = { .rule = 0 };
	__u32 net = address >> (32 - IPWL_FILTER_BITS);
	__u32 key = address & 0xffff;
	const char *unit;
	__u32 word;

	if (filter && !(IPWL_LOAD(&filter[net >> 5]) >> (net & 31) & 1))
		return none;
	word = IPWL_LOAD(&root[address >> 16]);
	if (!word)
		return none;
	unit = ipwl_unit(regions, generation, word);
	/* At most two nodes, for 8 bits each. */
	for (int level = 0; level < 2 && unit && !(word & IPWL_WORD_COUNT_MAX); level++) {
		word = *(const __u32 *)(const void *)(unit + 4 * (key >> 8));
		if (!word)
			return none;
		key = key << 8 & 0xffff;
		unit = ipwl_unit(regions, generation, word);
	}
	return unit ? ipwl_match_narrow(unit, ipwl_place_of(generation, word),
					word & IPWL_WORD_COUNT_MAX, key)
		    : none;
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

/* In a block for more bits. Return: 1 to go on with *@word; 0: *@ret_match is it. */
static inline __attribute__((always_inline)) int ipwl_step_wide(const char *block, __u32 place,
								__u32 count, __u32 *word,
								struct ipwl_bits *bits,
								struct ipwl_match *ret_match)
{
	struct ipwl_wide_kind kind;
	__u32 at, quarter;
	__u64 first;

	IPWL_BOUND(count, 2 * IPWL_WIDE_MAX - 1);
	/* A block can be eight lines. Those that the search and the decision may need are read
	 * at once. */
	quarter = count >> 2;
	IPWL_BOUND(quarter, IPWL_WIDE_MAX / 2 - 1);
	IPWL_TOUCH(block + 8 * quarter);
	IPWL_TOUCH(block + 24 * quarter);
	IPWL_TOUCH(block + IPWL_WIDE_KINDS(count) + 8 * quarter);
	at = ipwl_search_wide(block, count, bits->high);
	first = *(const __u64 *)(const void *)(block + 8 * at);
	kind =
	    *(const struct ipwl_wide_kind *)(const void *)(block + IPWL_WIDE_KINDS(count) + 4 * at);
	/* A shift by 64 is undefined. */
	if (first > bits->high ||
	    (first ^ bits->high) >> (kind.length >> 1) >> (kind.length - (kind.length >> 1)))
		return 0;
	if (kind.child_bits) {
		*word = *(const __u32 *)(const void *)(block + IPWL_WIDE_RULES(count) + 4 * at);
		ipwl_take_bits(bits, kind.child_bits);
		return 1;
	}
	if (kind.class == IPWL_CLASS_NONE)
		return 0;
	ret_match->class = kind.class;
	ret_match->rule = place + IPWL_WIDE_RULES(count) / 4 + at;
	if (!IPWL_IS_LONG(count))
		ret_match->rule =
		    *(const __u32 *)(const void *)(block + IPWL_WIDE_RULES(count) + 4 * at);
	return 0;
}

/* One step from @word on. Return: as ipwl_step_wide(). */
static inline __attribute__((always_inline)) int ipwl_step(const void *regions, __u32 generation,
							   __u32 *word, struct ipwl_bits *bits,
							   struct ipwl_match *ret_match)
{
	__u32 count = *word & IPWL_WORD_COUNT_MAX;
	__u32 place = ipwl_place_of(generation, *word);
	const char *unit;

	if (!*word)
		return 0;
	unit = ipwl_unit(regions, generation, *word);
	if (!unit)
		return 0;
	if (!count) {
		*word = *(const __u32 *)(const void *)(unit + 4 * (bits->high >> 56));
		ipwl_take_bits(bits, IPWL_NODE_BITS);
		return 1;
	}
	if (bits->left > 16)
		return ipwl_step_wide(unit, place, count, word, bits, ret_match);
	*ret_match = ipwl_match_narrow(unit, place, count, (__u32)(bits->high >> 48));
	return 0;
}

/**
 * ipwl_match6() - what the index says of an IPv6 address
 * @root: of @generation, for IPv6
 * @high, @low: the address's halves, host byte order
 *
 * Return: as ipwl_match4().
 */
static inline __attribute__((always_inline)) struct ipwl_match
ipwl_match6(const __u32 *root, const void *regions, __u32 generation, __u64 high, __u64 low)
{
	struct ipwl_bits bits = { .high = high, .low = low, .left = 128 };
	struct ipwl_match match = { .rule = 0 };
	__u32 word = IPWL_LOAD(&root[high >> 48]);

	ipwl_take_bits(&bits, IPWL_ROOT_BITS);
	for (int step = 0; step < IPWL_STEPS_MAX; step++)
		if (!ipwl_step(regions, generation, &word, &bits, &match))
			break;
	return match;
}

#endif
