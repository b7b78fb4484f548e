/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listener: where it is, who may use it, and what it does with a request. */
#include "intake/intake.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "http/credentials.h"
#include "http/http.h"
#include "http/server.h"
#include "intake/queue.h"
#include "runtime/runtime.h"

#define HEADER_BYTES_MAX (16 * 1024)
/* The stock form of rspamd has whole header fields of the mail. */
#define BODY_BYTES_MAX (1024 * 1024)
/* Idle connections must not keep rspamd waiting for long. */
#define TIMEOUT_SEC 3
/* rspamd opens one connection for each message. */
#define CONNECTIONS_MAX 64

struct intake {
	struct runtime *runtime;
	struct http_server server;
	struct credentials credentials;
	struct intake_queue queue;
};

/* ---- requests --------------------------------------------------------------- */

static void intake_take_message(struct intake *intake, struct evhttp_request *request)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);

	/* rspamd 3.4 takes every other status than 200 for an error. */
	intake_queue_add(&intake->queue, body);
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void intake_on_request(struct evhttp_request *request, void *context)
{
	struct intake *intake = context;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *authorization =
	    evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");
	const bool is_message = path && !strcmp(path, "/v1/rspamd");

	if (!credentials_match(&intake->credentials, authorization)) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "WWW-Authenticate",
				  "Basic realm=\"ipwl\"");
		http_refuse(request, 401, "Unauthorized");
	} else if (!is_message && (!path || strcmp(path, "/v1/report") != 0)) {
		http_refuse(request, HTTP_NOTFOUND, "Not Found");
	} else if (evhttp_request_get_command(request) != EVHTTP_REQ_POST) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "POST");
		http_refuse(request, HTTP_BADMETHOD, "Method Not Allowed");
	} else if (is_message) {
		intake_take_message(intake, request);
	} else {
		api_serve(&report_command, intake->runtime, request);
	}
}

/* ---- open ------------------------------------------------------------------- */

int intake_open(struct runtime *runtime, struct intake **ret_intake)
{
	struct intake *intake = calloc(1, sizeof(*intake));
	const struct http_server_options options = { .name = "learn",
						     .header_bytes_max = HEADER_BYTES_MAX,
						     .body_bytes_max = BODY_BYTES_MAX,
						     .timeout_sec = TIMEOUT_SEC,
						     .serve = intake_on_request,
						     .context = intake };

	if (!intake)
		return -ENOMEM;
	intake->runtime = runtime;
	if (http_server_open(&intake->server, runtime->base, &options) ||
	    intake_queue_open(&intake->queue, runtime)) {
		intake_close(intake);
		return -ENOMEM;
	}
	if (intake->server.listener.connections_max > CONNECTIONS_MAX)
		intake->server.listener.connections_max = CONNECTIONS_MAX;
	*ret_intake = intake;
	return 0;
}

void intake_close(struct intake *intake)
{
	if (!intake)
		return;
	http_server_close(&intake->server);
	intake_queue_close(&intake->queue);
	credentials_done(&intake->credentials);
	free(intake);
}

int intake_configure(struct intake *intake, const struct learn_settings *settings,
		     char error[INTAKE_ERROR_BYTES])
{
	const char *host = settings->listen_host;
	struct credentials credentials = { 0 };
	int err = host ? credentials_read(settings->token_file, &credentials) : 0;

	if (err) {
		/* Without a token nobody may send evidence. */
		http_server_listen(&intake->server, NULL, 0);
		snprintf(error, INTAKE_ERROR_BYTES, "learn: token_file %s: %s: fix it and reload",
			 settings->token_file,
			 err == -EINVAL ? "its first line must be a token" : strerror(-err));
		return err;
	}
	credentials_done(&intake->credentials);
	intake->credentials = credentials;
	err = http_server_listen(&intake->server, host, settings->listen_port);
	if (err)
		snprintf(error, INTAKE_ERROR_BYTES,
			 "learn: cannot listen at %s port %u: %s; will try again", host,
			 settings->listen_port, strerror(-err));
	return err;
}

void intake_retry(struct intake *intake)
{
	http_server_retry(&intake->server);
}
