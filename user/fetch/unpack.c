/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/unpack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int unpack_fail(struct body *body, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(body->error, sizeof(body->error), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int unpack_put(struct body *body, const void *data, size_t bytes)
{
	const unsigned char *from = data;

	if (body->max_bytes - body->written_bytes < bytes)
		return unpack_fail(body, "unpacked, it is larger than max_bytes, %" PRIu64,
				   body->max_bytes);
	body->written_bytes += bytes;
	while (bytes) {
		ssize_t count = write(body->fd, from, bytes);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return unpack_fail(body, "it cannot be stored: %s", strerror(errno));
		from += count;
		bytes -= (size_t)count;
	}
	return 0;
}
