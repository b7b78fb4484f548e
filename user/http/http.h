/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests, and replies in JSON, over evhttp. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <event2/http.h>
#include <jansson.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/lines.h"
#include "base/outcome.h"

#define HTTP_BODY_BYTES_MAX (1U << 20)

/* All methods of evhttp, because ipwld itself refuses those that a path does not accept. */
#define HTTP_METHODS                                                                               \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
	 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

/* Send @body with "schema_version" as its first member, and take @body over. NULL (out of
 * memory) sends an error. */
void http_reply(struct evhttp_request *request, json_t *body);

/* Send bytes as they are. @bytes: allocated; taken over */
void http_reply_bytes(struct evhttp_request *request, char *bytes, size_t count);

/* Send an error; @details may be NULL. */
void http_reply_error(struct evhttp_request *request, enum outcome outcome, const char *message,
		      const struct lines *details);
void http_reply_errorf(struct evhttp_request *request, enum outcome outcome, const char *format,
		       ...) __attribute__((format(printf, 3, 4)));

/* Refuse by status and reason, as plain text. Unlike evhttp_send_error(), this keeps the headers
 * that the caller has added. */
void http_refuse(struct evhttp_request *request, int status, const char *reason);

/**
 * http_read_body() - the request's body as a JSON object
 *
 * Return: NULL: an error was sent; else to be given back with json_decref().
 */
json_t *http_read_body(struct evhttp_request *request);

/**
 * http_read_query() - the parameters of the request
 * @known: names that are allowed, each once, up to a NULL
 * @ret_values: by index in @known, NULL where not given; strings live in @parameters
 * @parameters: to be freed with evhttp_clear_headers()
 *
 * Return: 0; -EINVAL: an error was sent.
 */
int http_read_query(struct evhttp_request *request, const char *const *known,
		    const char **ret_values, struct evkeyvalq *parameters);

/* ---- JSON values -------------------------------------------------------- */

/* A string, cleaned to UTF-8; NULL is null. */
json_t *json_text(const char *text);
/* An RFC 3339 string; 0 is null. */
json_t *json_time(int64_t time_sec);
/* Counters beyond 2^63 - 1 stay there: jansson's integers are signed. */
json_t *json_count(uint64_t count);
json_t *json_lines(const struct lines *lines);

#endif
