/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any bytes after a valid checksum as a stored copy of a feed. A copy that can be read
 * can be written, and is then read the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feeds/copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static int is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static char directory[] = "/tmp/ipwl-fuzz-XXXXXX";

static void write_again(const struct feed_copy *copy)
{
	char error[FEED_COPY_ERROR_BYTES];
	struct feed_copy again;

	/* Its texts are bounded, and have no newline because of the way in which they are read. */
	if (feed_copy_prepare(directory, "b", COPY_HELD, copy, error))
		return;
	require(!feed_copy_commit(directory, "b", COPY_HELD));
	require(!feed_copy_read(directory, "b", COPY_HELD, &again, error));
	require(is_same(copy->url, again.url) && is_same(copy->etag, again.etag) &&
		is_same(copy->last_modified, again.last_modified) &&
		is_same(copy->shared, again.shared) && copy->cut_spaces == again.cut_spaces);
	require(copy->fetched_at_sec == again.fetched_at_sec);
	require(copy->byte_count == again.byte_count && copy->checksum == again.checksum);
	require(!memcmp(copy->bytes, again.bytes, copy->byte_count));
	feed_copy_done(&again);
}

static void clean_up(void)
{
	static const char *const names[] = { "a.copy", "b.held", ".b.held.ipwl-new" };
	char path[sizeof(directory) + 20];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[sizeof(directory) + 20];
	char error[FEED_COPY_ERROR_BYTES];
	struct feed_copy copy;
	FILE *file;

	if (!*path) {
		require(mkdtemp(directory) && !atexit(clean_up));
		snprintf(path, sizeof(path), "%s/a.copy", directory);
	}
	file = fopen(path, "w");
	require(file != NULL);
	fprintf(file, "ipwl-feed 1\nchecksum %08x\n", feed_copy_checksum((const char *)data, size));
	require(fwrite(data, 1, size, file) == size);
	require(!fclose(file));
	if (!feed_copy_read(directory, "a", COPY_IN_FORCE, &copy, error)) {
		require(copy.url && copy.byte_count <= size);
		write_again(&copy);
		feed_copy_done(&copy);
	}
	return 0;
}
