/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is being loaded, and how far it is; and the notice of it, which ends with its process. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/notice.h"
#include "base/progress.h"

static void assert_text(const char *expected)
{
	char text[PROGRESS_TEXT_BYTES];
	struct progress progress;

	assert_true(progress_get(&progress));
	assert_string_equal(progress_text(&progress, text), expected);
}

static void test_steps(void **state)
{
	struct progress progress;

	(void)state;
	assert_false(progress_get(&progress));
	progress_begin(true, 140000000, "reading %s", "/a\n\xff.list");
	assert_text("reading /a?\?.list: 0 of 140 MB (0 %)");
	progress_set(60500000);
	assert_text("reading /a?\?.list: 60 of 140 MB (43 %)");
	/* The file has grown meanwhile. */
	progress_set(150000000);
	assert_text("reading /a?\?.list: 140 of 140 MB (100 %)");
	progress_begin(false, 512, "building");
	assert_text("building: 0 %");
	progress_set(511);
	assert_text("building: 99 %");
	progress_begin(false, 0, "sorting");
	progress_set(7);
	assert_text("sorting");
	progress_begin(true, 0, "reading a pipe");
	assert_text("reading a pipe");
	progress_end();
	assert_false(progress_get(&progress));
}

static void hear(const struct progress *progress, void *context)
{
	char text[PROGRESS_TEXT_BYTES];
	char *heard = context;

	/* How many more there are depends on the time that passes. */
	if (!*heard)
		strcpy(heard, progress_text(progress, text));
}

static void test_told_at_once(void **state)
{
	char heard[PROGRESS_TEXT_BYTES] = "";

	(void)state;
	progress_watch(hear, heard);
	progress_begin(false, 4, "one");
	assert_string_equal(heard, "one: 0 %");
	progress_set(1);
	/* The next one who watches is told at once, too. */
	*heard = '\0';
	progress_watch(hear, heard);
	progress_set(2);
	assert_string_equal(heard, "one: 50 %");
	*heard = '\0';
	progress_watch(NULL, NULL);
	progress_set(3);
	progress_begin(false, 0, "two");
	assert_string_equal(heard, "");
	progress_end();
}

static void test_notice(void **state)
{
	char directory[] = "/tmp/ipwl-notice-XXXXXX", text[NOTICE_BYTES];
	struct notice notice = NOTICE_NONE, other = NOTICE_NONE;
	int status;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(directory));
	notice_close(&notice);
	notice_write(&notice, "to nobody");
	assert_false(notice_read(directory, "it", text));
	assert_int_equal(notice_open(directory, "it", &notice), 0);
	notice_write(&notice, "a long text");
	assert_true(notice_read(directory, "it", text));
	assert_string_equal(text, "a long text");
	notice_write(&notice, "short");
	assert_true(notice_read(directory, "it", text));
	assert_string_equal(text, "short");
	assert_int_equal(notice_open(directory, "it", &other), -EWOULDBLOCK);
	notice_close(&notice);
	assert_false(notice_read(directory, "it", text));

	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(notice_open(directory, "it", &other) ? 1 : (notice_write(&other, "gone"), 0));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* The file is there, and does not count. */
	assert_false(notice_read(directory, "it", text));
	assert_int_equal(notice_open(directory, "it", &notice), 0);
	assert_false(notice_read(directory, "it", text));
	notice_close(&notice);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_told_at_once),
		cmocka_unit_test(test_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
