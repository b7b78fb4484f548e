/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time of day, and the clock that never steps. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* "2026-11-23T12:00:00Z" and its zero; room for any year. */
#define TIME_TEXT_BYTES 32

/* RFC 3339 in UTC; "?" where there is no such year. Returns @text. */
const char *time_format(int64_t time_sec, char text[TIME_TEXT_BYTES]);

/* Seconds since 1970, of the wall clock. */
int64_t time_now_sec(void);
/* Seconds of the clock that never steps. */
double time_monotonic_sec(void);

#endif
