/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the lines of ipwl-maillog. They are checked as if a stranger wrote them. */
#include "runtime/maillog_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "learn/evidence_line.h"

#define FIRST_ROOM 64

static bool grow(struct maillog_batch *batch)
{
	size_t room = batch->room ? 2 * batch->room : FIRST_ROOM;
	struct evidence *items;

	if (batch->count < batch->room)
		return true;
	if (batch->room == MAILLOG_ITEMS_MAX)
		return false;
	if (room > MAILLOG_ITEMS_MAX)
		room = MAILLOG_ITEMS_MAX;
	items = reallocarray(batch->items, room, sizeof(*items));
	if (!items)
		return false;
	batch->items = items;
	batch->room = room;
	return true;
}

static enum maillog_line take_evidence(struct maillog_batch *batch, const char *line)
{
	if (!grow(batch) || evidence_line_read(line, strlen(line), &batch->items[batch->count]))
		return MAILLOG_IS_WRONG;
	/* It can only tell of what it reads. */
	if (!batch->server ||
	    strcmp(evidence_source_names[batch->items[batch->count].source], batch->server) != 0)
		return MAILLOG_IS_WRONG;
	batch->count++;
	return MAILLOG_IS_EVIDENCE;
}

static enum maillog_line take_position(struct maillog_batch *batch, const char *text)
{
	const size_t bytes = strlen(text);

	if (!bytes || bytes > MAILLOG_POSITION_MAX)
		return MAILLOG_IS_WRONG;
	for (size_t i = 0; i < bytes; i++)
		if (text[i] < ' ' || text[i] > '~')
			return MAILLOG_IS_WRONG;
	memcpy(batch->position, text, bytes + 1);
	batch->complete_count = batch->count;
	return MAILLOG_IS_EVIDENCE;
}

/* "LINES TIME" */
static enum maillog_line take_read(char *text, struct maillog_news *news)
{
	char *blank = strchr(text, ' ');
	int64_t lines;

	if (!blank)
		return MAILLOG_IS_WRONG;
	*blank = '\0';
	if (!number_parse(text, 0, INT64_MAX, &lines) ||
	    !number_parse(blank + 1, 0, INT64_MAX, &news->last_sec))
		return MAILLOG_IS_WRONG;
	news->lines = (uint64_t)lines;
	return MAILLOG_IS_READ;
}

/* The rest of a line that begins with this word, or NULL. */
static char *skip_word(char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) ? NULL : line + strlen(word);
}

enum maillog_line maillog_batch_take(struct maillog_batch *batch, char *line,
				     struct maillog_news *ret_news)
{
	char *text;

	if ((text = skip_word(line, MAILLOG_POSITION)) != NULL)
		return take_position(batch, text);
	if ((text = skip_word(line, MAILLOG_READ)) != NULL)
		return take_read(text, ret_news);
	if ((text = skip_word(line, MAILLOG_PROBLEM)) != NULL) {
		utf8_sanitize(text, strlen(text));
		ret_news->problem = text;
		return MAILLOG_IS_PROBLEM;
	}
	if (!strcmp(line, MAILLOG_WORKING))
		return MAILLOG_IS_WORKING;
	return take_evidence(batch, line);
}

bool maillog_batch_is_full(const struct maillog_batch *batch)
{
	return batch->count == MAILLOG_ITEMS_MAX;
}

int maillog_batch_split(struct maillog_batch *batch, struct maillog_batch *ret_complete)
{
	const size_t left = batch->count - batch->complete_count;
	struct evidence *rest = NULL;

	if (left) {
		rest = calloc(left, sizeof(*rest));
		if (!rest)
			return -ENOMEM;
		memcpy(rest, batch->items + batch->complete_count, left * sizeof(*rest));
	}
	*ret_complete = *batch;
	ret_complete->count = batch->complete_count;
	*batch = (struct maillog_batch) {
		.server = batch->server, .items = rest, .count = left, .room = left
	};
	return 0;
}

void maillog_batch_done(struct maillog_batch *batch)
{
	free(batch->items);
	*batch = (struct maillog_batch) { .server = batch->server };
}
