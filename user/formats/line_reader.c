/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits a stream into lines. A long line must neither need more memory nor stop it. */
#include "formats/line_reader.h"

#include <string.h>

/* A line with its CR and newline always fits. */
_Static_assert(LINES_BUFFER_BYTES > 2 * (LINES_BYTES_MAX + 2), "a line in the buffer");

static const char byte_order_mark[] = { '\xef', '\xbb', '\xbf' };

/* Move the rest to the front of the buffer, and read more after it. */
static int fill(struct line_reader *lines)
{
	ssize_t bytes;

	memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
	bytes = format_stream_read(lines->stream, lines->buffer + lines->end,
				   LINES_BUFFER_BYTES - lines->end);
	if (bytes < 0)
		return (int)bytes;
	lines->end += (size_t)bytes;
	lines->is_at_end = bytes == 0;
	return 0;
}

int lines_begin(struct line_reader *lines, struct format_stream *stream)
{
	int err = 0;

	lines->stream = stream;
	lines->line_bytes_max = LINES_BYTES_MAX;
	lines->start = lines->end = 0;
	lines->is_at_end = lines->is_skipping = false;
	while (!err && !lines->is_at_end && lines->end < LINES_BUFFER_BYTES)
		err = fill(lines);
	if (lines->end >= sizeof(byte_order_mark) &&
	    !memcmp(lines->buffer, byte_order_mark, sizeof(byte_order_mark)))
		lines->start = sizeof(byte_order_mark);
	return err;
}

/* Return the line that begins at the start and has @bytes bytes. */
static void take_line(struct line_reader *lines, size_t bytes, struct line *line)
{
	line->text = lines->buffer + lines->start;
	line->bytes = bytes;
	line->number++;
	if (bytes > 0 && line->text[bytes - 1] == '\r')
		line->bytes--;
	line->is_too_long = lines->is_skipping || line->bytes > lines->line_bytes_max;
	lines->is_skipping = false;
	/* Skip the newline, which the last line may lack. */
	lines->start += bytes;
	if (lines->start < lines->end)
		lines->start++;
}

int lines_next(struct line_reader *lines, struct line *line)
{
	for (;;) {
		char *start = lines->buffer + lines->start;
		size_t rest = lines->end - lines->start;
		char *newline = memchr(start, '\n', rest);
		int err;

		if (newline) {
			take_line(lines, (size_t)(newline - start), line);
			return 1;
		}
		if (lines->is_at_end) {
			if (rest == 0 && !lines->is_skipping)
				return 0;
			take_line(lines, rest, line);
			return 1;
		}
		if (rest > lines->line_bytes_max + 1) {
			lines->is_skipping = true;
			lines->start = lines->end;
		}
		err = fill(lines);
		if (err)
			return err;
	}
}
