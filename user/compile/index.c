/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the index: makes blocks and nodes from the intervals below a root slot, top-down. The
 * builder never reads what it wrote for the kernel.
 */
#include "compile/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/pieces.h"

/* The most bytes of a block that one interval of a span made, and nothing else. */
#define SINGLE_BYTES_MAX IPWL_WIDE_BYTES(1)
_Static_assert(IPWL_NARROW_BYTES(2) <= SINGLE_BYTES_MAX, "also with an unlisted one behind it");

/* The last such block. Below a wide prefix, all slots share the same block. */
struct single {
	unsigned char block[SINGLE_BYTES_MAX];
	size_t bytes;
	size_t count;  /* of pieces */
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

/* ---- blocks -------------------------------------------------------------- */

static int build_word(struct index_builder *builder, const struct span *span, uint32_t *ret_word);

/* Write a block that one interval made, or reuse the last one if it is the same. */
static int put_single(struct index_builder *builder, const unsigned char *block, size_t bytes,
		      size_t count, uint32_t *ret_word)
{
	struct single *single = &builder->single;
	unsigned char *memory = NULL;
	uint32_t number = 0;
	int error;

	if (!single->word || single->bytes != bytes || single->count != count ||
	    memcmp(single->block, block, bytes) != 0) {
		error = index_space_take(builder->space, bytes, &memory, &number);
		if (error)
			return error;
		memcpy(memory, block, bytes);
		memcpy(single->block, block, bytes);
		single->bytes = bytes;
		single->count = count;
		single->word = word_of(number, count);
	}
	*ret_word = single->word;
	return 0;
}

static uint16_t narrow_kind(const struct piece *piece)
{
	/* Of the 64 bits, the upper 16 count. */
	uint32_t length = piece->length > 48 ? piece->length - 48 : 0;
	uint32_t class = piece->match ? piece->match->class : IPWL_CLASS_NONE;

	if (length > IPWL_KIND_WHOLE)
		length = IPWL_KIND_WHOLE;
	return (uint16_t)(length << IPWL_KIND_LENGTH_SHIFT | class);
}

/* @rules: where they lie */
static void fill_narrow(const struct pieces *pieces, unsigned char *memory, unsigned char *rules)
{
	uint32_t count = (uint32_t)pieces->count;
	unsigned char *firsts = memory + IPWL_NARROW_FIRSTS(count);
	unsigned char *kinds = firsts + sizeof(uint16_t) * count;

	for (size_t i = 0; i < count; i++) {
		const struct piece *piece = &pieces->items[i];
		uint16_t first = (uint16_t)(piece->first >> 48);
		uint16_t kind = narrow_kind(piece);
		uint32_t rule = piece->match ? piece->match->rule : 0;

		memcpy(firsts + sizeof(first) * i, &first, sizeof(first));
		memcpy(kinds + sizeof(kind) * i, &kind, sizeof(kind));
		memcpy(rules + sizeof(rule) * i, &rule, sizeof(rule));
	}
}

static int build_narrow(struct index_builder *builder, const struct span *span,
			const struct pieces *pieces, uint32_t *ret_word)
{
	unsigned char single[SINGLE_BYTES_MAX] = { 0 };
	const size_t count = pieces->count;
	unsigned char *memory = NULL, *rules = NULL;
	uint32_t number = 0, place = 0;
	int error;

	if (span->count == 1) {
		fill_narrow(pieces, single, single + sizeof(uint32_t) * count);
		return put_single(builder, single, IPWL_NARROW_BYTES(count), count, ret_word);
	}
	error = index_space_take(builder->space, IPWL_NARROW_BYTES(count), &memory, &number);
	if (error)
		return error;
	rules = memory + sizeof(uint32_t) * count;
	if (IPWL_IS_LONG(count)) {
		error = index_space_take_rules(builder->space, count, &rules, &place);
		if (error)
			return error;
		memcpy(memory, &place, sizeof(place));
	}
	fill_narrow(pieces, memory, rules);
	*ret_word = word_of(number, count);
	return 0;
}

/* Write the block of the pieces. @is_single: one interval made all of them. */
static int build_wide(struct index_builder *builder, const struct pieces *pieces, bool is_single,
		      uint32_t *ret_word)
{
	unsigned char single[SINGLE_BYTES_MAX] = { 0 };
	const size_t count = pieces->count;
	unsigned char *memory = single;
	uint32_t number = 0;
	int error = 0;

	if (!is_single)
		error = index_space_take(builder->space, IPWL_WIDE_BYTES(count), &memory, &number);
	for (size_t i = 0; i < count && !error; i++) {
		const struct piece *piece = &pieces->items[i];
		struct ipwl_wide_kind kind = {
			.class = IPWL_CLASS_NONE,
			.length = (uint8_t)piece->length,
			.child_bits = (uint8_t)piece->child_bits,
		};
		uint32_t rule = 0;

		if (piece->child_bits) {
			kind.class = 0;
			error = build_word(builder, &piece->inner, &rule);
		} else if (piece->match) {
			kind.class = piece->match->class;
			rule = piece->match->rule;
		}
		memcpy(memory + sizeof(piece->first) * i, &piece->first, sizeof(piece->first));
		memcpy(memory + IPWL_WIDE_KINDS(count) + sizeof(kind) * i, &kind, sizeof(kind));
		memcpy(memory + IPWL_WIDE_RULES(count) + sizeof(rule) * i, &rule, sizeof(rule));
	}
	if (error)
		return error;
	if (is_single)
		return put_single(builder, single, IPWL_WIDE_BYTES(count), count, ret_word);
	*ret_word = word_of(number, count);
	return 0;
}

/* Build a block that skips @bits which all intervals share. */
static int build_skip(struct index_builder *builder, const struct span *span, uint32_t bits,
		      uint32_t *ret_word)
{
	address_bits hosts = ~(address_bits)0 >> (span->depth + bits);
	address_bits first = span_first(span, 0) & ~hosts;
	struct pieces pieces = { .max = 1 };
	struct piece *piece =
	    pieces_add(&pieces, span_unit_first(span, first), span_unit_last(span, first | hosts));
	size_t skip = 0;

	piece->child_bits = bits;
	piece->inner = span_part(span, bits, first, &skip);
	return build_wide(builder, &pieces, true, ret_word);
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
		struct span part = span_part(span, IPWL_NODE_BITS, span->first + i * step, &skip);
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
	address_bits difference = span_first(span, 0) ^ span_last(span, span->count - 1);
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
	struct pieces pieces;

	*ret_word = 0;
	if (!span->count)
		return 0;
	if (left <= 16) {
		if (span->count > builder->split_above)
			return build_node(builder, span, ret_word);
		pieces_of_narrow(span, &pieces);
		return pieces_are_too_many(&pieces)
			   ? build_node(builder, span, ret_word)
			   : build_narrow(builder, span, &pieces, ret_word);
	}
	pieces_of_wide(span, &pieces);
	if (!pieces_are_too_many(&pieces))
		return build_wide(builder, &pieces, pieces.count == 1, ret_word);
	if (common_bits(span))
		return build_skip(builder, span, common_bits(span), ret_word);
	pieces_of_node(span, &pieces);
	return pieces_are_too_many(&pieces) ? build_node(builder, span, ret_word)
					    : build_wide(builder, &pieces, false, ret_word);
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
		uint32_t net = (uint32_t)(span_first(slot, i) >> (128 - IPWL_FILTER_BITS));
		uint32_t last = (uint32_t)(span_last(slot, i) >> (128 - IPWL_FILTER_BITS));

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
		if (span_first(a, i) != span_first(b, i) || span_last(a, i) != span_last(b, i) ||
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
		struct span part = span_part(&span, IPWL_ROOT_BITS, first, &skip);
		struct span twin = span_part(&first_span, IPWL_ROOT_BITS, first, &first_skip);

		error = build_slot(builder, root, slot, &part, &twin);
	}
	return error;
}
