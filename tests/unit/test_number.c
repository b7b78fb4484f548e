/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers: the whole text, the range, overflow, and texts that strtol() would accept. */
#include "base/number.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UNTOUCHED (-7)

static int64_t parsed(const char *text, int64_t min, int64_t max)
{
	int64_t number = UNTOUCHED;

	bool is_parsed = number_parse(text, min, max, &number);

	assert_int_equal(is_parsed, number != UNTOUCHED);
	return number;
}

static void test_range(void **state)
{
	(void)state;
	assert_int_equal(parsed("0", 0, 9), 0);
	assert_int_equal(parsed("9", 0, 9), 9);
	assert_int_equal(parsed("10", 0, 9), UNTOUCHED);
	assert_int_equal(parsed("0", 1, 9), UNTOUCHED);
	assert_int_equal(parsed("007", 0, 9), 7);
}

static void test_whole(void **state)
{
	static const char *const bad[] = { "",	  " 1",	 "1 ", "+1",  "-1",   "-0",
					   "10x", "0x1", "1.", "1e3", "1\n2", "\xc2\xb9" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parsed(bad[i], 0, INT64_MAX), UNTOUCHED);
}

static void test_overflow(void **state)
{
	(void)state;
	assert_int_equal(parsed("9223372036854775807", 0, INT64_MAX), INT64_MAX);
	assert_int_equal(parsed("9223372036854775808", 0, INT64_MAX), UNTOUCHED);
	assert_int_equal(parsed("9223372036854775810", 0, INT64_MAX), UNTOUCHED);
	/* 2^64 + 1 wraps to a number in range. */
	assert_int_equal(parsed("18446744073709551617", 0, INT64_MAX), UNTOUCHED);
	assert_int_equal(parsed("99999999999999999999999999", 0, INT64_MAX), UNTOUCHED);
}

static void test_hex(void **state)
{
	int64_t number = UNTOUCHED;

	(void)state;
	assert_true(number_parse_hex("00fFa9", 0, UINT32_MAX, &number));
	assert_int_equal(number, 0xffa9);
	assert_true(number_parse_hex("7fffffffffffffff", 0, INT64_MAX, &number));
	assert_int_equal(number, INT64_MAX);
	number = UNTOUCHED;
	assert_false(number_parse_hex("8000000000000000", 0, INT64_MAX, &number));
	assert_false(number_parse_hex("100000000", 0, UINT32_MAX, &number));
	assert_false(number_parse_hex("0x1", 0, UINT32_MAX, &number));
	assert_false(number_parse_hex("g", 0, UINT32_MAX, &number));
	assert_false(number_parse_hex("", 0, UINT32_MAX, &number));
	assert_int_equal(number, UNTOUCHED);
}

static void test_scan(void **state)
{
	/* There is no terminating zero, so the scan must not read further. */
	const char digits[] = { '1', '2', '3' };
	int64_t number = UNTOUCHED;

	(void)state;
	assert_int_equal(number_scan(digits, sizeof(digits), &number), 3);
	assert_int_equal(number, 123);
	assert_int_equal(number_scan("45s", 3, &number), 2);
	assert_int_equal(number, 45);
	assert_int_equal(number_scan("4567", 2, &number), 2);
	assert_int_equal(number, 45);
	number = UNTOUCHED;
	assert_int_equal(number_scan("s45", 3, &number), 0);
	assert_int_equal(number_scan("", 0, &number), 0);
	assert_int_equal(number_scan("9223372036854775808", 19, &number), 0);
	assert_int_equal(number, UNTOUCHED);
}

/* Against what the C library writes. */
static void test_write(void **state)
{
	const uint64_t numbers[] = { 0, 9, 10, 99, 100, INT64_MAX, UINT64_MAX - 1, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char expected[NUMBER_DIGITS_MAX + 1], text[NUMBER_DIGITS_MAX + 1] = { 0 };

		snprintf(expected, sizeof(expected), "%" PRIu64, numbers[i]);
		assert_ptr_equal(number_write(numbers[i], text), text + strlen(expected));
		assert_string_equal(text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_range),	 cmocka_unit_test(test_whole),
		cmocka_unit_test(test_overflow), cmocka_unit_test(test_hex),
		cmocka_unit_test(test_scan),	 cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
