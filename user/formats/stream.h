/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a list, unpacked if they are a gzip stream; alone includes zlib. */
#ifndef FORMATS_STREAM_H
#define FORMATS_STREAM_H

#include <zlib.h>

#include "formats/read.h"

#define STREAM_PACKED_BYTES 65536

struct format_stream {
	const struct format_input *input;
	size_t taken; /* of the input's own bytes */
	bool is_gzip;
	bool is_between; /* members of a gzip stream */
	bool is_at_end;	 /* of the input */
	size_t unpacked_bytes;
	z_stream zip;
	/* What has been read: packed, or the start of what is not packed at all. */
	unsigned char *next;
	size_t available;
	unsigned char packed[STREAM_PACKED_BYTES];
};

/* Return: 0; -ENOMEM; or -EINVAL after an error was added. To be closed in any case. */
int format_stream_open(struct format_stream *stream, const struct format_input *input);

/* Read up to @size bytes. Returns their number, 0 at the end, or -errno after an error
 * was added. */
ssize_t format_stream_read(struct format_stream *stream, char *buffer, size_t size);
void format_stream_close(struct format_stream *stream);

#endif
