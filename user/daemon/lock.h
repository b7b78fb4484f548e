/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories, and the lock that keeps a second ipwld away. */
#ifndef DAEMON_LOCK_H
#define DAEMON_LOCK_H

#include <stddef.h>
#include <sys/types.h>

#define FILES_ERROR_BYTES 512

/* Make a directory and those above it, if missing. Return: 0 or -errno. */
int directory_make(const char *path, mode_t mode);

/**
 * lock_take() - be the only ipwld of a runtime directory
 * @runtime_dir: made if missing
 * @ret_fd: to be kept open; closing it, also by dying, gives the lock back
 *
 * Return: 0; -EWOULDBLOCK: another one runs, @error names its pid; -errno.
 */
int lock_take(const char *runtime_dir, int *ret_fd, char error[FILES_ERROR_BYTES]);

#endif
