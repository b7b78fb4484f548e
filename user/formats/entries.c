/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lists with all that another ipwl needs to have the same entries. Its reader is json.c. */
#include "formats/entries.h"

#include <errno.h>
#include <jansson.h>

#include "base/clock.h"

/* What the sources of a list say about one prefix, as entry or as exclusion. */
struct record {
	bool is_present;
	const char *reason;	/* of the first source that has one; or NULL */
	int64_t expires_at_sec; /* the latest; 0: never */
};

struct entries_writer {
	FILE *stream;
	size_t record_count;
	size_t entry_count;
};

static int64_t later_expiry(int64_t a, int64_t b)
{
	if (!a || !b)
		return 0;
	return a > b ? a : b;
}

static void record_merge(struct record *record, const struct entry *entry)
{
	int64_t expires_at_sec = entry->about->expires_at_sec;

	if (!record->reason)
		record->reason = entry->reason;
	if (record->is_present)
		expires_at_sec = later_expiry(record->expires_at_sec, expires_at_sec);
	record->expires_at_sec = expires_at_sec;
	record->is_present = true;
}

/* Write a text with quotation marks. Return: 0 or -ENOMEM. */
static int write_string(FILE *stream, const char *text)
{
	json_t *string = json_string(text);
	int err;

	/* Reasons are UTF-8 (utf8_sanitize()). */
	if (!string)
		return -ENOMEM;
	err = json_dumpf(string, stream, JSON_ENCODE_ANY);
	json_decref(string);
	/* The caller finds an error of the stream. */
	return err && !ferror(stream) ? -ENOMEM : 0;
}

static int record_write(struct entries_writer *writer, const struct prefix *prefix,
			const struct record *record, bool is_exclusion)
{
	char text[PREFIX_TEXT_BYTES], time[TIME_TEXT_BYTES];
	int err = 0;

	if (!record->is_present)
		return 0;
	fprintf(writer->stream, "%s\n{\"prefix\":\"%s%s\"", writer->record_count ? "," : "",
		is_exclusion ? "!" : "", prefix_format(prefix, text));
	writer->record_count++;
	if (!is_exclusion)
		writer->entry_count++;
	if (record->expires_at_sec)
		fprintf(writer->stream, ",\"expires_at\":\"%s\"",
			time_format(record->expires_at_sec, time));
	if (record->reason) {
		fputs(",\"reason\":", writer->stream);
		err = write_string(writer->stream, record->reason);
	}
	fputs("}", writer->stream);
	return err;
}

static bool is_wanted(const struct export *export, const struct entry *entry)
{
	return entry->source != SOURCE_FEED &&
	       (export->families == EXPORT_BOTH ||
		(export->families == EXPORT_IPV4) == (entry->prefix.family == FAMILY_IPV4));
}

static int write_list(const struct export *export, const struct list *list,
		      struct entries_writer *writer)
{
	struct entry_cursor cursor;
	const struct entry *entry;
	int err = 0;

	entry_cursor_init(&cursor, list, NULL);
	entry = entry_cursor_next(&cursor);
	while (entry && !err) {
		const struct prefix prefix = entry->prefix;
		struct record records[2] = { 0 }; /* entry, exclusion */

		for (; entry && !prefix_compare(&entry->prefix, &prefix);
		     entry = entry_cursor_next(&cursor)) {
			if (is_wanted(export, entry))
				record_merge(&records[entry->is_exclusion], entry);
		}
		err = record_write(writer, &prefix, &records[false], false);
		if (!err)
			err = record_write(writer, &prefix, &records[true], true);
	}
	return err;
}

int entries_write(const struct export *export, FILE *stream, size_t *ret_count)
{
	struct entries_writer writer = { .stream = stream };
	int err = 0;

	/* Names of lists and actions need no escapes. */
	fputs("{\"schema_version\":1,\"generator\":\"ipwl\",\"lists\":[", stream);
	for (size_t i = 0; i < export->list_count; i++)
		fprintf(stream, "%s\"%s\"", i ? "," : "", export->lists[i]->name);
	fprintf(stream, "],\"action\":\"%s\",\"prefixes\":[", action_names[export->action]);
	for (size_t i = 0; i < export->list_count && !err; i++)
		err = write_list(export, export->lists[i], &writer);
	fputs("\n]}\n", stream);
	if (!err)
		*ret_count = writer.entry_count;
	return err;
}
