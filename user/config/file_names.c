/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expands the patterns of a list's `files` to names. Opens no file. */
#include "config/file_names.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char wildcards[] = "*?[";

/* glob() passes no context to its error function. */
static _Thread_local int glob_errno;

/* A missing directory holds no files. A directory that cannot be read may hold an allow list,
 * which must not silently become empty. */
static int glob_failed(const char *path, int error)
{
	(void)path;
	if (error == ENOENT || error == ENOTDIR)
		return 0;
	glob_errno = error;
	return 1;
}

/* Copy @bytes of a path, with a backslash before each wildcard if @escape. */
static char *append_path(char *end, const char *path, size_t bytes, bool escape)
{
	for (size_t i = 0; i < bytes; i++) {
		if (escape && (path[i] == '\\' || strchr(wildcards, path[i])))
			*end++ = '\\';
		*end++ = path[i];
	}
	*end = '\0';
	return end;
}

/* Resolve a pattern (or a path, without @is_pattern) relative to the configuration's directory.
 * The caller frees it. NULL: out of memory. */
static char *resolve(const char *config_path, const char *pattern, bool is_pattern)
{
	const char *slash = strrchr(config_path, '/');
	size_t directory_bytes = slash ? (size_t)(slash - config_path) + 1 : 0;
	char *path;

	if (pattern[0] == '/')
		return strdup(pattern);
	path = malloc(2 * directory_bytes + strlen(pattern) + 1);
	if (path)
		append_path(append_path(path, config_path, directory_bytes, is_pattern), pattern,
			    strlen(pattern), false);
	return path;
}

static int add_name(struct file_names *names, const char *name, size_t compare_count)
{
	char **items;

	for (size_t i = 0; i < compare_count; i++) {
		if (!strcmp(names->items[i], name))
			return 0;
	}
	items = reallocarray(names->items, names->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	names->items = items;
	items[names->count] = strdup(name);
	return items[names->count++] ? 0 : -ENOMEM;
}

static int add_path(struct file_names *names, struct document *document, const yaml_node_t *node,
		    const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0)
		return add_name(names, path, names->count);
	document_error(document, node, "%s: %s", path, strerror(errno));
	return 0;
}

/* Warn of a pattern that matches nothing although its directory has files: their names may have
 * another ending. An empty directory is as a new installation has it. */
static void warn_of_no_match(const struct document *document, const yaml_node_t *node,
			     const char *pattern)
{
	const char *slash = strrchr(pattern, '/');
	const int directory_bytes = slash ? (int)(slash - pattern) : 0;
	const struct place place = document_place(document, node);
	char others[PATH_MAX];
	glob_t matches = { 0 };

	snprintf(others, sizeof(others), "%.*s%s*", directory_bytes, pattern, slash ? "/" : "");
	if (glob(others, GLOB_MARK, NULL, &matches)) {
		globfree(&matches);
		return;
	}
	for (size_t i = 0; i < matches.gl_pathc; i++) {
		const char *name = matches.gl_pathv[i];

		if (name[strlen(name) - 1] == '/')
			continue;
		diagnostics_add(document->diagnostics, SEVERITY_WARNING, place.file, place.line,
				place.column,
				"%s matches no file, but %s is there: rename it, or change the "
				"pattern",
				pattern, name);
		break;
	}
	globfree(&matches);
}

static int add_matches(struct file_names *names, struct document *document, const yaml_node_t *node,
		       const char *pattern)
{
	size_t count_before = names->count; /* matches of one pattern are distinct */
	glob_t matches = { 0 };
	int err = 0;

	switch (glob(pattern, 0, glob_failed, &matches)) {
	case 0:
		for (size_t i = 0; i < matches.gl_pathc && !err; i++)
			err = add_name(names, matches.gl_pathv[i], count_before);
		break;
	case GLOB_NOMATCH:
		warn_of_no_match(document, node, pattern);
		break;
	case GLOB_ABORTED:
		document_error(document, node, "%s: cannot read a directory: %s", pattern,
			       strerror(glob_errno));
		break;
	default:
		err = -ENOMEM;
	}
	globfree(&matches);
	return err;
}

int file_names_add(struct file_names *names, struct document *document, const yaml_node_t *pattern)
{
	const char *text = document_text(document, pattern, "a list file");
	bool is_pattern;
	char *path;
	int err;

	if (!text)
		return 0;
	if (text[0] == '\0') {
		document_error(document, pattern, "a list file without a name: write its path");
		return 0;
	}
	is_pattern = strpbrk(text, wildcards);
	path = resolve(document->path, text, is_pattern);
	if (!path)
		return -ENOMEM;
	err = is_pattern ? add_matches(names, document, pattern, path)
			 : add_path(names, document, pattern, path);
	free(path);
	return err;
}

void file_names_done(struct file_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct file_names) { 0 };
}
