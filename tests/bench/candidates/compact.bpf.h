/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that keep counting away from the lookup, or bring it to the interval:
 * - "inline": an interval's value holds its counters, packed into one word.
 * - "compact": starts, ends and a class (u8). The number of an interval is its place, and is
 *   what is counted.
 * - "aligned": start, class and the length of an aligned range in 4 bytes, as in ipwl's index.
 *   A table tells the rule of a place.
 * The latter two count in batches.
 */
#ifndef CANDIDATES_COMPACT_BPF_H
#define CANDIDATES_COMPACT_BPF_H

FIRST_LEVEL(inline_first, 16);
REGIONS(inline_regions);
FIRST_LEVEL(compact_first, 16);
REGIONS(compact_regions);
FIRST_LEVEL(aligned_first, 16);
REGIONS(aligned_regions);

/* The rule of each place. "compact" reads it only to be checked. */
FIRST_LEVEL(compact_rules, PLACES_SHIFT);
FIRST_LEVEL(aligned_rules, PLACES_SHIFT);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set by the driver */
	__type(key, __u32);
	__type(value, struct total);
} totals SEC(".maps");

/* The places of packets and their sizes. */
struct batch {
	__u32 count;
	__u32 places[BATCH_MAX];
	__u32 bytes[BATCH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct batch);
} batches SEC(".maps");

/* ---- counters in the block ------------------------------------------------ */

static __always_inline __u32 inline_find(__u32 address, int is_counted)
{
	__u32 word = first_word(&inline_first, address >> 16);
	__u32 count = word & COUNT_MAX, x = address & 0xffff, at;
	const __u16 *starts;
	struct counted_value *value;

	if (!word)
		return 0;
	starts = region_at(&inline_regions, word >> COUNT_BITS, LINE_SHIFT);
	if (!starts)
		return 0;
	at = count >= FEW ? search_keys(starts, count, x, COUNT_BITS)
			  : search_loop(starts, count, x);
	at &= COUNT_MAX;
	value = (struct counted_value *)blocks_values(starts, count) + at;
	if (x - starts[at] > (__u32)(value->value >> 48) - starts[at])
		return 0;
	if (is_counted)
		__sync_fetch_and_add(&value->packets_bytes, 1ULL << 40 | FRAME_BYTES);
	return (__u32)value->value | (__u32)(value->value >> 32 & 0x7) << DECISION_FLAGS_SHIFT;
}

/* ---- places --------------------------------------------------------------- */

/* A class, which is not 0, above the place of the interval; 0: unlisted. */
#define FOUND(class, place) ((__u64)(class) << 32 | (place))

/* A block begins with the place of its first interval. */
static __always_inline __u64 compact_find(__u32 address)
{
	__u32 word = first_word(&compact_first, address >> 16);
	__u32 count = word & COUNT_MAX, x = address & 0xffff, at;
	const __u32 *block;
	const __u16 *starts, *ends;

	if (!word)
		return 0;
	block = region_at(&compact_regions, word >> COUNT_BITS, COMPACT_UNIT_SHIFT);
	if (!block)
		return 0;
	starts = (const __u16 *)(block + 1);
	at = count >= FEW ? search_keys(starts, count, x, COUNT_BITS)
			  : search_loop(starts, count, x);
	at &= COUNT_MAX;
	ends = starts + count;
	if (x - starts[at] > (__u32)ends[at] - starts[at])
		return 0;
	return FOUND(((const __u8 *)(ends + count))[at], *block + at);
}

static __always_inline __u64 aligned_find(__u32 address)
{
	__u32 word = first_word(&aligned_first, address >> 16);
	__u32 count = word & COUNT_MAX, x = address & 0xffff, at, interval, start;
	const __u32 *block, *intervals;

	if (!word)
		return 0;
	block = region_at(&aligned_regions, word >> COUNT_BITS, COMPACT_UNIT_SHIFT);
	if (!block)
		return 0;
	intervals = block + 1;
	at = count >= FEW ? search_pairs(intervals, count, x, COUNT_BITS)
			  : search_pairs_loop(intervals, count, x);
	at &= COUNT_MAX;
	interval = intervals[at];
	start = interval >> 16;
	/* Unsigned: below the first start is above any length. */
	if (x - start > (start | ((1U << (interval & ALIGNED_BITS_MASK)) - 1)) - start)
		return 0;
	interval = interval >> ALIGNED_CLASS_SHIFT & ALIGNED_CLASS_MASK;
	return interval ? FOUND(interval, *block + at) : 0;
}

/* ---- batches -------------------------------------------------------------- */

/* Reads that do not depend on each other overlap, so all are read before any is added to. */
__noinline int add_totals(struct batch *batch)
{
	__u32 sum = 0;

	if (!batch)
		return 0;
	for (int i = 0; i < BATCH_MAX; i++) {
		struct total *total = bpf_map_lookup_elem(&totals, &batch->places[i]);

		if (total)
			sum += *(volatile __u32 *)&total->packets;
	}
	last_decision = sum;
	for (int i = 0; i < BATCH_MAX; i++) {
		struct total *total = bpf_map_lookup_elem(&totals, &batch->places[i]);

		if (!total)
			continue;
		__sync_fetch_and_add(&total->packets, 1);
		__sync_fetch_and_add(&total->bytes, batch->bytes[i]);
	}
	return 0;
}

__noinline int find_rules(struct batch *batch)
{
	if (!batch)
		return 0;
	for (int i = 0; i < BATCH_MAX; i++)
		batch->places[i] =
		    first_word(&aligned_rules, batch->places[i] & ((1U << PLACES_SHIFT) - 1));
	return 0;
}

__noinline int add_records(struct batch *batch)
{
	__u32 sum = 0;

	if (!batch)
		return 0;
	find_rules(batch);
	for (int i = 0; i < BATCH_MAX; i++) {
		struct record *record = bpf_map_lookup_elem(&records, &batch->places[i]);

		if (record)
			sum += *(volatile __u32 *)&record->packets;
	}
	last_decision = sum;
	for (int i = 0; i < BATCH_MAX; i++) {
		struct record *record = bpf_map_lookup_elem(&records, &batch->places[i]);

		if (!record)
			continue;
		__sync_fetch_and_add(&record->packets, 1);
		__sync_fetch_and_add(&record->bytes, batch->bytes[i]);
	}
	return 0;
}

static __always_inline int finish_found(__u64 found, int (*add)(struct batch *))
{
	__u32 zero = 0, at;
	struct batch *batch;

	note_time();
	last_decision = (__u32)(found >> 32) + (__u32)found;
	if (!add || !found)
		return XDP_PASS;
	batch = bpf_map_lookup_elem(&batches, &zero);
	if (!batch)
		return XDP_PASS;
	at = batch->count++ % BATCH_MAX;
	batch->places[at] = (__u32)found;
	batch->bytes[at] = FRAME_BYTES;
	if (at == BATCH_MAX - 1)
		add(batch);
	return XDP_PASS;
}

static __always_inline __u32 decision_of(void *rules, __u64 found)
{
	__u32 rule = first_word(rules, (__u32)found & ((1U << PLACES_SHIFT) - 1));

	/* A class is the flags above 1: no interval has none. */
	return found ? rule | ((__u32)(found >> 32) - 1) << DECISION_FLAGS_SHIFT : 0;
}

#define inline_look(address) finish(inline_find(address, 0), 0)
#define inline_count(address) finish(inline_find(address, 1), 0)
#define inline_answer(address) inline_find(address, 0)
#define compact_look(address) finish_found(compact_find(address), 0)
#define compact_count(address) finish_found(compact_find(address), add_totals)
#define compact_answer(address) decision_of(&compact_rules, compact_find(address))
#define aligned_look(address) finish_found(aligned_find(address), 0)
#define aligned_count(address) finish_found(aligned_find(address), add_records)
#define aligned_answer(address) decision_of(&aligned_rules, aligned_find(address))

#endif
