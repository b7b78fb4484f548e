/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a line: words, fields, comments, reasons. */
#ifndef FORMATS_TOKEN_H
#define FORMATS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/line_reader.h"

/* A part of a line. */
struct token {
	char *text; /* in the line, or a buffer for its form without brackets */
	size_t bytes;
	size_t position; /* in the line, from 0 */
};

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The line without blanks around it. */
struct token line_content(const struct line *line);

/* Cut the next word off @rest, and the blanks behind it. */
struct token token_word(struct token *rest);

/* Cut off what stands before @separator, or all; false: nothing is left. @rest has NULL
 * as text when nothing is, not even an empty field. */
bool token_field(struct token *rest, char separator, struct token *ret_field);

/* The token without blanks around it. */
struct token token_trim(struct token token);

/* Split at @separator into at most @max trimmed @fields; return how many there are, which
 * may be more. */
size_t token_split(const struct token *content, char separator, struct token *fields, size_t max);

/* Cut off what stands from "#" on; return the comment without it. */
struct token token_cut_comment(struct token *content);

bool token_is(const struct token *token, const char *text);
/* Whatever the letters' case. */
bool token_is_word(const struct token *token, const char *text);
bool token_begins(const struct token *token, const char *text);

/* A whole decimal number. */
bool token_number(const struct token *token, uint64_t *ret_number);

/* The token as a reason: a string without the blanks around it, cut to the longest there
 * may be, or NULL if it is empty.
 * Changes the line, of which nothing is to be read after this but what is before. */
const char *line_reason(const struct token *token);

/* Longest prefix in brackets that is looked at. */
#define UNBRACKET_BYTES 80

/* "[ADDRESS]/LENGTH" or "[ADDRESS/LENGTH]" without the brackets, in @buffer; what has
 * none, or cannot be a prefix, stays. */
struct token token_unbracket(const struct token *token, char buffer[UNBRACKET_BYTES]);

/* Whether it looks like a prefix, if perhaps one with a mistake in its bits. */
bool token_is_prefix(const struct token *token);

#endif
