/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all commands share: exit codes, messages, start and end. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stddef.h>

#define CTL_DEFAULT_SOCKET "/run/ipwl/control.sock"

/* Exit codes of ipwlctl: part of its interface. */
enum ctl_exit {
	CTL_DONE,	 /* done; test: allowed */
	CTL_NEGATIVE,	 /* no, not found, or failed; test: unlisted */
	CTL_USAGE,	 /* wrong command line */
	CTL_UNREACHABLE, /* no answer from the daemon */
	CTL_INVALID,	 /* invalid input or configuration */
	CTL_DENIED,	 /* permission denied */
	CTL_BLOCKED,	 /* test: blocked, or would be blocked */
};

/* Set up standard streams and the character set. */
void ctl_start(void);

/* Flush standard output. Returns @code, or CTL_NEGATIVE if not all was written. */
enum ctl_exit ctl_finish(enum ctl_exit code);

/* Print "ipwlctl: message" on standard error, control characters escaped. */
void ctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print a line that belongs to the error before it, in the same way. */
void ctl_error_detail(const char *text);

/* Print a usage error with a hint at the help of @command (NULL: of ipwlctl);
 * returns CTL_USAGE. */
enum ctl_exit ctl_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
