/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URLs of servers: what they mean, and which are refused with which words. */
#include "redis/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct redis_url url;

static void accept(const char *text)
{
	const char *problem = NULL;

	memset(&url, 0xff, sizeof(url));
	if (redis_url_parse(text, &url, &problem))
		fail_msg("%s: %s", text, problem);
}

static void refuse(const char *text, const char *because)
{
	const char *problem = "";

	memset(&url, 0, sizeof(url));
	if (redis_url_parse(text, &url, &problem) != -EINVAL)
		fail_msg("%s is accepted", text);
	if (!strstr(problem, because))
		fail_msg("%s: %s", text, problem);
	assert_int_equal(url.place_count, 0);
}

static void expect_place(size_t index, const char *expected)
{
	char text[REDIS_PLACE_TEXT_BYTES];

	assert_true(index < url.place_count);
	assert_string_equal(redis_place_format(&url.places[index], text), expected);
}

static void test_servers(void **state)
{
	(void)state;
	accept("redis://redis.example");
	assert_false(url.is_tls);
	assert_int_equal(url.place_count, 1);
	assert_int_equal(url.database, 0);
	assert_string_equal(url.master, "");
	expect_place(0, "redis.example:6379");
	accept("rediss://192.0.2.1:7000/");
	assert_true(url.is_tls);
	expect_place(0, "192.0.2.1:7000");
	accept("redis://[2001:db8::1],[::1]:1,a:65535/15");
	assert_int_equal(url.place_count, 3);
	assert_int_equal(url.database, 15);
	expect_place(0, "[2001:db8::1]:6379");
	expect_place(1, "[::1]:1");
	expect_place(2, "a:65535");
}

static void test_sockets(void **state)
{
	(void)state;
	accept("unix:/run/redis/redis.sock");
	assert_int_equal(url.place_count, 1);
	assert_int_equal(url.places[0].port, 0);
	expect_place(0, "/run/redis/redis.sock");
	accept("unix:///run/redis/redis.sock");
	expect_place(0, "/run/redis/redis.sock");
	refuse("unix:redis.sock", "absolute");
	refuse("unix://redis.sock", "absolute");
	refuse("unix:/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789"
	       "/0123456789/0123456789/0123456789",
	       "too long");
}

static void test_sentinels(void **state)
{
	(void)state;
	accept("redis-sentinel://s1,s2:26380,[::1]#mymaster");
	assert_false(url.is_tls);
	assert_int_equal(url.place_count, 3);
	assert_string_equal(url.master, "mymaster");
	expect_place(0, "s1:26379");
	expect_place(1, "s2:26380");
	expect_place(2, "[::1]:26379");
	accept("rediss-sentinel://s1/3#m");
	assert_true(url.is_tls);
	assert_int_equal(url.database, 3);
	assert_string_equal(url.master, "m");
	refuse("redis-sentinel://s1", "name of the master");
	refuse("redis-sentinel://s1#", "name of the master");
	refuse("redis://s1#m", "\"#\"");
}

static void test_wrong(void **state)
{
	(void)state;
	refuse("", "begin with");
	refuse("http://redis.example", "begin with");
	refuse("redis:redis.example", "begin with");
	refuse("redis://", "name a host");
	refuse("redis:///1", "name a host");
	refuse("redis://a,,b", "name a host");
	refuse("redis://a b", "name a host");
	refuse("redis://:6379", "name a host");
	refuse("redis://ipwl:secret@a", "password");
	refuse("redis://a:0", "port");
	refuse("redis://a:65536", "port");
	refuse("redis://a:", "port");
	refuse("redis://a:6379x", "port");
	refuse("redis://[::1", "\"]\"");
	refuse("redis://[::1]6379", "port");
	refuse("redis://2001:db8::1", "brackets");
	refuse("redis://a/x", "number of a database");
	refuse("redis://a/99999999999", "number of a database");
	refuse("redis://a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", "too many");
}

static void test_places(void **state)
{
	struct redis_place place = { .port = 1 };
	char text[REDIS_PLACE_TEXT_BYTES];

	(void)state;
	assert_int_equal(redis_place_parse("192.0.2.1:6379", &place), 0);
	assert_string_equal(redis_place_format(&place, text), "192.0.2.1:6379");
	assert_int_equal(redis_place_parse("2001:db8::1:6379", &place), 0);
	assert_string_equal(redis_place_format(&place, text), "[2001:db8::1]:6379");
	assert_int_equal(redis_place_parse(":6379", &place), -EINVAL);
	assert_int_equal(redis_place_parse("a", &place), -EINVAL);
	assert_int_equal(redis_place_parse("a:0", &place), -EINVAL);
	assert_int_equal(redis_place_parse("", &place), -EINVAL);
	assert_string_equal(redis_place_format(&place, text), "[2001:db8::1]:6379");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),	  cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_sentinels), cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
