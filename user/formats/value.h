/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind an address and is no free text, though it may look like one. */
#ifndef FORMATS_VALUE_H
#define FORMATS_VALUE_H

#include "core/prefix.h"
#include "formats/token.h"

enum value_kind {
	VALUE_FREE,
	VALUE_LENGTH,	   /* "/24" */
	VALUE_NUMBER,	   /* "24", where the address has no bits set behind so many */
	VALUE_MASK,	   /* 255.255.255.0, 0xffffff00, "netmask" */
	VALUE_ADDRESS,	   /* one more address or network */
	VALUE_RANGE,	   /* a dash, dots or a word between two addresses */
	VALUE_DNS,	   /* a type or class of DNS */
	VALUE_ACTION,	   /* allow, DENY, yes, 0 */
	VALUE_RESTRICTION, /* an action that only Postfix has: reject_unknown_client */
	VALUE_SIGN,	   /* a sign of a grammar: it begins with one, or ends in ";" */
	VALUE_KIND_COUNT,
};

/**
 * value_look() - find in a value what may change the meaning of the address before it
 * @key: the prefix, as it is written
 * @value: all that is behind it, without a comment
 * @ret_word: the word that tells; untouched for VALUE_FREE
 *
 * Lengths, masks and addresses count wherever they are; the other kinds at the value's
 * beginning, actions at its end, too.
 */
enum value_kind value_look(const struct token *key, const struct token *value,
			   struct token *ret_word);

/* Whether the word is an action that lists nobody in an allow list, such as deny. */
bool value_is_refusal(const struct token *word);
/* Whether it is one that lists nobody in a block list, such as allow. */
bool value_is_grant(const struct token *word);

#define VALUE_REMEDY_BYTES 256

/* What to write instead of @key and @word; returns @text. */
const char *value_remedy(enum value_kind kind, const struct token *key, const struct token *word,
			 char text[VALUE_REMEDY_BYTES]);

#endif
