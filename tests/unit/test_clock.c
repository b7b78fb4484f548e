/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as text, and that the clocks agree with those of the system. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void assert_text(int64_t time_sec, const char *expected)
{
	char text[TIME_TEXT_BYTES];

	assert_ptr_equal(time_format(time_sec, text), text);
	assert_string_equal(text, expected);
}

static void test_format(void **state)
{
	(void)state;
	assert_text(0, "1970-01-01T00:00:00Z");
	assert_text(-1, "1969-12-31T23:59:59Z");
	assert_text(951782400, "2000-02-29T00:00:00Z");
	assert_text(4102444799, "2099-12-31T23:59:59Z");
	assert_text(253402300800, "10000-01-01T00:00:00Z");
	/* Beyond the years that struct tm holds. */
	assert_text(INT64_MAX, "?");
}

static void test_format_is_utc(void **state)
{
	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	assert_text(1764000000, "2025-11-24T16:00:00Z");
	unsetenv("TZ");
	tzset();
}

static void test_now(void **state)
{
	time_t before = time(NULL);
	int64_t now_sec = time_now_sec();
	struct timespec after;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &after);
	assert_in_range(now_sec, before, after.tv_sec);
}

static void test_monotonic(void **state)
{
	struct timespec before, after;
	double sec;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	sec = time_monotonic_sec();
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(sec >= (double)before.tv_sec + (double)before.tv_nsec / 1e9);
	assert_true(sec <= (double)after.tv_sec + (double)after.tv_nsec / 1e9);
}

static void test_watch(void **state)
{
	struct clock_watch watch = { 0 };
	const int64_t now_sec = time_now_sec();

	(void)state;
	assert_true(clock_watch_look(&watch, now_sec) < 1);
	/* As if the first look had been an hour ago. */
	watch.wall_sec -= 3600;
	watch.monotonic_sec -= 3600;
	assert_true(clock_watch_look(&watch, now_sec) >= 3600);
	/* Put right little by little, either way. */
	assert_true(clock_watch_look(&watch, now_sec + 50) >= 3600);
	assert_true(clock_watch_look(&watch, now_sec - 50) >= 3600);
	/* Set, and set back. */
	assert_true(clock_watch_look(&watch, now_sec + 3600) < 60);
	assert_true(clock_watch_look(&watch, now_sec) < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format), cmocka_unit_test(test_format_is_utc),
		cmocka_unit_test(test_now),    cmocka_unit_test(test_monotonic),
		cmocka_unit_test(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
