/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves to the background, and reports the outcome to the process that started us. */
#ifndef DAEMON_BACKGROUND_H
#define DAEMON_BACKGROUND_H

/**
 * background_enter() - continue in a child with a session of its own
 * @ret_fd: in the child: to be passed to background_report()
 *
 * The parent does not return. It exits with the status that the child reports, or with 1 if the
 * child ends before that.
 *
 * Return: 0 in the child, or -errno.
 */
int background_enter(int *ret_fd);

/* Let the parent exit with @status, and release its terminal and directory. Later calls, and
 * calls with *@fd -1, do nothing. */
void background_report(int *fd, int status);

#endif
