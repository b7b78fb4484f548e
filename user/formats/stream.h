/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the bytes of a list, and unpacks a gzip stream. Only this file and its users see zlib. */
#ifndef FORMATS_STREAM_H
#define FORMATS_STREAM_H

#include <zlib.h>

#include "formats/read.h"

#define STREAM_PACKED_BYTES 65536

struct format_stream {
	const struct format_input *input;
	size_t taken; /* how many of the input's own bytes were read */
	bool is_gzip;
	bool is_between; /* between two members of a gzip stream */
	bool is_at_end;	 /* the input has ended */
	size_t unpacked_bytes;
	z_stream zip;
	/* Unprocessed input: packed data, or the start of plain data. */
	unsigned char *next;
	size_t available;
	unsigned char packed[STREAM_PACKED_BYTES];
};

/* Open a stream. The caller must close it in any case. Return: 0; -ENOMEM; -EINVAL: an error
 * was added. */
int format_stream_open(struct format_stream *stream, const struct format_input *input);

/* Read up to @size bytes. Return: their number; 0: at the end; -errno: an error was added. */
ssize_t format_stream_read(struct format_stream *stream, char *buffer, size_t size);
void format_stream_close(struct format_stream *stream);

#endif
