/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of a log line: its time, and the Postfix service that wrote it. */
#ifndef MAILLOG_LINE_H
#define MAILLOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maillog/scan.h"

struct log_line {
	int64_t at_sec;
	struct span service;  /* the last part of its tag: "smtpd" of postfix/submission/smtpd */
	struct span instance; /* the part before: "submission" */
	struct scan message;
};

/* The traditional time has no year and no zone. It is local, and not in the future. */
struct log_clock {
	int64_t now_sec; /* no line is newer than this; kept by the caller */
	/* The hour that was computed last. */
	char hour[10];
	int64_t hour_sec;
};

/* Read the tag: "postfix/smtpd". Return: whether it names a service. */
bool log_tag_read(const char *tag, size_t bytes, struct log_line *ret_line);

/**
 * log_line_read() - read a line of a file
 * @text: without the newline; needs no NUL
 *
 * The time is "Nov 28 21:33:05" or as in RFC 3339. Return: whether it is a line of Postfix;
 * otherwise @ret_line is undefined.
 */
bool log_line_read(struct log_clock *clock, const char *text, size_t bytes,
		   struct log_line *ret_line);

#endif
