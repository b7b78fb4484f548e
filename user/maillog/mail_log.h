/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes evidence of the log of a mail server: of what our users sent and other servers accepted,
 * and of what we accepted from others and rejected. Lines of one message are joined by its queue
 * id.
 *
 * It needs Postfix 3.5 or later, which quotes addresses in its log, Exim 4, or OpenSMTPD 6.8.
 */
#ifndef MAILLOG_MAIL_LOG_H
#define MAILLOG_MAIL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/evidence.h"

struct mail_log;

/* Called for each item, before mail_log_line() returns. */
typedef void mail_log_noted(void *context, const struct evidence *evidence);

/* Lines of any mail server are read. */
#define MAIL_LOG_ANY EVIDENCE_SOURCE_COUNT

/* @server: the mail server whose lines are read. NULL: out of memory. */
struct mail_log *mail_log_new(enum evidence_source server, mail_log_noted *note, void *context);
void mail_log_free(struct mail_log *log);

enum evidence_source mail_log_server(const struct mail_log *log);

/* While it is silent, lines are only remembered. That restores what was known of the messages
 * in the queue when the log was read before. */
void mail_log_set_silent(struct mail_log *log, bool is_silent);

/* Lines are not newer than this. It tells the year, which lines do not have. */
void mail_log_set_now(struct mail_log *log, int64_t now_sec);

/* Read a line of a file, without its newline. */
void mail_log_line(struct mail_log *log, const char *text, size_t bytes);

/* Read a line of the journal. @tag: "postfix/smtpd". */
void mail_log_entry(struct mail_log *log, int64_t at_sec, const char *tag, size_t tag_bytes,
		    const char *text, size_t text_bytes);

struct mail_log_counts {
	uint64_t lines;	   /* of all programs */
	uint64_t read;	   /* of the mail server */
	uint64_t evidence; /* not while silent */
	int64_t last_sec;  /* of its last line; 0: none */
};

const struct mail_log_counts *mail_log_counts(const struct mail_log *log);

#endif
