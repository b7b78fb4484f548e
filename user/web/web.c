/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serves the metrics. */
#include "web/web.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "http/server.h"
#include "runtime/runtime.h"
#include "web/accept.h"
#include "web/exposition.h"
#include "web/metrics.h"

#define HEADER_BYTES_MAX (16 * 1024)
#define BODY_BYTES_MAX 1024
#define TIMEOUT_SEC 10

struct metrics {
	const struct runtime *runtime;
	struct http_server server;
};

/* ---- requests ----------------------------------------------------------- */

static void serve_index(const struct metrics *metrics, struct evhttp_request *request)
{
	(void)metrics;
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "text/html; charset=utf-8");
	evbuffer_add_printf(evhttp_request_get_output_buffer(request),
			    "<!DOCTYPE html>\n<title>ipwl</title>\n"
			    "<p>ipwl " IPWL_VERSION ": <a href=\"/metrics\">metrics</a></p>\n");
}

static void serve_metrics(const struct metrics *metrics, struct evhttp_request *request)
{
	static const char *const types[] = {
		[EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[EXPOSITION_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; "
					   "charset=utf-8",
	};
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	const struct exposition to = {
		.buffer = evhttp_request_get_output_buffer(request),
		.format = accept_choose(
		    evhttp_find_header(evhttp_request_get_input_headers(request), "Accept")),
	};

	evhttp_add_header(headers, "Content-Type", types[to.format]);
	evhttp_add_header(headers, "Vary", "Accept");
	metrics_write(metrics->runtime, &to);
}

static const struct page {
	const char *path;
	void (*serve)(const struct metrics *metrics, struct evhttp_request *request);
} pages[] = {
	{ "/metrics", serve_metrics },
	{ "/", serve_index },
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
	const struct page *page = find_page(request);
	const enum evhttp_cmd_type method = evhttp_request_get_command(request);

	if (!page) {
		http_refuse(request, HTTP_NOTFOUND, "Not Found");
	} else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
		http_refuse(request, HTTP_BADMETHOD, "Method Not Allowed");
	} else {
		page->serve(context, request);
		evhttp_send_reply(request, HTTP_OK, "OK", NULL);
	}
}

/* ---- open --------------------------------------------------------------- */

int metrics_open(struct runtime *runtime, struct metrics **ret_metrics)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	const struct http_server_options options = { .name = "metrics",
						     .header_bytes_max = HEADER_BYTES_MAX,
						     .body_bytes_max = BODY_BYTES_MAX,
						     .timeout_sec = TIMEOUT_SEC,
						     .serve = on_request,
						     .context = metrics };

	if (!metrics)
		return -ENOMEM;
	metrics->runtime = runtime;
	if (http_server_open(&metrics->server, runtime->base, &options)) {
		metrics_close(metrics);
		return -ENOMEM;
	}
	*ret_metrics = metrics;
	return 0;
}

void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	http_server_close(&metrics->server);
	free(metrics);
}

int metrics_adopt(struct metrics *metrics, int fd)
{
	return http_server_adopt(&metrics->server, fd);
}

int metrics_listen(struct metrics *metrics, const char *host, uint16_t port,
		   char error[METRICS_ERROR_BYTES])
{
	int err = http_server_listen(&metrics->server, host, port);

	if (err)
		snprintf(error, METRICS_ERROR_BYTES,
			 "cannot serve metrics at %s port %u: %s; will try again", host, port,
			 strerror(-err));
	return err;
}

void metrics_retry(struct metrics *metrics)
{
	http_server_retry(&metrics->server);
}
