/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/unpack.h"

#include <errno.h>

/* The highest preset of xz needs 65 MiB. */
#define MEMORY_MIB_MAX 128

static int start(struct body *body)
{
	body->xz = (lzma_stream)LZMA_STREAM_INIT;
	if (lzma_stream_decoder(&body->xz, (uint64_t)MEMORY_MIB_MAX << 20, LZMA_CONCATENATED))
		return unpack_fail(body, "there is not enough memory for its xz data");
	return 0;
}

static int refuse(struct body *body, lzma_ret result)
{
	switch (result) {
	case LZMA_MEMLIMIT_ERROR:
		return unpack_fail(body,
				   "its xz data needs more than %d MiB of memory: pack it "
				   "with a lower preset",
				   MEMORY_MIB_MAX);
	case LZMA_MEM_ERROR:
		return unpack_fail(body, "there is not enough memory for its xz data");
	case LZMA_OPTIONS_ERROR:
		return unpack_fail(body, "its xz data has unknown options: pack it with xz");
	case LZMA_BUF_ERROR:
		return unpack_fail(body, "its xz data is truncated");
	default:
		return unpack_fail(body, "its xz data is damaged");
	}
}

/* Unpack what liblzma was given. */
static int unpack(struct body *body, lzma_action action)
{
	unsigned char piece[UNPACK_PIECE_BYTES];
	lzma_stream *stream = &body->xz;
	lzma_ret result;

	do {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		result = lzma_code(stream, action);
		if (unpack_put(body, piece, sizeof(piece) - stream->avail_out))
			return -EINVAL;
		/* It wants more than there is yet. */
		if (result == LZMA_BUF_ERROR && action == LZMA_RUN)
			return 0;
		if (result != LZMA_OK && result != LZMA_STREAM_END)
			return refuse(body, result);
	} while (stream->avail_in || !stream->avail_out ||
		 (action == LZMA_FINISH && result != LZMA_STREAM_END));
	return 0;
}

static int add(struct body *body, const void *data, size_t bytes)
{
	body->xz.next_in = data;
	body->xz.avail_in = bytes;
	return unpack(body, LZMA_RUN);
}

static int finish(struct body *body)
{
	return unpack(body, LZMA_FINISH);
}

static void done(struct body *body)
{
	lzma_end(&body->xz);
}

const struct unpacker unpack_xz = {
	.signature = "\xfd"
		     "7zXZ\0",
	.signature_bytes = 6,
	.start = start,
	.add = add,
	.finish = finish,
	.done = done,
};
