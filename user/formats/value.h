/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises text after an address that may change its meaning, though it may look like free
 * text. */
#ifndef FORMATS_VALUE_H
#define FORMATS_VALUE_H

#include "core/policy.h"
#include "formats/token.h"

enum value_kind {
	VALUE_FREE,
	VALUE_LENGTH,	   /* "/24" */
	VALUE_NUMBER,	   /* "24", if the address has no bits set after that length */
	VALUE_MASK,	   /* 255.255.255.0, 0xffffff00, "netmask" */
	VALUE_ADDRESS,	   /* one more address or network */
	VALUE_RANGE,	   /* a dash, dots or a word between two addresses */
	VALUE_DNS,	   /* a type or class of DNS */
	VALUE_ACTION,	   /* allow, DENY, yes, 0 */
	VALUE_RESTRICTION, /* an action of Postfix only: reject_unknown_client */
	VALUE_SIGN, /* a sign of some syntax: begins with a special character, or ends with ";" */
	VALUE_KIND_COUNT,
};

/**
 * value_look() - find text in a value that may change the meaning of the address before it
 * @key: the prefix, as it is written
 * @value: everything after it, without a comment
 * @ret_word: the word that decided; untouched for VALUE_FREE
 *
 * Lengths, masks and addresses are found anywhere in the value. Other kinds are found at its
 * beginning; actions at its end, too.
 */
enum value_kind value_look(const struct token *key, const struct token *value,
			   struct token *ret_word);

/* Whether the word is an action that contradicts an allow list, like deny. */
bool value_is_refusal(const struct token *word);
/* Whether the word is an action that contradicts a block list, like allow. */
bool value_is_grant(const struct token *word);

/* Whether the action of a record is not that of the list: so weak words like captcha do not
 * block. Words that are no actions say nothing. */
bool value_is_of_other_action(const struct token *word, enum action action);

#define VALUE_REMEDY_BYTES 256

/* Say what to write instead of @key and @word. Returns @text. */
const char *value_remedy(enum value_kind kind, const struct token *key, const struct token *word,
			 char text[VALUE_REMEDY_BYTES]);

#endif
