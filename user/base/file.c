/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens and reads regular files; what goes wrong becomes a diagnostic. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_open(const char *path, struct diagnostics *diagnostics, int *ret_fd)
{
	/* Without O_NONBLOCK the open of a FIFO waits for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, "cannot be opened: %s",
				strerror(errno));
		return -EINVAL;
	}
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0,
				"not a regular file: name a file, or a pattern such as DIR/*.list");
		close(fd);
		return -EINVAL;
	}
	*ret_fd = fd;
	return 0;
}

ssize_t file_read(int fd, const char *path, char *buffer, size_t size,
		  struct diagnostics *diagnostics)
{
	ssize_t bytes;

	do
		bytes = read(fd, buffer, size);
	while (bytes < 0 && errno == EINTR);
	if (bytes < 0) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, "cannot be read: %s",
				strerror(errno));
		return -EINVAL;
	}
	return bytes;
}
