/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: read whole, replaced whole or not at all, also on a full disk, and synced before
 * they get their name. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/ipwl-file-XXXXXX";
static char path[64], new_path[64];

/* ---- what reaches the disk -------------------------------------------------- */

#define TRACE_BYTES 16

/* For each fsync of a file 'f', of a directory 'd'; in capitals once the new file has its
 * name. */
static char trace[TRACE_BYTES];
static int sync_error; /* errno of the next fsync; 0: none */

/* Stands before libc's. */
int fsync(int fd)
{
	size_t count = strlen(trace);
	struct stat status;
	char call;

	assert_true(count < TRACE_BYTES - 1);
	assert_false(fstat(fd, &status));
	call = S_ISDIR(status.st_mode) ? 'd' : 'f';
	trace[count] = access(new_path, F_OK) ? (char)(call - 'a' + 'A') : call;
	if (!sync_error)
		return fdatasync(fd);
	errno = sync_error;
	sync_error = 0;
	return -1;
}

/* ---- the directory --------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	strcpy(directory + sizeof(directory) - 7, "XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	snprintf(new_path, sizeof(new_path), "%s/.file.ipwl-new", directory);
	memset(trace, 0, sizeof(trace));
	sync_error = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(new_path);
	umount2(directory, MNT_DETACH);
	return rmdir(directory);
}

static void assert_content(const char *expected)
{
	int64_t changed_sec;
	size_t bytes;
	char *text;

	assert_int_equal(file_read_whole(path, &text, &bytes, &changed_sec), 0);
	assert_string_equal(text, expected);
	assert_int_equal(bytes, strlen(expected));
	free(text);
}

static void assert_nothing_left(void)
{
	assert_int_equal(access(new_path, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

/* ---- tests ------------------------------------------------------------------ */

static void test_replace(void **state)
{
	mode_t umask_before = umask(077);
	struct stat status;

	(void)state;
	assert_int_equal(file_replace(path, 0644, "one", 3), 0);
	umask(umask_before);
	assert_content("one");
	assert_false(stat(path, &status));
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(file_replace(path, 0600, "", 0), 0);
	assert_content("");
	assert_false(stat(path, &status));
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_nothing_left();
}

/* The file is on the disk before it has the name, and the name before 0 is returned. */
static void test_order(void **state)
{
	(void)state;
	assert_int_equal(file_replace(path, 0600, "one", 3), 0);
	assert_string_equal(trace, "fD");
}

static void test_sync_fails(void **state)
{
	(void)state;
	assert_int_equal(file_replace(path, 0600, "one", 3), 0);
	sync_error = EIO;
	assert_int_equal(file_replace(path, 0600, "two", 3), -EIO);
	assert_content("one");
	assert_nothing_left();
}

static void test_directory_sync_fails(void **state)
{
	const struct file_part part = { "two", 3 };

	(void)state;
	assert_int_equal(file_prepare(path, 0600, &part, 1), 0);
	sync_error = EIO;
	assert_int_equal(file_commit(path), -EIO);
	assert_nothing_left();
}

static void test_parts(void **state)
{
	const struct file_part parts[] = { { "one ", 4 }, { "", 0 }, { "two", 3 } };

	(void)state;
	assert_int_equal(file_replace(path, 0600, "before", 6), 0);
	assert_int_equal(file_prepare(path, 0600, parts, 3), 0);
	assert_content("before");
	file_abandon(path);
	assert_nothing_left();
	assert_content("before");
	assert_int_equal(file_prepare(path, 0600, parts, 3), 0);
	assert_int_equal(file_commit(path), 0);
	assert_content("one two");
	assert_int_equal(file_commit(path), -ENOENT);
}

/* A crash left a file under the new name, or another user put a link there. */
static void test_leftover(void **state)
{
	char victim[80];
	int fd;

	(void)state;
	snprintf(victim, sizeof(victim), "%s/victim", directory);
	fd = open(victim, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(symlink(victim, new_path), 0);
	assert_int_equal(file_replace(path, 0600, "one", 3), 0);
	assert_content("one");
	assert_int_equal(truncate(victim, 0), 0);
	assert_int_equal(unlink(victim), 0);
	assert_int_equal(readlink(path, victim, sizeof(victim)), -1);
}

static void test_full_disk(void **state)
{
	static char much[256 * 1024];

	(void)state;
	if (geteuid() != 0 || mount("none", directory, "tmpfs", 0, "size=64k"))
		skip();
	assert_int_equal(file_replace(path, 0600, "one", 3), 0);
	assert_int_equal(file_replace(path, 0600, much, sizeof(much)), -ENOSPC);
	assert_content("one");
	assert_nothing_left();
	assert_int_equal(file_replace(path, 0600, "two", 3), 0);
	assert_content("two");
}

static void test_no_directory(void **state)
{
	char deep[80];

	(void)state;
	snprintf(deep, sizeof(deep), "%s/none/file", directory);
	assert_int_equal(file_replace(deep, 0600, "one", 3), -ENOENT);
}

static void test_long_name(void **state)
{
	static char name[8192];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_int_equal(file_replace(name, 0600, "one", 3), -ENAMETOOLONG);
}

static void test_read_refuses(void **state)
{
	char *text = NULL;
	int64_t changed_sec;
	size_t bytes;

	(void)state;
	assert_int_equal(file_read_whole(path, &text, &bytes, &changed_sec), -ENOENT);
	assert_int_equal(file_read_whole(directory, &text, &bytes, &changed_sec), -EBADMSG);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(file_read_whole(path, &text, &bytes, &changed_sec), -ELOOP);
	assert_int_equal(unlink(path), 0);
	/* Nobody writes to it, and nobody waits. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_read_whole(path, &text, &bytes, &changed_sec), -EBADMSG);
	assert_null(text);
}

static void test_directory(void **state)
{
	char deep[96], above[80];
	struct stat status;

	(void)state;
	snprintf(above, sizeof(above), "%s/a", directory);
	snprintf(deep, sizeof(deep), "%s/b", above);
	assert_int_equal(directory_make(deep, 0700), 0);
	assert_false(stat(deep, &status));
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(directory_make(deep, 0700), 0);
	assert_int_equal(rmdir(deep), 0);
	assert_int_equal(file_replace(deep, 0600, "", 0), 0);
	assert_int_equal(directory_make(deep, 0700), -ENOTDIR);
	assert_int_equal(unlink(deep), 0);
	/* One of ours is no link, wherever that leads. */
	assert_int_equal(symlink(".", deep), 0);
	assert_int_equal(directory_make(deep, 0700), 0);
	assert_int_equal(directory_make_inside(deep, 0700), -ENOTDIR);
	assert_int_equal(unlink(deep), 0);
	assert_int_equal(directory_make_inside(deep, 0700), 0);
	assert_int_equal(rmdir(deep), 0);
	assert_int_equal(rmdir(above), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_replace),    TEST(test_order),
		TEST(test_sync_fails), TEST(test_directory_sync_fails),
		TEST(test_parts),      TEST(test_leftover),
		TEST(test_full_disk),  TEST(test_no_directory),
		TEST(test_long_name),  TEST(test_read_refuses),
		TEST(test_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
