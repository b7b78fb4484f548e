/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the request of ipwl-fetch; it comes from ipwld, which has checked each value. */
#include "fetch/request.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"

static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ "url", offsetof(struct request, url) },
	{ "user", offsetof(struct request, user) },
	{ "token", offsetof(struct request, token) },
	{ "header", offsetof(struct request, header) },
	{ "ca_file", offsetof(struct request, ca_file) },
	{ "proxy", offsetof(struct request, proxy) },
	{ "no_proxy", offsetof(struct request, no_proxy) },
	{ "etag", offsetof(struct request, etag) },
	{ "last_modified", offsetof(struct request, last_modified) },
};

static int take(struct request *request, const char *key, const char *value)
{
	int64_t number;

	if (!strcmp(key, "max_bytes")) {
		if (!number_parse(value, 1, UINT32_MAX, &number))
			return -EINVAL;
		request->max_bytes = (uint64_t)number;
		return 0;
	}
	if (!strcmp(key, "timeout_sec")) {
		if (!number_parse(value, 1, INT_MAX / 1000, &number))
			return -EINVAL;
		request->timeout_sec = (unsigned int)number;
		return 0;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(texts[i].key, key) != 0)
			continue;
		memcpy((char *)request + texts[i].offset, &value, sizeof(value));
		return 0;
	}
	return -EINVAL;
}

/* Read up to @bytes_max bytes, and add a zero. */
static int read_text(int fd, char *text, size_t bytes_max)
{
	size_t bytes = 0;
	ssize_t count;

	while (bytes < bytes_max) {
		count = read(fd, text + bytes, bytes_max - bytes);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		bytes += (size_t)count;
	}
	text[bytes] = '\0';
	return 0;
}

int request_read(int fd, struct request *request)
{
	char *rest = request->text;
	char *line, *value;
	int err;

	memset(request, 0, sizeof(*request));
	err = read_text(fd, request->text, FETCH_TEXT_BYTES_MAX);
	while (!err && (line = strsep(&rest, "\n")) && *line) {
		value = strchr(line, ' ');
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		err = take(request, line, value);
	}
	if (!err && (!request->url || !request->max_bytes || !request->timeout_sec))
		err = -EINVAL;
	return err;
}
