/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells UTF-8 from other bytes, and makes foreign text printable in place. */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_char_bytes(const char *text, size_t text_bytes)
{
	const unsigned char *byte = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf; /* of the second byte */
	size_t bytes;

	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xc2 || byte[0] > 0xf4)
		return 0;
	bytes = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	if (bytes > text_bytes)
		return 0;
	if (byte[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (byte[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (byte[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (byte[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	for (size_t i = 1; i < bytes; i++, low = 0x80, high = 0xbf) {
		if (byte[i] < low || byte[i] > high)
			return 0;
	}
	return bytes;
}

/* C0 and C1 control characters, and delete. */
static bool is_control(const char *text, size_t bytes)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (bytes == 1)
		return byte[0] < 0x20 || byte[0] == 0x7f;
	return bytes == 2 && byte[0] == 0xc2 && byte[1] < 0xa0;
}

void utf8_sanitize(char *text, size_t text_bytes)
{
	size_t bytes;

	for (size_t i = 0; i < text_bytes; i += bytes) {
		bytes = utf8_char_bytes(text + i, text_bytes - i);
		if (text[i] == '\t') {
			text[i] = ' ';
		} else if (bytes == 0) {
			text[i] = '?';
			bytes = 1;
		} else if (is_control(text + i, bytes)) {
			memset(text + i, '?', bytes);
		}
	}
}
