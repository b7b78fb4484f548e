/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may send evidence: only those who know the token. */
#include "http/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/ipwl-credentials-XXXXXX";

static int read_from(const char *text, struct credentials *credentials)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	fd = credentials_read(path, credentials);
	unlink(path);
	return fd;
}

static void test_both_forms(void **state)
{
	/* The values are those of base64(1). */
	static const char *const tokens[][2] = {
		{ "s3cret-token", "Basic aXB3bDpzM2NyZXQtdG9rZW4=" },
		{ "s3cret-tokenx\n", "Basic aXB3bDpzM2NyZXQtdG9rZW54" },
		{ "s3cret-tokenxy\nsecond line\n", "Basic aXB3bDpzM2NyZXQtdG9rZW54eQ==" },
		{ "~~~?>>", "Basic aXB3bDp+fn4/Pj4=" },
	};
	char bearer[64];

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		struct credentials credentials = { 0 };

		assert_int_equal(read_from(tokens[i][0], &credentials), 0);
		assert_true(credentials_match(&credentials, tokens[i][1]));
		snprintf(bearer, sizeof(bearer), "Bearer %.*s", (int)strcspn(tokens[i][0], "\n"),
			 tokens[i][0]);
		assert_true(credentials_match(&credentials, bearer));
		credentials_done(&credentials);
	}
}

static void test_all_else_is_refused(void **state)
{
	static const char *const wrong[] = { "",
					     "Basic",
					     "Basic ",
					     "Basic aXB3bDpzM2NyZXQ",
					     "Basic aXB3bDpzM2NyZXQ==",
					     "Basic aXB3bDpzM2NyZXQ=Basic aXB3bDpzM2NyZXQ=",
					     "basic aXB3bDpzM2NyZXQ=",
					     "Bearer",
					     "Bearer s3cre",
					     "Bearer s3cret ",
					     "Bearer s3cretBearer s3cret",
					     "s3cret" };
	struct credentials credentials = { 0 };

	(void)state;
	/* Without a token nothing is right. */
	assert_false(credentials_match(&credentials, ""));
	assert_false(credentials_match(&credentials, "Bearer "));
	assert_int_equal(read_from("s3cret", &credentials), 0);
	assert_true(credentials_match(&credentials, "Basic aXB3bDpzM2NyZXQ="));
	assert_false(credentials_match(&credentials, NULL));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(credentials_match(&credentials, wrong[i]));
	credentials_done(&credentials);
}

static void test_files_without_a_token(void **state)
{
	struct credentials credentials = { 0 };

	(void)state;
	assert_int_equal(read_from("", &credentials), -EINVAL);
	assert_int_equal(read_from("\ntoken\n", &credentials), -EINVAL);
	assert_int_equal(read_from("tok\x01n\n", &credentials), -EINVAL);
	assert_int_equal(credentials_read("/nonexistent/token", &credentials), -ENOENT);
	assert_null(credentials.basic);
	assert_null(credentials.bearer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_forms),
		cmocka_unit_test(test_all_else_is_refused),
		cmocka_unit_test(test_files_without_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
