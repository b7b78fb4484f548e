/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lock that keeps a second ipwld away. */
#ifndef DAEMON_LOCK_H
#define DAEMON_LOCK_H

#define FILES_ERROR_BYTES 512

/**
 * lock_take() - be the only ipwld of a runtime directory
 * @runtime_dir: made if missing
 * @ret_fd: to be kept open; closing it, also by dying, gives the lock back
 *
 * Return: 0; -EWOULDBLOCK: another one runs, @error names its pid; -errno.
 */
int lock_take(const char *runtime_dir, int *ret_fd, char error[FILES_ERROR_BYTES]);

#endif
