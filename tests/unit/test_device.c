/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That there is no device is said only where that is known. */
#include "base/device.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void test_found(void **state)
{
	(void)state;
	assert_true(device_find("lo") > 0);
	assert_int_equal(device_find("ipwl-nowhere"), 0);
	assert_int_equal(device_find("a name that is longer than any"), 0);
}

static void test_without_descriptors(void **state)
{
	struct rlimit before, none;
	int found, missing;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	found = device_find("lo");
	missing = device_find("ipwl-nowhere");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* libc does not always leave EMFILE, but never ENODEV. */
	assert_true(found < 0);
	assert_true(missing < 0);
	assert_true(device_find("lo") > 0);
}

static void test_shortage(void **state)
{
	static const int shortages[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS };
	static const int answers[] = { 0, ENODEV, ENOENT, EINVAL, EPERM, EACCES, EBUSY, EEXIST };

	(void)state;
	for (size_t i = 0; i < sizeof(shortages) / sizeof(*shortages); i++)
		assert_true(device_is_shortage(-shortages[i]));
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		assert_false(device_is_shortage(-answers[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_without_descriptors),
		cmocka_unit_test(test_shortage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
