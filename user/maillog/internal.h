/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that read Postfix's lines share. */
#ifndef MAILLOG_INTERNAL_H
#define MAILLOG_INTERNAL_H

#include "maillog/line.h"
#include "maillog/messages.h"
#include "maillog/postfix.h"

/* Message ids of clients' messages that are remembered. */
#define FORWARDS 65536
/* Connections to postscreen that are remembered. */
#define REFUSALS 1024

struct postfix_log {
	postfix_note *note;
	void *context;
	bool is_silent;
	struct log_clock clock;
	struct postfix_counts counts;
	struct messages *messages;
	/* A message id that a client's message had: if a local program sends a message with this
	 * id, it forwards. */
	uint64_t forwards[FORWARDS];
	/* Connections for which a refusal was noted. */
	uint64_t refusals[REFUSALS];
};

/* Note evidence with these members set. The others are set here. */
void postfix_note_evidence(struct postfix_log *log, struct evidence *evidence);
/* Copy text from the log: UTF-8 without control characters; truncated if too long. */
void postfix_copy_text(const struct span *text, char *copy, size_t copy_bytes);
bool postfix_is_loopback(const struct prefix *address);

/* The line `to=<…>, relay=…, …, status=…` of a delivery agent. */
void postfix_read_delivery(struct postfix_log *log, const struct log_line *line,
			   const struct span *id, struct scan scan);
/* A delivery of a message whose origin is known. */
void postfix_note_delivery(struct postfix_log *log, struct message *message,
			   const struct delivery *delivery);
/* The first queue id of a message is known now: note the deliveries that waited. */
void postfix_link(struct postfix_log *log, struct message *second, struct message *first);

/* The line `reject: …` or `milter-reject: …`. @id: NULL for NOQUEUE. */
void postfix_read_reject(struct postfix_log *log, const struct log_line *line,
			 const struct span *id, struct scan scan);
/* A line of postscreen. */
void postfix_read_postscreen(struct postfix_log *log, const struct log_line *line,
			     struct scan scan);

#endif
