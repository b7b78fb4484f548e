/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event loop. A client costs a fixed amount of memory, whatever it sends. */
#include "reject/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include "base/log.h"

/* A network of IPv6 that one host may have. */
#define IPV6_NETWORK_BYTES 8

struct source {
	sa_family_t family;
	unsigned char bytes[IPV6_NETWORK_BYTES];
};

struct connection {
	struct server *server;
	struct connection *next, **link; /* in the server's list */
	struct bufferevent *stream;
	struct event *end; /* of its life */
	struct source source;
	size_t read_bytes;
	bool is_ending; /* when its last reply is sent */
	struct session session;
};

struct listener {
	struct listener *next;
	struct server *server;
	struct evconnlistener *events;
	const struct session_setup *setup;
};

struct server {
	struct event_base *base;
	struct event *signals[2];
	struct listener *listeners;
	struct connection *connections;
	unsigned int connection_count;
	unsigned int connections_max;
	bool logs;
};

/* ---- connections --------------------------------------------------------------- */

static void accept_more(struct server *server, bool accepts)
{
	for (struct listener *listener = server->listeners; listener; listener = listener->next) {
		if (accepts)
			evconnlistener_enable(listener->events);
		else
			evconnlistener_disable(listener->events);
	}
}

static void connection_free(struct connection *connection)
{
	struct server *server = connection->server;
	char text[SESSION_DESCRIPTION_BYTES];

	if (server->logs) {
		session_describe(&connection->session, text);
		log_info("reject", "%s", text);
	}
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	if (connection->end)
		event_free(connection->end);
	if (connection->stream)
		bufferevent_free(connection->stream);
	free(connection);
	if (server->connection_count-- == server->connections_max)
		accept_more(server, true);
}

static void connection_say(struct connection *connection, const char *reply, bool is_last)
{
	bufferevent_write(connection->stream, reply, strlen(reply));
	if (!is_last)
		return;
	connection->is_ending = true;
	bufferevent_disable(connection->stream, EV_READ);
}

/* Take one line. Return: whether there may be another one. */
static bool connection_take_line(struct connection *connection, struct evbuffer *input)
{
	char reply[SESSION_REPLY_BYTES];
	size_t bytes;
	char *line = evbuffer_readln(input, &bytes, EVBUFFER_EOL_CRLF);
	bool goes_on;

	if (!line) {
		if (evbuffer_get_length(input) <= SESSION_LINE_BYTES)
			return false;
		connection_say(connection, "500 5.5.2 Error: line too long\r\n", true);
		return false;
	}
	connection->read_bytes += bytes;
	goes_on = session_command(&connection->session, line, bytes, reply);
	free(line);
	if (connection->read_bytes > SERVER_BYTES_MAX)
		goes_on = false;
	connection_say(connection, reply, !goes_on);
	return goes_on;
}

static void connection_on_read(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	while (!connection->is_ending &&
	       connection_take_line(connection, bufferevent_get_input(stream)))
		;
}

static void connection_on_written(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	(void)stream;
	if (connection->is_ending)
		connection_free(connection);
}

static void connection_on_event(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	(void)what;
	connection_free(context);
}

static void connection_on_end(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	connection_free(context);
}

/* ---- new ones ------------------------------------------------------------------ */

static struct source source_of(const struct sockaddr *address, char text[SESSION_ADDRESS_BYTES])
{
	struct source source = { .family = address->sa_family };

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		memcpy(source.bytes, &in->sin_addr, sizeof(in->sin_addr));
		inet_ntop(AF_INET, &in->sin_addr, text, SESSION_ADDRESS_BYTES);
	} else {
		const struct sockaddr_in6 *in6 = (const void *)address;

		memcpy(source.bytes, &in6->sin6_addr, sizeof(source.bytes));
		inet_ntop(AF_INET6, &in6->sin6_addr, text, SESSION_ADDRESS_BYTES);
	}
	return source;
}

static bool has_too_many(const struct server *server, const struct source *source)
{
	unsigned int count = 0;

	for (const struct connection *other = server->connections; other; other = other->next)
		count += other->source.family == source->family &&
			 !memcmp(other->source.bytes, source->bytes, sizeof(source->bytes));
	return count >= SERVER_PER_SOURCE_MAX;
}

static bool connection_open(struct connection *connection, evutil_socket_t fd)
{
	static const struct timeval idle = { .tv_sec = SERVER_IDLE_SEC };
	static const struct timeval life = { .tv_sec = SERVER_LIFE_SEC };
	struct server *server = connection->server;

	connection->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!connection->stream)
		return false;
	connection->end = evtimer_new(server->base, connection_on_end, connection);
	if (!connection->end || evtimer_add(connection->end, &life))
		return false;
	bufferevent_setcb(connection->stream, connection_on_read, connection_on_written,
			  connection_on_event, connection);
	bufferevent_set_timeouts(connection->stream, &idle, &idle);
	bufferevent_setwatermark(connection->stream, EV_READ, 0, 2 * SESSION_LINE_BYTES);
	return !bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

static void server_on_connection(struct evconnlistener *events, evutil_socket_t fd,
				 struct sockaddr *address, int bytes, void *context)
{
	static const char too_many[] = "421 4.7.0 Too many connections from your network\r\n";
	const struct listener *listener = context;
	struct server *server = listener->server;
	struct connection *connection = calloc(1, sizeof(*connection));
	char text[SESSION_ADDRESS_BYTES] = "", reply[SESSION_REPLY_BYTES];
	bool is_refused;

	(void)events;
	(void)bytes;
	if (!connection) {
		evutil_closesocket(fd);
		return;
	}
	connection->server = server;
	connection->source = source_of(address, text);
	session_init(&connection->session, listener->setup, text);
	is_refused = has_too_many(server, &connection->source);
	connection->link = &server->connections;
	connection->next = server->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	server->connections = connection;
	if (++server->connection_count == server->connections_max)
		accept_more(server, false);
	if (!connection_open(connection, fd)) {
		if (!connection->stream)
			evutil_closesocket(fd);
		connection_free(connection);
		return;
	}
	if (is_refused) {
		connection_say(connection, too_many, true);
		return;
	}
	session_greet(&connection->session, reply);
	connection_say(connection, reply, false);
}

/* ---- the server ---------------------------------------------------------------- */

static void server_on_signal(evutil_socket_t number, short what, void *context)
{
	struct server *server = context;

	(void)number;
	(void)what;
	event_base_loopbreak(server->base);
}

struct server *server_new(unsigned int connections_max, bool logs)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->connections_max = connections_max;
	server->logs = logs;
	server->base = event_base_new();
	for (int i = 0; server->base && i < 2; i++) {
		server->signals[i] =
		    evsignal_new(server->base, numbers[i], server_on_signal, server);
		if (!server->signals[i] || evsignal_add(server->signals[i], NULL)) {
			server_free(server);
			return NULL;
		}
	}
	if (server->base)
		return server;
	free(server);
	return NULL;
}

void server_free(struct server *server)
{
	struct connection *connection, *next_connection;
	struct listener *listener, *next;

	if (!server)
		return;
	for (connection = server->connections; connection; connection = next_connection) {
		next_connection = connection->next;
		connection_free(connection);
	}
	for (listener = server->listeners; listener; listener = next) {
		next = listener->next;
		evconnlistener_free(listener->events);
		free(listener);
	}
	for (int i = 0; i < 2; i++)
		if (server->signals[i])
			event_free(server->signals[i]);
	event_base_free(server->base);
	free(server);
}

/* No SYN-ACK may be sent more often than twice, and no data with one: what a client has not
 * confirmed must not become more than it has sent. */
static int limit_answers(int fd)
{
	const int once = 1, none = 0;

	if (setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once)))
		return -errno;
	/* After listen(), which may turn it on. A kernel without it has nothing to turn off. */
	setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &none, sizeof(none));
	return 0;
}

static int open_socket(const struct sockaddr *address, int bytes, const char **ret_step)
{
	const int on = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	*ret_step = "cannot open a socket";
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	*ret_step = "cannot listen there";
	err = bind(fd, address, (socklen_t)bytes) || listen(fd, SERVER_BACKLOG) ? -errno : 0;
	if (!err)
		err = limit_answers(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int server_listen(struct server *server, const char *address, const struct session_setup *setup,
		  const char **ret_step)
{
	struct sockaddr_storage to = { 0 };
	struct listener *listener;
	int bytes = sizeof(to), fd;

	*ret_step = "not ADDRESS:PORT, as 127.0.0.1:10026 or [::1]:10026";
	if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&to, &bytes) ||
	    !((const struct sockaddr_in *)&to)->sin_port)
		return -EINVAL;
	fd = open_socket((const struct sockaddr *)&to, bytes, ret_step);
	if (fd < 0)
		return fd;
	*ret_step = "no memory";
	listener = calloc(1, sizeof(*listener));
	if (listener)
		listener->events =
		    evconnlistener_new(server->base, server_on_connection, listener,
				       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!listener || !listener->events) {
		free(listener);
		close(fd);
		return -ENOMEM;
	}
	listener->server = server;
	listener->setup = setup;
	listener->next = server->listeners;
	server->listeners = listener;
	return 0;
}

int server_run(struct server *server)
{
	return event_base_dispatch(server->base) < 0 ? -EIO : 0;
}
