/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes numbers. strtol() and similar functions accept blanks, signs and trailing text,
 * and report an overflow only in errno. */
#include "base/number.h"

#include <string.h>

/* The value of a digit; @base: it is none. */
static unsigned int digit_value(char c, unsigned int base)
{
	unsigned int value = base;

	if (c >= '0' && c <= '9')
		value = (unsigned int)(c - '0');
	else if (c >= 'a' && c <= 'f')
		value = (unsigned int)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		value = (unsigned int)(c - 'A') + 10;
	return value < base ? value : base;
}

static size_t digits_scan(const char *text, size_t bytes, unsigned int base, int64_t *ret_number)
{
	int64_t number = 0;
	size_t i;

	for (i = 0; i < bytes; i++) {
		unsigned int digit = digit_value(text[i], base);

		if (digit == base)
			break;
		if (number > (INT64_MAX - (int64_t)digit) / (int64_t)base)
			return 0;
		number = number * (int64_t)base + (int64_t)digit;
	}
	if (i)
		*ret_number = number;
	return i;
}

static bool digits_parse(const char *text, unsigned int base, int64_t min, int64_t max,
			 int64_t *ret_number)
{
	size_t bytes = strlen(text);
	int64_t number;

	if (!bytes || digits_scan(text, bytes, base, &number) != bytes)
		return false;
	if (number < min || number > max)
		return false;
	*ret_number = number;
	return true;
}

bool number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
	return digits_parse(text, 10, min, max, ret_number);
}

bool number_parse_hex(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
	return digits_parse(text, 16, min, max, ret_number);
}

size_t number_scan(const char *text, size_t bytes, int64_t *ret_number)
{
	return digits_scan(text, bytes, 10, ret_number);
}

char *number_write(uint64_t number, char *to)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(to, digits + first, sizeof(digits) - first);
	return to + sizeof(digits) - first;
}
