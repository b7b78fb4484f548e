/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lock that keeps a second ipwld away. */
#include "daemon/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

static void describe_holder(int fd, const char *path, char error[FILES_ERROR_BYTES])
{
	char pid[32] = "";
	ssize_t bytes = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[bytes > 0 ? bytes : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	snprintf(error, FILES_ERROR_BYTES, "another ipwld runs already, with pid %s (it holds %s)",
		 *pid ? pid : "unknown", path);
}

/* Return: a descriptor that holds the lock, or -errno. */
static int open_locked(const char *path, char error[FILES_ERROR_BYTES])
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	int err;

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	err = -errno;
	if (err == -EWOULDBLOCK)
		describe_holder(fd, path, error);
	else
		snprintf(error, FILES_ERROR_BYTES, "%s: %s", path, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

int lock_take(const char *runtime_dir, int *ret_fd, char error[FILES_ERROR_BYTES])
{
	int err = directory_make(runtime_dir, 0755);
	char *path;
	int fd;

	if (err) {
		snprintf(error, FILES_ERROR_BYTES, "%s: %s", runtime_dir, strerror(-err));
		return err;
	}
	if (asprintf(&path, "%s/ipwld.lock", runtime_dir) < 0)
		return -ENOMEM;
	fd = open_locked(path, error);
	free(path);
	if (fd < 0)
		return fd;
	/* Only for the eyes of whoever meets the lock: it holds without. */
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0)
		errno = 0;
	*ret_fd = fd;
	return 0;
}
