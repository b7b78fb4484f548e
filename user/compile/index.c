/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the index: makes blocks and nodes from the intervals below a root slot, top-down. The
 * builder never reads what it wrote for the kernel. index_lookup() is only for tests, and to
 * tell what the kernel would decide.
 */
#include "compile/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipwl_lookup.h"

/* The intervals below a prefix of an address. The first and the last interval may extend beyond
 * it. */
struct span {
	const struct interval *items;
	size_t count;
	address_bits first, last; /* addresses below the prefix */
	uint32_t depth;		  /* length of the prefix */
};

/* The last block with one interval. Below a wide prefix, all slots share the same block. */
struct single {
	unsigned char line[IPWL_LINE_BYTES];
	uint32_t word; /* 0: none yet */
};

struct index_builder {
	struct interval_compiler *intervals;
	struct index_space *space;
	uint32_t split_above;
	uint32_t address_len; /* 32 or 128 */
	struct single single;
};

/* ---- space --------------------------------------------------------------- */

void index_space_init(struct index_space *space, int (*add_region)(struct index_space *space))
{
	/* The position is at the end, so the first write adds a region. */
	space->position = (struct index_position) { .next_line = IPWL_REGION_LINES };
	space->add_region = add_region;
}

/* Allocate lines for @bytes. Return: 0 or the -errno of add_region(). */
static int take_lines(struct index_space *space, size_t bytes, unsigned char **ret_memory,
		      uint32_t *ret_line)
{
	uint32_t lines = (uint32_t)((bytes + IPWL_LINE_BYTES - 1) / IPWL_LINE_BYTES);
	struct index_position *position = &space->position;

	if (position->next_line + lines > IPWL_REGION_LINES) {
		int region = space->add_region(space);

		if (region < 0)
			return region;
		position->region = (uint32_t)region;
		/* Leave out line 0 of region 0: the word of a node there would be 0. */
		position->next_line = region == 0;
	}
	*ret_line = position->region * IPWL_REGION_LINES + position->next_line;
	*ret_memory = space->regions[position->region] + position->next_line * IPWL_LINE_BYTES;
	position->next_line += lines;
	position->line_count += lines;
	return 0;
}

static uint32_t word_of(uint32_t line, size_t count)
{
	return line << IPWL_WORD_COUNT_BITS | (uint32_t)count;
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
	return (uint64_t)((address << span->depth) >> 64);
}

static uint64_t unit_last(const struct span *span, address_bits address)
{
	return ~unit_first(span, ~address);
}

static struct ipwl_leaf leaf_of(const struct ipwl_match *match)
{
	return (struct ipwl_leaf) {
		.rule = match->rule,
		.list_flags = (uint16_t)(match->list | match->flags << IPWL_LEAF_LIST_BITS),
	};
}

/* ---- blocks -------------------------------------------------------------- */

static int build_word(struct index_builder *builder, const struct span *span, uint32_t *ret_word);

/* Write a block of one line, or reuse the last one if it is the same. */
static int put_single(struct index_builder *builder, const unsigned char line[IPWL_LINE_BYTES],
		      uint32_t *ret_word)
{
	struct single *single = &builder->single;
	unsigned char *memory = NULL;
	uint32_t number = 0;
	int error;

	if (!single->word || memcmp(single->line, line, IPWL_LINE_BYTES) != 0) {
		error = take_lines(builder->space, IPWL_LINE_BYTES, &memory, &number);
		if (error)
			return error;
		memcpy(memory, line, IPWL_LINE_BYTES);
		memcpy(single->line, line, IPWL_LINE_BYTES);
		single->word = word_of(number, 1);
	}
	*ret_word = single->word;
	return 0;
}

static void fill_narrow(const struct span *span, unsigned char *memory)
{
	uint32_t leaves = IPWL_NARROW_LEAVES((uint32_t)span->count);

	for (size_t i = 0; i < span->count; i++) {
		uint16_t first = (uint16_t)(unit_first(span, first_of(span, i)) >> 48);
		struct ipwl_leaf leaf = leaf_of(&span->items[i].match);

		leaf.last = (uint16_t)(unit_last(span, last_of(span, i)) >> 48);
		memcpy(memory + 2 * i, &first, sizeof(first));
		memcpy(memory + leaves + sizeof(leaf) * i, &leaf, sizeof(leaf));
	}
}

static int build_narrow(struct index_builder *builder, const struct span *span, uint32_t *ret_word)
{
	unsigned char line[IPWL_LINE_BYTES] = { 0 };
	unsigned char *memory = NULL;
	uint32_t number = 0;
	int error;

	if (span->count == 1) {
		fill_narrow(span, line);
		return put_single(builder, line, ret_word);
	}
	error = take_lines(builder->space,
			   IPWL_NARROW_LEAVES(span->count) + sizeof(struct ipwl_leaf) * span->count,
			   &memory, &number);
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
		     const struct ipwl_leaf *leaf)
{
	struct ipwl_wide_leaf wide_leaf = { .last = wide->last, .leaf = *leaf };

	memcpy(memory + 8 * i, &wide->first, sizeof(wide->first));
	memcpy(memory + IPWL_WIDE_LEAVES(count) + sizeof(wide_leaf) * i, &wide_leaf,
	       sizeof(wide_leaf));
}

static struct ipwl_leaf child_leaf(uint32_t word, uint32_t bits)
{
	return (struct ipwl_leaf) {
		.rule = word,
		.list_flags = (uint16_t)(bits | IPWL_LEAF_CHILD << IPWL_LEAF_LIST_BITS),
	};
}

static int build_wide(struct index_builder *builder, const struct span *span, size_t count,
		      uint32_t *ret_word)
{
	unsigned char line[IPWL_LINE_BYTES] = { 0 };
	struct wide_walk walk = { .span = span };
	unsigned char *memory = line;
	uint32_t number = 0, word = 0;
	struct wide wide;
	int error = 0;

	if (count > 1)
		error = take_lines(builder->space,
				   IPWL_WIDE_LEAVES(count) + sizeof(struct ipwl_wide_leaf) * count,
				   &memory, &number);
	for (size_t i = 0; i < count && !error && wide_next(&walk, &wide); i++) {
		struct ipwl_leaf leaf;

		if (wide.match) {
			leaf = leaf_of(wide.match);
		} else {
			error = build_word(builder, &wide.inner, &word);
			leaf = child_leaf(word, 64);
		}
		put_wide(memory, count, i, &wide, &leaf);
	}
	if (error)
		return error;
	if (count == 1)
		return put_single(builder, line, ret_word);
	*ret_word = word_of(number, count);
	return 0;
}

/* Build a block that skips @bits which all intervals share. */
static int build_skip(struct index_builder *builder, const struct span *span, uint32_t bits,
		      uint32_t *ret_word)
{
	unsigned char line[IPWL_LINE_BYTES] = { 0 };
	address_bits hosts = ~(address_bits)0 >> (span->depth + bits);
	address_bits first = first_of(span, 0) & ~hosts;
	struct wide wide = {
		.first = unit_first(span, first),
		.last = unit_last(span, first | hosts),
	};
	size_t skip = 0;
	struct ipwl_leaf leaf;
	uint32_t word;
	int error;

	wide.inner = part_of(span, bits, first, &skip);
	error = build_word(builder, &wide.inner, &word);
	if (error)
		return error;
	leaf = child_leaf(word, bits);
	put_wide(line, 1, 0, &wide, &leaf);
	return put_single(builder, line, ret_word);
}

/* ---- nodes --------------------------------------------------------------- */

static int build_node(struct index_builder *builder, const struct span *span, uint32_t *ret_word)
{
	address_bits step = (address_bits)1 << (128 - span->depth - IPWL_NODE_BITS);
	unsigned char *memory = NULL;
	uint32_t number = 0;
	size_t skip = 0;
	int error =
	    take_lines(builder->space, sizeof(uint32_t) * IPWL_NODE_WORDS, &memory, &number);

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
		if (span->count <= builder->split_above || left <= IPWL_NODE_BITS)
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

struct index_builder *index_builder_new(const struct policy *policy, struct index_space *space,
					uint32_t split_above)
{
	struct index_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return NULL;
	builder->space = space;
	builder->split_above = split_above;
	builder->intervals = interval_compiler_new(policy);
	if (!builder->intervals) {
		free(builder);
		return NULL;
	}
	return builder;
}

void index_builder_free(struct index_builder *builder)
{
	if (!builder)
		return;
	interval_compiler_free(builder->intervals);
	free(builder);
}

/* Set the filter bits of a slot's intervals, and clear its other bits. */
static void fill_filter(const struct span *slot, uint32_t *filter)
{
	uint32_t base = (uint32_t)(slot->first >> (128 - IPWL_FILTER_BITS));

	memset(&filter[base / 32], 0, INDEX_SLOT_FILTER_WORDS * sizeof(*filter));
	for (size_t i = 0; i < slot->count; i++) {
		uint32_t net = (uint32_t)(first_of(slot, i) >> (128 - IPWL_FILTER_BITS));
		uint32_t last = (uint32_t)(last_of(slot, i) >> (128 - IPWL_FILTER_BITS));

		for (; net <= last; net++)
			filter[net / 32] |= 1U << net % 32;
	}
}

int index_builder_run(struct index_builder *builder, const struct prefix *range,
		      const struct index_root *root)
{
	struct span span = { .first = prefix_first(range), .last = prefix_last(range) };
	uint32_t slot = (uint32_t)(span.first >> (128 - IPWL_ROOT_BITS));
	uint32_t last_slot = (uint32_t)(span.last >> (128 - IPWL_ROOT_BITS));
	size_t skip = 0;
	int error = interval_compiler_run(builder->intervals, range, &span.items, &span.count);

	builder->address_len = prefix_max_len(range->family);
	for (; slot <= last_slot && !error; slot++) {
		address_bits first = (address_bits)slot << (128 - IPWL_ROOT_BITS);
		struct span part = part_of(&span, IPWL_ROOT_BITS, first, &skip);

		error = build_word(builder, &part, &root->words[slot]);
		if (!error && root->filter)
			fill_filter(&part, root->filter);
	}
	return error;
}

/* ---- lookup -------------------------------------------------------------- */

static inline const char *ipwl_region(const void *regions, uint32_t number)
{
	const struct index_space *space = regions;

	return (const char *)space->regions[number];
}

struct ipwl_match index_lookup(const struct index_root *root, const struct index_space *space,
			       const struct prefix *address)
{
	address_bits bits = prefix_first(address);

	if (address->family == FAMILY_IPV4)
		return ipwl_match4(root->words, root->filter, space, (uint32_t)(bits >> 96));
	return ipwl_match6(root->words, space, (uint64_t)(bits >> 64), (uint64_t)bits);
}
