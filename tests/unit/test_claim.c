/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory that one process has for itself, whatever path leads there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/claim.h"

static char top[] = "/tmp/ipwl-claim-XXXXXX";
static char directory[64], link_path[80], owner_path[80];

static int make_directory(void **state)
{
	(void)state;
	strcpy(top + sizeof(top) - sizeof("XXXXXX"), "XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(directory, sizeof(directory), "%s/it", top);
	snprintf(link_path, sizeof(link_path), "%s/link", top);
	snprintf(owner_path, sizeof(owner_path), "%s/owner", directory);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(symlink("it", link_path), 0);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(owner_path);
	unlink(link_path);
	rmdir(directory);
	return rmdir(top);
}

static void assert_owner(const char *what)
{
	char expected[CLAIM_OWNER_BYTES], owner[CLAIM_OWNER_BYTES];

	snprintf(expected, sizeof(expected), "pid %d, %s", (int)getpid(), what);
	assert_true(claim_read_owner(directory, owner));
	assert_string_equal(owner, expected);
}

static void test_one_has_it(void **state)
{
	char owner[CLAIM_OWNER_BYTES];
	int claim = -1, other = -1;

	(void)state;
	assert_int_equal(claim_take(directory, "/a", &claim), 0);
	assert_owner("/a");
	assert_int_equal(claim_take(directory, "/b", &other), -EWOULDBLOCK);
	assert_int_equal(claim_take(link_path, "/b", &other), -EWOULDBLOCK);
	assert_int_equal(other, -1);
	assert_owner("/a");
	claim_give(claim);
	assert_false(claim_read_owner(directory, owner));
	assert_string_equal(owner, "pid unknown");
	assert_int_equal(claim_take(link_path, "/b", &other), 0);
	assert_owner("/b");
	claim_give(other);
}

static void test_no_directory(void **state)
{
	int claim = -1;

	(void)state;
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(claim_take(directory, "x", &claim), -ENOENT);
	assert_int_equal(claim, -1);
	claim_give(-1);
}

/* A process that is killed leaves the link, which does not stop the next one. */
static void test_left_by_the_dead(void **state)
{
	pid_t pid = fork();
	int claim = -1, status;

	(void)state;
	if (!pid)
		_exit(claim_take(directory, "/dead", &claim) != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(access(directory, F_OK), 0);
	assert_int_equal(claim_take(directory, "/new", &claim), 0);
	assert_owner("/new");
	claim_give(claim);
}

/* A claim is on a directory, not on its name. */
static void test_removed_and_made_anew(void **state)
{
	int claim = -1, other = -1;

	(void)state;
	assert_false(claim_is_on(-1, directory));
	assert_int_equal(claim_take(directory, "x", &claim), 0);
	assert_true(claim_is_on(claim, directory));
	assert_true(claim_is_on(claim, link_path));
	assert_false(claim_is_on(claim, top));
	claim_remove_directory(directory);
	assert_int_equal(access(directory, F_OK), -1);
	assert_false(claim_is_on(claim, directory));
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_false(claim_is_on(claim, directory));
	assert_int_equal(claim_take(directory, "y", &other), 0);
	/* The old one takes nothing from the new one. */
	claim_give(claim);
	assert_owner("y");
	claim_give(other);
}

static void test_a_directory_that_holds_more_stays(void **state)
{
	char path[80];
	int claim = -1;

	(void)state;
	snprintf(path, sizeof(path), "%s/more", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(claim_take(directory, "x", &claim), 0);
	claim_remove_directory(directory);
	assert_true(claim_is_on(claim, directory));
	assert_owner("x");
	assert_int_equal(rmdir(path), 0);
	claim_remove_directory(directory);
	assert_int_equal(access(directory, F_OK), -1);
	claim_give(claim);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
	const struct CMUnitTest tests[] = {
		TEST(test_one_has_it),
		TEST(test_no_directory),
		TEST(test_left_by_the_dead),
		TEST(test_removed_and_made_anew),
		TEST(test_a_directory_that_holds_more_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
