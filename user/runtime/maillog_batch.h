/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence of the reader of the mail log, as it arrives: lines that end with a place in the log.
 * What comes after the last place is not complete yet. */
#ifndef RUNTIME_MAILLOG_BATCH_H
#define RUNTIME_MAILLOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/evidence.h"
#include "maillog/protocol.h"

/* The reader gives its place at least as often. */
#define MAILLOG_ITEMS_MAX 8192

struct maillog_batch {
	const char *server; /* the source that evidence must have; a constant */
	struct evidence *items;
	size_t count, room;
	size_t complete_count;			 /* before the place */
	char position[MAILLOG_POSITION_MAX + 1]; /* empty: no place since the last batch */
};

enum maillog_line {
	MAILLOG_IS_EVIDENCE, /* or a place */
	MAILLOG_IS_READ,
	MAILLOG_IS_PROBLEM,
	MAILLOG_IS_WORKING,
	MAILLOG_IS_WRONG, /* the reader must be stopped */
};

/* What a line can say beside evidence. */
struct maillog_news {
	uint64_t lines;
	int64_t last_sec;
	const char *problem; /* in the line */
};

/* Take a line, whoever wrote it. @line: with a NUL instead of the newline; text in it is made
 * printable. */
enum maillog_line maillog_batch_take(struct maillog_batch *batch, char *line,
				     struct maillog_news *ret_news);

/* Whether nothing more can be taken before the complete items are moved. */
bool maillog_batch_is_full(const struct maillog_batch *batch);

/* Move the complete items and the place to an empty batch. Return: 0; -ENOMEM: nothing has
 * changed. */
int maillog_batch_split(struct maillog_batch *batch, struct maillog_batch *ret_complete);
void maillog_batch_done(struct maillog_batch *batch);

#endif
