/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages in the mail server's queue, by queue id: what earlier lines said of them. There
 * is a fixed number of places. When all are taken, the message that no line has named for the
 * longest time is forgotten.
 */
#ifndef MAILLOG_MESSAGES_H
#define MAILLOG_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/evidence.h"
#include "maillog/scan.h"

#define MESSAGES_MAX 65536
/* Longest queue ids have 18 characters. */
#define QUEUE_ID_BYTES 24
/* A message to more domains is a mass mailing: the rest of them is not noted. */
#define MESSAGE_DOMAINS_MAX 16
/* Deliveries that wait for the first queue id of the message. */
#define MESSAGE_WAITING_MAX 4

enum message_origin {
	ORIGIN_UNKNOWN,
	ORIGIN_CLIENT, /* a mail server, which was not authenticated */
	ORIGIN_USER,   /* an authenticated user */
	ORIGIN_LOCAL,  /* a person on this host, with sendmail(1) */
	ORIGIN_FILTER, /* from this host by SMTP: it has another queue id, not known yet */
};

/* A delivery of a message. */
struct delivery {
	int64_t at_sec;
	bool is_remote; /* by SMTP to another host */
	bool has_address;
	struct prefix address;		    /* of the server, if it is that of the domain */
	char domain[EVIDENCE_DOMAIN_BYTES]; /* of the recipient */
	char recipient[EVIDENCE_PERSON_BYTES];
};

struct message {
	char id[QUEUE_ID_BYTES];
	enum message_origin origin;
	bool is_removed; /* from the queue; it waits for its first queue id */
	bool has_null_sender;
	bool is_accepted;  /* a delivery was noted */
	bool is_forwarded; /* a message of a client that a program sends on */
	struct prefix client;
	char *name;			       /* verified, of the client; or NULL */
	char *person;			       /* who sent it, or NULL */
	char *domain;			       /* of the sender, or NULL */
	uint32_t recipient_count;	       /* 0: unknown */
	uint32_t domains[MESSAGE_DOMAINS_MAX]; /* hashes of recipients' domains that were noted */
	size_t domain_count;
	struct delivery *waiting;
	size_t waiting_count;
	uint32_t port; /* of a session of OpenSMTPD with another server; 0: none */
	int64_t seen_sec;
	/* The table's. */
	struct message *next, *newer, *older;
};

struct messages;

struct messages *messages_new(void);
void messages_free(struct messages *messages);
size_t messages_count(const struct messages *messages);

/* NULL: it is unknown, or has been in the queue for longer than any message can be. */
struct message *messages_find(struct messages *messages, const struct span *id, int64_t now_sec);
/* Forget what there is with this id, and begin anew. NULL: the id is too long. */
struct message *messages_add(struct messages *messages, const struct span *id, int64_t now_sec);
void messages_remove(struct messages *messages, struct message *message);

/* Let @message have the origin of @first, which it is the second queue id of. */
void message_inherit(struct message *message, struct message *first);
/* Whether this domain of a recipient is new for the message. It is not new afterwards. */
bool message_add_domain(struct message *message, const char *domain);
/* Set one of the message's texts. Out of memory, it becomes NULL. */
void message_set_text(char **text, const char *value);

/* FNV-1a. */
uint64_t text_hash(const char *text, size_t bytes);

#endif
