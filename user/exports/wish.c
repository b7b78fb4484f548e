/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests the reload of a service with a file that a path unit of systemd waits for, so ipwld
 * needs no right to reload services. */
#include "exports/wish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static int wish_make_file(const char *directory, const char *service)
{
	int err = directory_make_inside(directory, 0755);
	int directory_fd, fd;

	if (err)
		return err;
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory_fd < 0)
		return -errno;
	fd = openat(directory_fd, service, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	err = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	close(directory_fd);
	return err;
}

int wish_make(const char *runtime_dir, const char *service, char error[EXPORT_ERROR_BYTES])
{
	char directory[PATH_MAX];
	int err = -ENAMETOOLONG;

	if (snprintf(directory, sizeof(directory), "%s/after", runtime_dir) <
	    (int)sizeof(directory))
		err = wish_make_file(directory, service);
	if (err == -EEXIST)
		snprintf(error, EXPORT_ERROR_BYTES,
			 "%s/%s: nobody has acted on this request: systemctl enable --now "
			 "ipwl-after@%s.path",
			 directory, service, service);
	else if (err)
		snprintf(error, EXPORT_ERROR_BYTES, "%s/%s: %s", directory, service,
			 strerror(-err));
	return err;
}
