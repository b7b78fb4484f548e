/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes evidence of Postfix's log: of what our users sent and other servers accepted, and of
 * what we accepted from others and rejected. Lines of one message are joined by its queue id.
 *
 * It needs Postfix 3.5 or later, which quotes addresses in its log.
 */
#ifndef MAILLOG_POSTFIX_H
#define MAILLOG_POSTFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/evidence.h"

struct postfix_log;

/* Called for each item, before postfix_log_line() returns. */
typedef void postfix_note(void *context, const struct evidence *evidence);

struct postfix_log *postfix_log_new(postfix_note *note, void *context);
void postfix_log_free(struct postfix_log *log);

/* While it is silent, lines are only remembered. That restores what was known of the messages
 * in the queue when the log was read before. */
void postfix_log_set_silent(struct postfix_log *log, bool is_silent);

/* Lines are not newer than this. It tells the year, which lines do not have. */
void postfix_log_set_now(struct postfix_log *log, int64_t now_sec);

/* Read a line of a file, without its newline. */
void postfix_log_line(struct postfix_log *log, const char *text, size_t bytes);

/* Read a line of the journal. @tag: "postfix/smtpd". */
void postfix_log_entry(struct postfix_log *log, int64_t at_sec, const char *tag, size_t tag_bytes,
		       const char *text, size_t text_bytes);

struct postfix_counts {
	uint64_t lines;	   /* of all programs */
	uint64_t read;	   /* of Postfix */
	uint64_t evidence; /* not while silent */
	int64_t last_sec;  /* of the last line of Postfix; 0: none */
};

const struct postfix_counts *postfix_log_counts(const struct postfix_log *log);

#endif
