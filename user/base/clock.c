/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the clocks. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL

/* A clock that is put right little by little has not been set. */
#define SLEWED_SEC 60

const char *time_format(int64_t time_sec, char text[TIME_TEXT_BYTES])
{
	time_t seconds = (time_t)time_sec;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm))
		memcpy(text, "?", 2);
	return text;
}

static int64_t time_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

int64_t time_booted_ns(void)
{
	return time_ns(CLOCK_REALTIME) - time_ns(CLOCK_BOOTTIME);
}

int64_t time_now_sec(void)
{
	struct timespec now;

	/* time() reads a coarser clock, which lags behind the timers. */
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t time_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double time_monotonic_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double clock_watch_look(struct clock_watch *watch, int64_t now_sec)
{
	const double monotonic_sec = time_monotonic_sec();
	const double ahead_sec =
	    (double)(now_sec - watch->wall_sec) - (monotonic_sec - watch->monotonic_sec);

	if (!watch->is_begun || ahead_sec > SLEWED_SEC || ahead_sec < -SLEWED_SEC)
		*watch = (struct clock_watch) { true, now_sec, monotonic_sec };
	return monotonic_sec - watch->monotonic_sec;
}
