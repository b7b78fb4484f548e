// SPDX-License-Identifier: GPL-2.0-or-later
/* Connects by bufferevents, to one address of the host after the other. */
#include "redis/link.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "redis/lookup.h"
#include "redis/tls.h"

#define WHY_BYTES 256

struct redis_link {
	struct event_base *base;
	struct redis_place place;
	SSL_CTX *tls;
	struct redis_link_events events;
	struct redis_lookup *lookup;	/* NULL: not looking */
	struct addrinfo *addresses;	/* of the host; NULL: not known, or a path */
	struct addrinfo *next;		/* to be tried */
	struct bufferevent *connection; /* NULL: none */
	struct event *begin;		/* a path needs no lookup, but calls from the loop, too */
	bool is_open;
};

static void link_break(struct redis_link *link, const char *why)
{
	char text[REDIS_PLACE_TEXT_BYTES], all[REDIS_PLACE_TEXT_BYTES + WHY_BYTES + 64];

	redis_place_format(&link->place, text);
	snprintf(all, sizeof(all),
		 link->is_open ? "the connection to %s has ended: %s" : "cannot connect to %s: %s",
		 text, why);
	link->events.broken(link->events.context, all);
}

/* ---- connection ------------------------------------------------------------ */

static void connect_next(struct redis_link *link, const char *why);

static void connection_close(struct redis_link *link)
{
	if (!link->connection)
		return;
	bufferevent_free(link->connection);
	link->connection = NULL;
}

static void connection_read(struct bufferevent *connection, void *context)
{
	struct redis_link *link = context;

	link->events.bytes(link->events.context, bufferevent_get_input(connection));
}

static void connection_open(struct redis_link *link)
{
	const int on = 1;
	const int fd = bufferevent_getfd(link->connection);

	if (link->place.port)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	link->is_open = true;
	bufferevent_enable(link->connection, EV_READ | EV_WRITE);
	link->events.open(link->events.context);
}

static void connection_event(struct bufferevent *connection, short what, void *context)
{
	const int error = EVUTIL_SOCKET_ERROR();
	struct redis_link *link = context;
	char why[WHY_BYTES] = "";

	if (what & BEV_EVENT_CONNECTED) {
		connection_open(link);
		return;
	}
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	if (link->tls)
		redis_tls_problem(connection, why, sizeof(why));
	if (!*why)
		snprintf(why, sizeof(why), "%s",
			 what & BEV_EVENT_EOF || !error ? "the server has closed it"
							: strerror(error));
	if (link->is_open) {
		link_break(link, why);
		return;
	}
	connection_close(link);
	connect_next(link, why);
}

static struct bufferevent *connection_new(struct redis_link *link)
{
	/* Deferred: nothing is called while a caller is in the middle of its own work. */
	const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	struct bufferevent *connection;
	SSL *session;

	if (!link->tls)
		return bufferevent_socket_new(link->base, -1, options);
	session = redis_tls_session(link->tls, link->place.host);
	if (!session)
		return NULL;
	connection = bufferevent_openssl_socket_new(link->base, -1, session,
						    BUFFEREVENT_SSL_CONNECTING, options);
	if (!connection) {
		SSL_free(session);
		return NULL;
	}
	/* A connection that ends without a farewell of TLS has ended all the same. */
	bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
	return connection;
}

/* Return: 0 or -errno. Whether it has worked, an event says later. */
static int connection_start(struct redis_link *link, const struct sockaddr *address, int bytes)
{
	link->connection = connection_new(link);
	if (!link->connection)
		return -ENOMEM;
	bufferevent_setcb(link->connection, connection_read, NULL, connection_event, link);
	if (!bufferevent_socket_connect(link->connection, address, bytes))
		return 0;
	connection_close(link);
	return errno ? -errno : -EIO;
}

/* @why: what has become of the last address. */
static void connect_next(struct redis_link *link, const char *why)
{
	while (link->next) {
		const struct addrinfo *address = link->next;
		int err;

		link->next = address->ai_next;
		err = connection_start(link, address->ai_addr, (int)address->ai_addrlen);
		if (!err)
			return;
		why = strerror(-err);
	}
	link_break(link, why);
}

static void link_found(void *context, struct addrinfo *addresses, const char *why)
{
	struct redis_link *link = context;
	char text[WHY_BYTES];

	link->lookup = NULL;
	link->addresses = addresses;
	link->next = addresses;
	snprintf(text, sizeof(text), "no address of this name: %s", why);
	connect_next(link, text);
}

static void link_begin_path(evutil_socket_t fd, short what, void *context)
{
	struct redis_link *link = context;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int err;

	(void)fd;
	(void)what;
	/* It fits: see redis_url_parse(). */
	memcpy(address.sun_path, link->place.host, sizeof(address.sun_path) - 1);
	err = connection_start(link, (const struct sockaddr *)&address, sizeof(address));
	if (err)
		link_break(link, strerror(-err));
}

/* ---- link ------------------------------------------------------------------ */

static int link_begin(struct redis_link *link)
{
	const struct timeval now = { .tv_sec = 0 };

	if (link->place.port) {
		link->lookup = redis_lookup_start(link->base, link->place.host, link->place.port,
						  link_found, link);
		return link->lookup ? 0 : -ENOMEM;
	}
	link->begin = evtimer_new(link->base, link_begin_path, link);
	return !link->begin || event_add(link->begin, &now) ? -ENOMEM : 0;
}

struct redis_link *redis_link_start(struct event_base *base, const struct redis_place *place,
				    SSL_CTX *tls, const struct redis_link_events *events)
{
	struct redis_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->base = base;
	link->place = *place;
	link->tls = tls;
	link->events = *events;
	if (link_begin(link)) {
		redis_link_free(link);
		return NULL;
	}
	return link;
}

void redis_link_free(struct redis_link *link)
{
	if (!link)
		return;
	redis_lookup_cancel(link->lookup);
	connection_close(link);
	if (link->addresses)
		freeaddrinfo(link->addresses);
	if (link->begin)
		event_free(link->begin);
	free(link);
}

static void free_sent(const void *bytes, size_t byte_count, void *context)
{
	(void)bytes;
	(void)byte_count;
	free(context);
}

int redis_link_send(struct redis_link *link, char *bytes, size_t byte_count)
{
	struct evbuffer *output = bufferevent_get_output(link->connection);

	if (!evbuffer_add_reference(output, bytes, byte_count, free_sent, bytes))
		return 0;
	free(bytes);
	return -ENOMEM;
}

size_t redis_link_waiting(const struct redis_link *link)
{
	return link->connection ? evbuffer_get_length(bufferevent_get_output(link->connection)) : 0;
}
