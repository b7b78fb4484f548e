/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises a format by the first lines. Plain unless the lines are clearly of another:
 * a mistake in a plain file must not make it a file of another kind, nor the other
 * way round.
 */
#include <string.h>

#include "format_parts.h"

struct votes {
	size_t of[FORMAT_COUNT];
	size_t line_count;  /* without blank ones and comments */
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
	for (enum format format = 0; format < FORMAT_COUNT; format++) {
		if (votes.of[format] > votes.of[best])
			best = format;
	}
	return 2 * votes.of[best] > votes.line_count ? best : FORMAT_PLAIN;
}
