/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As many connections as there may be, no more, and the next ones when some have ended;
 * over TCP and over a Unix socket. */
#include "http/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX 5
#define CLIENTS 12
#define TURNS_MAX 600

static struct event_base *base;
static struct evhttp *http;
static struct listener listener;
static struct sockaddr_storage place;
static socklen_t place_bytes;
static int clients[CLIENTS];

static void serve(struct evhttp_request *request, void *context)
{
	(void)context;
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void start(int fd)
{
	struct evhttp_bound_socket *bound;

	assert_int_equal(listen(fd, CLIENTS), 0);
	place_bytes = sizeof(place);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &place_bytes), 0);
	base = event_base_new();
	http = evhttp_new(base);
	evhttp_set_gencb(http, serve, NULL);
	assert_int_equal(listener_open(&listener, base, http, "test"), 0);
	listener.connections_max = MAX;
	bound = evhttp_accept_socket_with_handle(http, fd);
	assert_non_null(bound);
	listener_watch(&listener, bound);
}

static void stop(void)
{
	listener_close(&listener);
	evhttp_free(http);
	event_base_free(base);
	libevent_global_shutdown();
}

static void start_tcp(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	start(fd);
}

static void start_unix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ipwl-listener-%d",
		 (int)getpid());
	unlink(address.sun_path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	start(fd);
}

/* Let the loop run as long as anything happens, and a little longer than a rest. */
static void run_loop(void)
{
	const struct timeval while_resting = { .tv_usec = 150000 };

	event_base_loopexit(base, &while_resting);
	event_base_dispatch(base);
}

static void connect_client(size_t index)
{
	clients[index] = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(clients[index], (const struct sockaddr *)&place, place_bytes), 0);
}

/* Ask on each connection that is open. */
static void ask_all(void)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	for (size_t i = 0; i < CLIENTS; i++)
		if (clients[i] >= 0)
			assert_int_equal(send(clients[i], request, strlen(request), MSG_NOSIGNAL),
					 strlen(request));
}

static bool is_answered(size_t index)
{
	char answer[1024];

	return recv(clients[index], answer, sizeof(answer), MSG_DONTWAIT) > 0;
}

static size_t count_answered(void)
{
	size_t count = 0;

	for (size_t i = 0; i < CLIENTS; i++)
		count += clients[i] >= 0 && is_answered(i);
	return count;
}

/* Wait for exactly this many answers, however long that takes. */
static void await_answers(size_t expected)
{
	size_t count = 0;

	for (int turns = 0; turns < TURNS_MAX && count < expected; turns++) {
		run_loop();
		count += count_answered();
	}
	run_loop();
	assert_int_equal(count + count_answered(), expected);
}

static void close_client(size_t index)
{
	close(clients[index]);
	clients[index] = -1;
}

static void check_limit(void)
{
	size_t i;

	for (i = 0; i < CLIENTS; i++)
		connect_client(i);
	ask_all();
	await_answers(MAX);
	assert_int_equal(listener.connection_count, MAX);
	for (i = 0; i < MAX; i++)
		close_client(i);
	await_answers(MAX);
	for (; i < 2 * MAX; i++)
		close_client(i);
	await_answers(CLIENTS - 2 * MAX);
	for (; i < CLIENTS; i++)
		close_client(i);
	/* Those that came and went do not count. */
	for (i = 0; i < MAX + 1; i++) {
		connect_client(0);
		ask_all();
		await_answers(1);
		close_client(0);
	}
}

static void test_tcp(void **state)
{
	(void)state;
	start_tcp();
	check_limit();
	stop();
}

static void test_unix(void **state)
{
	(void)state;
	start_unix();
	check_limit();
	stop();
	unlink(((const struct sockaddr_un *)&place)->sun_path);
}

static void test_no_descriptors(void **state)
{
	struct rlimit before, none;

	(void)state;
	start_tcp();
	connect_client(0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)clients[0] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	run_loop();
	assert_int_equal(listener.connection_count, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	ask_all();
	await_answers(1);
	assert_int_equal(listener.connection_count, 1);
	close_client(0);
	stop();
}

static void test_max(void **state)
{
	(void)state;
	assert_int_equal(listener_connections_max(0), 4);
	assert_int_equal(listener_connections_max(256), 32);
	assert_int_equal(listener_connections_max(1024), 128);
	assert_int_equal(listener_connections_max(65536), 256);
	assert_int_equal(listener_connections_max(SIZE_MAX), 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_max),
	};

	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = -1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
