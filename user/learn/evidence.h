/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: one observation about a sender, from a mail server's log, a filter or a person.
 * Producers report what they saw. Only the rules decide what it is worth.
 *
 * Packets are no evidence: the source address of a SYN can be forged. That of a session cannot.
 */
#ifndef LEARN_EVIDENCE_H
#define LEARN_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/prefix.h"

/* Where evidence comes from. */
enum evidence_source {
	EVIDENCE_FROM_POSTFIX,
	EVIDENCE_FROM_EXIM,
	EVIDENCE_FROM_OPENSMTPD,
	EVIDENCE_FROM_RSPAMD,
	EVIDENCE_FROM_REPORT, /* ipwlctl report */
	EVIDENCE_FROM_KERNEL, /* sessions that it counted (core/session.h) */
	EVIDENCE_SOURCE_COUNT,
};

/* "postfix", "exim", "opensmtpd", "rspamd", "report", "kernel", indexed by
 * enum evidence_source. */
extern const char *const evidence_source_names[EVIDENCE_SOURCE_COUNT];

enum evidence_kind {
	/* The mail server of `domain` accepted a message of an authenticated user, or of local
	 * submission. `address` is that server. */
	EVIDENCE_SENT,
	/* We accepted a message from `address`. `domain` is that of the envelope sender. */
	EVIDENCE_ACCEPTED,
	/* We rejected `address` for good (5xx), by a mail server's or filter's rule. */
	EVIDENCE_REJECTED,
	/* A DNS block list or postscreen rejected `address`, before any mail was seen. */
	EVIDENCE_LISTED,
	/* A filter found a message from `address` good, and its sender `domain` authenticated. */
	EVIDENCE_HAM,
	/* A filter found a message from `address` to be spam. */
	EVIDENCE_SPAM,
	/* `address` delivered an answer to a message that an authenticated user wrote. */
	EVIDENCE_REPLY,
	EVIDENCE_REPORTED_HAM,	/* a person says so */
	EVIDENCE_REPORTED_SPAM, /* likewise */
	/* We began a session with `address` and delivered enough bytes for a message. Only a
	 * support for other evidence: a stranger can make a mail server send to him. */
	EVIDENCE_OUTBOUND,
	/* `address` began a session with us, and no one else can have forged that. Only a renewal.
	 */
	EVIDENCE_INBOUND,
	EVIDENCE_KIND_COUNT,
};

/* "sent", "accepted", …, "inbound", indexed by enum evidence_kind. */
extern const char *const evidence_kind_names[EVIDENCE_KIND_COUNT];

#define EVIDENCE_DOMAIN_BYTES 254 /* with the NUL; RFC 1035 allows 253 characters */
#define EVIDENCE_PERSON_BYTES 321 /* with the NUL; RFC 5321: 64, "@", 255 */

/* Strings are UTF-8 without control characters, never NULL, and empty if unknown. */
struct evidence {
	enum evidence_source source;
	enum evidence_kind kind;
	int64_t at_sec; /* Unix time of the event */
	bool has_address;
	struct prefix address;		    /* a host: /32 or /128 */
	char domain[EVIDENCE_DOMAIN_BYTES]; /* lower case, A-labels */
	/* The verified reverse name of `address`: it resolves to the address. Lower case. */
	char name[EVIDENCE_DOMAIN_BYTES];
	/* Of the local user who sent (EVIDENCE_SENT), or the local recipient. Only a hash of it
	 * is ever stored. */
	char person[EVIDENCE_PERSON_BYTES];
	uint32_t recipient_count; /* of the message; 0: unknown */
	uint32_t count;		  /* of sessions, the last of which ended then; 0: one */
};

/* Why evidence was not noted. */
enum evidence_drop {
	EVIDENCE_DROP_NEVER,   /* an own or private address, a trusted relay, `never:` */
	EVIDENCE_DROP_USER,    /* the user wrote to too many new domains that day */
	EVIDENCE_DROP_BULK,    /* the message had too many recipients */
	EVIDENCE_DROP_FULL,    /* too many addresses */
	EVIDENCE_DROP_TIME,    /* older than what is kept, or in the future */
	EVIDENCE_DROP_INVALID, /* no address and no domain that it needs */
	EVIDENCE_DROP_STORAGE, /* it cannot be written */
	EVIDENCE_DROP_QUEUE,   /* the producer's queue is full */
	EVIDENCE_DROP_COUNT,
};

/* "never", "user", "bulk", "full", "time", "invalid", "storage", "queue". */
extern const char *const evidence_drop_names[EVIDENCE_DROP_COUNT];

#endif
