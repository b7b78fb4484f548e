/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escapes and column widths of UTF-8. Needs a UTF-8 LC_CTYPE. */
#include "base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* "…" */
#define ELLIPSIS "\xe2\x80\xa6"

/* Characters, besides control characters, that can make a reason look like another text: directions
 * (as in CVE-2021-42574), line ends, a byte-order mark. */
static bool is_deceptive(wint_t c)
{
	return c == 0x061c || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Decode the character at @text, which is not empty, and return its bytes. What
 * is no character is one byte with *ret_char WEOF. */
static size_t next_char(const char *text, wint_t *ret_char)
{
	wchar_t c;
	mbstate_t state = { 0 };
	size_t bytes = mbrtowc(&c, text, strnlen(text, MB_LEN_MAX), &state);
	bool is_char = bytes != (size_t)-1 && bytes != (size_t)-2;

	*ret_char = is_char ? (wint_t)c : WEOF;
	return is_char ? bytes : 1;
}

static bool is_plain(wint_t c)
{
	return c != WEOF && !iswcntrl(c) && !is_deceptive(c);
}

bool text_is_plain(const char *text)
{
	wint_t c;

	while (*text) {
		text += next_char(text, &c);
		if (!is_plain(c))
			return false;
	}
	return true;
}

static void print_escape(const char *at, wint_t c, FILE *stream)
{
	if (c == '\n')
		fputs("\\n", stream);
	else if (c == '\t')
		fputs("\\t", stream);
	else if (c == WEOF || c < 0x80)
		fprintf(stream, "\\x%02x", (unsigned int)(unsigned char)*at);
	else
		fprintf(stream, "\\u%04x", c);
}

void text_print(const char *text, FILE *stream)
{
	while (*text) {
		wint_t c;
		size_t bytes = next_char(text, &c);

		if (is_plain(c))
			fwrite(text, 1, bytes, stream);
		else
			print_escape(text, c, stream);
		text += bytes;
	}
}

char *text_escape(const char *text)
{
	char *escaped = NULL;
	size_t size;
	FILE *stream = open_memstream(&escaped, &size);

	if (!stream)
		return NULL;
	text_print(text, stream);
	if (!fclose(stream))
		return escaped;
	free(escaped);
	return NULL;
}

/* The columns of the character at @text, which has *ret_bytes. */
static size_t char_width(const char *text, size_t *ret_bytes)
{
	wint_t c;
	int columns;

	*ret_bytes = next_char(text, &c);
	columns = wcwidth((wchar_t)c);
	return columns < 0 ? 1 : (size_t)columns;
}

size_t text_width(const char *text)
{
	size_t width = 0, bytes;

	for (; *text; text += bytes)
		width += char_width(text, &bytes);
	return width;
}

char *text_cut(const char *text, size_t width, bool is_cut_before)
{
	size_t left = text_width(text), kept = 0, bytes, columns;
	const char *end = text;
	char *cut = NULL;

	if (left <= width)
		return strdup(text);
	if (is_cut_before) {
		for (; left > width - 1; text += bytes)
			left -= char_width(text, &bytes);
		return asprintf(&cut, ELLIPSIS "%s", text) < 0 ? NULL : cut;
	}
	for (; kept + (columns = char_width(end, &bytes)) <= width - 1; end += bytes)
		kept += columns;
	return asprintf(&cut, "%.*s" ELLIPSIS, (int)(end - text), text) < 0 ? NULL : cut;
}
