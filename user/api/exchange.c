/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a request until its job is finished or its connection is closed. */
#include "api/exchange.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

struct exchange {
	struct evhttp_request *request; /* NULL: its connection is closed */
};

static void forget_request(struct evhttp_connection *connection, void *context)
{
	struct exchange *exchange = context;

	(void)connection;
	exchange->request = NULL;
}

struct exchange *exchange_new(struct evhttp_request *request)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	struct evhttp_connection *connection = evhttp_request_get_connection(request);

	if (!exchange)
		return NULL;
	exchange->request = request;
	evhttp_connection_set_closecb(connection, forget_request, exchange);
	/* evhttp cannot handle another request before this one is answered. */
	bufferevent_disable(evhttp_connection_get_bufferevent(connection), EV_READ);
	return exchange;
}

struct evhttp_request *exchange_end(struct exchange *exchange)
{
	struct evhttp_request *request = exchange->request;

	if (request)
		evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
	free(exchange);
	return request;
}
