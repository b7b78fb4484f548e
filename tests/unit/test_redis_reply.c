/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies of a server: all types, cut anywhere, and what is too much or no reply at all. */
#include "redis/reply.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX 4096

static struct redis_reader *reader;

static int start(void **state)
{
	(void)state;
	reader = redis_reader_new(BYTES_MAX);
	return !reader;
}

static int stop(void **state)
{
	(void)state;
	redis_reader_free(reader);
	reader = NULL;
	return 0;
}

/* NULL: there is none yet. */
static struct redis_reply *next(void)
{
	struct redis_reply *reply = NULL;

	assert_int_equal(redis_reader_next(reader, &reply), 0);
	return reply;
}

static void feed(const char *bytes)
{
	assert_int_equal(redis_reader_feed(reader, bytes, strlen(bytes)), 0);
}

static void test_types(void **state)
{
	static const char all[] = "*8\r\n$5\r\na\0b\r\n\r\n+OK\r\n-ERR no\r\n:-42\r\n$-1\r\n*-1\r\n"
				  "*0\r\n*2\r\n$0\r\n\r\n:7\r\n";
	struct redis_reply *reply = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(all) - 1; i++) {
		assert_null(next());
		assert_int_equal(redis_reader_feed(reader, &all[i], 1), 0);
	}
	reply = next();
	assert_non_null(reply);
	assert_int_equal(reply->type, REDIS_ARRAY);
	assert_int_equal(reply->element_count, 8);
	assert_int_equal(reply->elements[0].type, REDIS_STRING);
	assert_int_equal(reply->elements[0].text_bytes, 5);
	assert_memory_equal(reply->elements[0].text, "a\0b\r\n", 6);
	assert_int_equal(reply->elements[1].type, REDIS_STATUS);
	assert_string_equal(reply->elements[1].text, "OK");
	assert_int_equal(reply->elements[2].type, REDIS_ERROR);
	assert_string_equal(reply->elements[2].text, "ERR no");
	assert_int_equal(reply->elements[3].type, REDIS_INTEGER);
	assert_int_equal(reply->elements[3].integer, -42);
	assert_int_equal(reply->elements[4].type, REDIS_NIL);
	assert_int_equal(reply->elements[5].type, REDIS_NIL);
	assert_int_equal(reply->elements[6].type, REDIS_ARRAY);
	assert_int_equal(reply->elements[6].element_count, 0);
	assert_int_equal(reply->elements[7].element_count, 2);
	assert_string_equal(reply->elements[7].elements[0].text, "");
	assert_int_equal(reply->elements[7].elements[1].integer, 7);
	redis_reply_free(reply);
	assert_null(next());
}

static void test_several_at_once(void **state)
{
	(void)state;
	feed(":1\r\n:2\r\n:3");
	for (int64_t i = 1; i <= 2; i++) {
		struct redis_reply *reply = next();

		assert_non_null(reply);
		assert_int_equal(reply->integer, i);
		redis_reply_free(reply);
	}
	assert_null(next());
}

static void refuse(const char *bytes, const char *because)
{
	struct redis_reply *reply = NULL;
	int err;

	stop(NULL);
	start(NULL);
	err = redis_reader_feed(reader, bytes, strlen(bytes));
	if (!err)
		err = redis_reader_next(reader, &reply);
	if (err != -EBADMSG)
		fail_msg("%s is accepted", bytes);
	assert_null(reply);
	if (!strstr(redis_reader_problem(reader), because))
		fail_msg("%s: %s", bytes, redis_reader_problem(reader));
	/* It stays so. */
	assert_int_equal(redis_reader_feed(reader, ":1\r\n", 4), -EBADMSG);
	assert_int_equal(redis_reader_next(reader, &reply), -EBADMSG);
}

static void test_no_replies(void **state)
{
	(void)state;
	refuse("HTTP/1.1 400 Bad Request\r\n", "Protocol error");
	refuse("\x15\x03\x03", "Protocol error"); /* TLS */
	refuse(",3.14\r\n", "");
	refuse("#t\r\n", "");
	refuse("%1\r\n+a\r\n:1\r\n", "");
	refuse("*2\r\n+a\r\n,1.0\r\n", "");
}

static void test_too_deep(void **state)
{
	struct redis_reply *reply;

	(void)state;
	feed("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n");
	reply = next();
	assert_non_null(reply);
	redis_reply_free(reply);
	refuse("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n", "");
	refuse("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "");
}

static void test_too_many_elements(void **state)
{
	char bytes[64];

	(void)state;
	refuse("*2147483647\r\n", "");
	snprintf(bytes, sizeof(bytes), "*%zu\r\n", REDIS_REPLY_ELEMENTS_MAX + 1);
	refuse(bytes, "too many elements");
	/* Of all arrays of a reply together. */
	snprintf(bytes, sizeof(bytes), "*2\r\n*%zu\r\n", REDIS_REPLY_ELEMENTS_MAX - 1);
	refuse(bytes, "too many elements");
	/* Each reply has a count of its own. */
	stop(NULL);
	start(NULL);
	for (size_t i = 0; i < REDIS_REPLY_ELEMENTS_MAX / 1024 + 2; i++) {
		struct redis_reply *reply;

		feed("*1024\r\n");
		for (size_t element = 0; element < 1024; element++)
			feed(":1\r\n");
		reply = next();
		assert_non_null(reply);
		redis_reply_free(reply);
	}
}

static void test_too_long(void **state)
{
	struct redis_reply *reply = NULL;
	char rest[1024];
	size_t fed = 0;
	int err = 0;

	(void)state;
	memset(rest, 'x', sizeof(rest));
	feed("$1000000\r\n");
	while (!err && fed < 1000000) {
		err = redis_reader_feed(reader, rest, sizeof(rest));
		fed += sizeof(rest);
		if (!err)
			err = redis_reader_next(reader, &reply);
	}
	assert_int_equal(err, -EBADMSG);
	assert_true(fed <= BYTES_MAX + sizeof(rest));
	assert_string_equal(redis_reader_problem(reader), "a reply is too long");
}

/* A limit is for one reply, however many come. */
static void test_many(void **state)
{
	(void)state;
	for (int i = 0; i < 10 * BYTES_MAX; i++) {
		struct redis_reply *reply;

		feed("+OK\r\n");
		reply = next();
		assert_non_null(reply);
		redis_reply_free(reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_types, start, stop),
		cmocka_unit_test_setup_teardown(test_several_at_once, start, stop),
		cmocka_unit_test_setup_teardown(test_no_replies, start, stop),
		cmocka_unit_test_setup_teardown(test_too_deep, start, stop),
		cmocka_unit_test_setup_teardown(test_too_many_elements, start, stop),
		cmocka_unit_test_setup_teardown(test_too_long, start, stop),
		cmocka_unit_test_setup_teardown(test_many, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
