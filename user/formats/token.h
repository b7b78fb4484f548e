/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits a line into parts: words, fields, comments, reasons. */
#ifndef FORMATS_TOKEN_H
#define FORMATS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/line_reader.h"

/* A part of a line. */
struct token {
	char *text; /* in the line, or in a buffer that holds it without brackets */
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

/* The line without surrounding blanks. */
struct token line_content(const struct line *line);

/* Cut off the next word of @rest, and the blanks after it. */
struct token token_word(struct token *rest);

/* Cut off the text before @separator, or all of it if there is none. Returns false if nothing
 * is left. After the last field, @rest has the text NULL; an empty field remains a field. */
bool token_field(struct token *rest, char separator, struct token *ret_field);

/* The token without surrounding blanks. */
struct token token_trim(struct token token);

/* Split at @separator. At most @max trimmed fields are stored. Returns the number of fields,
 * which may be larger. */
size_t token_split(const struct token *content, char separator, struct token *fields, size_t max);

/* Leave out the first @bytes. */
void token_advance(struct token *token, size_t bytes);

/* Cut off a text in double quotes, and the blanks after it. Returns false if there is none. */
bool token_quoted(struct token *rest, struct token *ret_text);

/* Cut off everything from "#" on. Returns the comment without the "#". */
struct token token_cut_comment(struct token *content);

bool token_is(const struct token *token, const char *text);
/* The same, but ignores case. */
bool token_is_word(const struct token *token, const char *text);
bool token_begins(const struct token *token, const char *text);

/* Parse the whole token as a decimal number. */
bool token_number(const struct token *token, uint64_t *ret_number);

/* Make a string of the token, for use as a reason: without surrounding blanks, truncated to the
 * longest reason; NULL if it is empty. This changes the line. Afterwards only the text before
 * the token may be read. */
const char *line_reason(const struct token *token);

/* Longest prefix in brackets that is recognised. */
#define UNBRACKET_BYTES 80

/* Remove the brackets of "[ADDRESS]/LENGTH" or "[ADDRESS/LENGTH]", in @buffer. A token without
 * brackets, or one that cannot be a prefix, is returned unchanged. */
struct token token_unbracket(const struct token *token, char buffer[UNBRACKET_BYTES]);

/* Whether the token looks like a prefix. Its bits may still be wrong. */
bool token_is_prefix(const struct token *token);

#endif
