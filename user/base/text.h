/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 text from elsewhere, made safe for a terminal. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdio.h>

/* Whether @text can go to a terminal as it is: valid UTF-8 without control
 * characters and without those that change the direction or the line. */
bool text_is_plain(const char *text);

/* A copy in which each character that is not plain is an escape: \n, \t, \x1b,
 * \u202e. To be freed. NULL: out of memory. */
char *text_escape(const char *text);

/* Print @text so escaped. */
void text_print(const char *text, FILE *stream);

/* Columns on the terminal of a text that is plain. */
size_t text_width(const char *text);

/* A copy of a plain text that has at most @width columns, at least 1. "…" stands for its end,
 * or for its beginning if @is_cut_before. To be freed. NULL: out of memory. */
char *text_cut(const char *text, size_t width, bool is_cut_before);

#endif
