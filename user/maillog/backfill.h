/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a log once, from begin to end. */
#ifndef MAILLOG_BACKFILL_H
#define MAILLOG_BACKFILL_H

/* Read a log, plain or compressed with gzip, and write evidence and the line `read`. An error is
 * reported to standard error. Return: 0 or -errno. */
int backfill(int log_fd, int output_fd);

#endif
