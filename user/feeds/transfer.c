/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipwl-fetch is asked, and what it answers (fetch/protocol.h). */
#include "feeds/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/number.h"
#include "base/token.h"
#include "fetch/protocol.h"

static void print_line(int fd, const char *key, const char *value)
{
	if (value && *value)
		dprintf(fd, "%s %s\n", key, value);
}

/* Read the first line of a file, which nobody may see. @path: NULL: there is none. */
static int transfer_read_secret(const char *path, const char *what,
				char secret[TOKEN_BYTES_MAX + 1], char message[FEED_MESSAGE_BYTES])
{
	int err = path ? token_read(path, secret) : 0;

	if (err)
		snprintf(message, FEED_MESSAGE_BYTES, "%s: %s%s", path,
			 err == -EINVAL ? "its first line contains no " : strerror(-err),
			 err == -EINVAL ? what : "");
	return err;
}

/* Headers that the transfer itself sets, or that would change how it is read. */
static bool is_own_header(const char *line, size_t bytes)
{
	static const char *const names[] = {
		"Host",		 "Connection",	      "Content-Length",
		"Range",	 "Accept-Encoding",   "Transfer-Encoding",
		"If-None-Match", "If-Modified-Since", "Expect"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == bytes && !strncasecmp(names[i], line, bytes))
			return true;
	return false;
}

/* "NAME: VALUE", where NAME is a token (RFC 9110, 5.6.2). */
static bool is_header(const char *line)
{
	const size_t bytes = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					  "0123456789!#$%&'*+-.^_`|~");

	return bytes && line[bytes] == ':' && line[bytes + 1 + strspn(line + bytes + 1, " ")] &&
	       !is_own_header(line, bytes);
}

static int transfer_read_header(const char *path, char header[TOKEN_BYTES_MAX + 1],
				char message[FEED_MESSAGE_BYTES])
{
	int err = transfer_read_secret(path, "header", header, message);

	if (err || !path || is_header(header))
		return err;
	snprintf(message, FEED_MESSAGE_BYTES,
		 "%s: its first line is no header of its own: write NAME: VALUE", path);
	return -EINVAL;
}

/* A variable of the environment, if it is one line. */
static const char *transfer_variable(const char *name, const char *other_name)
{
	const char *value = getenv(name);

	if ((!value || !*value) && other_name)
		value = getenv(other_name);
	return value && !value[strcspn(value, "\r\n")] && strlen(value) <= FEED_URL_BYTES_MAX
		   ? value
		   : NULL;
}

/* The environment's proxy is for sources without one of their own. HTTP_PROXY is not read, as
 * others do not: in a CGI program it would be a header of the request. */
static void transfer_print_proxy(int fd, const struct feed_config *feed, const char *url)
{
	if (feed->proxy) {
		print_line(fd, "proxy", feed->proxy);
		return;
	}
	if (feed_url_is_loopback(url))
		return;
	if (!strncmp(url, "https:", 6))
		print_line(fd, "proxy", transfer_variable("https_proxy", "HTTPS_PROXY"));
	else if (!strncmp(url, "http:", 5))
		print_line(fd, "proxy", transfer_variable("http_proxy", NULL));
	print_line(fd, "no_proxy", transfer_variable("no_proxy", "NO_PROXY"));
}

static int transfer_write_request(int fd, const struct feed_request *request,
				  char message[FEED_MESSAGE_BYTES])
{
	const struct feed_config *feed = request->feed;
	const bool is_trusted = feed_config_trusts(feed, request->url);
	char token[TOKEN_BYTES_MAX + 1] = "", header[TOKEN_BYTES_MAX + 1] = "";
	int err =
	    transfer_read_secret(is_trusted ? feed->token_file : NULL, "token", token, message);

	if (!err)
		err = transfer_read_header(is_trusted ? feed->header_file : NULL, header, message);
	if (err)
		return err;
	print_line(fd, "url", request->url);
	dprintf(fd, "max_bytes %" PRIu32 "\ntimeout_sec %" PRIu32 "\n", feed->max_bytes,
		feed->timeout_sec);
	print_line(fd, "user", is_trusted ? feed->user : NULL);
	print_line(fd, "token", token);
	print_line(fd, "header", header);
	print_line(fd, "ca_file", feed->ca_file);
	transfer_print_proxy(fd, feed, request->url);
	print_line(fd, "etag", request->etag);
	print_line(fd, "last_modified", request->last_modified);
	return 0;
}

static void transfer_read_result(const int fds[FEED_FILE_COUNT], struct fetched *fetched)
{
	char text[FETCH_TEXT_BYTES_MAX + 1];
	char word[32] = "";
	ssize_t bytes = pread(fds[FEED_FILE_RESULT], text, FETCH_TEXT_BYTES_MAX, 0);

	if (bytes <= 0)
		return;
	text[bytes] = '\0';
	helper_take_text(text, "result", word, sizeof(word));
	if (!strcmp(word, FETCH_NEW))
		fetched->result = FETCH_IS_NEW;
	else if (!strcmp(word, FETCH_UNCHANGED))
		fetched->result = FETCH_IS_UNCHANGED;
	helper_take_text(text, "message", fetched->message, sizeof(fetched->message));
	helper_take_text(text, "etag", fetched->etag, sizeof(fetched->etag));
	helper_take_text(text, "last_modified", fetched->last_modified,
			 sizeof(fetched->last_modified));
	word[0] = '\0';
	helper_take_text(text, "retry_after_sec", word, sizeof(word));
	fetched->retry_after_sec = 0;
	number_parse(word, 0, INT64_MAX, &fetched->retry_after_sec);
}

const struct feed_fetcher transfer_fetcher = {
	.helper = { .program = "ipwl-fetch",
		    .unit = "ipwl-fetch.socket",
		    .socket_variable = FETCH_SOCKET_VARIABLE },
	.grace_sec = FETCH_GRACE_SEC,
	.numbers = { [FEED_FILE_REQUEST] = FETCH_REQUEST_FD,
		     [FEED_FILE_RESULT] = FETCH_RESULT_FD,
		     [FEED_FILE_BODY] = FETCH_BODY_FD },
	.write_request = transfer_write_request,
	.read_result = transfer_read_result,
};
_Static_assert(FEED_FILE_COUNT == FETCH_FILE_COUNT, "as the other side expects");
