/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The intervals below a prefix, and the pieces that a block of the index has for them
 * (ipwl_index.h). Only the builder of the index includes this header. */
#ifndef COMPILE_PIECES_H
#define COMPILE_PIECES_H

#include "compile/interval.h"
#include "ipwl_index.h"

/* The intervals below a prefix of an address. The first and the last interval may extend beyond
 * it. */
struct span {
	const struct interval *items;
	size_t count;
	address_bits first, last; /* addresses below the prefix */
	uint32_t depth;		  /* length of the prefix */
};

/* The ends of the @i-th interval, as far as it is below the prefix. */
address_bits span_first(const struct span *span, size_t i);
address_bits span_last(const struct span *span, size_t i);
/* Return the part of @span at @first, whose prefix is @bits longer. *@skip counts intervals
 * that end before it; it grows if parts are requested in ascending order. */
struct span span_part(const struct span *span, uint32_t bits, address_bits first, size_t *skip);
/* The 64 bits after the span's prefix. If fewer bits remain, they are filled with 0 in a first
 * address and with 1 in a last one. */
uint64_t span_unit_first(const struct span *span, address_bits address);
uint64_t span_unit_last(const struct span *span, address_bits address);

/* An interval of a block. The bits of its addresses are the upper ones of a word. */
struct piece {
	uint64_t first;
	uint32_t length;
	const struct ipwl_match *match; /* NULL: unlisted, or a child */
	uint32_t child_bits;		/* 0: no child */
	struct span inner;		/* of the child */
};

struct pieces {
	struct piece items[IPWL_WORD_COUNT_MAX + 1];
	size_t count; /* if it is above max, items behind that are not kept */
	size_t max;
	uint64_t last; /* of what was added last */
};

bool pieces_are_too_many(const struct pieces *pieces);
/* Add a piece, which has neither match nor child yet. */
struct piece *pieces_add(struct pieces *pieces, uint64_t first, uint64_t last);
/* The pieces of a span with at most 16 bits of the address left. */
void pieces_of_narrow(const struct span *span, struct pieces *ret_pieces);
/* Those of a span with more bits left: whole units of 64 bits, and children for the others. */
void pieces_of_wide(const struct span *span, struct pieces *ret_pieces);
/* The parts of a node that are not empty, as pieces. They are too many if a node is better. */
void pieces_of_node(const struct span *span, struct pieces *ret_pieces);

#endif
