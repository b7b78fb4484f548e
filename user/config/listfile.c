/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads list files line by line through one fixed buffer. Must not need more
 * memory for a long line, nor stop at the first bad one.
 */
#include "listfile.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "entry_text.h"
#include "file.h"
#include "utf8.h"

#define BUFFER_BYTES 65536
/* A line with its CR and newline always fits. */
_Static_assert(BUFFER_BYTES > 2 * (LISTFILE_LINE_MAX + 2), "a line in the buffer");

static const char byte_order_mark[] = { '\xef', '\xbb', '\xbf' };

struct line_reader {
	int fd;
	const char *path;
	struct diagnostics *diagnostics;
	size_t start; /* of what is not yet given out */
	size_t end;
	bool is_at_end;	  /* of the file */
	bool is_skipping; /* the beginning of this line was thrown away: too long */
	char buffer[BUFFER_BYTES];
};

struct line {
	char *text; /* in the reader's buffer, until the next line */
	size_t bytes;
	uint32_t number;
	bool is_too_long; /* text is only the end of it */
};

/* Move the rest to the front of the buffer and read behind it. */
static int fill(struct line_reader *reader)
{
	ssize_t bytes;

	memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	bytes = file_read(reader->fd, reader->path, reader->buffer + reader->end,
			  BUFFER_BYTES - reader->end, reader->diagnostics);
	if (bytes < 0)
		return (int)bytes;
	reader->end += (size_t)bytes;
	reader->is_at_end = bytes == 0;
	return 0;
}

/* Give out the line that ends before @bytes from the start. */
static void take_line(struct line_reader *reader, size_t bytes, struct line *line)
{
	line->text = reader->buffer + reader->start;
	line->bytes = bytes;
	line->number++;
	if (bytes > 0 && line->text[bytes - 1] == '\r')
		line->bytes--;
	line->is_too_long = reader->is_skipping || line->bytes > LISTFILE_LINE_MAX;
	reader->is_skipping = false;
	/* Behind the newline, which the last line may lack. */
	reader->start += bytes;
	if (reader->start < reader->end)
		reader->start++;
}

/* Returns 1 with a line, 0 at the end of the file, -EINVAL. */
static int next_line(struct line_reader *reader, struct line *line)
{
	for (;;) {
		char *start = reader->buffer + reader->start;
		size_t rest = reader->end - reader->start;
		char *newline = memchr(start, '\n', rest);
		int err;

		if (newline) {
			take_line(reader, (size_t)(newline - start), line);
			return 1;
		}
		if (reader->is_at_end) {
			if (rest == 0 && !reader->is_skipping)
				return 0;
			take_line(reader, rest, line);
			return 1;
		}
		if (rest > LISTFILE_LINE_MAX + 1) {
			reader->is_skipping = true;
			reader->start = reader->end;
		}
		err = fill(reader);
		if (err)
			return err;
	}
}

static int skip_byte_order_mark(struct line_reader *reader)
{
	int err = 0;

	while (!err && !reader->is_at_end && reader->end < sizeof(byte_order_mark))
		err = fill(reader);
	if (reader->end >= sizeof(byte_order_mark) &&
	    !memcmp(reader->buffer, byte_order_mark, sizeof(byte_order_mark)))
		reader->start = sizeof(byte_order_mark);
	return err;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool begins_comment(char c)
{
	return c == '#' || c == ';';
}

static size_t skip_blanks(const struct line *line, size_t position)
{
	while (position < line->bytes && is_blank(line->text[position]))
		position++;
	return position;
}

static size_t find_token_end(const struct line *line, size_t position)
{
	while (position < line->bytes && !is_blank(line->text[position]) &&
	       !begins_comment(line->text[position]))
		position++;
	return position;
}

/* The comment that begins at @position, without its marks and the blanks around
 * it, as a string; NULL: there is none. Changes the line. */
static const char *take_reason(struct line *line, size_t position)
{
	char *reason;
	size_t bytes;

	while (position < line->bytes &&
	       (begins_comment(line->text[position]) || is_blank(line->text[position])))
		position++;
	reason = line->text + position;
	bytes = line->bytes - position;
	while (bytes > 0 && is_blank(reason[bytes - 1]))
		bytes--;
	if (bytes == 0)
		return NULL;
	utf8_sanitize(reason, bytes);
	/* There is a byte to take: a blank, the line's end or, behind the last line,
	 * the buffer's one that file_read() never filled. */
	reason[bytes] = '\0';
	return reason;
}

/* Whether it has nothing that no list file has. */
static bool check_line(const struct line_reader *reader, const struct line *line)
{
	const char *zero;
	uint32_t column = 1;

	if (line->is_too_long) {
		diagnostics_add(reader->diagnostics, SEVERITY_ERROR, reader->path, line->number, 0,
				"longer than %d bytes: a list file has one prefix a line",
				LISTFILE_LINE_MAX);
		return false;
	}
	zero = memchr(line->text, '\0', line->bytes);
	if (!zero)
		return true;
	for (const char *byte = line->text; byte < zero; byte++)
		column += (*byte & 0xc0) != 0x80;
	diagnostics_add(reader->diagnostics, SEVERITY_ERROR, reader->path, line->number, column,
			"a NUL byte: a list file is plain text; save it as UTF-8");
	return false;
}

/* Add what a line holds to the set. Return: 0, also for a bad line; -ENOMEM. */
static int read_line(const struct line_reader *reader, struct line *line, enum action action,
		     struct entry_set *set)
{
	struct place place = { reader->path, line->number, 0, true };
	struct entry entry = { .source = SOURCE_FILE,
			       .line = line->number,
			       .origin = reader->path };
	size_t start, end, behind;

	if (!check_line(reader, line))
		return 0;
	start = skip_blanks(line, 0);
	end = find_token_end(line, start);
	if (start == end)
		return 0;
	place.column = (uint32_t)start + 1;
	if (!entry_text_parse(line->text + start, end - start, action, &place, reader->diagnostics,
			      &entry))
		return 0;
	behind = skip_blanks(line, end);
	if (behind < line->bytes && !begins_comment(line->text[behind])) {
		diagnostics_add(reader->diagnostics, SEVERITY_ERROR, reader->path, line->number,
				(uint32_t)behind + 1,
				"\"%.*s\" behind the prefix: write one prefix a line, and # before "
				"a comment",
				(int)(find_token_end(line, behind) - behind), line->text + behind);
		return 0;
	}
	entry.reason = take_reason(line, behind);
	return entry_set_add(set, &entry);
}

static int read_lines(struct line_reader *reader, enum action action, struct entry_set *set)
{
	struct line line = { 0 };
	int err;

	err = skip_byte_order_mark(reader);
	if (err)
		return err;
	for (;;) {
		err = next_line(reader, &line);
		if (err <= 0)
			return err;
		err = read_line(reader, &line, action, set);
		if (err)
			return err;
	}
}

int listfile_read(const char *path, enum action action, struct entry_set *set,
		  struct diagnostics *diagnostics)
{
	struct line_reader reader;
	size_t errors_before = diagnostics->error_count;
	int err;

	err = file_open(path, diagnostics, &reader.fd);
	if (err)
		return err;
	reader.path = path;
	reader.diagnostics = diagnostics;
	reader.start = reader.end = 0;
	reader.is_at_end = reader.is_skipping = false;
	err = read_lines(&reader, action, set);
	close(reader.fd);
	if (!err && diagnostics->error_count > errors_before)
		err = -EINVAL;
	return err;
}
