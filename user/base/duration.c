/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations: text to seconds and back. */
#include "base/duration.h"

#include <stddef.h>
#include <stdio.h>

static const struct {
	char name;
	int64_t sec;
} units[] = { { 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))
#define UNIT_DAY 1

static int64_t unit_sec(char name)
{
	for (size_t i = 0; i < UNIT_COUNT; i++)
		if (units[i].name == name)
			return units[i].sec;
	return 0;
}

const char *duration_parse(const char *text, int64_t *ret_sec)
{
	static const char *const too_long = "is over 100 years";
	int64_t total = 0;

	if (!*text)
		return "is empty";
	while (*text) {
		const char *digits = text;
		int64_t number = 0;
		int64_t sec;

		for (; *text >= '0' && *text <= '9'; text++) {
			number = number * 10 + (*text - '0');
			if (number > DURATION_MAX_SEC)
				return too_long;
		}
		if (text == digits)
			return "is not a whole number with a unit (s, m, h, d, w)";
		sec = unit_sec(*text);
		if (!sec)
			return *text ? "has an unknown unit (there are s, m, h, d, w)"
				     : "lacks a unit (s, m, h, d, w)";
		text++;
		/* Both factors are far too small to overflow together. */
		total += number * sec;
		if (total > DURATION_MAX_SEC)
			return too_long;
	}
	if (!total)
		return "is zero";
	*ret_sec = total;
	return NULL;
}

const char *duration_format(int64_t sec, char text[DURATION_TEXT_BYTES])
{
	size_t i = UNIT_DAY;

	while (i < UNIT_COUNT - 1 && sec < units[i].sec)
		i++;
	if (i == UNIT_COUNT - 1)
		snprintf(text, DURATION_TEXT_BYTES, "%llds", (long long)sec);
	else
		snprintf(text, DURATION_TEXT_BYTES, "%lld%c %lld%c",
			 (long long)(sec / units[i].sec), units[i].name,
			 (long long)(sec % units[i].sec / units[i + 1].sec), units[i + 1].name);
	return text;
}
