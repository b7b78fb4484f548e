/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of lines: words, fields, reasons. */
#include "formats/token.h"

#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/utf8.h"
#include "formats/read.h"

struct token token_trim(struct token token)
{
	while (token.bytes > 0 && is_blank(token.text[0])) {
		token.text++;
		token.position++;
		token.bytes--;
	}
	while (token.bytes > 0 && is_blank(token.text[token.bytes - 1]))
		token.bytes--;
	return token;
}

struct token line_content(const struct line *line)
{
	return token_trim((struct token) { .text = line->text, .bytes = line->bytes });
}

void token_advance(struct token *token, size_t bytes)
{
	/* The text of an empty token may be NULL, to which even 0 must not be added. */
	if (bytes == 0)
		return;
	token->text += bytes;
	token->position += bytes;
	token->bytes -= bytes;
}

struct token token_word(struct token *rest)
{
	struct token word = *rest;
	size_t bytes = 0;

	while (bytes < rest->bytes && !is_blank(rest->text[bytes]))
		bytes++;
	word.bytes = bytes;
	while (bytes < rest->bytes && is_blank(rest->text[bytes]))
		bytes++;
	token_advance(rest, bytes);
	return word;
}

bool token_quoted(struct token *rest, struct token *ret_text)
{
	const char *quote = rest->bytes > 1 && rest->text[0] == '"'
				? memchr(rest->text + 1, '"', rest->bytes - 1)
				: NULL;
	size_t bytes;

	if (!quote)
		return false;
	bytes = (size_t)(quote - rest->text) - 1;
	*ret_text = (struct token) { rest->text + 1, bytes, rest->position + 1 };
	token_advance(rest, bytes + 2);
	while (rest->bytes > 0 && is_blank(rest->text[0]))
		token_advance(rest, 1);
	return true;
}

bool token_field(struct token *rest, char separator, struct token *ret_field)
{
	const char *end;

	if (!rest->text)
		return false;
	end = rest->bytes > 0 ? memchr(rest->text, separator, rest->bytes) : NULL;
	*ret_field = *rest;
	if (!end) {
		rest->text = NULL;
		return true;
	}
	ret_field->bytes = (size_t)(end - rest->text);
	token_advance(rest, ret_field->bytes + 1);
	return true;
}

struct token token_cut_comment(struct token *content)
{
	char *mark = content->bytes > 0 ? memchr(content->text, '#', content->bytes) : NULL;
	struct token comment = { 0 };
	size_t before;

	if (!mark)
		return comment;
	before = (size_t)(mark - content->text);
	comment = (struct token) { mark + 1, content->bytes - before - 1,
				   content->position + before + 1 };
	content->bytes = before;
	*content = token_trim(*content);
	return comment;
}

size_t token_split(const struct token *content, char separator, struct token *fields, size_t max)
{
	struct token rest = *content, field;
	size_t count = 0;

	while (token_field(&rest, separator, &field)) {
		if (count < max)
			fields[count] = token_trim(field);
		count++;
	}
	return count;
}

bool token_is(const struct token *token, const char *text)
{
	return strlen(text) == token->bytes && !memcmp(text, token->text, token->bytes);
}

bool token_is_word(const struct token *token, const char *text)
{
	return strlen(text) == token->bytes && !strncasecmp(text, token->text, token->bytes);
}

bool token_begins(const struct token *token, const char *text)
{
	size_t bytes = strlen(text);

	return token->bytes >= bytes && !memcmp(text, token->text, bytes);
}

bool token_number(const struct token *token, uint64_t *ret_number)
{
	int64_t number;

	if (!token->bytes || number_scan(token->text, token->bytes, &number) != token->bytes)
		return false;
	*ret_number = (uint64_t)number;
	return true;
}

const char *line_reason(const struct token *token)
{
	struct token reason = token_trim(*token);

	if (reason.bytes == 0)
		return NULL;
	utf8_sanitize(reason.text, reason.bytes);
	if (reason.bytes > FORMAT_REASON_BYTES_MAX) {
		reason.bytes = FORMAT_REASON_BYTES_MAX;
		while (((unsigned char)reason.text[reason.bytes] & 0xc0) == 0x80)
			reason.bytes--;
	}
	reason.text[reason.bytes] = '\0';
	return reason.text;
}

struct token token_unbracket(const struct token *token, char buffer[UNBRACKET_BYTES])
{
	struct token plain = { .text = buffer, .position = token->position };
	const char *close = token->bytes > 0 && token->text[0] == '['
				? memchr(token->text, ']', token->bytes)
				: NULL;
	size_t inner, behind;

	if (!close || token->bytes > UNBRACKET_BYTES)
		return *token;
	inner = (size_t)(close - token->text) - 1;
	behind = token->bytes - inner - 2;
	if (behind > 0 && close[1] != '/')
		return *token;
	memcpy(buffer, token->text + 1, inner);
	memcpy(buffer + inner, close + 1, behind);
	plain.bytes = inner + behind;
	return plain;
}

bool token_is_prefix(const struct token *token)
{
	char buffer[UNBRACKET_BYTES];
	struct token plain = token_unbracket(token, buffer);
	enum prefix_error error;
	struct prefix prefix;

	error = prefix_parse(plain.text, plain.bytes, &prefix, NULL);
	return error == PREFIX_OK || error == PREFIX_HOST_BITS || error == PREFIX_LEADING_ZERO;
}
