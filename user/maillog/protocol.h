/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between ipwld and ipwl-maillog. The request consists of lines with a key, a blank
 * and a value. It has `server` ("postfix", "exim", "opensmtpd"), `file` (a path) or `journal` (a
 *directory, or
 * "-" for that of the system) and, if the log was read before, `position`.
 *
 * The reader writes lines until ipwld closes its end. If ipwld does not read them, it waits.
 *
 *	evidence	see learn/evidence_line.h
 *	position TEXT	all evidence above is of the log before this place
 *	read LINES TIME	lines of the mail server so far, and the Unix time of the last one
 *	problem TEXT	the log cannot be read now
 *	working		it can be read
 *
 * A place in a file is known by what the file contains, so the reader finds it again after the
 * file has been renamed, copied or compressed. At the start it reads the lines before the place
 * without making evidence of them, to know the messages in the queue.
 *
 * ipwld starts the reader itself. If MAILLOG_SOCKET_VARIABLE names a socket, it connects there
 * instead and sends one byte with the two files as SCM_RIGHTS, in the order of their numbers.
 *
 * With -b, the reader reads a log from standard input, plain or compressed with gzip, and writes
 * evidence to standard output. The line `read` comes last, and shows that nothing is missing.
 *
 * Strangers write into logs, so ipwld trusts the reader no more than them.
 */
#ifndef MAILLOG_PROTOCOL_H
#define MAILLOG_PROTOCOL_H

#define MAILLOG_REQUEST_FD 0 /* a file */
#define MAILLOG_OUTPUT_FD 1  /* a pipe */
#define MAILLOG_FILE_COUNT 2
/* The connection, if there is one. The reader ends when it is closed. */
#define MAILLOG_CONNECTION_FD 3

#define MAILLOG_SOCKET_VARIABLE "IPWL_MAILLOG_SOCKET"

#define MAILLOG_REQUEST_BYTES_MAX 8192
/* Longest position, without the NUL. */
#define MAILLOG_POSITION_MAX 1023

#define MAILLOG_POSITION "position "
#define MAILLOG_READ "read "
#define MAILLOG_PROBLEM "problem "
#define MAILLOG_WORKING "working"

/* If the reader starts as root, it becomes this user. */
#define MAILLOG_USER "ipwl-maillog"

#endif
