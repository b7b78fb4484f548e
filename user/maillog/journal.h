/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the mail server's lines from the journal of systemd. */
#ifndef MAILLOG_JOURNAL_H
#define MAILLOG_JOURNAL_H

#include "maillog/mail_log.h"
#include "maillog/output.h"

/* The system calls of libsystemd, for struct confinement. */
extern const char *const journal_calls[];

/**
 * follow_journal() - make evidence of all entries, and of those that are added
 * @directory: NULL: the system's journal
 * @position: where to go on, from output_position(); NULL: a month ago
 *
 * Returns when nobody reads the output any more.
 */
void follow_journal(const char *directory, const char *position, struct mail_log *log,
		    struct output *output);

#endif
