/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out which host delivered a message, from the Received lines of its header. Only the
 * line of our own mail server can be trusted: the sender may have written all lines below it.
 */
#ifndef CTL_RECEIVED_H
#define CTL_RECEIVED_H

#include <stddef.h>

#include "core/prefix.h"

/* More of a message is not read. */
#define RECEIVED_HEADER_BYTES_MAX (1U << 20)

enum received_result {
	RECEIVED_FOUND,
	RECEIVED_NO_LINE,	/* no line says `by` our host */
	RECEIVED_NO_ADDRESS,	/* its line names no client: the message was submitted locally */
	RECEIVED_AUTHENTICATED, /* the client is a user of ours */
	RECEIVED_UNKNOWN,	/* its line, or one above it, is in an unknown form */
	RECEIVED_RESULT_COUNT,
};

/**
 * received_find() - find the client that delivered a message to @host
 * @message: begins with the header
 * @host: the name that our mail server writes after "by"; letter case does not matter
 * @ret_address: set only with RECEIVED_FOUND; /32 or /128
 *
 * The first Received line by @host decides. Lines above it are those of later hosts, and are
 * skipped. So is a line by @host "with LMTP", which is about the delivery to the mailbox. The
 * forms of Postfix, Exim, Sendmail and OpenSMTPD are known.
 */
enum received_result received_find(const char *message, size_t message_bytes, const char *host,
				   struct prefix *ret_address);

#endif
