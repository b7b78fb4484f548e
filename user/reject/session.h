/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipwl-reject says to a client, line by line. It does no I/O and accepts no mail. */
#ifndef REJECT_SESSION_H
#define REJECT_SESSION_H

#include <stdbool.h>
#include <stddef.h>

/* A line of a reply, with CR LF (RFC 5321 section 4.5.3.1.5), and the terminating zero. */
#define SESSION_REPLY_BYTES 513
/* The longest command line, without CR LF. Longer ones end the session. */
#define SESSION_LINE_BYTES 1000
/* More commands, and more of them that are wrong, end the session. */
#define SESSION_COMMANDS_MAX 100
#define SESSION_ERRORS_MAX 5
/* Domains of recipients that are remembered. */
#define SESSION_DOMAINS_MAX 4

#define SESSION_ADDRESS_BYTES 46 /* as INET6_ADDRSTRLEN */
#define SESSION_NAME_BYTES 256

/* The text that rejects, in printable ASCII: at most so many bytes, with an address in it. */
#define SESSION_TEXT_BYTES 480

struct session_setup {
	const char *host; /* the name of this host */
	const char *text; /* "%a" stands for the client's address, "%%" for a percent sign */
	bool greets_so;	  /* the greeting rejects; otherwise the answer to each recipient does */
};

struct session {
	const struct session_setup *setup;
	char address[SESSION_ADDRESS_BYTES]; /* of the client */
	char helo[SESSION_NAME_BYTES];	     /* what the client calls itself; empty: not known */
	char sender[SESSION_NAME_BYTES];     /* of the last MAIL, with a mark of what is empty */
	char domains[SESSION_DOMAINS_MAX][SESSION_NAME_BYTES]; /* of recipients */
	unsigned int domain_count;
	unsigned int command_count;
	unsigned int error_count;
	unsigned int recipient_count; /* that were rejected */
	bool has_sender;	      /* MAIL was accepted */
};

/* What is wrong with a text, or NULL. */
const char *session_check_text(const char *text);

/* Begin. @setup must outlive the session. */
void session_init(struct session *session, const struct session_setup *setup, const char *address);

/* Write the greeting. */
void session_greet(const struct session *session, char reply[SESSION_REPLY_BYTES]);

/* Write the answer to a command line, which has no CR LF and may contain anything. Return: whether
 * the session goes on. */
bool session_command(struct session *session, const char *line, size_t bytes,
		     char reply[SESSION_REPLY_BYTES]);

/* Of session_describe(): all names, and the words between them. */
#define SESSION_DESCRIPTION_BYTES (8 * SESSION_NAME_BYTES)
/* Tell who wanted what, in printable ASCII. */
void session_describe(const struct session *session, char text[SESSION_DESCRIPTION_BYTES]);

#endif
