/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs ipwl-maillog and notes the evidence that it finds in the mail server's log. The reader
 * waits if the worker is slow, so memory is bounded. Evidence and the place in the log are noted
 * in one transaction, so nothing is noted twice or lost if the reader or ipwld is killed.
 */
#ifndef RUNTIME_MAILLOG_H
#define RUNTIME_MAILLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "config/learn.h"

#define MAILLOG_PROBLEM_BYTES 512

struct maillog;
struct runtime;

/* Return: 0 or -ENOMEM. It starts the reader if the configuration has a log. */
int maillog_open(struct runtime *runtime, struct maillog **ret_maillog);
/* After the worker has stopped. NULL is fine. */
void maillog_close(struct maillog *maillog);

/* Read the log that the settings name, or none. */
void maillog_configure(struct maillog *maillog, const struct learn_settings *settings);

struct maillog_status {
	const char *server;    /* "postfix" */
	const char *source;    /* "file /var/log/mail.log"; NULL: no log is read */
	const char *problem;   /* NULL: none */
	uint64_t lines;	       /* of the mail server, since ipwld started */
	int64_t last_line_sec; /* the time in the last one; 0: none since ipwld started */
	uint64_t starts;       /* of the reader */
	bool is_silent;	       /* no line for a day */
};

/* The strings are valid until the loop runs again. */
void maillog_get_status(const struct maillog *maillog, struct maillog_status *ret_status);

#endif
