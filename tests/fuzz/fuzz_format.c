/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any bytes as a list in any format. The first byte chooses the format; the second
 * chooses the action, whether bad lines are skipped, and the pieces. The result can be written
 * again, is counted correctly, and is the same when it is read once more. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "config/config.h"

#define NOW_SEC 1795496400
#define UNPACKED_BYTES_MAX (1U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

struct pieces {
	const char *bytes;
	size_t rest;
};

static ssize_t read_piece(void *context, char *buffer, size_t size)
{
	struct pieces *pieces = context;
	size_t bytes = pieces->rest < 7 ? pieces->rest : 7;

	bytes = bytes < size ? bytes : size;
	if (bytes > 0)
		memcpy(buffer, pieces->bytes, bytes);
	pieces->bytes += bytes;
	pieces->rest -= bytes;
	return (ssize_t)bytes;
}

struct reading_of {
	struct entry_set *set;
	struct diagnostics diagnostics;
	struct format_result result;
	int code;
};

static void read_list(struct reading_of *reading, const uint8_t *data, size_t size,
		      int is_in_pieces)
{
	struct pieces pieces = { (const char *)data + 2, size - 2 };
	struct format_input input = { .bytes = pieces.bytes,
				      .byte_count = pieces.rest,
				      .read = is_in_pieces ? read_piece : NULL,
				      .read_context = &pieces,
				      .unpacked_bytes_max = UNPACKED_BYTES_MAX,
				      .name = "list",
				      .format = data[0] % FORMAT_COUNT,
				      .action = data[1] & 1 ? ACTION_BLOCK : ACTION_ALLOW,
				      .skips_bad_lines = data[1] & 2,
				      .source = SOURCE_FEED,
				      .now_sec = NOW_SEC };

	reading->set = input.set = entry_set_new();
	require(input.set != NULL);
	diagnostics_init(&reading->diagnostics);
	input.diagnostics = &reading->diagnostics;
	reading->code = format_read(&input, &reading->result);
	require(reading->code == (reading->diagnostics.error_count ? -EINVAL : 0));
	entry_set_finish(input.set);
}

static void end_reading(struct reading_of *reading)
{
	entry_set_unref(reading->set);
	diagnostics_done(&reading->diagnostics);
}

static void check_entry(const struct entry *entry, enum action action)
{
	char text[PREFIX_TEXT_BYTES];
	struct prefix again;

	prefix_format(&entry->prefix, text);
	require(prefix_parse(text, strlen(text), &again, NULL) == PREFIX_OK);
	require(prefix_compare(&again, &entry->prefix) == 0);
	require(entry->is_exclusion || !policy_refuse_prefix(&entry->prefix, action));
	require(entry->line > 0);
	require(!entry->about->expires_at_sec || entry->about->expires_at_sec > NOW_SEC);
	for (const char *c = entry->reason; c && *c != '\0';) {
		size_t bytes = utf8_char_bytes(c, strlen(c));

		require(bytes > 0 && (bytes > 1 || *c >= ' '));
		c += bytes;
	}
}

static void check_counts(const struct reading_of *reading)
{
	const struct format_result *result = &reading->result;
	char text[FORMAT_SUMMARY_BYTES];

	require(result->format > FORMAT_AUTO && result->format < FORMAT_COUNT);
	require(result->entry_count + result->exclusion_count == reading->set->count);
	require(format_skipped_count(result) <= result->record_count);
	require(result->bad_line_count <= result->line_count + 1);
	require(strlen(format_summary(result, text)) > 0);
}

static void check_diagnostics(const struct diagnostics *diagnostics)
{
	char text[16384];

	for (size_t i = 0; i < diagnostics->count; i++) {
		diagnostic_format(&diagnostics->items[i], text, sizeof(text));
		require(strchr(text, '\n') == NULL);
	}
}

static void check_same(const struct reading_of *one, const struct reading_of *other)
{
	require(one->code == other->code && one->set->count == other->set->count);
	require(one->result.format == other->result.format);
	require(one->diagnostics.error_count == other->diagnostics.error_count);
	for (size_t i = 0; i < one->set->count; i++)
		require(
		    !prefix_compare(&one->set->entries[i].prefix, &other->set->entries[i].prefix));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading_of one, other;

	if (size < 2)
		return 0;
	read_list(&one, data, size, 0);
	check_counts(&one);
	check_diagnostics(&one.diagnostics);
	for (size_t i = 0; i < one.set->count; i++)
		check_entry(&one.set->entries[i], data[1] & 1 ? ACTION_BLOCK : ACTION_ALLOW);
	read_list(&other, data, size, 1);
	check_same(&one, &other);
	end_reading(&other);
	end_reading(&one);
	return 0;
}
