/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the clocks. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

const char *time_format(int64_t time_sec, char text[TIME_TEXT_BYTES])
{
	time_t seconds = (time_t)time_sec;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm))
		memcpy(text, "?", 2);
	return text;
}

int64_t time_now_sec(void)
{
	struct timespec now;

	/* time() reads a coarser clock, which lags behind the timers. */
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

double time_monotonic_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
