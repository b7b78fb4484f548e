/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes the stored copies of feeds. A copy is replaced completely or not at all. */
#include "feeds/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/number.h"

#define MAGIC "ipwl-feed 1"
/* Room for all lines before the bytes: a URL of 2 KiB, two header values, numbers. */
#define HEAD_BYTES_MAX 8192

static const char *const suffixes[COPY_KIND_COUNT] = {
	[COPY_IN_FORCE] = "copy",
	[COPY_HELD] = "held",
	[COPY_GONE] = "gone",
};

void feed_copy_done(struct feed_copy *copy)
{
	free(copy->url);
	free(copy->etag);
	free(copy->last_modified);
	free(copy->shared);
	free(copy->bytes);
	*copy = (struct feed_copy) { 0 };
}

uint32_t feed_copy_checksum(const char *bytes, size_t byte_count)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)bytes, byte_count);
}

char *feed_copy_directory(const char *state_dir, enum feed_kind kind)
{
	char *directory;

	return asprintf(&directory, "%s/%s", state_dir, feed_kinds[kind].plural) < 0 ? NULL
										     : directory;
}

/* The path of a copy; to be freed. */
static char *path_of(const char *directory, const char *name, enum copy_kind kind)
{
	char *path;

	return asprintf(&path, "%s/%s.%s", directory, name, suffixes[kind]) < 0 ? NULL : path;
}

/* ---- read --------------------------------------------------------------- */

/* Read the line "KEY VALUE" at *@text, and move past it. NULL: it is another line. */
static char *take_line(char **text, const char *key)
{
	const size_t key_bytes = strlen(key);
	char *end = strchr(*text, '\n');
	char *value = *text + key_bytes + 1;

	if (!end || strncmp(*text, key, key_bytes) != 0 || (*text)[key_bytes] != ' ')
		return NULL;
	*end = '\0';
	*text = end + 1;
	return value;
}

static int take_number(char **text, const char *key, int64_t *ret_number)
{
	const char *value = take_line(text, key);

	return value && number_parse(value, 0, INT64_MAX, ret_number) ? 0 : -EBADMSG;
}

/* Read a text of the head. An empty text becomes NULL. */
static int take_text(char **text, const char *key, char **ret_value)
{
	const char *value = take_line(text, key);

	if (!value)
		return -EBADMSG;
	*ret_value = *value ? strdup(value) : NULL;
	return *value && !*ret_value ? -ENOMEM : 0;
}

/* Check that the checksum in the first lines matches everything after it. */
static int check_whole(char **text, size_t bytes)
{
	const char *start = *text;
	const char *value;
	int64_t checksum;

	if (bytes < sizeof(MAGIC) || strncmp(*text, MAGIC "\n", sizeof(MAGIC)) != 0)
		return -EBADMSG;
	*text += sizeof(MAGIC);
	value = take_line(text, "checksum");
	if (!value || !number_parse_hex(value, 0, UINT32_MAX, &checksum))
		return -EBADMSG;
	bytes -= (size_t)(*text - start);
	return checksum == feed_copy_checksum(*text, bytes) ? 0 : -EBADMSG;
}

/* Read the line "cut reserved own". Copies from which nothing was removed have no such line. */
static int take_cut(char **text, unsigned int *ret_spaces)
{
	char *rest = take_line(text, "cut"), *word;

	while (rest && (word = strsep(&rest, " "))) {
		unsigned int spaces = 0;

		for (unsigned int space = 0; space < FEED_SPACE_COUNT; space++)
			if (!strcmp(word, feed_space_names[space]))
				spaces = 1U << space;
		if (!spaces)
			return -EBADMSG;
		*ret_spaces |= spaces;
	}
	return 0;
}

static int parse(char *text, size_t bytes, struct feed_copy *copy)
{
	const char *end = text + bytes;
	int64_t fetched_at_sec = 0, byte_count = 0;
	int err = check_whole(&text, bytes);

	if (!err)
		err = take_text(&text, "url", &copy->url);
	if (!err)
		err = take_text(&text, "etag", &copy->etag);
	if (!err)
		err = take_text(&text, "last-modified", &copy->last_modified);
	if (!err)
		err = take_number(&text, "fetched", &fetched_at_sec);
	if (!err)
		err = take_cut(&text, &copy->cut_spaces);
	if (!err && !strncmp(text, "shared ", strlen("shared ")))
		err = take_text(&text, "shared", &copy->shared);
	if (!err)
		err = take_number(&text, "bytes", &byte_count);
	if (!err && (!copy->url || byte_count != end - text))
		err = -EBADMSG;
	if (err)
		return err;
	copy->byte_count = (size_t)byte_count;
	copy->bytes = malloc(copy->byte_count + 1);
	if (!copy->bytes)
		return -ENOMEM;
	memcpy(copy->bytes, text, copy->byte_count + 1);
	copy->fetched_at_sec = fetched_at_sec;
	copy->checksum = feed_copy_checksum(copy->bytes, copy->byte_count);
	return 0;
}

static int read_copy(const char *path, struct feed_copy *copy)
{
	size_t bytes;
	char *text;
	int err = file_read_whole(path, &text, &bytes, &copy->checked_at_sec);

	if (err)
		return err;
	err = parse(text, bytes, copy);
	free(text);
	return err;
}

int feed_copy_read(const char *directory, const char *name, enum copy_kind kind,
		   struct feed_copy *ret_copy, char error[FEED_COPY_ERROR_BYTES])
{
	char *path = path_of(directory, name, kind);
	struct feed_copy copy = { 0 };
	int err = path ? read_copy(path, &copy) : -ENOMEM;

	if (!err)
		*ret_copy = copy;
	else
		feed_copy_done(&copy);
	if (err && err != -ENOENT)
		snprintf(error, FEED_COPY_ERROR_BYTES, "%s: %s", path ? path : name,
			 err == -EBADMSG ? "it is damaged" : strerror(-err));
	free(path);
	return err;
}

/* ---- write -------------------------------------------------------------- */

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

/* Write that line, or an empty text. Returns @text. */
static const char *cut_line(unsigned int spaces, char text[64])
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int space = 0; space < FEED_SPACE_COUNT; space++)
		if (spaces & 1U << space)
			used += (size_t)snprintf(text + used, 64 - used, "%s %s", used ? "" : "cut",
						 feed_space_names[space]);
	if (used)
		snprintf(text + used, 64 - used, "\n");
	return text;
}

static int write_copy(const char *path, const struct feed_copy *copy)
{
	char head[HEAD_BYTES_MAX];
	char start[64], cut[64];
	struct file_part parts[] = { { start, 0 }, { head, 0 }, { copy->bytes, copy->byte_count } };
	uLong checksum;
	int bytes = snprintf(
	    head, sizeof(head),
	    "url %s\netag %s\nlast-modified %s\nfetched %" PRId64 "\n%s%s%s%sbytes %zu\n",
	    copy->url, or_nothing(copy->etag), or_nothing(copy->last_modified),
	    copy->fetched_at_sec, cut_line(copy->cut_spaces, cut), copy->shared ? "shared " : "",
	    or_nothing(copy->shared), copy->shared ? "\n" : "", copy->byte_count);

	if (bytes >= (int)sizeof(head))
		return -EMSGSIZE;
	checksum = crc32_z(0, (const unsigned char *)head, (size_t)bytes);
	checksum = crc32_z(checksum, (const unsigned char *)copy->bytes, copy->byte_count);
	parts[0].count =
	    (size_t)snprintf(start, sizeof(start), MAGIC "\nchecksum %08lx\n", checksum);
	parts[1].count = (size_t)bytes;
	return file_prepare(path, 0600, parts, sizeof(parts) / sizeof(*parts));
}

int feed_copy_prepare(const char *directory, const char *name, enum copy_kind kind,
		      const struct feed_copy *copy, char error[FEED_COPY_ERROR_BYTES])
{
	char *path = path_of(directory, name, kind);
	int err = path ? directory_make_inside(directory, 0700) : -ENOMEM;

	if (!err)
		err = write_copy(path, copy);
	if (err)
		snprintf(error, FEED_COPY_ERROR_BYTES, "%s: %s", path ? path : name,
			 strerror(-err));
	free(path);
	return err;
}

int feed_copy_commit(const char *directory, const char *name, enum copy_kind kind)
{
	char *path = path_of(directory, name, kind);
	int err = path ? file_commit(path) : -ENOMEM;

	free(path);
	return err;
}

void feed_copy_abandon(const char *directory, const char *name, enum copy_kind kind)
{
	char *path = path_of(directory, name, kind);

	if (path)
		file_abandon(path);
	free(path);
}

int feed_copy_remove(const char *directory, const char *name, enum copy_kind kind)
{
	char *path = path_of(directory, name, kind);
	int err = !path ? -ENOMEM : unlink(path) && errno != ENOENT ? -errno : 0;

	free(path);
	return err;
}

int feed_copy_touch(const char *directory, const char *name, enum copy_kind kind)
{
	char *path = path_of(directory, name, kind);
	int err = !path							 ? -ENOMEM
		  : utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) ? -errno
									 : 0;

	free(path);
	return err;
}
