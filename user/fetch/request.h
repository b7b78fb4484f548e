/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the request to ipwl-fetch. */
#ifndef FETCH_REQUEST_H
#define FETCH_REQUEST_H

#include <stdint.h>

#include "fetch/protocol.h"

struct request {
	char text[FETCH_TEXT_BYTES_MAX + 1]; /* holds the strings */
	const char *url;
	uint64_t max_bytes;
	unsigned int timeout_sec;
	/* NULL if not given. */
	const char *user;
	const char *token;
	const char *header; /* a whole line, for the host and port of the URL only */
	const char *ca_file;
	const char *proxy;
	const char *no_proxy; /* hosts to which no proxy is used, separated by commas */
	const char *etag;
	const char *last_modified;
};

/* Read a request to the end of @fd. Return: 0 or -errno. */
int request_read(int fd, struct request *request);

#endif
