/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that read lines share. */
#ifndef MAILLOG_INTERNAL_H
#define MAILLOG_INTERNAL_H

#include "maillog/line.h"
#include "maillog/mail_log.h"
#include "maillog/messages.h"

/* Message ids of clients' messages that are remembered. */
#define FORWARDS 65536
/* Connections to postscreen that are remembered. */
#define REFUSAL_ROWS 256
#define REFUSAL_PLACES 8

struct mail_log {
	enum evidence_source server; /* or MAIL_LOG_ANY */
	enum evidence_source source; /* of the line that is read */
	mail_log_noted *note;
	void *context;
	bool is_silent;
	struct log_clock clock;
	struct mail_log_counts counts;
	struct messages *messages;
	/* A message id that a client's message had: if a local program sends a message with this
	 * id, it forwards. */
	uint64_t forwards[FORWARDS];
	/* Connections for which a refusal was noted. */
	uint64_t refusals[REFUSAL_ROWS][REFUSAL_PLACES]; /* hashes of peers, newest first */
};

/* Count a line of the mail server. */
void mail_log_count(struct mail_log *log, int64_t at_sec);
/* Note evidence with these members set. The others are set here. */
void mail_log_note(struct mail_log *log, struct evidence *evidence);
/* Copy text from the log: UTF-8 without control characters; truncated if too long. */
void mail_log_copy_text(const struct span *text, char *copy, size_t copy_bytes);
bool mail_log_is_loopback(const struct prefix *address);
void mail_log_set_person(struct message *message, const struct span *text);
/* An address or a name of the log that a rejection is about. */
struct refused {
	int64_t at_sec;
	struct prefix address;
	const struct span *name;      /* verified, of the host; or NULL */
	const struct span *recipient; /* or NULL */
};
void mail_log_refuse(struct mail_log *log, enum evidence_kind kind, const struct refused *refused);

/* A line of Postfix; its message is read. */
void postfix_read_line(struct mail_log *log, const struct log_line *line);
/* What follows the time in a line of Exim, or, in the system's log, the tag. */
void exim_read_line(struct mail_log *log, int64_t at_sec, struct scan scan);
/* What follows the tag in a line of OpenSMTPD. */
void opensmtpd_read_line(struct mail_log *log, int64_t at_sec, struct scan scan);

/* The line `to=<…>, relay=…, …, status=…` of a delivery agent. */
void postfix_read_delivery(struct mail_log *log, const struct log_line *line, const struct span *id,
			   struct scan scan);
/* A delivery of a message whose origin is known. */
void mail_log_deliver(struct mail_log *log, struct message *message,
		      const struct delivery *delivery);
/* Keep a delivery that cannot be noted yet, unless there are @max already. */
void message_keep(struct message *message, const struct delivery *delivery, size_t max);
/* The first queue id of a message is known now: note the deliveries that waited. */
void postfix_link(struct mail_log *log, struct message *second, struct message *first);

/* The line `reject: …` or `milter-reject: …`. @id: NULL for NOQUEUE. */
void postfix_read_reject(struct mail_log *log, const struct log_line *line, const struct span *id,
			 struct scan scan);
/* A line of postscreen. */
void postfix_read_postscreen(struct mail_log *log, const struct log_line *line, struct scan scan);

#endif
