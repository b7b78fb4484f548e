/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rubbish and errors of a server, and clients that are closed in the middle of a callback. */
#include "redis/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"

static const char *answer_rubbish(struct fake_server *self, const struct redis_reply *command)
{
	if (is_command(command, "COUNT"))
		return "220 mx.example ESMTP\r\n";
	if (is_command(command, "LONG"))
		return "$100000\r\n0123456789012345678901234567890123456789012345678901234567890123"
		       "456789";
	if (is_command(command, "TWICE"))
		return ":1\r\n:2\r\n";
	return answer_master(self, command);
}

static void expect_rubbish(const char *command, size_t replies_before, const char *why)
{
	const size_t lost_before = lost_count, ready_before = ready_count;

	*last_why = '\0';
	done_count = unanswered_count = 0;
	assert_int_equal(send_words(note_done, 1, &command), 0);
	assert_int_equal(send_words(note_done, 1, &command), 0);
	run_until(&lost_count, lost_before + 1);
	assert_int_equal(done_count, 2);
	assert_int_equal(done_count - unanswered_count, replies_before);
	if (!strstr(last_why, why))
		fail_msg("%s", last_why);
	run_until(&ready_count, ready_before + 1);
}

static void test_rubbish(void **state)
{
	(void)state;
	serve(answer_rubbish);
	client_start(&(struct redis_settings) { .url = url, .reply_bytes_max = 64 }, &noting);
	run_until(&ready_count, 1);
	expect_rubbish("COUNT", 0, "does not speak the protocol of Redis: Protocol error");
	expect_rubbish("LONG", 0, "a reply is too long");
	expect_rubbish("TWICE", 2, "sends what nobody asked for");
}

static const char *answer_read_only(struct fake_server *self, const struct redis_reply *command)
{
	if (is_command(command, "SET"))
		return "-READONLY You can't write against a read only replica.\r\n";
	if (is_command(command, "FLUSHALL"))
		return "-NOPERM this user has no permissions\r\n";
	return answer_master(self, command);
}

static void test_errors(void **state)
{
	(void)state;
	serve_and_connect(answer_read_only);
	run_until(&ready_count, 1);
	/* Some are for the caller. */
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "FLUSHALL" }), 0);
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "COUNT" }), 0);
	run_until(&done_count, 2);
	assert_int_equal(lost_count, 0);
	/* Others mean that it is the wrong server. */
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "SET" }), 0);
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "SET" }), 0);
	run_until(&lost_count, 1);
	assert_int_equal(done_count, 4);
	assert_int_equal(unanswered_count, 1);
	assert_non_null(strstr(last_why, "does not execute commands: READONLY"));
	run_until(&ready_count, 2);
}

/* ---- closing in each callback ---------------------------------------------- */

static size_t closed_count;

static void close_it(struct redis_client *self)
{
	redis_client_close(self);
	closed_count++;
	client = NULL;
}

static void close_when_ready(struct redis_client *self, void *context)
{
	(void)context;
	close_it(self);
}

static void close_when_lost(struct redis_client *self, const char *why, void *context)
{
	(void)why;
	(void)context;
	close_it(self);
}

static void close_when_done(struct redis_client *self, const struct redis_reply *reply,
			    void *argument)
{
	(void)reply;
	(void)argument;
	assert_int_equal(redis_client_command(self, 1, (const char *const[]) { "COUNT" }, NULL, 0,
					      note_done, NULL),
			 reply ? 0 : -ENOTCONN);
	close_it(self);
}

static void test_closing(void **state)
{
	const char *const words[] = { "COUNT" };

	(void)state;
	closed_count = 0;
	serve(answer_master);
	client_start(&(struct redis_settings) { .url = url },
		     &(struct redis_events) { .ready = close_when_ready, .lost = note_lost });
	run_until(&closed_count, 1);
	/* In the middle of replies. */
	client_start(&(struct redis_settings) { .url = url }, &noting);
	run_until(&ready_count, 1);
	assert_int_equal(send_words(note_done, 1, words), 0);
	assert_int_equal(send_words(close_when_done, 1, words), 0);
	assert_int_equal(send_words(note_done, 1, words), 0);
	run_until(&closed_count, 2);
	assert_int_equal(done_count, 3);
	assert_int_equal(unanswered_count, 2);
	/* When the server ends. */
	client_start(&(struct redis_settings) { .url = url }, &noting);
	run_until(&ready_count, 1);
	server.answer = answer_nothing;
	assert_int_equal(send_words(close_when_done, 1, words), 0);
	assert_int_equal(send_words(note_done, 1, words), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	fake_disconnect(&server);
	run_until(&closed_count, 3);
	assert_int_equal(unanswered_count, 1);
	assert_int_equal(lost_count, 0);
	/* While it connects, and once that has failed. */
	fake_stop(&server);
	client_start(&(struct redis_settings) { .url = url },
		     &(struct redis_events) { .lost = close_when_lost });
	run_until(&closed_count, 4);
	client_start(&(struct redis_settings) { .url = url }, &noting);
	redis_client_close(client);
	client_start(&(struct redis_settings) { .url = url }, &noting);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	redis_client_close(client);
	client = NULL;
	redis_client_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rubbish),
		TEST(test_errors),
		TEST(test_closing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
