/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the connections of a listener, and has it rest. evhttp tells when one begins, but
 * not when it ends; so when there might be too many, the kernel is asked which of our
 * descriptors are connections of it.
 */
#include "http/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/resources.h"

/* More than any number of scrapers or administrators. */
#define CONNECTIONS_MAX 256
/* Of the descriptors; there are four listeners, and most are for maps and files. */
#define SHARE 8
#define CONNECTIONS_MIN 4
#define REST_USEC 100000
#define LOG_INTERVAL_SEC 3600

size_t listener_connections_max(size_t descriptor_max)
{
	size_t max = descriptor_max / SHARE;

	if (max > CONNECTIONS_MAX)
		return CONNECTIONS_MAX;
	return max < CONNECTIONS_MIN ? CONNECTIONS_MIN : max;
}

/* Of the main loop. */
static struct listener *open_listeners;

/* ---- count ----------------------------------------------------------------- */

static bool is_same_place(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	switch (a->ss_family) {
	case AF_UNIX:
		return !strcmp(((const struct sockaddr_un *)a)->sun_path,
			       ((const struct sockaddr_un *)b)->sun_path);
	case AF_INET:
		return ((const struct sockaddr_in *)a)->sin_port ==
		       ((const struct sockaddr_in *)b)->sin_port;
	case AF_INET6:
		return ((const struct sockaddr_in6 *)a)->sin6_port ==
		       ((const struct sockaddr_in6 *)b)->sin6_port;
	default:
		return false;
	}
}

/* Where a socket is bound; zero behind it. Return: whether it is one. */
static bool read_place(int fd, struct sockaddr_storage *place)
{
	socklen_t bytes = sizeof(*place) - 1;

	memset(place, 0, sizeof(*place));
	return !getsockname(fd, (struct sockaddr *)place, &bytes);
}

/* An accepted socket is bound where the one that listens is. */
static bool is_connection(int fd, const struct sockaddr_storage *listening)
{
	struct sockaddr_storage place;
	int is_listening = 0;
	socklen_t bytes = sizeof(is_listening);

	return read_place(fd, &place) && is_same_place(&place, listening) &&
	       !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &bytes) && !is_listening;
}

struct connection_count {
	struct sockaddr_storage listening;
	int count;
};

static void count_connection(int fd, void *context)
{
	struct connection_count *connections = context;

	connections->count += is_connection(fd, &connections->listening);
}

/* Return: how many; -errno: not known. */
static int count_connections(int listening_fd)
{
	struct connection_count connections = { .count = 0 };
	int err;

	if (!read_place(listening_fd, &connections.listening))
		return -errno;
	err = resources_walk_fds(count_connection, &connections);
	return err ? err : connections.count;
}

/* Whether as many are open as there may be. */
static bool is_full(struct listener *listener)
{
	int count;

	if (listener->connection_count < listener->connections_max)
		return false;
	count = count_connections(evconnlistener_get_fd(listener->socket));
	/* Without /proc nobody counts; without a descriptor nobody else should get one. */
	if (count >= 0 || count == -ENOENT)
		listener->connection_count = count > 0 ? (size_t)count : 0;
	return listener->connection_count >= listener->connections_max;
}

/* ---- rest ------------------------------------------------------------------ */

static void rest(struct listener *listener)
{
	const struct timeval later = { .tv_usec = REST_USEC };

	evconnlistener_disable(listener->socket);
	event_add(listener->wake, &later);
}

/* Whoever opens connections all day fills no log. */
static bool may_log(struct listener *listener)
{
	const double now_sec = time_monotonic_sec();

	if (listener->logged_at_sec > 0 && now_sec - listener->logged_at_sec < LOG_INTERVAL_SEC)
		return false;
	listener->logged_at_sec = now_sec;
	return true;
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
	struct listener *listener = context;

	(void)fd;
	(void)what;
	if (!listener->socket)
		return;
	if (is_full(listener))
		rest(listener);
	else
		evconnlistener_enable(listener->socket);
}

/* evhttp has accepted one, and makes what it needs if this makes nothing. */
static struct bufferevent *on_connection(struct event_base *base, void *context)
{
	struct listener *listener = context;

	(void)base;
	if (!listener->socket)
		return NULL;
	listener->connection_count++;
	if (!is_full(listener))
		return NULL;
	if (may_log(listener))
		log_warning(listener->name,
			    "%zu %s open, as many as there may be: more have to wait",
			    listener->connection_count,
			    plural(listener->connection_count, "connection is", "connections are"));
	rest(listener);
	return NULL;
}

/* accept() has failed. The context is evhttp's. */
static void on_error(struct evconnlistener *socket, void *context)
{
	struct listener *listener = open_listeners;
	const int err = errno;

	(void)context;
	while (listener && listener->socket != socket)
		listener = listener->next;
	if (!listener)
		return;
	if (may_log(listener))
		log_warning(listener->name, "a connection cannot be accepted now: %s",
			    strerror(err));
	rest(listener);
}

/* ---- open ------------------------------------------------------------------ */

int listener_open(struct listener *listener, struct event_base *base, struct evhttp *http,
		  const char *name)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };

	getrlimit(RLIMIT_NOFILE, &limit);
	*listener = (struct listener) {
		.name = name,
		.connections_max = listener_connections_max(limit.rlim_cur),
		.wake = event_new(base, -1, 0, on_wake, listener),
	};
	if (!listener->wake)
		return -ENOMEM;
	listener->next = open_listeners;
	open_listeners = listener;
	evhttp_set_bevcb(http, on_connection, listener);
	return 0;
}

void listener_close(struct listener *listener)
{
	struct listener **place = &open_listeners;

	if (!listener->wake)
		return;
	while (*place != listener)
		place = &(*place)->next;
	*place = listener->next;
	event_free(listener->wake);
	*listener = (struct listener) { 0 };
}

void listener_watch(struct listener *listener, struct evhttp_bound_socket *bound)
{
	listener->socket = bound ? evhttp_bound_socket_get_listener(bound) : NULL;
	listener->connection_count = 0;
	event_del(listener->wake);
	if (listener->socket)
		evconnlistener_set_error_cb(listener->socket, on_error);
}
