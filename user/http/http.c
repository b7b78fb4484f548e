/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and JSON replies over evhttp. */
#include "http/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
	int status;
	const char *reason;
	const char *code;
} outcomes[] = {
	[OUTCOME_OK] = { 200, "OK", "" },
	[OUTCOME_INVALID] = { 400, "Bad Request", "invalid" },
	[OUTCOME_NOT_FOUND] = { 404, "Not Found", "not_found" },
	[OUTCOME_METHOD_NOT_ALLOWED] = { 405, "Method Not Allowed", "method_not_allowed" },
	[OUTCOME_CONFLICT] = { 409, "Conflict", "conflict" },
	[OUTCOME_TOO_LARGE] = { 413, "Payload Too Large", "too_large" },
	[OUTCOME_CONFIGURATION] = { 422, "Unprocessable Content", "configuration" },
	[OUTCOME_INTERNAL] = { 500, "Internal Server Error", "internal" },
	[OUTCOME_FORBIDDEN] = { 403, "Forbidden", "forbidden" },
	[OUTCOME_HELD] = { 409, "Conflict", "held" },
	[OUTCOME_UNAVAILABLE] = { 503, "Service Unavailable", "unavailable" },
};
_Static_assert(sizeof(outcomes) / sizeof(*outcomes) == OUTCOME_COUNT, "one for each outcome");

/* ---- replies ------------------------------------------------------------ */

static void send_text(struct evhttp_request *request, enum outcome outcome, const char *text)
{
	struct evbuffer *buffer = evhttp_request_get_output_buffer(request);

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "application/json");
	evbuffer_add_printf(buffer, "%s\n", text);
	evhttp_send_reply(request, outcomes[outcome].status, outcomes[outcome].reason, NULL);
}

/* Takes over @body. */
static void send_json(struct evhttp_request *request, enum outcome outcome, json_t *body)
{
	json_t *whole = json_pack("{s:i}", "schema_version", 1);
	char *text = NULL;

	if (body && whole && !json_object_update(whole, body))
		text = json_dumps(whole, JSON_COMPACT);
	send_text(request, text ? outcome : OUTCOME_INTERNAL,
		  text ? text
		       : "{\"schema_version\":1,\"error\":{\"code\":\"internal\","
			 "\"message\":\"out of memory\",\"details\":[]}}");
	free(text);
	json_decref(whole);
	json_decref(body);
}

void http_reply(struct evhttp_request *request, json_t *body)
{
	send_json(request, OUTCOME_OK, body);
}

static void http_free_bytes(const void *data, size_t count, void *context)
{
	(void)data;
	(void)count;
	free(context);
}

void http_reply_bytes(struct evhttp_request *request, char *bytes, size_t count)
{
	/* They are not copied, because they may be many. */
	if (evbuffer_add_reference(evhttp_request_get_output_buffer(request), bytes, count,
				   http_free_bytes, bytes)) {
		free(bytes);
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "application/octet-stream");
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

void http_reply_error(struct evhttp_request *request, enum outcome outcome, const char *message,
		      const struct lines *details)
{
	send_json(request, outcome,
		  json_pack("{s:{s:s,s:o,s:o}}", "error", "code", outcomes[outcome].code, "message",
			    json_text(message ? message : "out of memory"), "details",
			    details ? json_lines(details) : json_array()));
}

void http_reply_errorf(struct evhttp_request *request, enum outcome outcome, const char *format,
		       ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	http_reply_error(request, outcome, message, NULL);
	free(message);
}

void http_refuse(struct evhttp_request *request, int status, const char *reason)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "text/plain; charset=utf-8");
	evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
	evbuffer_add_printf(evhttp_request_get_output_buffer(request), "%d %s\n", status, reason);
	evhttp_send_reply(request, status, reason, NULL);
}

/* ---- requests ----------------------------------------------------------- */

json_t *http_read_body(struct evhttp_request *request)
{
	struct evbuffer *buffer = evhttp_request_get_input_buffer(request);
	size_t bytes = evbuffer_get_length(buffer);
	json_error_t error;
	json_t *body;

	if (bytes > HTTP_BODY_BYTES_MAX) {
		http_reply_errorf(request, OUTCOME_TOO_LARGE, "the body is larger than %u bytes",
				  HTTP_BODY_BYTES_MAX);
		return NULL;
	}
	body = json_loadb((const char *)evbuffer_pullup(buffer, -1), bytes, JSON_REJECT_DUPLICATES,
			  &error);
	if (!body) {
		http_reply_errorf(request, OUTCOME_INVALID, "the body is not JSON: %s", error.text);
	} else if (!json_is_object(body)) {
		http_reply_errorf(request, OUTCOME_INVALID, "the body is not a JSON object");
		json_decref(body);
		return NULL;
	}
	return body;
}

static int take_parameter(struct evhttp_request *request, const struct evkeyval *parameter,
			  const char *const *known, const char **values)
{
	size_t i;

	for (i = 0; known[i]; i++)
		if (!strcmp(known[i], parameter->key))
			break;
	if (known[i] && !values[i]) {
		values[i] = parameter->value;
		return 0;
	}
	http_reply_errorf(request, OUTCOME_INVALID, "%s parameter \"%s\"",
			  known[i] ? "repeated" : "unknown", parameter->key);
	return -EINVAL;
}

int http_read_query(struct evhttp_request *request, const char *const *known,
		    const char **ret_values, struct evkeyvalq *parameters)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct evkeyval *parameter;
	size_t i;

	TAILQ_INIT(parameters);
	for (i = 0; known[i]; i++)
		ret_values[i] = NULL;
	if (!query || !*query)
		return 0;
	if (evhttp_parse_query_str(query, parameters)) {
		http_reply_errorf(request, OUTCOME_INVALID, "the query cannot be parsed");
		return -EINVAL;
	}
	TAILQ_FOREACH(parameter, parameters, next)
	{
		if (take_parameter(request, parameter, known, ret_values)) {
			evhttp_clear_headers(parameters);
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- JSON values -------------------------------------------------------- */

json_t *json_text(const char *text)
{
	json_t *value;
	char *clean;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	clean = strdup(text);
	if (!clean)
		return NULL;
	utf8_sanitize(clean, strlen(clean));
	value = json_string(clean);
	free(clean);
	return value;
}

json_t *json_time(int64_t time_sec)
{
	char text[TIME_TEXT_BYTES];

	return time_sec ? json_string(time_format(time_sec, text)) : json_null();
}

json_t *json_count(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

json_t *json_lines(const struct lines *lines)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array && i < lines->count; i++)
		json_array_append_new(array, json_text(lines->items[i]));
	return array;
}
