/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place in a log file, known by what the file contains before it. */
#ifndef MAILLOG_PLACE_H
#define MAILLOG_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maillog/log_file.h"

#define PLACE_HEAD_BYTES 256
#define PLACE_TAIL_BYTES 128

struct place {
	int64_t offset;
	char head[PLACE_HEAD_BYTES]; /* the first bytes, as far as they are before the place */
	char tail[PLACE_TAIL_BYTES]; /* likewise, the last bytes before the place */
	uint32_t previous_bytes;     /* 0: no file before this one is known */
	uint64_t previous;	     /* the hash of its first bytes */
};

/* What is stored of a place. Offsets and numbers of bytes are as above. */
struct place_mark {
	int64_t offset;
	uint32_t head_bytes, tail_bytes, previous_bytes;
	uint64_t head, tail, previous;
};

/* "file OFFSET …", with the NUL. */
#define PLACE_TEXT_BYTES 160

struct place_mark place_mark(const struct place *place);
void place_mark_format(const struct place_mark *mark, char text[PLACE_TEXT_BYTES]);
/* Return: whether @text is such a text. */
bool place_mark_parse(const char *text, struct place_mark *ret_mark);

/* Whether the file has this place. A place at the begin is in any file. */
bool place_mark_is_in(const struct place_mark *mark, struct log_file *file);
/* Whether the file begins with these bytes. */
bool place_begins_with(struct log_file *file, uint32_t bytes, uint64_t hash);

/* Go to the mark in a file that has it. Return: whether the file can be read. */
bool place_go(struct place *place, struct log_file *file, const struct place_mark *mark);
/* Go over the next bytes of the file. */
void place_advance(struct place *place, const char *bytes, size_t count);
/* Go to the begin of the next file. */
void place_begin_next(struct place *place);
/* Whether the file still has the bytes before the place. */
bool place_is_still_in(const struct place *place, struct log_file *file);

#endif
