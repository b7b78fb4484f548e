/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics listener. It moves when the configuration says so. */
#include "web/web.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "http/http.h"
#include "http/listener.h"
#include "runtime/runtime.h"
#include "web/metrics.h"

#define HEADER_BYTES_MAX (16 * 1024)
#define BODY_BYTES_MAX 1024
#define TIMEOUT_SEC 10

struct metrics {
	const struct runtime *runtime;
	struct evhttp *http;
	struct listener listener;
	struct evhttp_bound_socket *bound; /* NULL: nowhere */
	bool is_adopted;		   /* `bound` is not ours to move */
	char *bound_host;
	uint16_t bound_port;
	char *wanted_host; /* where to serve, or NULL */
	uint16_t wanted_port;
};

/* ---- requests ----------------------------------------------------------- */

static void write_index(const struct runtime *runtime, struct evbuffer *buffer)
{
	(void)runtime;
	evbuffer_add_printf(buffer,
			    "<!DOCTYPE html>\n<title>ipwl</title>\n"
			    "<p>ipwl " IPWL_VERSION ": <a href=\"/metrics\">metrics</a></p>\n");
}

static const struct page {
	const char *path;
	const char *type;
	void (*write)(const struct runtime *runtime, struct evbuffer *buffer);
} pages[] = {
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics_write },
	{ "/", "text/html; charset=utf-8", write_index },
};

static const struct page *find_page(struct evhttp_request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	size_t i;

	for (i = 0; path && i < sizeof(pages) / sizeof(*pages); i++)
		if (!strcmp(pages[i].path, path))
			return &pages[i];
	return NULL;
}

static void on_request(struct evhttp_request *request, void *context)
{
	const struct metrics *metrics = context;
	const struct page *page = find_page(request);
	const enum evhttp_cmd_type method = evhttp_request_get_command(request);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	if (!page) {
		evhttp_send_error(request, HTTP_NOTFOUND, NULL);
	} else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(headers, "Allow", "GET, HEAD");
		evhttp_send_error(request, HTTP_BADMETHOD, NULL);
	} else {
		evhttp_add_header(headers, "Content-Type", page->type);
		page->write(metrics->runtime, evhttp_request_get_output_buffer(request));
		evhttp_send_reply(request, HTTP_OK, "OK", NULL);
	}
}

/* ---- open --------------------------------------------------------------- */

int metrics_open(struct runtime *runtime, struct metrics **ret_metrics)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return -ENOMEM;
	metrics->runtime = runtime;
	metrics->http = evhttp_new(runtime->base);
	if (!metrics->http ||
	    listener_open(&metrics->listener, runtime->base, metrics->http, "metrics")) {
		metrics_close(metrics);
		return -ENOMEM;
	}
	evhttp_set_max_headers_size(metrics->http, HEADER_BYTES_MAX);
	evhttp_set_max_body_size(metrics->http, BODY_BYTES_MAX);
	evhttp_set_timeout(metrics->http, TIMEOUT_SEC);
	evhttp_set_allowed_methods(metrics->http, HTTP_METHODS);
	evhttp_set_gencb(metrics->http, on_request, metrics);
	*ret_metrics = metrics;
	return 0;
}

void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	listener_close(&metrics->listener);
	if (metrics->http)
		evhttp_free(metrics->http);
	free(metrics->bound_host);
	free(metrics->wanted_host);
	free(metrics);
}

/* ---- listen ------------------------------------------------------------- */

static void let_go(struct metrics *metrics)
{
	if (metrics->bound)
		evhttp_del_accept_socket(metrics->http, metrics->bound);
	metrics->bound = NULL;
	listener_watch(&metrics->listener, NULL);
	free(metrics->bound_host);
	metrics->bound_host = NULL;
}

static int bind_wanted(struct metrics *metrics)
{
	char *host = strdup(metrics->wanted_host);
	struct evhttp_bound_socket *bound;

	if (!host)
		return -ENOMEM;
	errno = 0;
	bound = evhttp_bind_socket_with_handle(metrics->http, host, metrics->wanted_port);
	if (!bound) {
		free(host);
		return errno ? -errno : -EADDRNOTAVAIL;
	}
	let_go(metrics);
	listener_watch(&metrics->listener, bound);
	metrics->bound = bound;
	metrics->bound_host = host;
	metrics->bound_port = metrics->wanted_port;
	return 0;
}

static bool is_where_wanted(const struct metrics *metrics)
{
	if (!metrics->wanted_host || !metrics->bound)
		return !metrics->wanted_host && !metrics->bound;
	return metrics->bound_port == metrics->wanted_port &&
	       !strcmp(metrics->bound_host, metrics->wanted_host);
}

static int move(struct metrics *metrics)
{
	int err = 0;

	if (is_where_wanted(metrics))
		return 0;
	if (metrics->wanted_host)
		err = bind_wanted(metrics);
	/* Stop serving an address that is no longer configured. */
	if (err || !metrics->wanted_host)
		let_go(metrics);
	return err;
}

int metrics_adopt(struct metrics *metrics, int fd)
{
	metrics->bound = evhttp_accept_socket_with_handle(metrics->http, fd);
	if (!metrics->bound)
		return -ENOMEM;
	listener_watch(&metrics->listener, metrics->bound);
	metrics->is_adopted = true;
	return 0;
}

int metrics_listen(struct metrics *metrics, const char *host, uint16_t port,
		   char error[METRICS_ERROR_BYTES])
{
	char *wanted = host ? strdup(host) : NULL;
	int err = host && !wanted ? -ENOMEM : 0;

	if (metrics->is_adopted) {
		free(wanted);
		return 0;
	}
	if (!err) {
		free(metrics->wanted_host);
		metrics->wanted_host = wanted;
		metrics->wanted_port = port;
		err = move(metrics);
	}
	if (err)
		snprintf(error, METRICS_ERROR_BYTES,
			 "cannot serve metrics at %s port %u: %s; will try again", host, port,
			 strerror(-err));
	return err;
}

void metrics_retry(struct metrics *metrics)
{
	if (!metrics->is_adopted && !is_where_wanted(metrics) && !move(metrics))
		log_info("metrics", "serving at %s port %u", metrics->wanted_host,
			 metrics->wanted_port);
}
