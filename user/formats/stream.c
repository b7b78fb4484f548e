/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads bytes and unpacks gzip piece by piece, so that a list is never in memory completely. */
#include "formats/stream.h"

#include <errno.h>
#include <string.h>

/* Argument of zlib: the largest window, and 16 for a gzip header. */
#define GZIP_WINDOW_BITS (15 + 16)

static int fail(const struct format_stream *stream, const char *message)
{
	diagnostics_add(stream->input->diagnostics, SEVERITY_ERROR, stream->input->name, 0, 0, "%s",
			message);
	return -EINVAL;
}

/* Read bytes without unpacking. */
static ssize_t read_raw(struct format_stream *stream, char *buffer, size_t size)
{
	const struct format_input *input = stream->input;
	size_t rest = input->byte_count - stream->taken;

	if (input->read)
		return input->read(input->read_context, buffer, size);
	if (size > rest)
		size = rest;
	if (size > 0)
		memcpy(buffer, input->bytes + stream->taken, size);
	stream->taken += size;
	return (ssize_t)size;
}

/* Read more input after the present one. Return: 0 or -errno. */
static int fetch(struct format_stream *stream)
{
	ssize_t bytes;

	if (stream->available == 0)
		stream->next = stream->packed;
	bytes = read_raw(stream, (char *)stream->next + stream->available,
			 sizeof(stream->packed) - (size_t)(stream->next - stream->packed) -
			     stream->available);
	if (bytes < 0)
		return (int)bytes;
	stream->available += (size_t)bytes;
	stream->is_at_end = bytes == 0;
	return 0;
}

int format_stream_open(struct format_stream *stream, const struct format_input *input)
{
	int err = 0;

	memset(&stream->zip, 0, sizeof(stream->zip));
	stream->input = input;
	stream->taken = stream->available = stream->unpacked_bytes = 0;
	stream->is_gzip = stream->is_between = stream->is_at_end = false;
	while (!err && stream->available < 2 && !stream->is_at_end)
		err = fetch(stream);
	/* A second layer of gzip stays packed, and foreign.c refuses it. */
	if (err || input->is_unpacked || stream->available < 2 || stream->next[0] != 0x1f ||
	    stream->next[1] != 0x8b)
		return err;
	if (inflateInit2(&stream->zip, GZIP_WINDOW_BITS) != Z_OK)
		return -ENOMEM;
	stream->is_gzip = true;
	return 0;
}

void format_stream_close(struct format_stream *stream)
{
	if (stream->is_gzip)
		inflateEnd(&stream->zip);
}

/* A stream may have several members, and zeros after the last one. */
static int begin_member(struct format_stream *stream)
{
	if (stream->next[0] == 0) {
		stream->available = 0;
		return 0;
	}
	stream->is_between = false;
	return inflateReset(&stream->zip) == Z_OK ? 0 : -ENOMEM;
}

/* Unpack a piece of the present input. */
static int unpack(struct format_stream *stream, char *buffer, size_t size, size_t *ret_bytes)
{
	z_stream *zip = &stream->zip;
	int result;

	zip->next_in = stream->next;
	zip->avail_in = (uInt)stream->available;
	zip->next_out = (unsigned char *)buffer;
	zip->avail_out = (uInt)size;
	result = inflate(zip, Z_NO_FLUSH);
	stream->next = zip->next_in;
	stream->available = zip->avail_in;
	*ret_bytes = size - zip->avail_out;
	if (result == Z_STREAM_END)
		stream->is_between = true;
	else if (result == Z_MEM_ERROR)
		return -ENOMEM;
	else if (result != Z_OK && result != Z_BUF_ERROR)
		return fail(stream, "the gzip stream is damaged: fetch or pack the list again");
	return 0;
}

static int check_size(struct format_stream *stream, size_t more_bytes)
{
	size_t max = stream->input->unpacked_bytes_max;
	char message[96];

	max = max ? max : FORMAT_UNPACKED_BYTES_MAX;
	stream->unpacked_bytes += more_bytes;
	if (stream->unpacked_bytes <= max)
		return 0;
	snprintf(message, sizeof(message),
		 "unpacks to more than %zu bytes, which no list needs: unpack and check it", max);
	return fail(stream, message);
}

static ssize_t read_gzip(struct format_stream *stream, char *buffer, size_t size)
{
	size_t bytes = 0;
	int err = 0;

	while (!err && bytes == 0) {
		if (stream->available == 0 && !stream->is_at_end) {
			err = fetch(stream);
			continue;
		}
		if (stream->is_between && stream->available == 0)
			return 0;
		/* zlib may hold output back when there is no more input. */
		err = stream->is_between ? begin_member(stream)
					 : unpack(stream, buffer, size, &bytes);
		if (!err && bytes == 0 && stream->available == 0 && stream->is_at_end &&
		    !stream->is_between)
			err = fail(stream,
				   "the gzip stream is truncated: fetch or pack the list again");
	}
	if (!err)
		err = check_size(stream, bytes);
	return err ? err : (ssize_t)bytes;
}

ssize_t format_stream_read(struct format_stream *stream, char *buffer, size_t size)
{
	size_t bytes = stream->available < size ? stream->available : size;

	if (stream->is_gzip)
		return read_gzip(stream, buffer, size);
	if (stream->available == 0)
		return stream->is_at_end ? 0 : read_raw(stream, buffer, size);
	memcpy(buffer, stream->next, bytes);
	stream->next += bytes;
	stream->available -= bytes;
	return (ssize_t)bytes;
}
