/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small text: copies, and growing lists of lines. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stddef.h>

#include "base/clock.h"

/* A copy, to be freed. NULL for NULL, or out of memory. */
char *text_copy(const char *text);

/* Lines of text for people. */
struct lines {
	char **items;
	size_t count;
};

/* A line that finds no memory is left out. */
void lines_add(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A copy of at most @max lines; a last one tells how many more there were. */
void lines_copy(struct lines *lines, const struct lines *from, size_t max);
void lines_done(struct lines *lines);

#endif
