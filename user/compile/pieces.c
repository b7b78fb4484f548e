/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cuts the intervals below a prefix into the pieces that a block has. */
#include "compile/pieces.h"

/* Up to so many words of a node that are not 0, a wide block of children takes less memory. */
#define SPARSE_MAX 16

/* ---- spans --------------------------------------------------------------- */

address_bits span_first(const struct span *span, size_t i)
{
	return span->items[i].first > span->first ? span->items[i].first : span->first;
}

address_bits span_last(const struct span *span, size_t i)
{
	return span->items[i].last < span->last ? span->items[i].last : span->last;
}

struct span span_part(const struct span *span, uint32_t bits, address_bits first, size_t *skip)
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

uint64_t span_unit_first(const struct span *span, address_bits address)
{
	return span->depth < 128 ? (uint64_t)((address << span->depth) >> 64) : 0;
}

uint64_t span_unit_last(const struct span *span, address_bits address)
{
	return ~span_unit_first(span, ~address);
}

/* ---- pieces -------------------------------------------------------------- */

bool pieces_are_too_many(const struct pieces *pieces)
{
	return pieces->count > pieces->max;
}

struct piece *pieces_add(struct pieces *pieces, uint64_t first, uint64_t last)
{
	struct piece *piece =
	    &pieces->items[pieces_are_too_many(pieces) ? pieces->max : pieces->count];

	pieces->count++;
	pieces->last = last;
	*piece = (struct piece) {
		.first = first,
		.length = first == last ? 0 : 64 - (uint32_t)__builtin_clzll(first ^ last),
	};
	return piece;
}

/* The end of the aligned range that a piece would fill if nothing came behind it. */
static uint64_t range_end(const struct piece *piece)
{
	return piece->length < 64 ? piece->first | ((1ULL << piece->length) - 1) : UINT64_MAX;
}

/* If the last piece would reach further than it may, add an unlisted one behind it. @next: the
 * first address of the piece that comes then; 0: none. */
static void end_piece(struct pieces *pieces, uint64_t next)
{
	const struct piece *piece;

	if (!pieces->count || pieces_are_too_many(pieces))
		return;
	piece = &pieces->items[pieces->count - 1];
	if (range_end(piece) > pieces->last && pieces->last + 1 != next)
		pieces_add(pieces, pieces->last + 1, pieces->last + 1);
}

static struct piece *put_piece(struct pieces *pieces, uint64_t first, uint64_t last)
{
	end_piece(pieces, first);
	return pieces_add(pieces, first, last);
}

void pieces_of_narrow(const struct span *span, struct pieces *ret_pieces)
{
	ret_pieces->count = 0;
	ret_pieces->max = IPWL_WORD_COUNT_MAX;
	for (size_t i = 0; i < span->count && !pieces_are_too_many(ret_pieces); i++) {
		struct piece *piece =
		    put_piece(ret_pieces, span_unit_first(span, span_first(span, i)),
			      span_unit_last(span, span_last(span, i)));

		piece->match = &span->items[i].match;
		/* See IPWL_KIND_WHOLE. */
		if (piece->length == 63)
			piece->length = 64;
	}
	end_piece(ret_pieces, 0);
}

/* A mask of the bits after the 64 bits of a unit. */
static address_bits unit_hosts(const struct span *span)
{
	return span->depth + 64 < 128 ? ~(address_bits)0 >> (span->depth + 64) : 0;
}

/* Add the pieces of an interval from @first on, which is in the @at-th of a span: whole units, or
 * one unit that has a block of its own. Return: the first address behind them, or 0 if there is
 * nothing left of the interval. */
static address_bits add_wide(struct pieces *pieces, const struct span *span, size_t *at,
			     address_bits first)
{
	const address_bits hosts = unit_hosts(span);
	address_bits last = span_last(span, *at);
	/* The last address of the last whole unit, if there is one. */
	address_bits whole_last = (last & hosts) == hosts ? last : (last & ~hosts) - 1;
	uint64_t unit = span_unit_first(span, first);
	size_t skip = *at;
	struct piece *piece;

	if ((first & hosts) == 0 && last - first >= hosts) {
		put_piece(pieces, unit, span_unit_last(span, whole_last))->match =
		    &span->items[*at].match;
		return whole_last == last ? 0 : whole_last + 1;
	}
	piece = put_piece(pieces, unit, unit);
	piece->child_bits = 64;
	piece->inner = span_part(span, 64, first & ~hosts, &skip);
	/* Go on after the unit. If an interval reaches beyond the unit, go on inside it. */
	*at += piece->inner.count - 1;
	return span_last(span, *at) > (first | hosts) ? (first | hosts) + 1 : 0;
}

void pieces_of_wide(const struct span *span, struct pieces *ret_pieces)
{
	address_bits rest = 0;

	ret_pieces->count = 0;
	ret_pieces->max = IPWL_WIDE_MAX;
	for (size_t i = 0; i < span->count && !pieces_are_too_many(ret_pieces); i += rest ? 0 : 1)
		rest = add_wide(ret_pieces, span, &i, rest ? rest : span_first(span, i));
	end_piece(ret_pieces, 0);
}

void pieces_of_node(const struct span *span, struct pieces *ret_pieces)
{
	address_bits step = (address_bits)1 << (128 - span->depth - IPWL_NODE_BITS);
	size_t skip = 0;

	ret_pieces->count = 0;
	ret_pieces->max = SPARSE_MAX;
	for (uint32_t i = 0; i < IPWL_NODE_WORDS && !pieces_are_too_many(ret_pieces); i++) {
		struct span part = span_part(span, IPWL_NODE_BITS, span->first + i * step, &skip);
		struct piece *piece;

		if (!part.count)
			continue;
		piece = put_piece(ret_pieces, span_unit_first(span, part.first),
				  span_unit_last(span, part.last));
		if (part.count == 1 && span_first(&part, 0) == part.first &&
		    span_last(&part, 0) == part.last) {
			piece->match = &part.items[0].match;
		} else {
			piece->child_bits = IPWL_NODE_BITS;
			piece->inner = part;
		}
	}
}
