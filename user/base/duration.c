/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations: text to seconds and back. */
#include "base/duration.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

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

static size_t fraction_bytes(const char *text, size_t bytes)
{
	size_t i = 1;

	if (!bytes || *text != '.')
		return 0;
	while (i < bytes && text[i] >= '0' && text[i] <= '9')
		i++;
	return i;
}

/* Return: NULL, or what is wrong with @text. */
static const char *duration_sum(const char *text, size_t bytes, bool has_fractions, int64_t max_sec,
				int64_t *ret_sec)
{
	static const char *const too_long = "is longer than 100 years";
	int64_t total = 0;
	size_t i = 0;

	if (!bytes)
		return "is empty";
	while (i < bytes) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';
		int64_t number = 0, sec;
		size_t digits = number_scan(text + i, bytes - i, &number);

		if (!digits)
			return is_digit ? too_long
					: "is not a whole number with a unit (s, m, h, d, w)";
		if (number > max_sec)
			return too_long;
		i += digits;
		if (has_fractions) {
			i += fraction_bytes(text + i, bytes - i);
			/* Parts of a second round to nothing. */
			if (bytes - i >= 2 && !memcmp(text + i, "ms", 2)) {
				i += 2;
				continue;
			}
		}
		sec = i < bytes ? unit_sec(text[i]) : 0;
		if (!sec)
			return i < bytes ? "has an unknown unit (the units are s, m, h, d, w)"
					 : "needs a unit (s, m, h, d, w)";
		if (number > (max_sec - total) / sec)
			return too_long;
		total += number * sec;
		i++;
	}
	*ret_sec = total;
	return NULL;
}

const char *duration_parse(const char *text, int64_t *ret_sec)
{
	int64_t sec;
	const char *wrong = duration_sum(text, strlen(text), false, DURATION_MAX_SEC, &sec);

	if (wrong)
		return wrong;
	if (!sec)
		return "is zero";
	*ret_sec = sec;
	return NULL;
}

bool duration_parse_signed(const char *text, size_t bytes, int64_t *ret_sec)
{
	size_t sign = bytes && *text == '-';
	int64_t sec;

	if (duration_sum(text + sign, bytes - sign, true, INT64_MAX / 4, &sec))
		return false;
	*ret_sec = sign ? -sec : sec;
	return true;
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
