/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listeners of evhttp that leave descriptors for the rest of the program: each has so many
 * connections at most. While it has them, or while accept fails, it rests: connections wait
 * in the kernel, and the loop does not turn for them.
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stddef.h>

struct listener {
	const char *name; /* for the log */
	size_t connections_max;
	struct evconnlistener *socket; /* owned by evhttp; NULL: none */
	/* Those found at the last look, and all accepted since: never too few. */
	size_t connection_count;
	struct event *wake;
	double logged_at_sec; /* of the clock that never steps; 0: never */
	struct listener *next;
};

/**
 * listener_open() - be asked for each connection that @http accepts
 * @name: "metrics"
 *
 * @http has no other listener. Return: 0 or -ENOMEM.
 */
int listener_open(struct listener *listener, struct event_base *base, struct evhttp *http,
		  const char *name);
/* Before @http is freed; fine if it was never opened, all zero. */
void listener_close(struct listener *listener);

/* Look after this socket from now on; NULL: none. */
void listener_watch(struct listener *listener, struct evhttp_bound_socket *bound);

/* How many connections there may be for so many descriptors in all (RLIMIT_NOFILE). */
size_t listener_connections_max(size_t descriptor_max);

#endif
