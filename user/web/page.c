/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listener of the status page: where it is, who may use it, and what it says to browsers. */
#include "web/page.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/request.h"
#include "base/lines.h"
#include "http/credentials.h"
#include "http/http.h"
#include "http/server.h"
#include "runtime/runtime.h"
#include "web/assets.h"
#include "web/host.h"
#include "web/overview.h"

#define HEADER_BYTES_MAX (16 * 1024)
#define BODY_BYTES_MAX 1024
/* A browser opens a new connection when it needs one. */
#define TIMEOUT_SEC 10
/* A browser opens six. */
#define CONNECTIONS_MAX 32
#define STATUS_MISDIRECTED 421 /* RFC 9110 */

struct page {
	struct runtime *runtime;
	struct http_server server;
	bool needs_token;
	struct credentials credentials;
	char *names; /* as in struct web_settings */
};

/* ---- requests --------------------------------------------------------------- */

/* Nothing from elsewhere, nothing inline, no HTML made of text, in no frame, and never kept. */
static void add_headers(struct evhttp_request *request)
{
	static const struct {
		const char *name;
		const char *value;
	} headers[] = {
		{ "Content-Security-Policy",
		  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
		  "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
		  "require-trusted-types-for 'script'; trusted-types 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cache-Control", "no-store" },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		evhttp_add_header(evhttp_request_get_output_headers(request), headers[i].name,
				  headers[i].value);
}

/* The only header "Host". NULL: there is none, or several. */
static const char *find_host(struct evhttp_request *request)
{
	const struct evkeyval *header;
	const char *host = NULL;

	TAILQ_FOREACH(header, evhttp_request_get_input_headers(request), next)
	{
		if (strcasecmp(header->key, "Host") != 0)
			continue;
		if (host)
			return NULL;
		host = header->value;
	}
	return host;
}

/* A request for a whole URL is one for a proxy. */
static bool is_for_us(const struct page *page, struct evhttp_request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);

	return uri && !evhttp_uri_get_host(uri) && host_is_ours(find_host(request), page->names);
}

static bool knows_token(const struct page *page, struct evhttp_request *request)
{
	return !page->needs_token ||
	       credentials_match(
		   &page->credentials,
		   evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization"));
}

static void send_asset(struct evhttp_request *request, const struct asset *asset)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", asset->type);
	evbuffer_add_reference(evhttp_request_get_output_buffer(request), asset->bytes,
			       (size_t)(asset->end - asset->bytes), NULL, NULL);
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void page_on_request(struct evhttp_request *request, void *context)
{
	const struct page *page = context;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const struct asset *asset = path ? asset_find(path) : NULL;
	const bool is_overview = path && !strcmp(path, "/status.json");

	add_headers(request);
	if (!is_for_us(page, request)) {
		http_refuse(request, STATUS_MISDIRECTED, "Misdirected Request");
	} else if (!knows_token(page, request)) {
		evhttp_add_header(headers, "WWW-Authenticate",
				  "Basic realm=\"ipwl\", charset=\"UTF-8\"");
		http_refuse(request, 401, "Unauthorized");
	} else if (!asset && !is_overview) {
		http_refuse(request, HTTP_NOTFOUND, "Not Found");
	} else if (evhttp_request_get_command(request) != EVHTTP_REQ_GET) {
		evhttp_add_header(headers, "Allow", "GET");
		http_refuse(request, HTTP_BADMETHOD, "Method Not Allowed");
	} else if (asset) {
		send_asset(request, asset);
	} else {
		api_serve(&overview_command, page->runtime, request);
	}
}

/* ---- open ------------------------------------------------------------------- */

int page_open(struct runtime *runtime, struct page **ret_page)
{
	struct page *page = calloc(1, sizeof(*page));
	const struct http_server_options options = { .name = "web",
						     .header_bytes_max = HEADER_BYTES_MAX,
						     .body_bytes_max = BODY_BYTES_MAX,
						     .timeout_sec = TIMEOUT_SEC,
						     .serve = page_on_request,
						     .context = page };

	if (!page)
		return -ENOMEM;
	page->runtime = runtime;
	if (http_server_open(&page->server, runtime->base, &options)) {
		page_close(page);
		return -ENOMEM;
	}
	if (page->server.listener.connections_max > CONNECTIONS_MAX)
		page->server.listener.connections_max = CONNECTIONS_MAX;
	*ret_page = page;
	return 0;
}

void page_close(struct page *page)
{
	if (!page)
		return;
	http_server_close(&page->server);
	credentials_done(&page->credentials);
	free(page->names);
	free(page);
}

/* Serve nowhere, because of @err. */
static int page_fail(struct page *page, int err)
{
	http_server_listen(&page->server, NULL, 0);
	return err;
}

int page_configure(struct page *page, const struct web_settings *settings,
		   char error[PAGE_ERROR_BYTES])
{
	const char *host = settings->listen_host;
	const bool needs_token = host && settings->token_file;
	struct credentials credentials = { 0 };
	char *names = text_copy(settings->names);
	int err = needs_token ? credentials_read(settings->token_file, &credentials) : 0;

	if (err) {
		free(names);
		snprintf(error, PAGE_ERROR_BYTES, "web: token_file %s: %s: fix it and reload",
			 settings->token_file,
			 err == -EINVAL ? "its first line must be a token" : strerror(-err));
		return page_fail(page, err);
	}
	credentials_done(&page->credentials);
	free(page->names);
	page->credentials = credentials;
	page->needs_token = needs_token;
	page->names = names;
	err = http_server_listen(&page->server, host, settings->listen_port);
	if (err)
		snprintf(error, PAGE_ERROR_BYTES,
			 "web: cannot serve the status page at %s port %u: %s; will try again",
			 host, settings->listen_port, strerror(-err));
	return err;
}

void page_retry(struct page *page)
{
	http_server_retry(&page->server);
}
