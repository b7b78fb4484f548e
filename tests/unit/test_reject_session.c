/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipwl-reject says, and what it tells about a client. */
#include "reject/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct session_setup polite = { .host = "mx.test", .text = "no %a, 100%%" };
static const struct session_setup curt = { .host = "mx.test", .text = "no", .greets_so = true };

static struct session session;
static char reply[SESSION_REPLY_BYTES];

/* Return: whether the session goes on. */
static bool say(const char *line)
{
	return session_command(&session, line, strlen(line), reply);
}

static void assert_reply(const char *line, const char *expected)
{
	assert_true(say(line));
	assert_string_equal(reply, expected);
}

static void assert_described(const char *expected)
{
	char text[SESSION_DESCRIPTION_BYTES];

	session_describe(&session, text);
	assert_string_equal(text, expected);
}

static void test_each_recipient_is_rejected(void **state)
{
	(void)state;
	session_init(&session, &polite, "2001:db8::1");
	session_greet(&session, reply);
	assert_string_equal(reply, "220 mx.test ESMTP\r\n");
	assert_described("2001:db8::1; recipients: 0");
	assert_reply("EHLO sender.test", "250 mx.test\r\n");
	assert_reply("mail from:<a@sender.test> SIZE=1", "250 2.1.0 Ok\r\n");
	assert_reply("RCPT TO:<b@one.test>", "550 5.7.1 no 2001:db8::1, 100%\r\n");
	assert_reply("RCPT TO:<c@two.test>", "550 5.7.1 no 2001:db8::1, 100%\r\n");
	assert_reply("rcpt to:<d@ONE.test>", "550 5.7.1 no 2001:db8::1, 100%\r\n");
	assert_described("2001:db8::1, helo \"sender.test\", from <a@sender.test>, to one.test, "
			 "two.test; recipients: 3");
	assert_reply("RSET", "250 2.0.0 Ok\r\n");
	assert_false(say("QUIT"));
	assert_string_equal(reply, "221 2.0.0 Bye\r\n");
}

/* RFC 5321 section 3.1. */
static void test_greeting_rejects(void **state)
{
	(void)state;
	session_init(&session, &curt, "192.0.2.1");
	session_greet(&session, reply);
	assert_string_equal(reply, "554 5.7.1 no\r\n");
	assert_reply("EHLO sender.test", "503 5.5.1 Error: bad sequence of commands\r\n");
	assert_reply("MAIL FROM:<>", "503 5.5.1 Error: bad sequence of commands\r\n");
	assert_false(say("quit "));
	assert_string_equal(reply, "221 2.0.0 Bye\r\n");
}

static void test_sequence(void **state)
{
	(void)state;
	session_init(&session, &polite, "192.0.2.1");
	assert_reply("RCPT TO:<a@b.test>", "503 5.5.1 Error: need MAIL command\r\n");
	assert_reply("MAIL a@b.test", "501 5.5.4 Syntax: MAIL FROM:<address>\r\n");
	assert_reply("MAIL FROM:<>", "250 2.1.0 Ok\r\n");
	assert_reply("RCPT TO:<a@b.test", "501 5.5.4 Syntax: RCPT TO:<address>\r\n");
	assert_reply("DATA", "554 5.5.1 Error: no valid recipients\r\n");
	assert_false(say("STARTTLS"));
	assert_string_equal(reply,
			    "421 4.7.0 Too many errors or commands, closing the connection\r\n");
}

static void test_it_ends(void **state)
{
	char line[SESSION_LINE_BYTES + 2];
	int count = 1;

	(void)state;
	session_init(&session, &polite, "192.0.2.1");
	while (say("NOOP"))
		count++;
	assert_int_equal(count, SESSION_COMMANDS_MAX);
	session_init(&session, &polite, "192.0.2.1");
	snprintf(line, sizeof(line), "EHLO %0*d", SESSION_LINE_BYTES - 4, 0);
	assert_false(session_command(&session, line, SESSION_LINE_BYTES + 1, reply));
	assert_int_equal(strlen(session.helo), SESSION_NAME_BYTES - 1);
}

static void test_names_are_harmless(void **state)
{
	static const char sender[] = "MAIL FROM:<a\033[2J\0\"\r@b>";

	(void)state;
	session_init(&session, &polite, "192.0.2.1");
	assert_true(say("HELO a\xff\tb\"c"));
	assert_true(session_command(&session, sender, sizeof(sender) - 1, reply));
	assert_true(say("RCPT TO:<x@y@z\x01>"));
	assert_described("192.0.2.1, helo \"a??b?c\", from <a?[2J???@b>, to z?; recipients: 1");
}

static void test_texts(void **state)
{
	char text[SESSION_TEXT_BYTES + 2];

	(void)state;
	assert_null(session_check_text("see https://example.org/?ip=%a, 100%%"));
	assert_non_null(session_check_text(""));
	assert_non_null(session_check_text("a\nb"));
	assert_non_null(session_check_text("caf\xc3\xa9"));
	assert_non_null(session_check_text("100%"));
	assert_non_null(session_check_text("%s"));
	memset(text, 'x', sizeof(text));
	text[SESSION_TEXT_BYTES] = '\0';
	assert_null(session_check_text(text));
	memcpy(text, "%a", 2);
	assert_non_null(session_check_text(text));
	text[SESSION_TEXT_BYTES - 45] = '\0';
	assert_null(session_check_text(text));
}

/* The longest texts, addresses and lines leave whole replies. */
static void test_longest(void **state)
{
	static const char address[] = "2001:db8:1111:2222:3333:4444:255.255.255.255";
	struct session_setup setup = { .host = "mx.test" };
	char text[SESSION_TEXT_BYTES + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "%a", 2);
	text[SESSION_TEXT_BYTES - 45] = '\0';
	setup.text = text;
	session_init(&session, &setup, address);
	assert_true(say("MAIL FROM:<>"));
	assert_true(say("RCPT TO:<a@b>"));
	assert_true(strlen(reply) > 450);
	assert_string_equal(reply + strlen(reply) - 3, "x\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_recipient_is_rejected),
		cmocka_unit_test(test_greeting_rejects),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_it_ends),
		cmocka_unit_test(test_names_are_harmless),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
