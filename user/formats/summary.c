/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes the result of reading a list in one line. */
#include <stdarg.h>
#include <stdio.h>

#include "base/plural.h"
#include "formats/parser.h"
#include "formats/reading.h"

size_t format_skipped_count(const struct format_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < FORMAT_SKIP_COUNT; i++)
		count += result->skipped_counts[i];
	return count;
}

static void append(char *text, size_t *used, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t *used, const char *format, ...)
{
	size_t rest = FORMAT_SUMMARY_BYTES - *used;
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(text + *used, rest, format, arguments);
	va_end(arguments);
	if (bytes > 0)
		*used += (size_t)bytes < rest ? (size_t)bytes : rest - 1;
}

const char *format_summary(const struct format_result *result, char text[FORMAT_SUMMARY_BYTES])
{
	const struct format_parser *parser = format_parsers[result->format];
	const char *separator = ": ";
	size_t used = 0;

	append(text, &used, "%zu %s: %zu %s", result->record_count,
	       plural(result->record_count, parser ? parser->record_nouns[0] : "record",
		      parser ? parser->record_nouns[1] : "records"),
	       result->entry_count, plural(result->entry_count, "entry", "entries"));
	if (result->exclusion_count)
		append(text, &used, ", %zu %s", result->exclusion_count,
		       plural(result->exclusion_count, "exclusion", "exclusions"));
	if (result->duplicate_count)
		append(text, &used, ", %zu %s", result->duplicate_count,
		       plural(result->duplicate_count, "duplicate", "duplicates"));
	if (format_skipped_count(result))
		append(text, &used, ", %zu skipped", format_skipped_count(result));
	for (size_t i = 0; i < FORMAT_SKIP_COUNT; i++) {
		if (!result->skipped_counts[i])
			continue;
		append(text, &used, "%s%zu %s", separator, result->skipped_counts[i],
		       format_skip_texts[i]);
		separator = ", ";
	}
	if (result->bad_line_count)
		append(text, &used, "%s%zu bad %s", separator[0] == ',' ? "; " : ", ",
		       result->bad_line_count, plural(result->bad_line_count, "line", "lines"));
	return text;
}
