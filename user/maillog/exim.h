/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that read Exim's lines share. */
#ifndef MAILLOG_EXIM_H
#define MAILLOG_EXIM_H

#include "maillog/internal.h"

/* The host that a line is about. */
struct exim_host {
	struct span name; /* verified; empty: there is none */
	struct prefix address;
};

/* Read one or more characters until a blank. */
bool exim_scan_token(struct scan *scan, struct span *ret_token);
/* Read a sender: "<>", or an address in the form of RFC 5321, without angle brackets. */
bool exim_scan_sender(struct scan *scan, struct mail_address *ret_sender);
/* Read "H=NAME (HELO) [IP]:PORT", of which all but the address may be missing. A stranger chooses
 * the text in parentheses. Return: false, too, if it is not clear where that ends. */
bool exim_scan_host(struct scan *scan, struct exim_host *ret_host);
/* Skip one field: " WORD", " KEY=WORD" or " KEY="TEXT"". */
bool exim_skip_field(struct scan *scan);

/* The line of a rejection. @message: NULL: it has no id, or is not known. */
void exim_read_reject(struct mail_log *log, int64_t at_sec, const struct message *message,
		      struct scan scan);

#endif
