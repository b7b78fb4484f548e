/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps of one large value, and the branch-free search in a block. */
#ifndef CANDIDATES_STORAGE_BPF_H
#define CANDIDATES_STORAGE_BPF_H

/* One value, so that an offset in it is all that a lookup computes. */
#define FIRST_LEVEL(name, bits)                                                                    \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(key_size, sizeof(__u32));                                                   \
		__uint(value_size, sizeof(__u32) << (bits));                                       \
	} name SEC(".maps")

struct region {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, REGION_BYTES + REGION_SLACK);
};

#define REGIONS(name)                                                                              \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, REGION_COUNT);                                                 \
		__type(key, __u32);                                                                \
		__array(values, struct region);                                                    \
	} name SEC(".maps")

static __always_inline __u32 first_word(void *map, __u32 at)
{
	__u32 zero = 0;
	__u32 *words = bpf_map_lookup_elem(map, &zero);

	return words ? words[at] : 0;
}

/* The block that begins at a unit of 1 << @unit_shift bytes. */
static __always_inline const void *region_at(void *regions, __u32 unit, int unit_shift)
{
	__u32 key = unit >> (REGION_SHIFT - unit_shift), zero = 0;
	void *region = bpf_map_lookup_elem(regions, &key);
	const char *bytes;

	if (!region)
		return 0;
	bytes = bpf_map_lookup_elem(region, &zero);
	if (!bytes)
		return 0;
	return bytes + ((__u64)(unit & ((REGION_BYTES >> unit_shift) - 1)) << unit_shift);
}

/* All ones where @key <= @x, else 0. The barrier keeps the compiler from making a
 * branch of it, for half of those would be mispredicted. */
static __always_inline __u32 mask_not_above(__u32 key, __u32 x)
{
	__s32 difference = (__s32)(key - x - 1);

	barrier_var(difference);
	return (__u32)(difference >> 31);
}

/*
 * Of @count ascending keys the last that is not above @x, or the first. 1 << @steps
 * keys at most. The count is halved rounding up, so that the verifier sees each
 * bound and no step reads behind the keys.
 */
static __always_inline __u32 search_keys(const __u16 *keys, __u32 count, __u32 x, int steps)
{
	__u32 at = 0;

#pragma unroll
	for (int i = 0; i < steps; i++) {
		__u32 half = count >> 1;

		at += half & mask_not_above(keys[at + half], x);
		count = (count + 1) >> 1;
	}
	return at;
}

#endif
