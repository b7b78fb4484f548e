/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of lists, and the files that hold it. */
#include "exports/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

int export_text(const struct policy *policy, const struct export *export, char *const names[],
		size_t name_count, char **ret_text, size_t *ret_bytes, size_t *ret_count)
{
	const struct list **lists =
	    calloc(name_count + policy->list_count + 1, sizeof(struct list *));
	const struct list **allow_lists;
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
	whole.allow_lists = allow_lists = lists + name_count;
	for (size_t i = 0; i < policy->list_count; i++) {
		if (policy->lists[i].action == ACTION_ALLOW)
			allow_lists[whole.allow_list_count++] = &policy->lists[i];
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

int export_file_write(const char *path, const char *text, size_t bytes, bool *ret_changed,
		      char error[EXPORT_ERROR_BYTES])
{
	int err;

	*ret_changed = false;
	if (is_same(path, text, bytes))
		return 0;
	err = file_replace(path, 0644, text, bytes);
	if (err) {
		snprintf(error, EXPORT_ERROR_BYTES, "%s: %s%s", path, strerror(-err),
			 err == -ENOENT ? " (create the directory and let ipwld write to it)"
			 : err == -EROFS || err == -EACCES
			     ? " (does the unit let ipwld write there? see ipwld.yaml(5))"
			     : "");
		return err;
	}
	*ret_changed = true;
	return 0;
}
