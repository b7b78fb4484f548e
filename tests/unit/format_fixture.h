/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists in memory: read in a format, shown as text, compared. For tests of formats. */
#ifndef FORMAT_FIXTURE_H
#define FORMAT_FIXTURE_H

#include <errno.h>
#include <time.h>

#include "config_fixture.h"
#include "formats/read.h"

/* A moment: 2026-11-24T05:00:00Z. */
#define FIXTURE_NOW 1795496400

static struct diagnostics format_diagnostics;
static struct entry_set *format_set;
static struct format_result format_result;

static FIXTURE_UNUSED int format_begin(void **state)
{
	(void)state;
	diagnostics_init(&format_diagnostics);
	format_set = entry_set_new();
	return format_set ? 0 : -1;
}

static FIXTURE_UNUSED int format_end(void **state)
{
	(void)state;
	diagnostics_done(&format_diagnostics);
	entry_set_unref(format_set);
	return 0;
}

/* Begin anew within a test. */
static FIXTURE_UNUSED void format_again(void)
{
	format_end(NULL);
	assert_int_equal(format_begin(NULL), 0);
}

static FIXTURE_UNUSED struct format_input format_input_of(const char *bytes, size_t count)
{
	return (struct format_input) { .bytes = bytes,
				       .byte_count = count,
				       .name = "list",
				       .source = SOURCE_FEED,
				       .now_sec = FIXTURE_NOW,
				       .set = format_set,
				       .diagnostics = &format_diagnostics };
}

static FIXTURE_UNUSED int format_read_text(enum format format, enum action action, const char *text)
{
	struct format_input input = format_input_of(text, strlen(text));

	input.format = format;
	input.action = action;
	return format_read(&input, &format_result);
}

/* The set as text, by prefix: "LINE [!]prefix [until SECONDS from now] [(reason)]". */
static FIXTURE_UNUSED char *format_text(void)
{
	char *text = NULL, prefix[PREFIX_TEXT_BYTES];
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	entry_set_finish(format_set);
	for (size_t i = 0; i < format_set->count; i++) {
		const struct entry *entry = &format_set->entries[i];

		assert_int_equal(entry->source, SOURCE_FEED);
		assert_string_equal(entry->about->origin, "list");
		fprintf(stream, "%u %s%s", entry->line, entry->is_exclusion ? "!" : "",
			prefix_format_short(&entry->prefix, prefix));
		if (entry->about->expires_at_sec)
			fprintf(stream, " until %lld",
				(long long)entry->about->expires_at_sec - FIXTURE_NOW);
		fprintf(stream, entry->reason ? " (%s)\n" : "\n", entry->reason);
	}
	fclose(stream);
	return text;
}

/* Read a good list and compare entries and, if it is not NULL, the summary. */
static FIXTURE_UNUSED void format_assert(enum format format, enum action action, const char *text,
					 const char *entries, const char *summary)
{
	char found[FORMAT_SUMMARY_BYTES], *found_entries;

	format_again();
	assert_int_equal(format_read_text(format, action, text), 0);
	found_entries = format_text();
	assert_string_equal(found_entries, entries);
	free(found_entries);
	if (summary)
		assert_string_equal(format_summary(&format_result, found), summary);
	if (format != FORMAT_AUTO)
		assert_int_equal(format_result.format, format);
	assert_int_equal(format_result.was_recognised, format == FORMAT_AUTO);
}

/* Read a bad list and compare the diagnostics. */
static FIXTURE_UNUSED void format_assert_bad(enum format format, enum action action,
					     const char *text, const char *diagnostics)
{
	format_again();
	assert_int_equal(format_read_text(format, action, text), -EINVAL);
	fixture_assert(&format_diagnostics, diagnostics);
}

#endif
