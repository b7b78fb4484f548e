/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a body to the file. Content-Encoding and files that are gzip themselves are handled
 * alike: the first bytes identify both. A truncated body is an error here.
 */
#include "fetch/body.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define GZIP_FIRST 0x1f
#define GZIP_SECOND 0x8b
/* Argument of inflateInit2(): gzip, with the largest window. */
#define GZIP_WINDOW (15 + 16)

static int __attribute__((format(printf, 2, 3))) fail(struct body *body, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(body->error, sizeof(body->error), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

void body_init(struct body *body, int fd, uint64_t max_bytes)
{
	*body = (struct body) { .fd = fd, .max_bytes = max_bytes };
}

void body_done(struct body *body)
{
	if (body->state == BODY_GZIP || body->state == BODY_GZIP_END)
		inflateEnd(&body->stream);
}

static int put(struct body *body, const unsigned char *data, size_t bytes)
{
	if (body->max_bytes - body->written_bytes < bytes)
		return fail(body, "unpacked, it is larger than max_bytes, %" PRIu64,
			    body->max_bytes);
	body->written_bytes += bytes;
	while (bytes) {
		ssize_t count = write(body->fd, data, bytes);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fail(body, "it cannot be stored: %s", strerror(errno));
		data += count;
		bytes -= (size_t)count;
	}
	return 0;
}

/* Unpack the input that zlib was given. */
static int unpack(struct body *body)
{
	unsigned char piece[PIECE_BYTES];
	z_stream *stream = &body->stream;
	int result;

	do {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		if (body->state == BODY_GZIP_END) {
			inflateReset(stream);
			body->state = BODY_GZIP;
		}
		result = inflate(stream, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return fail(body, "its gzip data is damaged: %s",
				    stream->msg ? stream->msg : "out of memory");
		if (put(body, piece, sizeof(piece) - stream->avail_out))
			return -EINVAL;
		if (result == Z_STREAM_END)
			body->state = BODY_GZIP_END;
	} while (stream->avail_in || (!stream->avail_out && body->state == BODY_GZIP));
	return 0;
}

static int add_gzip(struct body *body, const void *data, size_t bytes)
{
	/* zlib's declaration lacks a const. */
	memcpy(&body->stream.next_in, &data, sizeof(data));
	body->stream.avail_in = (uInt)bytes;
	return bytes ? unpack(body) : 0;
}

static int add_started(struct body *body, const void *data, size_t bytes)
{
	return body->state == BODY_PLAIN ? put(body, data, bytes) : add_gzip(body, data, bytes);
}

/* There is enough data to see what it is. */
static int start(struct body *body, bool is_gzip)
{
	if (is_gzip && inflateInit2(&body->stream, GZIP_WINDOW) != Z_OK)
		return fail(body, "%s", strerror(ENOMEM));
	body->state = is_gzip ? BODY_GZIP : BODY_PLAIN;
	return body->first_count ? add_started(body, &body->first, 1) : 0;
}

int body_add(struct body *body, const void *data, size_t bytes)
{
	const unsigned char *start_of_data = data;
	size_t have = body->first_count + bytes;

	if (!bytes)
		return 0;
	if (body->max_bytes - body->received_bytes < bytes)
		return fail(body, "it is larger than max_bytes, %" PRIu64, body->max_bytes);
	body->received_bytes += bytes;
	if (body->state == BODY_START) {
		unsigned char first = body->first_count ? body->first : start_of_data[0];

		if (have == 1 && first == GZIP_FIRST) {
			body->first = first;
			body->first_count = 1;
			return 0;
		}
		if (start(body, first == GZIP_FIRST &&
				    start_of_data[1 - body->first_count] == GZIP_SECOND))
			return -EINVAL;
	}
	return add_started(body, data, bytes);
}

int body_finish(struct body *body)
{
	if (body->state == BODY_START && body->first_count)
		return start(body, false);
	if (body->state == BODY_GZIP)
		return fail(body, "its gzip data is truncated");
	return 0;
}
