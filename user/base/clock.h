/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time of day, and the clock that never steps. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* "2026-11-23T12:00:00Z" and its zero; room for any year. */
#define TIME_TEXT_BYTES 32

/* RFC 3339 in UTC; "?" where there is no such year. Returns @text. */
const char *time_format(int64_t time_sec, char text[TIME_TEXT_BYTES]);

/* Seconds since 1970, of the wall clock. */
int64_t time_now_sec(void);
/* The same in milliseconds. */
int64_t time_now_ms(void);
/* When the machine was booted, in nanoseconds since 1970: the time of CLOCK_BOOTTIME is counted
 * from there. It changes when the wall clock is set. */
int64_t time_booted_ns(void);
/* Seconds of the clock that never steps. */
double time_monotonic_sec(void);

/* Since when the wall clock goes on as the other one does; all zero at first. */
struct clock_watch {
	bool is_begun;
	int64_t wall_sec;
	double monotonic_sec;
};

/* For how many seconds, seen from the looks taken so far, nobody has set the wall clock. It
 * may be wrong all the same, but somebody has had so long to see to that. */
double clock_watch_look(struct clock_watch *watch, int64_t now_sec);

#endif
