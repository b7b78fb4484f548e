/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 (RFC 3629) in text from outside. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* Bytes of the character that @text begins with, of which @text_bytes (at least
 * one) are there; 0: it is not UTF-8. */
size_t utf8_char_bytes(const char *text, size_t text_bytes);

/* Make text fit for a log line and for JSON: a tab becomes a space; a control
 * character, and each byte that is not UTF-8, becomes question marks. */
void utf8_sanitize(char *text, size_t text_bytes);

#endif
