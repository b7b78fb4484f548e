/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of requests: what is accepted from a body and a query, and what is refused. */
#include "api/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What is asked in these tests. */
static struct {
	char *list, *reason, *sudo_user;
	struct prefix prefix;
	bool has_prefix, is_dry_run, has_limit;
	int64_t ttl_sec, limit;
} asked;

static const struct argument arguments[] = {
	ARGUMENT_LIST(&asked.list),
	{ .name = "prefix", .ret_prefix = &asked.prefix, .ret_is_given = &asked.has_prefix },
	ARGUMENT_REASON(&asked.reason),
	ARGUMENT_SUDO_USER(&asked.sudo_user),
	ARGUMENT_TTL(&asked.ttl_sec),
	{ .name = "limit",
	  .ret_number = &asked.limit,
	  .ret_is_given = &asked.has_limit,
	  .min = 1,
	  .max = 1000 },
	{ .name = "dry_run", .ret_flag = &asked.is_dry_run },
};
#define COUNT (sizeof(arguments) / sizeof(*arguments))

static void forget(void)
{
	free(asked.list);
	free(asked.reason);
	free(asked.sudo_user);
	memset(&asked, 0, sizeof(asked));
}

/* Return: NULL, or the message, valid until the next call. */
static const char *read_json(const char *text)
{
	static char message[1024];
	struct refusal refusal = { 0 };
	json_t *body = json_loads(text, 0, NULL);
	int err;

	forget();
	assert_non_null(body);
	err = arguments_from_json(arguments, COUNT, body, &refusal);
	json_decref(body);
	assert_true(!err == !refusal.outcome);
	snprintf(message, sizeof(message), "%s", refusal.message ? refusal.message : "");
	assert_true(!err || refusal.outcome == OUTCOME_INVALID);
	refusal_done(&refusal);
	return err ? message : NULL;
}

static const char *read_query(const char *text)
{
	static char message[1024];
	struct refusal refusal = { 0 };
	int err;

	forget();
	err = arguments_from_query(arguments, COUNT, text, &refusal);
	assert_true(!err == !refusal.outcome);
	snprintf(message, sizeof(message), "%s", refusal.message ? refusal.message : "");
	refusal_done(&refusal);
	return err ? message : NULL;
}

static void assert_all_read(void)
{
	assert_string_equal(asked.list, "drop");
	assert_string_equal(asked.reason, "a b");
	assert_string_equal(asked.sudo_user, "alice");
	assert_true(asked.has_prefix);
	assert_int_equal(asked.prefix.len, 24);
	assert_int_equal(asked.ttl_sec, 60);
	assert_true(asked.has_limit);
	assert_int_equal(asked.limit, 1000);
	assert_true(asked.is_dry_run);
}

static void test_all(void **unused)
{
	(void)unused;
	assert_null(
	    read_json("{\"list\": \"drop\", \"prefix\": \"192.0.2.0/24\", \"reason\": \"a b\", "
		      "\"sudo_user\": \"alice\", \"ttl_seconds\": 60, \"limit\": 1000, "
		      "\"dry_run\": true}"));
	assert_all_read();
	assert_null(read_query("list=drop&prefix=192.0.2.0/24&reason=a+b&sudo_user=alice&"
			       "ttl_seconds=60&limit=1000&dry_run=true"));
	assert_all_read();
}

static void assert_list_alone(void)
{
	assert_string_equal(asked.list, "drop");
	assert_null(asked.reason);
	assert_false(asked.has_prefix || asked.has_limit || asked.is_dry_run);
	assert_int_equal(asked.ttl_sec, 0);
}

/* What is left out, or null, is not given. */
static void test_left_out(void **unused)
{
	(void)unused;
	assert_null(read_json("{\"list\": \"drop\"}"));
	assert_list_alone();
	assert_null(read_json("{\"list\": \"drop\", \"prefix\": null, \"reason\": null, "
			      "\"sudo_user\": null, \"ttl_seconds\": null, \"limit\": null, "
			      "\"dry_run\": null}"));
	assert_list_alone();
	assert_null(read_query("list=drop"));
	assert_list_alone();
	assert_string_equal(read_json("{}"), "list is missing");
	assert_string_equal(read_json("{\"list\": null}"), "list must be a string");
	assert_string_equal(read_query("limit=1"), "list is missing");
	assert_string_equal(read_query(""), "list is missing");
	assert_string_equal(read_query(NULL), "list is missing");
}

static void test_kinds(void **unused)
{
	static const char *const values[][2] = {
		{ "list", "5" },
		{ "list", "[\"drop\"]" },
		{ "prefix", "5" },
		{ "prefix", "\"192.0.2.1/24\"" },
		{ "prefix", "\"\"" },
		{ "reason", "true" },
		{ "sudo_user", "{}" },
		{ "ttl_seconds", "0" },
		{ "ttl_seconds", "-1" },
		{ "ttl_seconds", "60.0" },
		{ "ttl_seconds", "\"60\"" },
		{ "ttl_seconds", "3162240001" },
		{ "ttl_seconds", "9223372036854775807" },
		{ "limit", "0" },
		{ "limit", "1001" },
		{ "dry_run", "1" },
		{ "dry_run", "\"true\"" },
	};
	char text[256];

	(void)unused;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		const char *message;

		snprintf(text, sizeof(text), "{%s\"%s\": %s}",
			 strcmp(values[i][0], "list") ? "\"list\": \"drop\", " : "", values[i][0],
			 values[i][1]);
		message = read_json(text);
		assert_non_null(message);
		/* It says which, or what is wrong with the prefix. */
		if (strcmp(values[i][0], "prefix") || *values[i][1] != '"')
			assert_non_null(strstr(message, values[i][0]));
	}
	assert_string_equal(read_json("{\"list\": \"drop\", \"limit\": 0}"),
			    "limit must be a whole number from 1 to 1000");
}

/* Numbers of a query are digits and nothing else. */
static void test_numbers_of_a_query(void **unused)
{
	static const char *const bad[] = { "0",
					   "1001",
					   "-1",
					   "%2B1",
					   "10x",
					   "0x10",
					   "+10",
					   "1.5",
					   "",
					   "1+",
					   "99999999999999999999" };
	char text[128];

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "list=drop&limit=%s", bad[i]);
		if (!read_query(text))
			fail_msg("%s", text);
		assert_int_equal(asked.limit, 0);
	}
	assert_null(read_query("list=drop&limit=1"));
	assert_int_equal(asked.limit, 1);
	assert_non_null(read_query("list=drop&dry_run=yes"));
	assert_non_null(read_query("list=drop&dry_run="));
	assert_null(read_query("list=drop&dry_run=false"));
	assert_false(asked.is_dry_run);
}

static void test_strangers(void **unused)
{
	(void)unused;
	assert_string_equal(read_json("{\"list\": \"drop\", \"colour\": \"red\"}"),
			    "unknown member \"colour\"");
	assert_string_equal(read_json("{\"list\": \"drop\", \"List\": \"red\"}"),
			    "unknown member \"List\"");
	assert_string_equal(read_query("list=drop&colour=red"), "unknown parameter \"colour\"");
	assert_string_equal(read_query("List=drop"), "unknown parameter \"List\"");
	assert_string_equal(read_query("list=drop&limit=1&list=drop"),
			    "repeated parameter \"list\"");
}

static void test_long_reason(void **unused)
{
	char text[2048] = "list=drop&reason=";
	const size_t prefix_bytes = strlen(text);

	(void)unused;
	memset(text + prefix_bytes, 'x', 1024);
	assert_null(read_query(text));
	assert_int_equal(strlen(asked.reason), 1024);
	text[prefix_bytes + 1024] = 'x';
	assert_string_equal(read_query(text), "reason is longer than 1024 bytes");
}

static int clean_up(void **unused)
{
	(void)unused;
	forget();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),	  cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_kinds),	  cmocka_unit_test(test_numbers_of_a_query),
		cmocka_unit_test(test_strangers), cmocka_unit_test(test_long_reason),
	};

	return cmocka_run_group_tests(tests, NULL, clean_up);
}
