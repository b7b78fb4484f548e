/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binds, moves and retries a server's socket. */
#include "http/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "http/http.h"

int http_server_open(struct http_server *server, struct event_base *base,
		     const struct http_server_options *options)
{
	server->http = evhttp_new(base);
	if (!server->http || listener_open(&server->listener, base, server->http, options->name))
		return -ENOMEM;
	evhttp_set_max_headers_size(server->http, (ev_ssize_t)options->header_bytes_max);
	evhttp_set_max_body_size(server->http, (ev_ssize_t)options->body_bytes_max);
	evhttp_set_timeout(server->http, options->timeout_sec);
	evhttp_set_allowed_methods(server->http, HTTP_METHODS);
	evhttp_set_gencb(server->http, options->serve, options->context);
	return 0;
}

void http_server_close(struct http_server *server)
{
	listener_close(&server->listener);
	if (server->http)
		evhttp_free(server->http);
	free(server->bound_host);
	free(server->wanted_host);
	*server = (struct http_server) { 0 };
}

static void let_go(struct http_server *server)
{
	if (server->bound)
		evhttp_del_accept_socket(server->http, server->bound);
	server->bound = NULL;
	listener_watch(&server->listener, NULL);
	free(server->bound_host);
	server->bound_host = NULL;
}

static int bind_wanted(struct http_server *server)
{
	char *host = strdup(server->wanted_host);
	struct evhttp_bound_socket *bound;

	if (!host)
		return -ENOMEM;
	errno = 0;
	bound = evhttp_bind_socket_with_handle(server->http, host, server->wanted_port);
	if (!bound) {
		free(host);
		return errno ? -errno : -EADDRNOTAVAIL;
	}
	let_go(server);
	listener_watch(&server->listener, bound);
	server->bound = bound;
	server->bound_host = host;
	server->bound_port = server->wanted_port;
	return 0;
}

static bool is_where_wanted(const struct http_server *server)
{
	if (!server->wanted_host || !server->bound)
		return !server->wanted_host && !server->bound;
	return server->bound_port == server->wanted_port &&
	       !strcmp(server->bound_host, server->wanted_host);
}

static int move(struct http_server *server)
{
	int err = 0;

	if (is_where_wanted(server))
		return 0;
	if (server->wanted_host)
		err = bind_wanted(server);
	/* Stop serving an address that is no longer configured. */
	if (err || !server->wanted_host)
		let_go(server);
	return err;
}

int http_server_adopt(struct http_server *server, int fd)
{
	server->bound = evhttp_accept_socket_with_handle(server->http, fd);
	if (!server->bound)
		return -ENOMEM;
	listener_watch(&server->listener, server->bound);
	server->is_adopted = true;
	return 0;
}

int http_server_listen(struct http_server *server, const char *host, uint16_t port)
{
	char *wanted = host ? strdup(host) : NULL;

	if (host && !wanted)
		return -ENOMEM;
	if (server->is_adopted) {
		free(wanted);
		return 0;
	}
	free(server->wanted_host);
	server->wanted_host = wanted;
	server->wanted_port = port;
	return move(server);
}

void http_server_retry(struct http_server *server)
{
	if (!server->is_adopted && !is_where_wanted(server) && !move(server))
		log_info(server->listener.name, "serving at %s port %u", server->wanted_host,
			 server->wanted_port);
}
