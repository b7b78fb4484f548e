/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints of lines: hashes that show which lines of a list have changed since it was read. */
#ifndef FORMATS_LINE_PRINTS_H
#define FORMATS_LINE_PRINTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"

/* The prints of a list, line by line. Several readings may share them. */
struct line_prints {
	unsigned int references; /* atomic */
	uint8_t key[SIPHASH_KEY_BYTES];
	uint64_t *items; /* the first is of line 1; 0: this line is read again in any case */
	size_t count;
	size_t capacity;
};

/* Create prints without lines, with one reference. They compare with those of @like, which may be
 * NULL. Return NULL: out of memory, or no random key. */
struct line_prints *line_prints_new(const struct line_prints *like);
struct line_prints *line_prints_ref(struct line_prints *prints);
/* Dropping the last reference frees them. NULL is fine. */
void line_prints_unref(struct line_prints *prints);

/* The print of a line; never 0. */
uint64_t line_prints_make(const struct line_prints *prints, const char *text, size_t bytes);

/* Append the print of the next line. Return: 0 or -ENOMEM. */
int line_prints_add(struct line_prints *prints, uint64_t print);
/* Free memory that is not used. */
void line_prints_trim(struct line_prints *prints);

#endif
