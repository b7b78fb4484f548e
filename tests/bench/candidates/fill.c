/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills tries, interval blocks, compact ones and boundary tables. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "candidates.h"

struct trie_key {
	uint32_t length;
	uint32_t address;
};

static size_t fill_trie(struct bpf_object *object, const char *name,
			const struct networks *networks)
{
	int map = storage_fd(object, name);

	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->items[i];
		struct trie_key key = { network->length, htonl(network->address) };

		if (bpf_map_update_elem(map, &key, &network->rule, 0))
			fail("cannot fill %s: %s", name, strerror(errno));
	}
	return storage_memory(map);
}

size_t fill_tries(struct bpf_object *object, const struct set *set)
{
	return fill_trie(object, "trie_allow", &set->allow) +
	       fill_trie(object, "trie_block", &set->block);
}

/* ---- a block for each chunk of the first level ---------------------------- */

/* The chunk from @base on, and the intervals from @items on that touch it. */
struct chunk {
	uint32_t base, last;
	const struct interval *items;
	size_t count;
};

struct filler {
	const struct set *set;
	struct regions regions;
	int unit_shift;
	/* Of structures that number their intervals: the rule of each place. */
	uint32_t *rules;
	uint32_t place_count;
	/* Return: the chunk's word for the first level. */
	uint32_t (*make)(struct filler *filler, const struct chunk *chunk);
};

static uint32_t in_chunk_first(const struct chunk *chunk, size_t i)
{
	uint32_t first = chunk->items[i].first;

	return first < chunk->base ? 0 : first - chunk->base;
}

static uint32_t in_chunk_last(const struct chunk *chunk, size_t i)
{
	uint32_t last = chunk->items[i].last;

	return (last > chunk->last ? chunk->last : last) - chunk->base;
}

static struct chunk chunk_at(const struct set *set, size_t at, uint32_t base, int bits)
{
	struct chunk chunk = { .base = base, .last = base | UINT32_MAX >> bits };

	at = interval_skip(set, at, base);
	chunk.items = &set->intervals[at];
	while (at + chunk.count < set->interval_count &&
	       chunk.items[chunk.count].first <= chunk.last)
		chunk.count++;
	return chunk;
}

static size_t fill_chunks(struct bpf_object *object, const struct set *set, int bits,
			  const char *first_name, const char *regions_name, struct filler *filler)
{
	size_t size, at = 0;
	uint32_t *first = storage_map(object, first_name, &size);

	filler->set = set;
	regions_open(&filler->regions, object, regions_name);
	for (uint32_t i = 0; i < 1U << bits; i++) {
		struct chunk chunk = chunk_at(set, at, i << (32 - bits), bits);

		at = (size_t)(chunk.items - set->intervals);
		first[i] = chunk.count ? filler->make(filler, &chunk) : 0;
	}
	storage_unmap(first, size);
	return size + regions_close(&filler->regions);
}

static uint32_t take(struct filler *filler, size_t size, size_t count, void **ret_block)
{
	uint32_t unit;

	if (count > COUNT_MAX)
		fail("%zu in one chunk is more than %u", count, COUNT_MAX);
	unit = regions_take(&filler->regions, size, filler->unit_shift, ret_block);
	if (unit >= WORD_DIRECT >> COUNT_BITS)
		fail("no more units");
	return unit << COUNT_BITS | (uint32_t)count;
}

static uint32_t make_block(struct filler *filler, const struct chunk *chunk)
{
	size_t starts_size = (chunk->count * 2 + 7) & ~(size_t)7;
	void *block;
	uint32_t word = take(filler, starts_size + chunk->count * 8, chunk->count, &block);
	uint16_t *starts = block;
	uint64_t *values = (void *)((char *)block + starts_size);

	memset(starts, 0xff, starts_size);
	for (size_t i = 0; i < chunk->count; i++) {
		uint32_t decision = chunk->items[i].decision;
		uint64_t flags = decision >> DECISION_FLAGS_SHIFT;

		starts[i] = (uint16_t)in_chunk_first(chunk, i);
		values[i] = (decision & DECISION_RULE) | flags << 32 |
			    (uint64_t)in_chunk_last(chunk, i) << 48;
	}
	return word;
}

static uint32_t make_pairs(struct filler *filler, const struct chunk *chunk)
{
	void *block;
	uint32_t word = take(filler, chunk->count * 8, chunk->count, &block);
	uint32_t *pairs = block, in_net = chunk->base & 0xffff;

	for (size_t i = 0; i < chunk->count; i++) {
		pairs[i] =
		    (in_net + in_chunk_first(chunk, i)) << 16 | (in_net + in_chunk_last(chunk, i));
		pairs[chunk->count + i] = chunk->items[i].decision;
	}
	return word;
}

static uint32_t make_split(struct filler *filler, const struct chunk *chunk)
{
	size_t at = (size_t)(chunk->items - filler->set->intervals);
	uint32_t words[256] = { 0 };
	void *table;

	if (chunk->count < SPLIT_FROM)
		return make_pairs(filler, chunk);
	for (uint32_t i = 0; i < 256; i++) {
		struct chunk net = chunk_at(filler->set, at, chunk->base | i << 8, 24);

		if (net.count)
			words[i] = make_pairs(filler, &net);
	}
	at = regions_take(&filler->regions, sizeof(words), LINE_SHIFT, &table);
	memcpy(table, words, sizeof(words));
	return WORD_DIRECT | (uint32_t)at;
}

size_t fill_blocks(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .unit_shift = LINE_SHIFT, .make = make_block };

	return fill_chunks(object, set, 16, "blocks_first", "blocks_regions", &filler);
}

size_t fill_pairs(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .unit_shift = LINE_SHIFT, .make = make_pairs };

	return fill_chunks(object, set, 16, "pairs_first", "pairs_regions", &filler);
}

size_t fill_split(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .unit_shift = LINE_SHIFT, .make = make_split };

	return fill_chunks(object, set, 16, "split_first", "split_regions", &filler);
}

/* ---- blocks whose intervals are counted, or numbered ------------------------ */

static uint32_t make_inline(struct filler *filler, const struct chunk *chunk)
{
	size_t starts_size = (chunk->count * 2 + 7) & ~(size_t)7;
	struct counted_value *values;
	uint16_t *starts;
	void *block;
	uint32_t word =
	    take(filler, starts_size + chunk->count * sizeof(*values), chunk->count, &block);

	starts = block;
	values = (void *)((char *)block + starts_size);
	memset(starts, 0xff, starts_size);
	for (size_t i = 0; i < chunk->count; i++) {
		uint32_t decision = chunk->items[i].decision;
		uint64_t flags = decision >> DECISION_FLAGS_SHIFT;

		starts[i] = (uint16_t)in_chunk_first(chunk, i);
		values[i].value = (decision & DECISION_RULE) | flags << 32 |
				  (uint64_t)in_chunk_last(chunk, i) << 48;
	}
	return word;
}

size_t fill_inline(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .unit_shift = LINE_SHIFT, .make = make_inline };

	return fill_chunks(object, set, 16, "inline_first", "inline_regions", &filler);
}

/* The place of the next interval, and note what rule is there. */
static uint32_t add_place(struct filler *filler, uint32_t decision)
{
	if (filler->place_count == 1U << PLACES_SHIFT)
		fail("more than %u intervals", 1U << PLACES_SHIFT);
	filler->rules[filler->place_count] = decision & DECISION_RULE;
	return filler->place_count++;
}

/* Not 0. */
static uint8_t class_of(uint32_t decision)
{
	return (uint8_t)((decision >> DECISION_FLAGS_SHIFT) + 1);
}

static uint32_t make_compact(struct filler *filler, const struct chunk *chunk)
{
	size_t count = chunk->count;
	void *block;
	uint32_t word = take(filler, 4 + count * 5, count, &block);
	uint16_t *starts = (uint16_t *)block + 2, *ends = starts + count;
	uint8_t *classes = (uint8_t *)(ends + count);

	*(uint32_t *)block = filler->place_count;
	for (size_t i = 0; i < count; i++) {
		starts[i] = (uint16_t)in_chunk_first(chunk, i);
		ends[i] = (uint16_t)in_chunk_last(chunk, i);
		classes[i] = class_of(chunk->items[i].decision);
		add_place(filler, chunk->items[i].decision);
	}
	return word;
}

/* The bits in which the smallest aligned range from @first on differs that reaches @last. */
static uint32_t aligned_bits(uint32_t first, uint32_t last)
{
	uint32_t bits = 0;

	while ((first | ((1U << bits) - 1)) < last)
		bits++;
	return bits;
}

/* Of up to twice COUNT_MAX intervals. Return: how many. */
static size_t make_aligned_intervals(struct filler *filler, const struct chunk *chunk,
				     uint32_t *intervals)
{
	size_t count = 0;

	for (size_t i = 0; i < chunk->count; i++) {
		uint32_t first = in_chunk_first(chunk, i), last = in_chunk_last(chunk, i);
		uint32_t decision = chunk->items[i].decision, bits = aligned_bits(first, last);
		uint32_t end = first | ((1U << bits) - 1);
		bool is_followed = i + 1 < chunk->count && in_chunk_first(chunk, i + 1) == last + 1;

		intervals[count++] =
		    first << 16 | (uint32_t)class_of(decision) << ALIGNED_CLASS_SHIFT | bits;
		add_place(filler, decision);
		/* Unlisted from behind the last one, where the aligned range goes on. */
		if (end != last && !is_followed) {
			intervals[count++] = (last + 1) << 16 | 16;
			add_place(filler, 0);
		}
	}
	return count;
}

static uint32_t make_aligned(struct filler *filler, const struct chunk *chunk)
{
	uint32_t intervals[2 * COUNT_MAX], place = filler->place_count, word;
	size_t count;
	void *block;

	if (chunk->count > COUNT_MAX)
		fail("%zu in one chunk is more than %u", chunk->count, COUNT_MAX);
	count = make_aligned_intervals(filler, chunk, intervals);
	word = take(filler, 4 + count * 4, count, &block);
	*(uint32_t *)block = place;
	memcpy((char *)block + 4, intervals, count * 4);
	return word;
}

static size_t fill_places(struct bpf_object *object, const struct set *set, const char *first_name,
			  const char *regions_name, const char *rules_name, struct filler *filler)
{
	size_t size, bytes;

	filler->unit_shift = COMPACT_UNIT_SHIFT;
	filler->rules = storage_map(object, rules_name, &size);
	bytes = fill_chunks(object, set, 16, first_name, regions_name, filler);
	storage_unmap(filler->rules, size);
	return bytes;
}

size_t fill_compact(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .make = make_compact };

	return fill_places(object, set, "compact_first", "compact_regions", "compact_rules",
			   &filler);
}

size_t fill_aligned(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .make = make_aligned };
	size_t bytes =
	    fill_places(object, set, "aligned_first", "aligned_regions", "aligned_rules", &filler);

	/* To count a packet the rule is read. */
	return bytes + filler.place_count * sizeof(uint32_t);
}

/* ---- boundaries ----------------------------------------------------------- */

/* The boundaries of a chunk: where a decision, 0 too, begins. Return: how many. */
static size_t boundaries(const struct chunk *chunk, uint16_t *keys, uint32_t *decisions)
{
	size_t count = 0;
	uint32_t at = 0;

	for (size_t i = 0; i < chunk->count; i++) {
		if (in_chunk_first(chunk, i) > at) {
			keys[count] = (uint16_t)at;
			decisions[count++] = 0;
		}
		keys[count] = (uint16_t)in_chunk_first(chunk, i);
		decisions[count++] = chunk->items[i].decision;
		at = in_chunk_last(chunk, i) + 1;
	}
	if (chunk->base + at - 1 != chunk->last) {
		keys[count] = (uint16_t)at;
		decisions[count++] = 0;
	}
	return count;
}

static uint32_t make_ranges(struct filler *filler, const struct chunk *chunk)
{
	uint16_t keys[2 * COUNT_MAX + 1];
	uint32_t decisions[2 * COUNT_MAX + 1], word;
	size_t count, keys_size;
	void *block;

	if (chunk->count > COUNT_MAX)
		fail("%zu in one chunk is more than %u", chunk->count, COUNT_MAX);
	count = boundaries(chunk, keys, decisions);
	if (count == 1)
		return decisions[0] | WORD_DIRECT;
	keys_size = (count * 2 + 3) & ~(size_t)3;
	word = take(filler, keys_size + count * 4, count, &block);
	memcpy(block, keys, count * 2);
	memcpy((char *)block + keys_size, decisions, count * 4);
	return word;
}

size_t fill_ranges16(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .unit_shift = RANGES16_UNIT_SHIFT, .make = make_ranges };

	return fill_chunks(object, set, 16, "ranges16_first", "ranges16_regions", &filler);
}

size_t fill_ranges18(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .unit_shift = RANGES18_UNIT_SHIFT, .make = make_ranges };

	return fill_chunks(object, set, 18, "ranges18_first", "ranges18_regions", &filler);
}

size_t fill_ranges20(struct bpf_object *object, const struct set *set)
{
	struct filler filler = { .unit_shift = RANGES20_UNIT_SHIFT, .make = make_ranges };

	return fill_chunks(object, set, 20, "ranges20_first", "ranges20_regions", &filler);
}

/* ---- prefilter ------------------------------------------------------------ */

size_t fill_filter(struct bpf_object *object, const struct set *set, int bits)
{
	size_t size;
	uint32_t *words = storage_map(object, bits == 24 ? "filter24" : "filter22", &size);

	for (size_t i = 0; i < set->interval_count; i++) {
		uint32_t last = set->intervals[i].last >> (32 - bits);

		for (uint32_t net = set->intervals[i].first >> (32 - bits); net <= last; net++)
			words[net >> 5] |= 1U << (net & 31);
	}
	storage_unmap(words, size);
	return size;
}
