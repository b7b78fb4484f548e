/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server of HTTP over TCP that moves when the configuration says so. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/listener.h"

struct http_server {
	struct evhttp *http;
	struct listener listener;
	struct evhttp_bound_socket *bound; /* NULL: nowhere */
	bool is_adopted;		   /* `bound` is not ours to move */
	char *bound_host;
	uint16_t bound_port;
	char *wanted_host; /* where to serve, or NULL */
	uint16_t wanted_port;
};

struct http_server_options {
	const char *name; /* for the log */
	size_t header_bytes_max;
	size_t body_bytes_max;
	int timeout_sec; /* of an idle connection */
	void (*serve)(struct evhttp_request *request, void *context);
	void *context;
};

/* All methods are allowed: serve() must refuse those that it does not know. Return: 0 or
 * -ENOMEM; then, too, the server must be closed. */
int http_server_open(struct http_server *server, struct event_base *base,
		     const struct http_server_options *options);
/* Fine if it was never opened, all zero. */
void http_server_close(struct http_server *server);

/**
 * http_server_adopt() - serve only at a socket that the service manager has opened
 * @fd: listening; it is closed at the end
 *
 * From now on http_server_listen() has no effect. Return: 0 or -ENOMEM: @fd is not taken.
 */
int http_server_adopt(struct http_server *server, int fd);

/**
 * http_server_listen() - serve only at this address from now on
 * @host: NULL: serve nowhere
 *
 * Return: 0; -errno: the address cannot be used now; http_server_retry() tries again.
 */
int http_server_listen(struct http_server *server, const char *host, uint16_t port);
void http_server_retry(struct http_server *server);

#endif
