/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads files of the log. A plain one may still grow. */
#include "maillog/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char gzip_magic[2] = { 0x1f, 0x8b };

int log_file_open(const char *path, struct log_file *ret_file)
{
	/* Opening a FIFO must not wait. */
	struct log_file file = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	unsigned char magic[sizeof(gzip_magic)];
	struct stat status;

	if (file.fd < 0)
		return -errno;
	if (fstat(file.fd, &status) || !S_ISREG(status.st_mode)) {
		close(file.fd);
		return -EINVAL;
	}
	if (pread(file.fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	    !memcmp(magic, gzip_magic, sizeof(magic))) {
		file.gz = gzdopen(file.fd, "r");
		if (!file.gz) {
			close(file.fd);
			return -ENOMEM;
		}
	}
	*ret_file = file;
	return 0;
}

void log_file_close(struct log_file *file)
{
	if (file->gz)
		gzclose_r(file->gz);
	else if (file->fd >= 0)
		close(file->fd);
	*file = (struct log_file) { .fd = -1 };
}

static ssize_t read_gzip(struct log_file *file, int64_t offset, char *buffer, size_t size)
{
	int bytes;

	if (gzseek(file->gz, (z_off_t)offset, SEEK_SET) < 0)
		return -EIO;
	bytes = gzread(file->gz, buffer, (unsigned int)size);
	return bytes < 0 ? -EIO : bytes;
}

ssize_t log_file_read_at(struct log_file *file, int64_t offset, char *buffer, size_t size)
{
	size_t done = 0;

	if (file->gz)
		return read_gzip(file, offset, buffer, size);
	while (done < size) {
		const ssize_t bytes =
		    pread(file->fd, buffer + done, size - done, (off_t)offset + (off_t)done);

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes < 0)
			return -errno;
		if (!bytes)
			break;
		done += (size_t)bytes;
	}
	return (ssize_t)done;
}
