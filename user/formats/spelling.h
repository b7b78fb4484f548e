/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads networks in the spellings of many programs. */
#ifndef FORMATS_SPELLING_H
#define FORMATS_SPELLING_H

#include "formats/reading.h"

enum spelling_flags {
	SPELLING_TRUNCATED = 1, /* "192.0.2" and "10." are networks */
	SPELLING_ZEROS = 2,	/* leading zeros are decimal */
	SPELLING_WORDS = 4,	/* blanks may surround what joins two parts: "192.0.2.0 /24",
				 * "192.0.2.0 mask 24", "192.0.2.0 - 192.0.2.9", "A to B" */
	SPELLING_CUT = 8,	/* host bits are cut, with a warning */
};

/* All addresses from the first of one prefix to the last of another. */
struct span {
	struct prefix first, last;
	bool is_range; /* else both are the same network */
	struct token text;
};

/* Cut a network off @rest, and the blanks after it: "192.0.2.0/24", "192.0.2.0/255.255.255.0",
 * "192.0.2.1-192.0.2.9", "192.0.2.1..192.0.2.9", "192.0.2.*" and those that @flags allow. Returns
 * false if there is none, which was reported; @reading may be NULL to report nothing. */
bool spelling_cut(struct reading *reading, struct token *rest, unsigned int flags,
		  struct span *ret_span);

/* Whether a word is a network. */
bool spelling_is_network(const struct token *word, unsigned int flags);

/* Whether a word is the name of a host or a domain: "mx.example.net", ".example.net". */
bool spelling_is_name(const struct token *word);

/* Whether nothing follows a network in its field. If something does, it was reported. */
bool spelling_is_at_end(struct reading *reading, const struct token *rest);

/* Add an entry for all addresses of a span. Its prefix is ignored. */
int spelling_add(struct reading *reading, const struct span *span, const struct entry *entry);

#endif
