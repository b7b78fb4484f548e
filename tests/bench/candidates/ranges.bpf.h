/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boundary tables, as DXR has them: a first level of 16, 18 or 20 bits, then for each
 * chunk the boundaries where the decision changes, and the decisions behind them.
 */
#ifndef CANDIDATES_RANGES_BPF_H
#define CANDIDATES_RANGES_BPF_H

#define RANGES_FEW_STEPS 6

FIRST_LEVEL(ranges16_first, 16);
REGIONS(ranges16_regions);
FIRST_LEVEL(ranges18_first, 18);
REGIONS(ranges18_regions);
FIRST_LEVEL(ranges20_first, 20);
REGIONS(ranges20_regions);

static __always_inline __u32 ranges_decision(const __u16 *keys, __u32 count, __u32 at)
{
	return *(const __u32 *)((const char *)keys + ((count * 2 + 3) & ~3U) + at * 4);
}

static __always_inline __u32 ranges_find(void *regions, __u32 word, __u32 x, int unit_shift)
{
	__u32 count = word & COUNT_MAX;
	const __u16 *keys;

	if (word & WORD_DIRECT || !word)
		return word & ~WORD_DIRECT;
	keys = region_at(regions, word >> COUNT_BITS, unit_shift);
	if (!keys)
		return 0;
	if (count < 1 << RANGES_FEW_STEPS)
		return ranges_decision(keys, count, search_keys(keys, count, x, RANGES_FEW_STEPS));
	return ranges_decision(keys, count, search_keys(keys, count, x, COUNT_BITS));
}

#define RANGES_LOOKUP(bits)                                                                        \
	static __always_inline __u32 ranges##bits##_lookup(__u32 address)                          \
	{                                                                                          \
		return ranges_find(&ranges##bits##_regions,                                        \
				   first_word(&ranges##bits##_first, address >> (32 - (bits))),    \
				   address & ((1U << (32 - (bits))) - 1),                          \
				   RANGES##bits##_UNIT_SHIFT);                                     \
	}

RANGES_LOOKUP(16)
RANGES_LOOKUP(18)
RANGES_LOOKUP(20)

#endif
