/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process uses. */
#include "base/resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void test_descriptors(void **state)
{
	struct resources before, after;
	struct rlimit limit;
	int fds[2];

	(void)state;
	resources_read(&before);
	assert_false(pipe(fds));
	resources_read(&after);
	assert_true(before.has_fds && after.has_fds);
	assert_int_equal(after.open_fds, before.open_fds + 2);
	close(fds[0]);
	close(fds[1]);
	resources_read(&after);
	assert_int_equal(after.open_fds, before.open_fds);
	assert_false(getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < 200)
		skip();
	limit.rlim_cur = 200;
	assert_false(setrlimit(RLIMIT_NOFILE, &limit));
	resources_read(&after);
	assert_int_equal(after.max_fds, 200);
}

/* Pages that are written to are resident. */
static void test_memory(void **state)
{
	const size_t bytes = 64 << 20;
	struct resources before, after;
	char *memory;

	(void)state;
	resources_read(&before);
	memory = malloc(bytes);
	assert_non_null(memory);
	memset(memory, 1, bytes);
	resources_read(&after);
	assert_true(before.has_memory && after.has_memory);
	assert_true(after.resident_bytes >= before.resident_bytes + bytes / 2);
	assert_true(after.virtual_bytes >= after.resident_bytes);
	free(memory);
}

static void test_cpu(void **state)
{
	struct resources before, after;
	volatile unsigned int number = 0;

	(void)state;
	resources_read(&before);
	do {
		for (int i = 0; i < 100000; i++)
			number = number * 3 + 1;
		resources_read(&after);
		assert_true(after.cpu_sec >= before.cpu_sec);
	} while (after.cpu_sec < before.cpu_sec + 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
