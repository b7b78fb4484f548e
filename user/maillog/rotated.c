/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the files into which logrotate(8) and the like put a log. */
#include "maillog/rotated.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"

/* Far more than anybody keeps. */
#define FILES_MAX 10000

struct rotated_file {
	char *path;
	struct timespec changed;
	int64_t number; /* N of NAME.N; 0: it has a date */
};

/* Whether this follows the name of the log: ".1", "-20261128", "-20261128-1700", ".1.gz". */
static bool is_suffix(const char *text)
{
	size_t bytes;

	if (*text != '.' && *text != '-')
		return false;
	bytes = strspn(text + 1, "0123456789-.");
	return bytes && text[1] >= '0' && text[1] <= '9' &&
	       (!text[1 + bytes] || !strcmp(text + 1 + bytes, "gz"));
}

static int compare_files(const void *a, const void *b)
{
	const struct rotated_file *one = a, *other = b;

	if (one->changed.tv_sec != other->changed.tv_sec)
		return one->changed.tv_sec < other->changed.tv_sec ? -1 : 1;
	if (one->changed.tv_nsec != other->changed.tv_nsec)
		return one->changed.tv_nsec < other->changed.tv_nsec ? -1 : 1;
	if (one->number != other->number)
		return one->number > other->number ? -1 : 1;
	/* NAME.1 comes before NAME.1.gz, which may be incomplete as long as both exist. */
	return strcmp(one->path, other->path);
}

static int add_file(const char *directory, const char *name, const char *suffix,
		    struct rotated_file **files, size_t *count)
{
	struct rotated_file file = { 0 }, *more;
	struct stat status;

	if (asprintf(&file.path, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	if (*count == FILES_MAX || stat(file.path, &status) || !S_ISREG(status.st_mode)) {
		free(file.path);
		return 0;
	}
	file.changed = status.st_mtim;
	if (*suffix == '.')
		number_scan(suffix + 1, strlen(suffix + 1), &file.number);
	more = reallocarray(*files, *count + 1, sizeof(*more));
	if (!more) {
		free(file.path);
		return -ENOMEM;
	}
	*files = more;
	more[(*count)++] = file;
	return 0;
}

/* Return: 0 or -ENOMEM, with the files that were found before. */
static int read_directory(const char *path, struct rotated_file **files, size_t *count)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *directory = strndup(slash ? path : ".", slash ? (size_t)(slash - path) : 1);
	DIR *stream = directory ? opendir(*directory ? directory : "/") : NULL;
	const struct dirent *item;
	int err = directory ? 0 : -ENOMEM;

	while (!err && stream && (item = readdir(stream)) != NULL) {
		if (!strncmp(item->d_name, name, strlen(name)) &&
		    is_suffix(item->d_name + strlen(name)))
			err = add_file(directory, item->d_name, item->d_name + strlen(name), files,
				       count);
	}
	if (stream)
		closedir(stream);
	free(directory);
	return err;
}

int rotated_find(const char *path, struct rotated *ret_rotated)
{
	struct rotated_file *files = NULL;
	struct rotated rotated = { 0 };
	int err = read_directory(path, &files, &rotated.count);

	if (!err && rotated.count) {
		qsort(files, rotated.count, sizeof(*files), compare_files);
		rotated.paths = calloc(rotated.count, sizeof(*rotated.paths));
		err = rotated.paths ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < rotated.count; i++) {
		if (err)
			free(files[i].path);
		else
			rotated.paths[i] = files[i].path;
	}
	free(files);
	if (!err)
		*ret_rotated = rotated;
	return err;
}

void rotated_done(struct rotated *rotated)
{
	for (size_t i = 0; i < rotated->count; i++)
		free(rotated->paths[i]);
	free(rotated->paths);
	*rotated = (struct rotated) { 0 };
}
