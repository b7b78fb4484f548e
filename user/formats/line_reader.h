/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the lines of a list through one buffer of fixed size. */
#ifndef FORMATS_LINE_READER_H
#define FORMATS_LINE_READER_H

#include "formats/stream.h"

/* Longest line that can be read, without its end. */
#define LINES_BYTES_MAX 65536
#define LINES_BUFFER_BYTES (4 * LINES_BYTES_MAX)

struct line_reader {
	struct format_stream *stream;
	size_t line_bytes_max;
	size_t start; /* start of the data that is not returned yet */
	size_t end;
	bool is_at_end;	  /* the data has ended */
	bool is_skipping; /* the beginning of this line was dropped, because it is too long */
	/* One more byte, for a zero after the last line. */
	char buffer[LINES_BUFFER_BYTES + 1];
};

struct line {
	char *text; /* valid until the next line; may be changed, with the byte after it */
	size_t bytes;
	uint32_t number;  /* from 1 */
	bool is_too_long; /* `text` is only its end */
};

/* Fill the buffer, and skip a byte-order mark. Return: 0; -errno: an error was added. */
int lines_begin(struct line_reader *lines, struct format_stream *stream);

/* Read the next line, without its CR and newline. Return: 1; 0: there is none; -errno. */
int lines_next(struct line_reader *lines, struct line *line);

#endif
