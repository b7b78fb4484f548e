/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small text: times, and growing lists of lines. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stddef.h>
#include <stdint.h>

/* "2026-11-23T12:00:00Z" and its zero; room for any year. */
#define TIME_TEXT_BYTES 32

/* RFC 3339 in UTC; returns @text. */
const char *time_format(int64_t time_sec, char text[TIME_TEXT_BYTES]);

/* Seconds since 1970, of the wall clock. */
int64_t time_now_sec(void);
/* Seconds of the clock that never steps. */
double time_monotonic_sec(void);

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
