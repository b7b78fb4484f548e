/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations: refused texts and the reasons, the forms of other programs, and texts without a
 * terminating zero. */
#include "base/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_sec(const char *text, int64_t expected)
{
	int64_t sec = 0;

	assert_null(duration_parse(text, &sec));
	assert_int_equal(sec, expected);
}

static void assert_wrong(const char *text, const char *expected)
{
	int64_t sec = -7;
	const char *wrong = duration_parse(text, &sec);

	assert_non_null(wrong);
	assert_non_null(strstr(wrong, expected));
	assert_int_equal(sec, -7);
}

static void test_parse(void **state)
{
	(void)state;
	assert_sec("1s", 1);
	assert_sec("1h30m", 5400);
	assert_sec("1w1d1h1m1s", 694861);
	assert_sec("5m5m", 600);
	assert_sec("0h1s", 1);
	assert_sec("36525d", DURATION_MAX_SEC);
}

static void test_wrong(void **state)
{
	(void)state;
	assert_wrong("", "is empty");
	assert_wrong("0s", "is zero");
	assert_wrong("h", "not a whole number");
	assert_wrong("-1h", "not a whole number");
	assert_wrong(" 1h", "not a whole number");
	assert_wrong("1.5h", "unknown unit");
	assert_wrong("5ms", "not a whole number");
	assert_wrong("1y", "unknown unit");
	assert_wrong("1h ", "not a whole number");
	assert_wrong("90", "needs a unit");
	assert_wrong("1h30", "needs a unit");
	assert_wrong("36526d", "longer than 100 years");
	assert_wrong("36525d1s", "longer than 100 years");
	assert_wrong("9223372036854775807w", "longer than 100 years");
	assert_wrong("99999999999999999999s", "longer than 100 years");
}

#define UNTOUCHED INT64_MAX

static int64_t parsed(const char *text)
{
	int64_t sec = UNTOUCHED;
	bool is_parsed = duration_parse_signed(text, strlen(text), &sec);

	assert_int_equal(is_parsed, sec != UNTOUCHED);
	return sec;
}

static void test_signed(void **state)
{
	(void)state;
	assert_int_equal(parsed("30d"), 30 * 86400);
	assert_int_equal(parsed("167h59m58.5s"), 604798);
	assert_int_equal(parsed("-1h30m"), -5400);
	assert_int_equal(parsed("0s"), 0);
	assert_int_equal(parsed("1s500ms"), 1);
	assert_int_equal(parsed("200y"), UNTOUCHED);
	assert_int_equal(parsed("1000w"), 1000LL * 604800);
	assert_int_equal(parsed("100000w"), 100000LL * 604800);
	assert_int_equal(parsed(""), UNTOUCHED);
	assert_int_equal(parsed("-"), UNTOUCHED);
	assert_int_equal(parsed("--1h"), UNTOUCHED);
	assert_int_equal(parsed("+1h"), UNTOUCHED);
	assert_int_equal(parsed(".5s"), UNTOUCHED);
	assert_int_equal(parsed("1.5"), UNTOUCHED);
	assert_int_equal(parsed("9223372036854775807w"), UNTOUCHED);
	assert_int_equal(parsed("9000000000000000w"), UNTOUCHED);
	/* Only this many bytes are read, without a terminating zero. */
	int64_t sec;

	assert_true(duration_parse_signed("1m30", 2, &sec));
	assert_int_equal(sec, 60);
	assert_false(duration_parse_signed("1ms", 1, &sec));
}

static void test_format(void **state)
{
	char text[DURATION_TEXT_BYTES];

	(void)state;
	assert_string_equal(duration_format(0, text), "0s");
	assert_string_equal(duration_format(59, text), "59s");
	assert_string_equal(duration_format(60, text), "1m 0s");
	assert_string_equal(duration_format(86400 * 3 + 3600 * 4 + 59, text), "3d 4h");
	assert_string_equal(duration_format(INT64_MAX, text), "106751991167300d 15h");
	assert_string_equal(duration_format(INT64_MIN, text), "-9223372036854775808s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
