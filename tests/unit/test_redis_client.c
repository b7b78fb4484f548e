/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client against servers that answer, fall silent, end, refuse, and send rubbish. */
#include "redis/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/internal.h"
#include "redis_fixture.h"

#define REPLICA "*5\r\n$5\r\nslave\r\n$1\r\na\r\n:1\r\n$9\r\nconnected\r\n:0\r\n"

static void test_commands(void **state)
{
	(void)state;
	serve_and_connect(answer_master);
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "COUNT" }), -ENOTCONN);
	run_until(&ready_count, 1);
	assert_true(redis_client_is_ready(client));
	assert_string_equal(redis_client_place(client), url + strlen("redis://"));
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "COUNT" }), 0);
	assert_int_equal(send_words(note_done, 3, (const char *const[]) { "ECHO", "", "a b" }), 0);
	assert_int_equal(send_words(NULL, 1, (const char *const[]) { "COUNT" }), 0);
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "COUNT" }), 0);
	assert_int_equal(redis_client_waiting(client), 4);
	run_until(&done_count, 3);
	assert_string_equal(replies, "7\nPONG\n7\n");
	assert_string_equal(server.log, "ROLE\nPING\nCOUNT\nECHO  a b\nCOUNT\nCOUNT\n");
	assert_int_equal(redis_client_waiting(client), 0);
	assert_int_equal(lost_count, 0);
}

static const char *answer_length(struct fake_server *self, const struct redis_reply *command)
{
	static char text[32];

	if (!is_command(command, "LENGTH"))
		return answer_master(self, command);
	snprintf(text, sizeof(text), ":%zu\r\n", command->elements[1].text_bytes);
	return text;
}

static void test_any_bytes(void **state)
{
	static char big[3000000];
	const char *const words[] = { "LENGTH", "a\0b\r\nc", big };

	(void)state;
	serve_and_connect(answer_length);
	run_until(&ready_count, 1);
	assert_int_equal(
	    redis_client_command(client, 2, words, (const size_t[]) { 6, 6 }, 0, note_done, NULL),
	    0);
	memset(big, 'x', sizeof(big));
	assert_int_equal(redis_client_command(client, 2, (const char *const[]) { "LENGTH", big },
					      (const size_t[]) { 6, sizeof(big) }, 0, note_done,
					      NULL),
			 0);
	run_until(&done_count, 2);
	assert_string_equal(replies, "6\n3000000\n");
}

static void test_limits_of_commands(void **state)
{
	const char *const words[] = { "COUNT" };
	size_t sent = 0;

	(void)state;
	serve_and_connect(answer_master);
	run_until(&ready_count, 1);
	assert_int_equal(redis_client_command(client, 1, words,
					      (const size_t[]) { REDIS_COMMAND_BYTES_MAX + 1 }, 0,
					      note_done, NULL),
			 -E2BIG);
	assert_int_equal(redis_client_command(client, 0, words, NULL, 0, note_done, NULL), -E2BIG);
	while (!send_words(note_done, 1, words))
		sent++;
	assert_int_equal(sent, REDIS_COMMANDS_MAX);
	assert_int_equal(send_words(note_done, 1, words), -ENOBUFS);
	run_until(&done_count, sent);
	assert_int_equal(unanswered_count, 0);
	assert_int_equal(send_words(note_done, 1, words), 0);
}

static void test_socket_and_name(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[160];

	(void)state;
	server = (struct fake_server) { .answer = answer_master };
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ipwl-redis-%d", (int)getpid());
	unlink(address.sun_path);
	fake_listen(&server, (const struct sockaddr *)&address, sizeof(address));
	snprintf(text, sizeof(text), "unix:%s", address.sun_path);
	client_start(&(struct redis_settings) { .url = text }, &noting);
	run_until(&ready_count, 1);
	redis_client_close(client);
	fake_stop(&server);
	unlink(address.sun_path);
	client_start(&(struct redis_settings) { .url = text }, &noting);
	run_until(&lost_count, 1);
	assert_non_null(strstr(last_why, "cannot connect to /tmp/ipwl-redis-"));
	assert_non_null(strstr(last_why, "No such file or directory"));
	redis_client_close(client);
	/* /etc/hosts has this name. */
	serve(answer_master);
	snprintf(text, sizeof(text), "redis://localhost:%d", server.port);
	client_start(&(struct redis_settings) { .url = text }, &noting);
	run_until(&ready_count, 1);
}

static void test_greeting(void **state)
{
	char text[80];

	(void)state;
	serve(answer_master);
	snprintf(text, sizeof(text), "%s/3", url);
	client_start(&(struct redis_settings) { .url = text, .user = "ipwl", .password = "secret" },
		     &noting);
	run_until(&ready_count, 1);
	assert_string_equal(server.log, "AUTH ipwl secret\nSELECT 3\nROLE\nPING\n");
}

static const char *answer_wrong_password(struct fake_server *self,
					 const struct redis_reply *command)
{
	(void)self;
	if (is_command(command, "AUTH"))
		return "-WRONGPASS invalid username-password pair\x1b[31m\r\n";
	return "-NOAUTH Authentication required.\r\n";
}

static void test_wrong_password(void **state)
{
	(void)state;
	serve(answer_wrong_password);
	client_start(&(struct redis_settings) { .url = url, .password = "wrong" }, &noting);
	run_until(&lost_count, 2);
	assert_int_equal(ready_count, 0);
	assert_non_null(strstr(last_why, "refuses the password of the user default: WRONGPASS "
					 "invalid username-password pair?[31m"));
	redis_client_close(client);
	client_start(&(struct redis_settings) { .url = url }, &noting);
	run_until(&lost_count, 1);
	assert_non_null(strstr(last_why, "does not accept commands: NOAUTH"));
}

static const char *answer_replica(struct fake_server *self, const struct redis_reply *command)
{
	(void)self;
	(void)command;
	return REPLICA;
}

static void test_replica(void **state)
{
	(void)state;
	serve_and_connect(answer_replica);
	run_until(&lost_count, 1);
	assert_int_equal(ready_count, 0);
	assert_non_null(strstr(last_why, "is no master but a slave"));
	/* It is promoted. */
	server.answer = answer_master;
	run_until(&ready_count, 1);
}

static const char *answer_loading(struct fake_server *self, const struct redis_reply *command)
{
	if (is_command(command, "ROLE"))
		return answer_master(self, command);
	return "-LOADING Redis is loading the dataset in memory\r\n";
}

static void test_loading(void **state)
{
	(void)state;
	serve_and_connect(answer_loading);
	run_until(&lost_count, 2);
	assert_int_equal(ready_count, 0);
	assert_non_null(strstr(last_why, "does not accept commands: LOADING"));
	server.answer = answer_master;
	run_until(&ready_count, 1);
}

static const char *answer_no_role(struct fake_server *self, const struct redis_reply *command)
{
	if (is_command(command, "ROLE"))
		return "-NOPERM this user has no permissions to run the 'role' command\r\n";
	return answer_master(self, command);
}

static void test_role_is_secret(void **state)
{
	(void)state;
	serve_and_connect(answer_no_role);
	run_until(&ready_count, 1);
	/* It is asked otherwise whether it is there. */
	while (!strstr(server.log, "ROLE\nPING\nPING\n"))
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(lost_count, 0);
	assert_int_equal(ready_count, 1);
}

/* A server that has stopped: its kernel still accepts. */
static void test_silence(void **state)
{
	(void)state;
	serve(answer_nothing);
	client_start(&(struct redis_settings) { .url = url, .answer_ms = 500 }, &noting);
	run_until(&lost_count, 1);
	assert_int_equal(ready_count, 0);
	assert_non_null(strstr(last_why, "does not answer"));
	server.answer = answer_master;
	run_until(&ready_count, 1);
	/* With a command, and without one. */
	server.answer = answer_nothing;
	*last_why = '\0';
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "COUNT" }), 0);
	run_until(&lost_count, 2);
	assert_int_equal(unanswered_count, 1);
	assert_non_null(strstr(last_why, "does not answer"));
	server.answer = answer_master;
	run_until(&ready_count, 2);
	server.answer = answer_nothing;
	run_until(&lost_count, 3);
	assert_non_null(strstr(last_why, "does not answer"));
}

/* A command that blocks may take so much longer. */
static void test_blocking(void **state)
{
	(void)state;
	serve(answer_master);
	client_start(&(struct redis_settings) { .url = url, .answer_ms = 300 }, &noting);
	run_until(&ready_count, 1);
	server.answer = answer_nothing;
	assert_int_equal(redis_client_command(client, 1, (const char *const[]) { "XREAD" }, NULL,
					      1000, note_done, NULL),
			 0);
	assert_int_equal(client_silence_due_ms(client), client->heard_ms + 1300);
	run_until(&lost_count, 1);
	assert_int_equal(unanswered_count, 1);
}

static void test_end(void **state)
{
	(void)state;
	serve_and_connect(answer_master);
	run_until(&ready_count, 1);
	server.answer = answer_nothing;
	for (int i = 0; i < 5; i++)
		assert_int_equal(send_words(note_done, 1, (const char *const[]) { "COUNT" }), 0);
	while (!strstr(server.log, "COUNT\nCOUNT\nCOUNT\nCOUNT\nCOUNT\n"))
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	fake_stop(&server);
	run_until(&lost_count, 1);
	assert_int_equal(done_count, 5);
	assert_int_equal(unanswered_count, 5);
	assert_non_null(strstr(last_why, "has ended"));
	assert_int_equal(send_words(note_done, 1, (const char *const[]) { "COUNT" }), -ENOTCONN);
	run_until(&lost_count, 2);
	assert_non_null(strstr(last_why, "Connection refused"));
	server.answer = answer_master;
	fake_start(&server);
	run_until(&ready_count, 2);
	assert_int_equal(done_count, 5);
}

static void test_delays(void **state)
{
	(void)state;
	for (unsigned int attempts = 0; attempts < 100; attempts++) {
		const unsigned int least = client_delay_ms(attempts, 0);
		const unsigned int most = 2 * least;

		assert_true(least >= 100 && most <= 5000);
		if (attempts && attempts < 5)
			assert_int_equal(least, 2 * client_delay_ms(attempts - 1, 0));
		for (uint32_t random = 0; random < 100000; random += 37) {
			assert_true(client_delay_ms(attempts, random) >= least);
			assert_true(client_delay_ms(attempts, random) <= most);
		}
	}
	assert_int_equal(client_delay_ms(99, 0), 2500);
	assert_int_equal(client_delay_ms(99, 2500), 5000);
	assert_int_equal(client_delay_ms(UINT_MAX, UINT32_MAX) / 2500, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_commands),
		TEST(test_any_bytes),
		TEST(test_limits_of_commands),
		TEST(test_socket_and_name),
		TEST(test_greeting),
		TEST(test_wrong_password),
		TEST(test_replica),
		TEST(test_loading),
		TEST(test_role_is_secret),
		TEST(test_silence),
		TEST(test_blocking),
		TEST(test_end),
		cmocka_unit_test(test_delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
