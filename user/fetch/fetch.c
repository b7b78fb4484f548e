/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes one transfer with libcurl: verified, limited in time, size and redirects, and only with
 * the configured scheme. It must not store anything except the body.
 */
#include "fetch/fetch.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_TIMEOUT_SEC 30L
/* A transfer that is slower than this for so long is given up. */
#define LOW_SPEED_BYTES 10L
#define LOW_SPEED_SEC 60L
#define REDIRECTS_MAX 5L
#define SCHEME_BYTES 8
#define RETRY_AFTER_MAX_SEC (7L * 86400)

/* The answer of a redirect that is followed here. */
#define REDIRECT_BYTES_MAX (64 << 10)

#define STATUS_OK 200
#define STATUS_NOT_MODIFIED 304

struct transfer {
	CURL *curl;
	const struct request *request;
	struct body *body;
	struct fetch *fetch;
	struct curl_slist *headers;
	char scheme[SCHEME_BYTES];
	char error[CURL_ERROR_SIZE];
	char encoding[FETCH_HEADER_BYTES];
	char location[FETCH_HEADER_BYTES];
	bool is_refused; /* an unwanted body has begun */
	/* Redirects are followed here, because libcurl would send the header to any host. */
	bool follows_itself;
	size_t redirect_bytes;
};

static void __attribute__((format(printf, 2, 3))) say(struct fetch *fetch, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fetch->message, sizeof(fetch->message), format, arguments);
	va_end(arguments);
}

/* ---- what comes in ------------------------------------------------------ */

static long status_of(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool is_file(const struct transfer *transfer)
{
	return !strcmp(transfer->scheme, "file");
}

static bool has_wanted_status(const struct transfer *transfer)
{
	return is_file(transfer) || status_of(transfer) == STATUS_OK;
}

static bool is_redirect(const struct transfer *transfer)
{
	const long status = status_of(transfer);

	return transfer->follows_itself && *transfer->location &&
	       (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	const char *encoding = transfer->encoding;

	if (is_redirect(transfer)) {
		transfer->redirect_bytes += size * count;
		if (transfer->redirect_bytes <= REDIRECT_BYTES_MAX)
			return size * count;
	}
	if (!has_wanted_status(transfer) ||
	    (*encoding && strcasecmp(encoding, "gzip") != 0 &&
	     strcasecmp(encoding, "x-gzip") != 0 && strcasecmp(encoding, "identity") != 0)) {
		transfer->is_refused = true;
		return 0;
	}
	return body_add(transfer->body, data, size * count) ? 0 : size * count;
}

/* Store the value of a header @name, without surrounding blanks. A value that is too long or
 * not plain text is ignored. */
static void take_header(const char *line, size_t bytes, const char *name,
			char value[FETCH_HEADER_BYTES])
{
	size_t name_bytes = strlen(name);

	if (bytes <= name_bytes || line[name_bytes] != ':' || strncasecmp(line, name, name_bytes))
		return;
	line += name_bytes + 1;
	bytes -= name_bytes + 1;
	while (bytes && (*line == ' ' || *line == '\t')) {
		line++;
		bytes--;
	}
	while (bytes && strchr(" \t\r\n", line[bytes - 1]))
		bytes--;
	value[0] = '\0';
	if (bytes >= FETCH_HEADER_BYTES)
		return;
	for (size_t i = 0; i < bytes; i++) {
		if (line[i] < ' ' || line[i] > '~')
			return;
	}
	memcpy(value, line, bytes);
	value[bytes] = '\0';
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct fetch *fetch = transfer->fetch;
	const size_t bytes = size * count;

	/* Each response begins like this. Only the headers of the last one count. */
	if (bytes > 5 && !strncmp(line, "HTTP/", 5)) {
		fetch->etag[0] = fetch->last_modified[0] = transfer->encoding[0] = '\0';
		transfer->location[0] = '\0';
	}
	if (is_file(transfer))
		return bytes;
	take_header(line, bytes, "etag", fetch->etag);
	take_header(line, bytes, "last-modified", fetch->last_modified);
	take_header(line, bytes, "content-encoding", transfer->encoding);
	take_header(line, bytes, "location", transfer->location);
	return bytes;
}

/* ---- what is asked ------------------------------------------------------ */

static bool add_line(struct transfer *transfer, const char *line)
{
	struct curl_slist *headers = line ? curl_slist_append(transfer->headers, line) : NULL;

	if (headers)
		transfer->headers = headers;
	return headers || !line;
}

static bool add_header(struct transfer *transfer, const char *name, const char *value)
{
	char line[FETCH_HEADER_BYTES + 64];

	if (!value)
		return true;
	snprintf(line, sizeof(line), "%s: %s", name, value);
	return add_line(transfer, line);
}

static bool set_headers(struct transfer *transfer, const char *header)
{
	return add_header(transfer, "Accept-Encoding", "gzip") &&
	       add_header(transfer, "If-None-Match", transfer->request->etag) &&
	       add_header(transfer, "If-Modified-Since", transfer->request->last_modified) &&
	       add_line(transfer, header);
}

/* libcurl sends these only to the host of the URL, not to one to which it is redirected. */
static CURLcode set_credentials(CURL *curl, const char *user, const char *token)
{
	CURLcode code;

	if (!token)
		return CURLE_OK;
	if (!user) {
		code = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		return code ? code : curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
	}
	code = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_USERNAME, user);
	return code ? code : curl_easy_setopt(curl, CURLOPT_PASSWORD, token);
}

static CURLcode set_bounds(CURL *curl, const struct transfer *transfer)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_SEC },
		{ CURLOPT_TIMEOUT, (long)transfer->request->timeout_sec },
		{ CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES },
		{ CURLOPT_LOW_SPEED_TIME, LOW_SPEED_SEC },
		{ CURLOPT_FOLLOWLOCATION, !transfer->follows_itself },
		{ CURLOPT_MAXREDIRS, REDIRECTS_MAX },
		{ CURLOPT_SSL_VERIFYPEER, 1 },
		{ CURLOPT_SSL_VERIFYHOST, 2 },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		/* body.c recognises gzip, and checks that it is complete. */
		{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
		/* What a proxy says of the tunnel is no answer of the source. */
		{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	};
	CURLcode code = CURLE_OK;

	for (size_t i = 0; !code && i < sizeof(numbers) / sizeof(*numbers); i++)
		code = curl_easy_setopt(curl, numbers[i].option, numbers[i].value);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, transfer->scheme);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, transfer->scheme);
	return code;
}

static CURLcode set_up(struct transfer *transfer)
{
	const struct request *request = transfer->request;
	const struct {
		CURLoption option;
		void *value;
	} pointers[] = {
		{ CURLOPT_WRITEDATA, transfer },
		{ CURLOPT_HEADERDATA, transfer },
		{ CURLOPT_ERRORBUFFER, transfer->error },
		{ CURLOPT_HTTPHEADER, transfer->headers },
	};
	CURL *curl = transfer->curl;
	CURLcode code = set_bounds(curl, transfer);

	for (size_t i = 0; !code && i < sizeof(pointers) / sizeof(*pointers); i++)
		code = curl_easy_setopt(curl, pointers[i].option, pointers[i].value);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_URL, request->url);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_USERAGENT, "ipwl/" IPWL_VERSION);
	if (!code && request->ca_file)
		code = curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
	if (!code && request->proxy)
		code = curl_easy_setopt(curl, CURLOPT_PROXY, request->proxy);
	if (!code && request->no_proxy)
		code = curl_easy_setopt(curl, CURLOPT_NOPROXY, request->no_proxy);
	return code ? code : set_credentials(curl, request->user, transfer->request->token);
}

/* ---- redirects that are followed here -------------------------------------- */

/* The host and port of a URL, in lower case; to be freed. NULL: it has none. */
static char *origin_of(const char *url)
{
	CURLU *parsed = curl_url();
	char *host = NULL, *port = NULL, *origin = NULL;

	if (parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0) &&
	    !curl_url_get(parsed, CURLUPART_HOST, &host, 0) &&
	    !curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
	    asprintf(&origin, "%s:%s", host, port) < 0)
		origin = NULL;
	for (char *c = origin; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parsed);
	return origin;
}

static bool is_same_origin(const char *url, const char *other)
{
	char *origin = origin_of(url), *other_origin = origin_of(other);
	const bool is_same = origin && other_origin && !strcmp(origin, other_origin);

	free(origin);
	free(other_origin);
	return is_same;
}

/* Send neither the header nor credentials from now on. */
static CURLcode forget_secrets(struct transfer *transfer)
{
	CURL *curl = transfer->curl;
	CURLcode code;

	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	if (!set_headers(transfer, NULL))
		return CURLE_OUT_OF_MEMORY;
	code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, NULL);
	if (!code)
		code = curl_easy_setopt(curl, CURLOPT_USERNAME, NULL);
	return code ? code : curl_easy_setopt(curl, CURLOPT_PASSWORD, NULL);
}

static CURLcode follow(struct transfer *transfer)
{
	CURLcode code = curl_easy_perform(transfer->curl);

	for (long redirects = 0; !code && is_redirect(transfer); redirects++) {
		const char *next = NULL;

		if (redirects == REDIRECTS_MAX)
			return CURLE_TOO_MANY_REDIRECTS;
		code = curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &next);
		if (code || !next)
			return code;
		if (!is_same_origin(transfer->request->url, next))
			code = forget_secrets(transfer);
		if (!code)
			code = curl_easy_setopt(transfer->curl, CURLOPT_URL, next);
		transfer->redirect_bytes = 0;
		if (!code)
			code = curl_easy_perform(transfer->curl);
	}
	return code;
}

/* ---- what came of it ---------------------------------------------------- */

/* Whether the request asks only for data that is newer than the present copy. */
static bool is_conditional(const struct request *request)
{
	return request->etag || request->last_modified;
}

static void judge_status(const struct transfer *transfer)
{
	struct fetch *fetch = transfer->fetch;
	const long status = status_of(transfer);
	const char *hint = "";

	if (status == STATUS_NOT_MODIFIED && is_conditional(transfer->request)) {
		fetch->result = FETCH_UNCHANGED;
		return;
	}
	if (status == STATUS_NOT_MODIFIED)
		hint = ": it reports no change, although the whole list was requested";
	else if (status == 401 || status == 403)
		hint = transfer->request->token	   ? ": it rejected user and token_file"
		       : transfer->request->header ? ": it rejected header_file"
						   : ": it may require user and token_file";
	else if (status == 404 || status == 410)
		hint = ": has the list moved?";
	else if (status == 429)
		hint = ": too many requests, increase refresh";
	say(fetch, "the server answered %ld%s", status, hint);
}

static void judge_error(const struct transfer *transfer, CURLcode code)
{
	struct fetch *fetch = transfer->fetch;
	const char *words = *transfer->error ? transfer->error : curl_easy_strerror(code);

	if (*transfer->body->error)
		say(fetch, "the answer cannot be used: %s", transfer->body->error);
	else if (transfer->is_refused && !has_wanted_status(transfer))
		judge_status(transfer);
	else if (transfer->is_refused)
		say(fetch, "the server sent Content-Encoding %.80s, which was not requested",
		    transfer->encoding);
	else if (code == CURLE_UNSUPPORTED_PROTOCOL && *transfer->location)
		say(fetch, "did not follow a redirect to %.200s, because it is not %s",
		    transfer->location, transfer->scheme);
	else if (code == CURLE_TOO_MANY_REDIRECTS)
		say(fetch, "more than %ld redirects, the last one to %.200s", REDIRECTS_MAX,
		    transfer->location);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		say(fetch, "the transfer took too long: %s", words);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		say(fetch, "the server's certificate is not trusted: %s", words);
	else if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR)
		say(fetch, "the transfer was cut off: %s", words);
	else
		say(fetch, "%s", words);
}

static void judge(const struct transfer *transfer, CURLcode code)
{
	struct fetch *fetch = transfer->fetch;
	curl_off_t retry_after_sec = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &retry_after_sec);
	if (retry_after_sec > 0)
		fetch->retry_after_sec = retry_after_sec < RETRY_AFTER_MAX_SEC
					     ? (long)retry_after_sec
					     : RETRY_AFTER_MAX_SEC;
	if (code)
		judge_error(transfer, code);
	else if (!has_wanted_status(transfer))
		judge_status(transfer);
	else if (body_finish(transfer->body))
		say(fetch, "the answer cannot be used: %s", transfer->body->error);
	else
		fetch->result = FETCH_NEW;
}

/* Store the scheme of the URL, like "https". The daemon has checked that it is one of three. */
static void take_scheme(struct transfer *transfer)
{
	size_t bytes = strcspn(transfer->request->url, ":");

	if (bytes < sizeof(transfer->scheme))
		memcpy(transfer->scheme, transfer->request->url, bytes);
}

void fetch_run(const struct request *request, struct body *body, struct fetch *fetch)
{
	struct transfer transfer = { .request = request,
				     .body = body,
				     .fetch = fetch,
				     .follows_itself = request->header != NULL };
	CURLcode code = CURLE_OUT_OF_MEMORY;

	*fetch = (struct fetch) { .result = FETCH_FAILED };
	take_scheme(&transfer);
	if (!curl_global_init(CURL_GLOBAL_DEFAULT))
		transfer.curl = curl_easy_init();
	if (!transfer.curl) {
		say(fetch, "libcurl cannot be initialised");
		return;
	}
	if (set_headers(&transfer, request->header))
		code = set_up(&transfer);
	if (code)
		say(fetch, "libcurl: %s", curl_easy_strerror(code));
	else
		judge(&transfer, follow(&transfer));
	curl_easy_cleanup(transfer.curl);
	curl_slist_free_all(transfer.headers);
	curl_global_cleanup();
}
