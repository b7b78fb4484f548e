/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process is loading, and how far it is. One thread loads; any thread may ask. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_WHAT_BYTES 512
#define PROGRESS_TEXT_BYTES (PROGRESS_WHAT_BYTES + 64)

struct progress {
	char what[PROGRESS_WHAT_BYTES]; /* "reading /etc/ipwl/allow.d/a.list", as UTF-8 */
	bool is_bytes;			/* what the numbers count; else parts of the same size */
	uint64_t done;
	uint64_t total; /* 0: not known */
};

/* Begin a step; it ends the one before it. */
void progress_begin(bool is_bytes, uint64_t total, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* So much of the present step is done. */
void progress_set(uint64_t done);
/* Nothing is loaded any more. */
void progress_end(void);

/* Return: false: nothing is being loaded. */
bool progress_get(struct progress *ret_progress);

/* "reading /etc/ipwl/allow.d/a.list: 60 of 140 MB (43 %)"; returns @text. */
const char *progress_text(const struct progress *progress, char text[PROGRESS_TEXT_BYTES]);

/**
 * progress_watch() - be told of progress
 * @tell: called in the thread that loads: at once when a step begins or goes on, and then at most
 *        once a second; NULL: nobody is told any more
 */
void progress_watch(void (*tell)(const struct progress *progress, void *context), void *context);

#endif
