/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said about a text that is no prefix: true, useful and safe to print. */
#include "core/prefix.h"
#include "core/prefix_error.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random_prefix.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void expect_message(const char *text, const char *expected)
{
	char message[PREFIX_MESSAGE_BYTES];
	struct prefix prefix;
	enum prefix_error error = prefix_parse(text, strlen(text), &prefix, NULL);

	prefix_error_message(error, text, strlen(text), message);
	assert_string_equal(message, expected);
}

static void test_host_bits_message(void **state)
{
	(void)state;
	expect_message("192.0.2.1/24", "192.0.2.1/24 has host bits set: write 192.0.2.0/24 for the "
				       "network or 192.0.2.1 for the one address");
	expect_message("2001:db8::1/32",
		       "2001:db8::1/32 has host bits set: write 2001:db8::/32 for the "
		       "network or 2001:db8::1 for the one address");
	expect_message("::ffff:192.0.2.1/120",
		       "::ffff:192.0.2.1/120 has host bits set: write 192.0.2.0/24 for the "
		       "network or 192.0.2.1 for the one address");
	expect_message("::ffff:192.0.2.1/24",
		       "::ffff:192.0.2.1/24 has host bits set: write 192.0.2.0/24 for the "
		       "network or 192.0.2.1 for the one address");
	expect_message("::ffff:192.0.2.1/64",
		       "::ffff:192.0.2.1/64 has host bits set: write ::/64 for the "
		       "network or 192.0.2.1 for the one address");
}

static void check_printable(const char message[PREFIX_MESSAGE_BYTES])
{
	assert_true(strnlen(message, PREFIX_MESSAGE_BYTES) < PREFIX_MESSAGE_BYTES - 1);
	for (const char *c = message; *c; c++)
		assert_true(isprint((unsigned char)*c));
}

static void test_messages_say_what_to_do(void **state)
{
	static const char *const examples[PREFIX_ERROR_COUNT] = {
		[PREFIX_EMPTY] = "",
		[PREFIX_NOT_AN_ADDRESS] = "mail.example.org",
		[PREFIX_LEADING_ZERO] = "192.0.02.1",
		[PREFIX_BAD_LENGTH] = "192.0.2.0/255.255.255.0",
		[PREFIX_TOO_LONG] = "192.0.2.0/33",
		[PREFIX_HOST_BITS] = "192.0.2.1/24",
		[PREFIX_GARBAGE] = "192.0.2.1:25",
	};

	(void)state;
	for (int error = PREFIX_EMPTY; error < PREFIX_ERROR_COUNT; error++) {
		const char *text = examples[error];
		char message[PREFIX_MESSAGE_BYTES];
		struct prefix prefix;

		assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), error);
		prefix_error_message((enum prefix_error)error, text, strlen(text), message);
		check_printable(message);
		assert_non_null(strstr(message, "write "));
		if (error != PREFIX_GARBAGE)
			assert_non_null(strstr(message, text));
	}
	expect_message("192.0.2.1\r",
		       "unexpected \"\\x0d\" after the prefix 192.0.2.1: write one address or "
		       "network alone, without port, zone or range");
}

/* Long or binary text is quoted so that it can stand in a log line. */
static void test_hostile_text_in_messages(void **state)
{
	static const char *const starts[] = { "", "192.0.2.1", "192.0.2.0/", "::", "192.0.02." };
	char text[1000];
	char message[PREFIX_MESSAGE_BYTES];

	(void)state;
	random_start("prefix");
	for (int round = 0; round < 2000; round++) {
		const char *start = starts[random_below(COUNT(starts))];
		size_t start_bytes = strlen(start);
		size_t bytes = start_bytes + random_below(900);
		char fill = (char)random_below(256);
		struct prefix prefix;

		for (size_t i = 0; i < start_bytes; i++)
			text[i] = start[i];
		for (size_t i = start_bytes; i < bytes; i++)
			text[i] = random_chance(50) ? fill : (char)random_below(256);
		prefix_error_message(prefix_parse(text, bytes, &prefix, NULL), text, bytes,
				     message);
		check_printable(message);
		/* Any error may be asked for with any text. */
		prefix_error_message((enum prefix_error)random_below(PREFIX_ERROR_COUNT), text,
				     bytes, message);
		check_printable(message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_bits_message),
		cmocka_unit_test(test_messages_say_what_to_do),
		cmocka_unit_test(test_hostile_text_in_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
