/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/unpack.h"

#include <errno.h>
#include <string.h>

/* Argument of inflateInit2(): gzip, with the largest window. */
#define GZIP_WINDOW (15 + 16)

static int start(struct body *body)
{
	if (inflateInit2(&body->gzip.stream, GZIP_WINDOW) != Z_OK)
		return unpack_fail(body, "there is not enough memory for its gzip data");
	return 0;
}

static int add(struct body *body, const void *data, size_t bytes)
{
	unsigned char piece[UNPACK_PIECE_BYTES];
	z_stream *stream = &body->gzip.stream;
	int result;

	if (!bytes)
		return 0;
	/* zlib's declaration lacks a const. */
	memcpy(&stream->next_in, &data, sizeof(data));
	stream->avail_in = (uInt)bytes;
	do {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		if (body->gzip.is_between) {
			inflateReset(stream);
			body->gzip.is_between = false;
		}
		result = inflate(stream, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return unpack_fail(body, "its gzip data is damaged: %s",
					   stream->msg ? stream->msg : "out of memory");
		if (unpack_put(body, piece, sizeof(piece) - stream->avail_out))
			return -EINVAL;
		body->gzip.is_between = result == Z_STREAM_END;
	} while (stream->avail_in || (!stream->avail_out && !body->gzip.is_between));
	return 0;
}

static int finish(struct body *body)
{
	return body->gzip.is_between ? 0 : unpack_fail(body, "its gzip data is truncated");
}

static void done(struct body *body)
{
	inflateEnd(&body->gzip.stream);
}

const struct unpacker unpack_gzip = {
	.signature = "\x1f\x8b",
	.signature_bytes = 2,
	.start = start,
	.add = add,
	.finish = finish,
	.done = done,
};
