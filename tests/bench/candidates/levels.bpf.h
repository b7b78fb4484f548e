/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of levels: DIR-24-8, and a poptrie behind 18 direct bits. */
#ifndef CANDIDATES_LEVELS_BPF_H
#define CANDIDATES_LEVELS_BPF_H

FIRST_LEVEL(dir24_first, 24);
REGIONS(dir24_regions);

/* A second level is 256 decisions. */
static __always_inline __u32 dir24_lookup(__u32 address)
{
	__u32 word = first_word(&dir24_first, address >> 8);
	const __u32 *second;

	if (!(word & WORD_DIRECT))
		return word;
	second = region_at(&dir24_regions, word & ~WORD_DIRECT, 10);
	return second ? second[address & 0xff] : 0;
}

FIRST_LEVEL(poptrie_first, POPTRIE_DIRECT_BITS);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set by the driver */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct poptrie_node);
} poptrie_nodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set by the driver */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct poptrie_leaves);
} poptrie_leaves SEC(".maps");

/* BPF has no instruction for it. */
static __always_inline __u32 popcount(__u64 bits)
{
	bits -= bits >> 1 & 0x5555555555555555ULL;
	bits = (bits & 0x3333333333333333ULL) + (bits >> 2 & 0x3333333333333333ULL);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (__u32)((bits * 0x0101010101010101ULL) >> 56);
}

static __always_inline __u32 poptrie_lookup(__u32 address)
{
	__u32 word = first_word(&poptrie_first, address >> (32 - POPTRIE_DIRECT_BITS));
	/* The last level has 2 bits: as if there were 4 more. */
	__u64 bits = (__u64)address << 4;

	if (!(word & WORD_DIRECT))
		return word;
	word &= ~WORD_DIRECT;
#pragma unroll
	for (int shift = 12; shift >= 0; shift -= 6) {
		struct poptrie_node *node = bpf_map_lookup_elem(&poptrie_nodes, &word);
		__u32 child = (__u32)(bits >> shift) & 63, pair;
		struct poptrie_leaves *leaves;
		__u64 up_to = ~0ULL >> (63 - child);

		if (!node)
			return 0;
		if (node->children >> child & 1) {
			word = node->first_node + popcount(node->children & up_to) - 1;
			continue;
		}
		word = node->first_leaf + popcount(node->leaves & up_to) - 1;
		pair = word >> 1;
		leaves = bpf_map_lookup_elem(&poptrie_leaves, &pair);
		return leaves ? leaves->of[word & 1] : 0;
	}
	return 0;
}

#endif
