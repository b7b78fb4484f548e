/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times, lists of lines. */
#include "base/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

void lines_add(struct lines *lines, const char *format, ...)
{
	va_list arguments;
	char **items;
	char *line;
	int bytes;

	va_start(arguments, format);
	bytes = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (bytes < 0)
		return;
	items = reallocarray(lines->items, lines->count + 1, sizeof(*items));
	if (!items) {
		free(line);
		return;
	}
	lines->items = items;
	lines->items[lines->count++] = line;
}

void lines_copy(struct lines *lines, const struct lines *from, size_t max)
{
	size_t i;

	for (i = 0; i < from->count && i < max; i++)
		lines_add(lines, "%s", from->items[i]);
	if (from->count > max)
		lines_add(lines, "and %zu more", from->count - max);
}

void lines_done(struct lines *lines)
{
	size_t i;

	for (i = 0; i < lines->count; i++)
		free(lines->items[i]);
	free(lines->items);
	*lines = (struct lines) { 0 };
}
