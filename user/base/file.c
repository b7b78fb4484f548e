/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and replaces regular files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

static int file_read_all(int fd, char *text, size_t count)
{
	while (count) {
		ssize_t bytes = read(fd, text, count);

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes <= 0)
			return bytes ? -errno : -EBADMSG;
		text += bytes;
		count -= (size_t)bytes;
	}
	return 0;
}

static int file_read_open(int fd, char **ret_text, size_t *ret_bytes, int64_t *ret_changed_sec)
{
	struct stat status;
	size_t bytes;
	char *text;
	int err;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	bytes = (size_t)status.st_size;
	text = malloc(bytes + 1);
	if (!text)
		return -ENOMEM;
	err = file_read_all(fd, text, bytes);
	if (err) {
		free(text);
		return err;
	}
	text[bytes] = '\0';
	*ret_text = text;
	*ret_bytes = bytes;
	*ret_changed_sec = status.st_mtim.tv_sec;
	return 0;
}

int file_read_whole(const char *path, char **ret_text, size_t *ret_bytes, int64_t *ret_changed_sec)
{
	/* Without O_NONBLOCK the open of a FIFO waits for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0)
		return -errno;
	err = file_read_open(fd, ret_text, ret_bytes, ret_changed_sec);
	close(fd);
	return err;
}

/* ---- write ---------------------------------------------------------------- */

int file_write_at(int fd, const void *bytes, size_t count, off_t offset)
{
	const char *rest = bytes;

	while (count) {
		ssize_t written = pwrite(fd, rest, count, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		rest += written;
		count -= (size_t)written;
		offset += written;
	}
	return 0;
}

/* Hidden, so that no pattern of a reader finds it. */
static int file_new_path(const char *path, char new_path[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return snprintf(new_path, PATH_MAX, "%.*s.%s.ipwl-new", (int)(name - path), path, name) >=
		       PATH_MAX
		   ? -ENAMETOOLONG
		   : 0;
}

static int file_write_parts(int fd, mode_t mode, const struct file_part *parts, size_t part_count)
{
	off_t offset = 0;
	int err;

	if (fchmod(fd, mode))
		return -errno;
	for (size_t i = 0; i < part_count; i++) {
		err = file_write_at(fd, parts[i].bytes, parts[i].count, offset);
		if (err)
			return err;
		offset += (off_t)parts[i].count;
	}
	/* A crash must not leave an empty file under the name. */
	return fsync(fd) ? -errno : 0;
}

int file_prepare(const char *path, mode_t mode, const struct file_part *parts, size_t part_count)
{
	char new_path[PATH_MAX];
	int err = file_new_path(path, new_path);
	int fd;

	if (err)
		return err;
	if (unlink(new_path) && errno != ENOENT)
		return -errno;
	fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = file_write_parts(fd, mode, parts, part_count);
	if (close(fd) && !err)
		err = -errno;
	if (err)
		unlink(new_path);
	return err;
}

/* So that a rename outlives a power cut. */
static int directory_sync_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd, err;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = fd < 0 || fsync(fd) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	free(directory);
	return err;
}

int file_commit(const char *path)
{
	char new_path[PATH_MAX];
	int err = file_new_path(path, new_path);

	if (err)
		return err;
	return rename(new_path, path) ? -errno : directory_sync_of(path);
}

void file_abandon(const char *path)
{
	char new_path[PATH_MAX];

	if (!file_new_path(path, new_path))
		unlink(new_path);
}

int file_replace(const char *path, mode_t mode, const void *bytes, size_t count)
{
	const struct file_part part = { bytes, count };
	int err = file_prepare(path, mode, &part, 1);

	if (err)
		return err;
	err = file_commit(path);
	if (err)
		file_abandon(path);
	return err;
}

/* ---- directories ---------------------------------------------------------- */

int directory_make(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	struct stat status;
	char *slash;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	for (slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (!mkdir(part, mode))
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(part, &status))
		return -errno;
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

int directory_make_inside(const char *path, mode_t mode)
{
	struct stat status;
	int err = directory_make(path, mode);

	if (err)
		return err;
	if (lstat(path, &status))
		return -errno;
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}
