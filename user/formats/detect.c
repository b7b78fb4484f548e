/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises a format by the first lines, always the same by the same lines. Plain
 * unless most of them can only be of another format: a mistake must not make a file one
 * of another kind.
 */
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"

struct votes {
	size_t of[FORMAT_COUNT];
	size_t line_count;  /* without blank ones and comments */
	size_t other_count; /* of them those that no plain file has */
	enum format marked; /* FORMAT_AUTO: none */
};

static bool is_comment(const struct token *line)
{
	return line->text[0] == '#' || line->text[0] == ';';
}

static void vote(struct votes *votes, const struct token *line)
{
	bool is_first = votes->line_count == 0;

	for (enum format format = 0; format < FORMAT_COUNT; format++) {
		const struct format_parser *parser = format_parsers[format];

		if (parser && !votes->marked && parser->is_mark && parser->is_mark(line, is_first))
			votes->marked = format;
		if (parser && parser->is_own && !is_comment(line) && parser->is_own(line))
			votes->of[format]++;
	}
	votes->line_count += !is_comment(line);
	votes->other_count += !is_comment(line) && !plain_is_line(line);
}

static bool is_elected(const struct votes *votes, enum format format)
{
	const struct format_parser *parser = format_parsers[format];

	return parser && votes->of[format] >= parser->own_lines_min &&
	       2 * votes->of[format] >
		   (parser->has_plain_lines ? votes->other_count : votes->line_count);
}

enum format format_recognise(struct line_reader *lines)
{
	struct votes votes = { 0 };
	enum format best = FORMAT_PLAIN;
	size_t position = lines->start;

	while (position < lines->end) {
		char *start = lines->buffer + position;
		const char *newline = memchr(start, '\n', lines->end - position);
		struct line line = { .text = start, .bytes = lines->end - position };
		struct token content;

		/* The rest of a line that is not all there says nothing. */
		if (!newline && !lines->is_at_end)
			break;
		if (newline)
			line.bytes = (size_t)(newline - start);
		position += line.bytes + 1;
		if (line.bytes > 0 && start[line.bytes - 1] == '\r')
			line.bytes--;
		content = line_content(&line);
		if (content.bytes > 0)
			vote(&votes, &content);
	}
	if (votes.marked)
		return votes.marked;
	/* A table of Postfix may have values of its own among its actions; read as a map,
	 * its reject would list. */
	if (votes.of[FORMAT_POSTFIX_CIDR] > 0) {
		votes.of[FORMAT_POSTFIX_CIDR] += votes.of[FORMAT_RSPAMD_MAP];
		votes.of[FORMAT_RSPAMD_MAP] = 0;
	}
	for (enum format format = 0; format < FORMAT_COUNT; format++) {
		if (is_elected(&votes, format) && votes.of[format] > votes.of[best])
			best = format;
	}
	return best;
}
