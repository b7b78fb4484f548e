/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a list, through one buffer of fixed size. */
#ifndef FORMATS_LINE_READER_H
#define FORMATS_LINE_READER_H

#include "formats/stream.h"

/* Longest line, without its end, that can be read at all. */
#define LINES_BYTES_MAX 65536
#define LINES_BUFFER_BYTES (4 * LINES_BYTES_MAX)

struct line_reader {
	struct format_stream *stream;
	size_t line_bytes_max;
	size_t start; /* of what is not yet given out */
	size_t end;
	bool is_at_end;	  /* of the data */
	bool is_skipping; /* the beginning of this line was thrown away: too long */
	/* One more byte, so that the last line can have a zero behind it. */
	char buffer[LINES_BUFFER_BYTES + 1];
};

struct line {
	char *text; /* in the reader's buffer, until the next line; may be changed, and
		     * the byte behind it too */
	size_t bytes;
	uint32_t number;  /* from 1 */
	bool is_too_long; /* text is only the end of it */
};

/* Fill the buffer, and pass over a byte-order mark. Return: 0 or -errno after an error
 * was added. */
int lines_begin(struct line_reader *lines, struct format_stream *stream);

/* Returns 1 with a line, without its CR and newline; 0 at the end; -errno. */
int lines_next(struct line_reader *lines, struct line *line);

#endif
