/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the fields of a log line from left to right. Nothing is ever searched for: strangers
 * choose addresses, names and replies, and write into them what looks like another field.
 */
#ifndef MAILLOG_SCAN_H
#define MAILLOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

/* The rest of a line. Each function that succeeds moves `at`; otherwise it does not change. */
struct scan {
	const char *at, *end;
};

/* Part of a line, without a NUL. */
struct span {
	const char *at;
	size_t bytes;
};

/* An address between "<" and ">". Both parts are empty in "<>". */
struct mail_address {
	struct span text;
	struct span domain; /* after the last "@" that is not quoted; may be empty */
};

bool span_is(const struct span *span, const char *word);
bool scan_is_at_end(const struct scan *scan);
/* Skip this text. */
bool scan_word(struct scan *scan, const char *word);
/* Read digits, of a number up to UINT32_MAX. */
bool scan_number(struct scan *scan, uint32_t *ret_number);
/* Read one or more characters until a blank, a comma, or the end. */
bool scan_value(struct scan *scan, struct span *ret_value);
/* Read the letters and digits of a queue id. */
bool scan_queue_id(struct scan *scan, struct span *ret_id);
/* Read "<ADDRESS>". The address is in the form of RFC 5321, in which a local part with special
 * characters is quoted. */
bool scan_address(struct scan *scan, struct mail_address *ret_address);
/* Read "NAME[IP]". @ret_name is empty if it is "unknown". */
bool scan_host(struct scan *scan, struct span *ret_name, struct prefix *ret_address);
/* Read "[IP]". */
bool scan_bracketed(struct scan *scan, struct prefix *ret_address);

#endif
