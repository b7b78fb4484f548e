/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any bytes as a list file. The result can be written again, and no reason breaks JSON.
 * The first byte chooses the action. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "config/list_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_entry(const struct entry *entry, enum action action)
{
	char text[PREFIX_TEXT_BYTES];
	struct prefix again;

	prefix_format(&entry->prefix, text);
	require(prefix_parse(text, strlen(text), &again, NULL) == PREFIX_OK);
	require(prefix_compare(&again, &entry->prefix) == 0);
	require(action == ACTION_ALLOW || entry->is_exclusion || entry->prefix.len > 0);
	require(entry->line > 0);
	for (const char *c = entry->reason; c && *c != '\0';) {
		size_t bytes = utf8_char_bytes(c, strlen(c));

		require(bytes > 0 && (bytes > 1 || *c >= ' '));
		c += bytes;
	}
}

static void check_diagnostics(const struct diagnostics *diagnostics, int result)
{
	char text[8192];

	require(result == (diagnostics->error_count ? -EINVAL : 0));
	for (size_t i = 0; i < diagnostics->count; i++) {
		diagnostic_format(&diagnostics->items[i], text, sizeof(text));
		require(strchr(text, '\n') == NULL);
		/* Without a line it is about the whole file. */
		require(diagnostics->items[i].line > 0 || diagnostics->items[i].column == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum action action = size > 0 && data[0] % 2 ? ACTION_BLOCK : ACTION_ALLOW;
	int fd = memfd_create("list", MFD_CLOEXEC);
	struct entry_set *set = entry_set_new();
	struct diagnostics diagnostics;
	struct format_input options = { .format = FORMAT_PLAIN,
					.action = action,
					.source = SOURCE_FILE,
					.set = set,
					.diagnostics = &diagnostics };
	struct format_result counts;
	char path[32];
	int result;

	require(fd >= 0 && set);
	if (size > 1)
		require(write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	diagnostics_init(&diagnostics);
	result = list_file_read(path, &options, &counts);
	check_diagnostics(&diagnostics, result);
	entry_set_finish(set);
	for (size_t i = 0; i < set->count; i++)
		check_entry(&set->entries[i], action);
	entry_set_unref(set);
	diagnostics_done(&diagnostics);
	close(fd);
	return 0;
}
