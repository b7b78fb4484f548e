/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interval blocks: for each /16 the listed intervals in it. "blocks" has the starts
 * of all, then values with the ends; "pairs" has start and end of each side by side,
 * then the decisions, so that an unlisted source touches no value.
 */
#ifndef CANDIDATES_BLOCKS_BPF_H
#define CANDIDATES_BLOCKS_BPF_H

#define FEW_STEPS 5
#define FEW (1 << FEW_STEPS)
#define SHORT_STEPS 3
#define SHORT 6

FIRST_LEVEL(blocks_first, 16);
REGIONS(blocks_regions);
FIRST_LEVEL(pairs_first, 16);
REGIONS(pairs_regions);
FIRST_LEVEL(split_first, 16);
REGIONS(split_regions);

/* A bit for each /22 or /24: is anything in it listed? 512 KiB and 2 MiB. */
FIRST_LEVEL(filter22, 17);
FIRST_LEVEL(filter24, 19);

enum blocks_variant { BLOCKS_FIXED, BLOCKS_EARLY, BLOCKS_LOOP, BLOCKS_SHORT, BLOCKS_SWAR };

static __always_inline const char *blocks_values(const void *block, __u32 count)
{
	return (const char *)block + ((count * 2 + 7) & ~7U);
}

/* As search_keys(), with no more steps than the count asks for. */
static __always_inline __u32 search_loop(const __u16 *keys, __u32 count, __u32 x)
{
	__u32 at = 0;

	for (int i = 0; i < FEW_STEPS && count > 1; i++) {
		__u32 half = count >> 1;

		at += half & mask_not_above(keys[at + half], x);
		at &= FEW - 1;
		count = (count + 1) >> 1;
	}
	return at;
}

#define LANES 0x0001000100010001ULL
#define LANES_TOP (LANES << 15)

/* Four keys a word are compared at once; how many are not above @x, less one. */
static __always_inline __u32 search_swar(const __u16 *keys, __u32 count, __u32 x)
{
	const __u64 *words = (const __u64 *)keys;
	__u64 each = x * LANES, sum = 0;
	__u32 found;

#pragma unroll
	for (int i = 0; i < FEW / 4; i++) {
		__u64 word = words[i];
		__u64 low = (each | LANES_TOP) - (word & ~LANES_TOP);
		__u64 not_above = (~word & each) | (~(word ^ each) & low);
		__s64 is_behind = i * 4 - (__s64)count;

		barrier_var(is_behind);
		sum += ((not_above & LANES_TOP) >> 15) & (__u64)(is_behind >> 63);
	}
	found = (__u32)((sum * LANES) >> 48);
	/* Padding is 65535, which is not above 65535. */
	if (found > count)
		found = count;
	return found ? found - 1 : 0;
}

static __always_inline __u32 blocks_answer(const __u16 *starts, __u32 count, __u32 at, __u32 x)
{
	__u64 value = *(const __u64 *)(blocks_values(starts, count) + at * 8);
	__u32 start = starts[at];

	/* Unsigned: below the first start is above any length. */
	if (x - start > (__u32)(value >> 48) - start)
		return 0;
	return (__u32)value | (__u32)(value >> 32 & 0x7) << DECISION_FLAGS_SHIFT;
}

static __always_inline __u32 blocks_find(__u32 address, enum blocks_variant variant)
{
	__u32 word = first_word(&blocks_first, address >> 16);
	__u32 count = word & COUNT_MAX, x = address & 0xffff;
	const __u16 *starts;

	if (!word)
		return 0;
	starts = region_at(&blocks_regions, word >> COUNT_BITS, LINE_SHIFT);
	if (!starts)
		return 0;
	if (count >= FEW)
		return blocks_answer(starts, count, search_keys(starts, count, x, COUNT_BITS), x);
	/* Begins to load the values before it is known which. */
	if (variant == BLOCKS_EARLY)
		*(const volatile __u32 *)(blocks_values(starts, count) + (count >> 1) * 8);
	if (variant == BLOCKS_LOOP)
		return blocks_answer(starts, count, search_loop(starts, count, x), x);
	if (variant == BLOCKS_SWAR)
		return blocks_answer(starts, count, search_swar(starts, count, x), x);
	if (variant == BLOCKS_SHORT && count <= SHORT)
		return blocks_answer(starts, count, search_keys(starts, count, x, SHORT_STEPS), x);
	return blocks_answer(starts, count, search_keys(starts, count, x, FEW_STEPS), x);
}

#define blocks_lookup(address) blocks_find(address, BLOCKS_FIXED)
#define blocks_lookup_early(address) blocks_find(address, BLOCKS_EARLY)
#define blocks_lookup_loop(address) blocks_find(address, BLOCKS_LOOP)
#define blocks_lookup_short(address) blocks_find(address, BLOCKS_SHORT)
#define blocks_lookup_swar(address) blocks_find(address, BLOCKS_SWAR)

static __always_inline int is_listed_near(void *filter, __u32 address, int bits)
{
	__u32 net = address >> (32 - bits);

	return first_word(filter, net >> 5) >> (net & 31) & 1;
}

static __always_inline __u32 blocks_lookup_bitmap(__u32 address)
{
	return is_listed_near(&filter24, address, 24) ? blocks_find(address, BLOCKS_FIXED) : 0;
}

/* As search_keys(); a key is the upper half of a pair. */
static __always_inline __u32 search_pairs(const __u32 *pairs, __u32 count, __u32 x, int steps)
{
	__u32 at = 0;

#pragma unroll
	for (int i = 0; i < steps; i++) {
		__u32 half = count >> 1;

		at += half & mask_not_above(pairs[at + half] >> 16, x);
		count = (count + 1) >> 1;
	}
	return at;
}

static __always_inline __u32 pairs_answer(const __u32 *pairs, __u32 count, __u32 at, __u32 x)
{
	__u32 start = pairs[at] >> 16, end = pairs[at] & 0xffff;

	return x - start > end - start ? 0 : pairs[count + at];
}

/* As search_pairs(), with no more steps than the count asks for. */
static __always_inline __u32 search_pairs_loop(const __u32 *pairs, __u32 count, __u32 x)
{
	__u32 at = 0;

	for (int i = 0; i < FEW_STEPS && count > 1; i++) {
		__u32 half = count >> 1;

		at += half & mask_not_above(pairs[at + half] >> 16, x);
		at &= FEW - 1;
		count = (count + 1) >> 1;
	}
	return at;
}

enum pairs_variant { PAIRS_FIXED, PAIRS_EARLY, PAIRS_LOOP };

static __always_inline __u32 pairs_find(void *regions, __u32 word, __u32 x,
					enum pairs_variant variant)
{
	__u32 count = word & COUNT_MAX;
	const __u32 *pairs;

	if (!word)
		return 0;
	pairs = region_at(regions, word >> COUNT_BITS, LINE_SHIFT);
	if (!pairs)
		return 0;
	if (count >= FEW)
		return pairs_answer(pairs, count, search_pairs(pairs, count, x, COUNT_BITS), x);
	if (variant == PAIRS_EARLY)
		*(const volatile __u32 *)(pairs + count + (count >> 1));
	if (variant == PAIRS_LOOP)
		return pairs_answer(pairs, count, search_pairs_loop(pairs, count, x), x);
	return pairs_answer(pairs, count, search_pairs(pairs, count, x, FEW_STEPS), x);
}

#define PAIRS_LOOKUP(name, variant)                                                                \
	static __always_inline __u32 name(__u32 address)                                           \
	{                                                                                          \
		return pairs_find(&pairs_regions, first_word(&pairs_first, address >> 16),         \
				  address & 0xffff, variant);                                      \
	}

PAIRS_LOOKUP(pairs_lookup, PAIRS_FIXED)
PAIRS_LOOKUP(pairs_lookup_early, PAIRS_EARLY)
PAIRS_LOOKUP(pairs_lookup_loop, PAIRS_LOOP)

static __always_inline __u32 pairs_lookup_bitmap(__u32 address)
{
	return is_listed_near(&filter24, address, 24) ? pairs_lookup_early(address) : 0;
}

static __always_inline __u32 pairs_lookup_bitmap22(__u32 address)
{
	return is_listed_near(&filter22, address, 22) ? pairs_lookup_early(address) : 0;
}

/* A /16 of more intervals than a short search can take has a table of its /24s. */
static __always_inline __u32 split_find(__u32 address, enum pairs_variant variant)
{
	__u32 word = first_word(&split_first, address >> 16);
	const __u32 *table;

	if (word & WORD_DIRECT) {
		table = region_at(&split_regions, word & ~WORD_DIRECT, LINE_SHIFT);
		word = table ? table[address >> 8 & 0xff] : 0;
	}
	return pairs_find(&split_regions, word, address & 0xffff, variant);
}

static __always_inline __u32 split_lookup_bitmap(__u32 address)
{
	return is_listed_near(&filter24, address, 24) ? split_find(address, PAIRS_EARLY) : 0;
}

#define split_lookup(address) split_find(address, PAIRS_FIXED)
#define split_lookup_loop(address) split_find(address, PAIRS_LOOP)

#endif
