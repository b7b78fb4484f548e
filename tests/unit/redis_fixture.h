/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Servers of a few lines, in the same event loop as the client that is tested. */
#ifndef TESTS_UNIT_REDIS_FIXTURE_H
#define TESTS_UNIT_REDIS_FIXTURE_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "redis/client.h"

#define FIXTURE_PATIENCE_SEC 60
#define FIXTURE_CONNECTIONS_MAX 64
#define FIXTURE_LOG_BYTES 8192

struct fake_server {
	/* Says what to answer to a command, as bytes on the wire; NULL: nothing. */
	const char *(*answer)(struct fake_server *server, const struct redis_reply *command);
	struct evconnlistener *listener;
	struct bufferevent *connections[FIXTURE_CONNECTIONS_MAX];
	struct redis_reader *readers[FIXTURE_CONNECTIONS_MAX];
	size_t connection_count;     /* ever */
	char log[FIXTURE_LOG_BYTES]; /* the commands, each on its line */
	int port;
};

static struct event_base *base;

static void fixture_is_stuck(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	fail_msg("nothing happens");
}

/* Run the loop until *@flag has reached @count. */
static void run_until(const size_t *flag, size_t count)
{
	struct event *stuck = evtimer_new(base, fixture_is_stuck, NULL);
	const struct timeval patience = { .tv_sec = FIXTURE_PATIENCE_SEC };

	event_add(stuck, &patience);
	while (*flag < count)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	event_free(stuck);
}

static void fake_log(struct fake_server *server, const struct redis_reply *command)
{
	size_t bytes = strlen(server->log);

	for (size_t i = 0; i < command->element_count; i++) {
		snprintf(server->log + bytes, sizeof(server->log) - bytes, "%s%s", i ? " " : "",
			 command->elements[i].text);
		bytes = strlen(server->log);
	}
	snprintf(server->log + bytes, sizeof(server->log) - bytes, "\n");
}

static void fake_read(struct bufferevent *connection, void *context)
{
	struct fake_server *server = context;
	struct redis_reader *reader = NULL;
	struct redis_reply *command = NULL;
	char bytes[4096];
	size_t count;

	for (size_t i = 0; i < server->connection_count; i++) {
		if (server->connections[i] == connection)
			reader = server->readers[i];
	}
	assert_non_null(reader);
	while ((count = bufferevent_read(connection, bytes, sizeof(bytes))) > 0)
		assert_int_equal(redis_reader_feed(reader, bytes, count), 0);
	while (!redis_reader_next(reader, &command) && command) {
		const char *answer;

		fake_log(server, command);
		answer = server->answer(server, command);
		if (answer)
			bufferevent_write(connection, answer, strlen(answer));
		redis_reply_free(command);
		command = NULL;
	}
}

static void fake_accept(struct evconnlistener *listener, evutil_socket_t fd,
			struct sockaddr *address, int bytes, void *context)
{
	struct fake_server *server = context;
	struct bufferevent *connection =
	    bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)address;
	(void)bytes;
	assert_true(server->connection_count < FIXTURE_CONNECTIONS_MAX);
	server->readers[server->connection_count] = redis_reader_new(1 << 26);
	server->connections[server->connection_count++] = connection;
	bufferevent_setcb(connection, fake_read, NULL, NULL, server);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
}

static void fake_listen(struct fake_server *server, const struct sockaddr *address, int bytes)
{
	server->listener =
	    evconnlistener_new_bind(base, fake_accept, server,
				    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1, address, bytes);
	assert_non_null(server->listener);
}

/* On a port of its own, or again on the one it has. */
static void fake_start(struct fake_server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)server->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);

	fake_listen(server, (const struct sockaddr *)&address, sizeof(address));
	assert_int_equal(getsockname(evconnlistener_get_fd(server->listener),
				     (struct sockaddr *)&address, &bytes),
			 0);
	server->port = ntohs(address.sin_port);
}

/* The server ends all connections. */
static void fake_disconnect(struct fake_server *server)
{
	for (size_t i = 0; i < server->connection_count; i++) {
		if (server->connections[i])
			bufferevent_free(server->connections[i]);
		server->connections[i] = NULL;
		redis_reader_free(server->readers[i]);
		server->readers[i] = NULL;
	}
}

static void fake_stop(struct fake_server *server)
{
	fake_disconnect(server);
	if (server->listener)
		evconnlistener_free(server->listener);
	server->listener = NULL;
}

/* The client's end: what it has told. */
static struct redis_client *client;
static size_t ready_count, lost_count, done_count, unanswered_count;
static char last_why[1024];
static char replies[FIXTURE_LOG_BYTES]; /* each on its line */

static void note_ready(struct redis_client *self, void *context)
{
	(void)self;
	(void)context;
	ready_count++;
}

static void note_lost(struct redis_client *self, const char *why, void *context)
{
	(void)context;
	assert_int_equal(redis_client_waiting(self), 0);
	lost_count++;
	snprintf(last_why, sizeof(last_why), "%s", why);
}

static void note_done(struct redis_client *self, const struct redis_reply *reply, void *argument)
{
	const size_t bytes = strlen(replies);

	(void)self;
	(void)argument;
	done_count++;
	if (!reply)
		unanswered_count++;
	else if (reply->text)
		snprintf(replies + bytes, sizeof(replies) - bytes, "%s\n", reply->text);
	else
		snprintf(replies + bytes, sizeof(replies) - bytes, "%lld\n",
			 (long long)reply->integer);
}

static const struct redis_events noting = { .ready = note_ready, .lost = note_lost };

static void client_start(const struct redis_settings *settings, const struct redis_events *events)
{
	const char *problem = NULL;

	ready_count = lost_count = done_count = unanswered_count = 0;
	*last_why = *replies = '\0';
	assert_int_equal(redis_client_new(base, settings, events, &client, &problem), 0);
}

static int send_words(redis_done *done, size_t count, const char *const words[])
{
	return redis_client_command(client, count, words, NULL, 0, done, NULL);
}

static int fixture_start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	client = NULL;
	return !base;
}

/* Lookups outlive their client. */
static int fixture_stop(void **state)
{
	(void)state;
	redis_client_close(client);
	client = NULL;
	event_base_dispatch(base);
	event_base_free(base);
	libevent_global_shutdown();
	return 0;
}

#define MASTER "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"

static bool is_command(const struct redis_reply *command, const char *name)
{
	return !strcmp(command->elements[0].text, name);
}

static const char *answer_master(struct fake_server *server, const struct redis_reply *command)
{
	(void)server;
	if (is_command(command, "ROLE"))
		return MASTER;
	if (is_command(command, "AUTH") || is_command(command, "SELECT"))
		return "+OK\r\n";
	return is_command(command, "COUNT") ? ":7\r\n" : "+PONG\r\n";
}

static struct fake_server server;
static char url[64];

static void serve(const char *(*answer)(struct fake_server *, const struct redis_reply *))
{
	server = (struct fake_server) { .answer = answer };
	fake_start(&server);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d", server.port);
}

static void serve_and_connect(const char *(*answer)(struct fake_server *,
						    const struct redis_reply *))
{
	serve(answer);
	client_start(&(struct redis_settings) { .url = url }, &noting);
}

/* Teardown. */
static int finish(void **state)
{
	fake_stop(&server);
	return fixture_stop(state);
}

static const char *answer_nothing(struct fake_server *self, const struct redis_reply *command)
{
	(void)self;
	(void)command;
	return NULL;
}

#endif
