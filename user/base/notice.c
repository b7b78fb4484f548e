/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is locked by whoever writes it, so that a crash leaves nothing that counts. */
#include "base/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTICE_MODE 0644

static int notice_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) || fchmod(fd, NOTICE_MODE) || ftruncate(fd, 0) ? -errno
											   : 0;
}

int notice_open(const char *directory, const char *name, struct notice *ret_notice)
{
	struct notice notice = NOTICE_NONE;
	int err;

	if (asprintf(&notice.path, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	notice.fd = open(notice.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, NOTICE_MODE);
	err = notice.fd < 0 ? -errno : notice_lock(notice.fd);
	if (err) {
		if (notice.fd >= 0)
			close(notice.fd);
		free(notice.path);
		return err;
	}
	*ret_notice = notice;
	return 0;
}

void notice_write(const struct notice *notice, const char *text)
{
	const size_t bytes = strnlen(text, NOTICE_BYTES - 1);

	if (notice->fd >= 0 && pwrite(notice->fd, text, bytes, 0) == (ssize_t)bytes &&
	    ftruncate(notice->fd, (off_t)bytes))
		errno = 0;
}

void notice_close(struct notice *notice)
{
	if (notice->fd < 0)
		return;
	unlink(notice->path);
	close(notice->fd);
	free(notice->path);
	*notice = NOTICE_NONE;
}

bool notice_read(const char *directory, const char *name, char text[NOTICE_BYTES])
{
	char path[PATH_MAX];
	ssize_t bytes = 0;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		bytes = read(fd, text, NOTICE_BYTES - 1);
	close(fd);
	text[bytes > 0 ? bytes : 0] = '\0';
	return bytes > 0;
}
