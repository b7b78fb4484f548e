/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going into the background, and telling whoever started us how that went. */
#ifndef DAEMON_BACKGROUND_H
#define DAEMON_BACKGROUND_H

/**
 * background_enter() - go on in a child with a session of its own
 * @ret_fd: in the child: to be given to background_report()
 *
 * The parent does not return: it exits with the status that the child reports,
 * or 1 if the child dies before it does.
 *
 * Return: 0 in the child, or -errno.
 */
int background_enter(int *ret_fd);

/* Let the parent exit with @status and let go of its terminal and directory. Later
 * calls, and @fd -1, do nothing. */
void background_report(int *fd, int status);

#endif
