/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives each line to the reader of the mail server that wrote it. */
#include "maillog/mail_log.h"

#include <stdlib.h>
#include <string.h>

#include "maillog/internal.h"

struct mail_log *mail_log_new(enum evidence_source server, mail_log_noted *note, void *context)
{
	struct mail_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->server = server;
	log->note = note;
	log->context = context;
	log->messages = messages_new();
	if (!log->messages) {
		free(log);
		return NULL;
	}
	return log;
}

void mail_log_free(struct mail_log *log)
{
	if (!log)
		return;
	messages_free(log->messages);
	free(log);
}

enum evidence_source mail_log_server(const struct mail_log *log)
{
	return log->server;
}

void mail_log_set_silent(struct mail_log *log, bool is_silent)
{
	log->is_silent = is_silent;
}

void mail_log_set_now(struct mail_log *log, int64_t now_sec)
{
	log->clock.now_sec = now_sec;
}

const struct mail_log_counts *mail_log_counts(const struct mail_log *log)
{
	return &log->counts;
}

/* ---- lines ---------------------------------------------------------------- */

static bool reads(struct mail_log *log, enum evidence_source server)
{
	log->source = server;
	return log->server == MAIL_LOG_ANY || log->server == server;
}

/* A line with the tag of a program. */
static void read_tagged(struct mail_log *log, struct log_line *line, const struct span *tag)
{
	if (log_tag_is_exim(tag)) {
		if (reads(log, EVIDENCE_FROM_EXIM))
			exim_read_line(log, line->at_sec, line->message);
	} else if (span_is(tag, "smtpd")) {
		if (reads(log, EVIDENCE_FROM_OPENSMTPD))
			opensmtpd_read_line(log, line->at_sec, line->message);
	} else if (log_tag_read(tag->at, tag->bytes, line) && reads(log, EVIDENCE_FROM_POSTFIX)) {
		postfix_read_line(log, line);
	}
}

void mail_log_line(struct mail_log *log, const char *text, size_t bytes)
{
	struct scan scan = { text, text + bytes };
	struct log_line line = { 0 };
	struct span tag;

	log->counts.lines++;
	/* A file that was truncated while it was open for writing begins with zeros. */
	while (scan.at < scan.end && !*scan.at)
		scan.at++;
	if (log_head_read(&log->clock, scan, &line, &tag)) {
		read_tagged(log, &line, &tag);
	} else if (reads(log, EVIDENCE_FROM_EXIM) &&
		   log_time_read(&log->clock, &scan, &line.at_sec)) {
		exim_read_line(log, line.at_sec, scan);
	}
}

void mail_log_entry(struct mail_log *log, int64_t at_sec, const char *tag, size_t tag_bytes,
		    const char *text, size_t text_bytes)
{
	struct log_line line = { .at_sec = at_sec, .message = { text, text + text_bytes } };

	log->counts.lines++;
	read_tagged(log, &line, &(struct span) { tag, tag_bytes });
}
