/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the index: makes blocks and nodes from the intervals below a root slot, top-down. The
 * builder never reads what it wrote for the kernel.
 */
#include "compile/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The intervals below a prefix of an address. The first and the last interval may extend beyond
 * it. */
struct span {
	const struct interval *items;
	size_t count;
	address_bits first, last; /* addresses below the prefix */
	uint32_t depth;		  /* length of the prefix */
};

/* The most bytes of a block with one interval. */
#define SINGLE_BYTES_MAX IPWL_WIDE_BYTES(1)

/* The last block with one interval. Below a wide prefix, all slots share the same block. */
struct single {
	unsigned char block[SINGLE_BYTES_MAX];
	size_t bytes;
	uint32_t word; /* 0: none yet */
};

struct index_builder {
	struct interval_compiler *intervals;
	struct interval_compiler *first; /* of the first port, or NULL */
	struct index_space *space;
	uint32_t split_above;
	uint32_t address_len; /* 32 or 128 */
	struct single single;
};

static uint32_t word_of(uint32_t unit, size_t count)
{
	return unit << IPWL_WORD_COUNT_BITS | (uint32_t)count;
}

/* ---- spans --------------------------------------------------------------- */

static address_bits first_of(const struct span *span, size_t i)
{
	return span->items[i].first > span->first ? span->items[i].first : span->first;
}

static address_bits last_of(const struct span *span, size_t i)
{
	return span->items[i].last < span->last ? span->items[i].last : span->last;
}

/* Return the part of @span at @first, whose prefix is @bits longer. *@skip counts intervals
 * that end before it; it grows if parts are requested in ascending order. */
static struct span part_of(const struct span *span, uint32_t bits, address_bits first, size_t *skip)
{
	struct span part = {
		.depth = span->depth + bits,
		.first = first,
	};
	size_t end;

	part.last = first | (part.depth < 128 ? ~(address_bits)0 >> part.depth : 0);
	while (*skip < span->count && span->items[*skip].last < first)
		++*skip;
	end = *skip;
	while (end < span->count && span->items[end].first <= part.last)
		end++;
	part.count = end - *skip;
	if (part.count)
		part.items = &span->items[*skip];
	return part;
}

/* The 64 bits after the span's prefix. If fewer bits remain, they are filled with 0 in a first
 * address and with 1 in a last one. */
static uint64_t unit_first(const struct span *span, address_bits address)
{
	return span->depth < 128 ? (uint64_t)((address << span->depth) >> 64) : 0;
}

static uint64_t unit_last(const struct span *span, address_bits address)
{
	return ~unit_first(span, ~address);
}

/* ---- blocks -------------------------------------------------------------- */

static int build_word(struct index_builder *builder, const struct span *span, uint32_t *ret_word);

/* Write a block of one interval, or reuse the last one if it is the same. */
static int put_single(struct index_builder *builder, const unsigned char *block, size_t bytes,
		      uint32_t *ret_word)
{
	struct single *single = &builder->single;
	unsigned char *memory = NULL;
	uint32_t number = 0;
	int error;

	if (!single->word || single->bytes != bytes || memcmp(single->block, block, bytes) != 0) {
		error = index_space_take(builder->space, bytes, &memory, &number);
		if (error)
			return error;
		memcpy(memory, block, bytes);
		memcpy(single->block, block, bytes);
		single->bytes = bytes;
		single->word = word_of(number, 1);
	}
	*ret_word = single->word;
	return 0;
}

static void fill_narrow(const struct span *span, unsigned char *memory)
{
	uint32_t count = (uint32_t)span->count;
	unsigned char *ends = memory + IPWL_NARROW_ENDS(count);
	unsigned char *rules = memory + IPWL_NARROW_RULES(count);

	for (size_t i = 0; i < span->count; i++) {
		const struct ipwl_match *match = &span->items[i].match;
		uint16_t first = (uint16_t)(unit_first(span, first_of(span, i)) >> 48);
		struct ipwl_end end = {
			.last = (uint16_t)(unit_last(span, last_of(span, i)) >> 48),
			.class = match->class,
		};

		memcpy(memory + sizeof(first) * i, &first, sizeof(first));
		memcpy(ends + sizeof(end) * i, &end, sizeof(end));
		memcpy(rules + sizeof(match->rule) * i, &match->rule, sizeof(match->rule));
	}
}

static int build_narrow(struct index_builder *builder, const struct span *span, uint32_t *ret_word)
{
	unsigned char single[IPWL_NARROW_BYTES(1)] = { 0 };
	unsigned char *memory = NULL;
	uint32_t number = 0;
	int error;

	if (span->count == 1) {
		fill_narrow(span, single);
		return put_single(builder, single, sizeof(single), ret_word);
	}
	error = index_space_take(builder->space, IPWL_NARROW_BYTES(span->count), &memory, &number);
	if (error)
		return error;
	fill_narrow(span, memory);
	*ret_word = word_of(number, span->count);
	return 0;
}

/* One interval of a wide block: whole units, or one unit that has a block of its own. */
struct wide {
	uint64_t first, last;
	const struct ipwl_match *match; /* NULL: `inner` is the unit */
	struct span inner;
};

/* A walk over the wide intervals of a span. */
struct wide_walk {
	const struct span *span;
	size_t next;
	address_bits from; /* rest of the next interval; 0: all of it */
};

/* A mask of the bits after the 64 bits of a unit. */
static address_bits unit_hosts(const struct span *span)
{
	return span->depth + 64 < 128 ? ~(address_bits)0 >> (span->depth + 64) : 0;
}

static bool wide_next(struct wide_walk *walk, struct wide *ret_wide)
{
	const struct span *span = walk->span;
	const address_bits hosts = unit_hosts(span);
	address_bits first, last, whole_last;
	size_t skip = walk->next;

	if (walk->next == span->count)
		return false;
	first = walk->from ? walk->from : first_of(span, walk->next);
	last = last_of(span, walk->next);
	/* The last address of the last whole unit, if there is one. */
	whole_last = (last & hosts) == hosts ? last : (last & ~hosts) - 1;
	*ret_wide = (struct wide) { .first = unit_first(span, first) };
	if ((first & hosts) == 0 && last - first >= hosts) {
		ret_wide->match = &span->items[walk->next].match;
		ret_wide->last = unit_last(span, whole_last);
		walk->from = whole_last == last ? 0 : whole_last + 1;
		walk->next += whole_last == last;
		return true;
	}
	ret_wide->last = ret_wide->first;
	ret_wide->inner = part_of(span, 64, first & ~hosts, &skip);
	/* Continue after the unit. If an interval extends beyond the unit, continue inside it. */
	walk->next += ret_wide->inner.count - 1;
	walk->from = 0;
	if (last_of(span, walk->next) > (first | hosts))
		walk->from = (first | hosts) + 1;
	else
		walk->next++;
	return true;
}

/* Count the wide intervals. Counting stops above IPWL_WIDE_MAX. */
static size_t count_wide(const struct span *span)
{
	struct wide_walk walk = { .span = span };
	struct wide wide;
	size_t count = 0;

	while (count <= IPWL_WIDE_MAX && wide_next(&walk, &wide))
		count++;
	return count;
}

static void put_wide(unsigned char *memory, size_t count, size_t i, const struct wide *wide,
		     const struct ipwl_wide_leaf *leaf)
{
	memcpy(memory + sizeof(wide->first) * i, &wide->first, sizeof(wide->first));
	memcpy(memory + IPWL_WIDE_LEAVES(count) + sizeof(*leaf) * i, leaf, sizeof(*leaf));
}

static struct ipwl_wide_leaf match_leaf(const struct wide *wide)
{
	return (struct ipwl_wide_leaf) {
		.last = wide->last,
		.rule = wide->match->rule,
		.class = wide->match->class,
	};
}

static struct ipwl_wide_leaf child_leaf(const struct wide *wide, uint32_t word, uint32_t bits)
{
	return (struct ipwl_wide_leaf) {
		.last = wide->last,
		.rule = word,
		.child_bits = (uint16_t)bits,
	};
}

static int build_wide(struct index_builder *builder, const struct span *span, size_t count,
		      uint32_t *ret_word)
{
	unsigned char single[IPWL_WIDE_BYTES(1)] = { 0 };
	struct wide_walk walk = { .span = span };
	unsigned char *memory = single;
	uint32_t number = 0, word = 0;
	struct wide wide;
	int error = 0;

	if (count > 1)
		error = index_space_take(builder->space, IPWL_WIDE_BYTES(count), &memory, &number);
	for (size_t i = 0; i < count && !error && wide_next(&walk, &wide); i++) {
		struct ipwl_wide_leaf leaf;

		if (wide.match) {
			leaf = match_leaf(&wide);
		} else {
			error = build_word(builder, &wide.inner, &word);
			leaf = child_leaf(&wide, word, 64);
		}
		put_wide(memory, count, i, &wide, &leaf);
	}
	if (error)
		return error;
	if (count == 1)
		return put_single(builder, single, sizeof(single), ret_word);
	*ret_word = word_of(number, count);
	return 0;
}

/* Build a block that skips @bits which all intervals share. */
static int build_skip(struct index_builder *builder, const struct span *span, uint32_t bits,
		      uint32_t *ret_word)
{
	unsigned char single[IPWL_WIDE_BYTES(1)] = { 0 };
	address_bits hosts = ~(address_bits)0 >> (span->depth + bits);
	address_bits first = first_of(span, 0) & ~hosts;
	struct wide wide = {
		.first = unit_first(span, first),
		.last = unit_last(span, first | hosts),
	};
	size_t skip = 0;
	struct ipwl_wide_leaf leaf;
	uint32_t word;
	int error;

	wide.inner = part_of(span, bits, first, &skip);
	error = build_word(builder, &wide.inner, &word);
	if (error)
		return error;
	leaf = child_leaf(&wide, word, bits);
	put_wide(single, 1, 0, &wide, &leaf);
	return put_single(builder, single, sizeof(single), ret_word);
}

/* ---- nodes --------------------------------------------------------------- */

static int build_node(struct index_builder *builder, const struct span *span, uint32_t *ret_word)
{
	address_bits step = (address_bits)1 << (128 - span->depth - IPWL_NODE_BITS);
	unsigned char *memory = NULL;
	uint32_t number = 0;
	size_t skip = 0;
	int error =
	    index_space_take(builder->space, sizeof(uint32_t) * IPWL_NODE_WORDS, &memory, &number);

	if (error)
		return error;
	for (uint32_t i = 0; i < IPWL_NODE_WORDS && !error; i++) {
		struct span part = part_of(span, IPWL_NODE_BITS, span->first + i * step, &skip);
		uint32_t word = 0;

		error = build_word(builder, &part, &word);
		memcpy(memory + sizeof(word) * i, &word, sizeof(word));
	}
	if (!error)
		*ret_word = word_of(number, 0);
	return error;
}

/* How many bits after the span's prefix all its intervals share, in whole bytes. */
static uint32_t common_bits(const struct span *span)
{
	address_bits difference = first_of(span, 0) ^ last_of(span, span->count - 1);
	uint64_t high = (uint64_t)(difference >> 64), low = (uint64_t)difference;
	uint32_t common = high	? (uint32_t)__builtin_clzll(high)
			  : low ? 64 + (uint32_t)__builtin_clzll(low)
				: 127;
	uint32_t bits = (common - span->depth) / 8 * 8;

	return bits < 64 ? bits : 64;
}

/* Build the word that leads to the intervals of a span. *@ret_word is 0 if there are none. */
static int build_word(struct index_builder *builder, const struct span *span, uint32_t *ret_word)
{
	uint32_t left = builder->address_len - span->depth;
	size_t count;

	*ret_word = 0;
	if (!span->count)
		return 0;
	if (left <= 16) {
		if (span->count <= builder->split_above)
			return build_narrow(builder, span, ret_word);
		return build_node(builder, span, ret_word);
	}
	count = count_wide(span);
	if (count <= IPWL_WIDE_MAX)
		return build_wide(builder, span, count, ret_word);
	if (common_bits(span))
		return build_skip(builder, span, common_bits(span), ret_word);
	return build_node(builder, span, ret_word);
}

/* ---- builder ------------------------------------------------------------- */

struct index_builder *index_builder_new(const struct policy *policy, uint16_t port,
					uint16_t first_port, struct index_space *space,
					struct averted_classes *averted, uint32_t split_above)
{
	struct index_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return NULL;
	builder->space = space;
	builder->split_above = split_above;
	builder->intervals = interval_compiler_new(policy, port, averted);
	if (first_port)
		builder->first = interval_compiler_new(policy, first_port, averted);
	if (!builder->intervals || (first_port && !builder->first)) {
		index_builder_free(builder);
		return NULL;
	}
	return builder;
}

void index_builder_free(struct index_builder *builder)
{
	if (!builder)
		return;
	interval_compiler_free(builder->intervals);
	interval_compiler_free(builder->first);
	free(builder);
}

static void clear_filter(const struct span *slot, uint32_t *filter)
{
	uint32_t base = (uint32_t)(slot->first >> (128 - IPWL_FILTER_BITS));

	memset(&filter[base / 32], 0, INDEX_SLOT_FILTER_WORDS * sizeof(*filter));
}

/* Set the filter bits of a slot's intervals. */
static void fill_filter(const struct span *slot, uint32_t *filter)
{
	for (size_t i = 0; i < slot->count; i++) {
		uint32_t net = (uint32_t)(first_of(slot, i) >> (128 - IPWL_FILTER_BITS));
		uint32_t last = (uint32_t)(last_of(slot, i) >> (128 - IPWL_FILTER_BITS));

		for (; net <= last; net++)
			filter[net / 32] |= 1U << net % 32;
	}
}

/* Whether two spans of the same prefix have the same intervals. Beyond it they may differ. */
static bool is_same_span(const struct span *a, const struct span *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (first_of(a, i) != first_of(b, i) || last_of(a, i) != last_of(b, i) ||
		    a->items[i].match.rule != b->items[i].match.rule ||
		    a->items[i].match.class != b->items[i].match.class)
			return false;
	return true;
}

/* Build the word of a slot, or share that of the first port. @first: the first port's intervals
 * there. */
static int build_slot(struct index_builder *builder, const struct index_root *root, uint32_t slot,
		      const struct span *part, const struct span *first)
{
	int error = 0;

	if (builder->first && is_same_span(part, first))
		root->words[slot] = root->first_words[slot];
	else
		error = build_word(builder, part, &root->words[slot]);
	if (error || !root->filter)
		return error;
	if (!builder->first)
		clear_filter(part, root->filter);
	fill_filter(part, root->filter);
	return 0;
}

int index_builder_run(struct index_builder *builder, const struct prefix *range,
		      const struct index_root *root)
{
	struct span span = { .first = prefix_first(range), .last = prefix_last(range) };
	struct span first_span = span;
	uint32_t slot = (uint32_t)(span.first >> (128 - IPWL_ROOT_BITS));
	uint32_t last_slot = (uint32_t)(span.last >> (128 - IPWL_ROOT_BITS));
	size_t skip = 0, first_skip = 0;
	int error = interval_compiler_run(builder->intervals, range, &span.items, &span.count);

	if (!error && builder->first)
		error = interval_compiler_run(builder->first, range, &first_span.items,
					      &first_span.count);

	builder->address_len = prefix_max_len(range->family);
	for (; slot <= last_slot && !error; slot++) {
		address_bits first = (address_bits)slot << (128 - IPWL_ROOT_BITS);
		struct span part = part_of(&span, IPWL_ROOT_BITS, first, &skip);
		struct span twin = part_of(&first_span, IPWL_ROOT_BITS, first, &first_skip);

		error = build_slot(builder, root, slot, &part, &twin);
	}
	return error;
}
