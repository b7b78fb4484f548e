/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the reader of the mail log: complete batches, and lines that it must not write. */
#include "runtime/maillog_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SENT "postfix sent 1 192.0.2.1 partner.test - alice 1"

static enum maillog_line take(struct maillog_batch *batch, const char *text,
			      struct maillog_news *news)
{
	static char line[4096];

	snprintf(line, sizeof(line), "%s", text);
	return maillog_batch_take(batch, line, news);
}

static void test_batches(void **state)
{
	struct maillog_batch batch = { .server = "postfix" }, complete;
	struct maillog_news news = { 0 };

	(void)state;
	assert_int_equal(take(&batch, SENT, &news), MAILLOG_IS_EVIDENCE);
	assert_string_equal(batch.position, "");
	assert_int_equal(take(&batch, "position file 1", &news), MAILLOG_IS_EVIDENCE);
	assert_int_equal(take(&batch, SENT, &news), MAILLOG_IS_EVIDENCE);
	assert_int_equal(take(&batch, SENT, &news), MAILLOG_IS_EVIDENCE);
	assert_int_equal(maillog_batch_split(&batch, &complete), 0);
	assert_int_equal(complete.count, 1);
	assert_string_equal(complete.position, "file 1");
	assert_string_equal(complete.items[0].domain, "partner.test");
	assert_int_equal(batch.count, 2);
	assert_string_equal(batch.position, "");
	maillog_batch_done(&complete);
	/* The rest is complete when the next place comes. */
	assert_int_equal(take(&batch, "position file 2", &news), MAILLOG_IS_EVIDENCE);
	assert_int_equal(maillog_batch_split(&batch, &complete), 0);
	assert_int_equal(complete.count, 2);
	assert_int_equal(batch.count, 0);
	maillog_batch_done(&complete);
	maillog_batch_done(&batch);
}

static void test_news(void **state)
{
	struct maillog_batch batch = { .server = "postfix" };
	struct maillog_news news = { 0 };

	(void)state;
	assert_int_equal(take(&batch, "read 17 1795897985", &news), MAILLOG_IS_READ);
	assert_int_equal(news.lines, 17);
	assert_int_equal(news.last_sec, 1795897985);
	assert_int_equal(take(&batch, "problem a\033b", &news), MAILLOG_IS_PROBLEM);
	assert_string_equal(news.problem, "a?b");
	assert_int_equal(take(&batch, "working", &news), MAILLOG_IS_WORKING);
	maillog_batch_done(&batch);
}

static void test_wrong(void **state)
{
	static const char *const lines[] = {
		"",
		"x",
		"position ",
		"position a\tb",
		"position \xc3\xbc",
		"read 1",
		"read -1 1",
		"read 1 x",
		"read 1 1 1",
		"working ",
		"rspamd reply 1 192.0.2.1 - - - -",
		"report reported-ham 1 192.0.2.1 - - - -",
		(SENT " 1"),
	};
	char position[MAILLOG_POSITION_MAX + 32];
	struct maillog_batch batch = { .server = "postfix" };
	struct maillog_news news = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (take(&batch, lines[i], &news) != MAILLOG_IS_WRONG)
			fail_msg("accepted: \"%s\"", lines[i]);
	snprintf(position, sizeof(position), "position %0*d", MAILLOG_POSITION_MAX, 1);
	assert_int_equal(take(&batch, position, &news), MAILLOG_IS_EVIDENCE);
	snprintf(position, sizeof(position), "position %0*d", MAILLOG_POSITION_MAX + 1, 1);
	assert_int_equal(take(&batch, position, &news), MAILLOG_IS_WRONG);
	assert_int_equal(batch.count, 0);
	maillog_batch_done(&batch);
}

static void test_full(void **state)
{
	struct maillog_batch batch = { .server = "postfix" };
	struct maillog_news news = { 0 };

	(void)state;
	for (size_t i = 0; i < MAILLOG_ITEMS_MAX; i++) {
		assert_false(maillog_batch_is_full(&batch));
		assert_int_equal(take(&batch, SENT, &news), MAILLOG_IS_EVIDENCE);
	}
	assert_true(maillog_batch_is_full(&batch));
	assert_int_equal(take(&batch, SENT, &news), MAILLOG_IS_WRONG);
	maillog_batch_done(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
