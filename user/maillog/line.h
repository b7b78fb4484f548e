/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of a log line: its time, and the program that wrote it. */
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
	char hour[16];
	int64_t hour_sec;
};

/**
 * log_head_read() - read the head of a line of the system's log
 * @ret_line: gets the time and the message
 * @ret_tag: "postfix/smtpd" of "postfix/smtpd[1201]: "
 *
 * The time is "Nov 28 21:33:05" or as in RFC 3339. Return: whether the line has such a head;
 * otherwise what was to be returned is undefined.
 */
bool log_head_read(struct log_clock *clock, struct scan scan, struct log_line *ret_line,
		   struct span *ret_tag);

/* Read Postfix's tag: "postfix/smtpd". Return: whether it names a service. */
bool log_tag_read(const char *tag, size_t bytes, struct log_line *ret_line);
bool log_tag_is_exim(const struct span *tag);

/* Read the time as Exim has it: "2026-11-28 21:33:05", in local time, with or without ".123" and
 * " +0100" behind it. */
bool log_time_read(struct log_clock *clock, struct scan *scan, int64_t *ret_sec);

#endif
