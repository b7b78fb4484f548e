/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of lists, and the files that hold it. */
#include "exports/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int export_text(const struct policy *policy, const struct export *export, char *const names[],
		size_t name_count, char **ret_text, size_t *ret_bytes, size_t *ret_count)
{
	const struct list **lists = calloc(name_count + 1, sizeof(struct list *));
	struct export whole = *export;
	char *text = NULL;
	FILE *stream;
	int err;

	if (!lists)
		return -ENOMEM;
	whole.lists = lists;
	for (size_t i = 0; i < name_count; i++) {
		const struct list *list = policy_find_list(policy, names[i]);

		if (list)
			lists[whole.list_count++] = list;
	}
	stream = open_memstream(&text, ret_bytes);
	err = stream ? export_write(&whole, stream, ret_count) : -ENOMEM;
	if (stream && fclose(stream))
		err = -ENOMEM;
	free(lists);
	if (err)
		free(text);
	else
		*ret_text = text;
	return err;
}

/* Whether the file at @path holds exactly that. */
static bool is_same(const char *path, const char *text, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	char buffer[65536];
	size_t done = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && (size_t)status.st_size == bytes) {
		while (done < bytes && (got = read(fd, buffer, sizeof(buffer))) > 0) {
			if ((size_t)got > bytes - done || memcmp(buffer, text + done, (size_t)got))
				break;
			done += (size_t)got;
		}
	} else {
		done = SIZE_MAX;
	}
	close(fd);
	return done == bytes;
}

static int write_all(int fd, const char *text, size_t bytes)
{
	while (bytes) {
		ssize_t written = write(fd, text, bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		bytes -= (size_t)written;
	}
	return 0;
}

static int write_new(const char *path, const char *text, size_t bytes)
{
	int err = 0;
	int fd;

	unlink(path); /* of an earlier attempt that was cut short */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	/* Whatever our umask: it is for others to read. */
	if (fchmod(fd, 0644))
		err = -errno;
	if (!err)
		err = write_all(fd, text, bytes);
	/* A crash must not leave an empty file under the name. */
	if (!err && fdatasync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int export_file_write(const char *path, const char *text, size_t bytes, bool *ret_changed,
		      char error[EXPORT_ERROR_BYTES])
{
	const char *name = strrchr(path, '/') + 1;
	char new_path[PATH_MAX];
	int err;

	*ret_changed = false;
	if (is_same(path, text, bytes))
		return 0;
	/* Hidden, so that no pattern of a reader finds it. */
	snprintf(new_path, sizeof(new_path), "%.*s.%s.ipwl-new", (int)(name - path), path, name);
	err = write_new(new_path, text, bytes);
	if (!err && rename(new_path, path))
		err = -errno;
	if (err) {
		unlink(new_path);
		snprintf(error, EXPORT_ERROR_BYTES, "%s: %s%s", path, strerror(-err),
			 err == -ENOENT
			     ? " (make the directory, and see that ipwld may write there)"
			 : err == -EROFS || err == -EACCES
			     ? " (does the unit let ipwld write there? see ipwld.yaml(5))"
			     : "");
		return err;
	}
	*ret_changed = true;
	return 0;
}
