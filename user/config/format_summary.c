/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came of a list, in a line of text. */
#include <stdarg.h>
#include <stdio.h>

#include "format_parts.h"

static const char *const skip_texts[] = {
	[FORMAT_SKIP_ACTION] = "of another action",
	[FORMAT_SKIP_SHADOWED] = "never reached",
	[FORMAT_SKIP_HOST_BITS] = "with host bits",
	[FORMAT_SKIP_TRUST] = "of trust none",
	[FORMAT_SKIP_QUOTA] = "about a quota",
	[FORMAT_SKIP_KIND] = "of another kind",
	[FORMAT_SKIP_NO_PREFIX] = "without a prefix",
	[FORMAT_SKIP_RANGE] = "over $MAXRANGE4",
	[FORMAT_SKIP_EXPIRED] = "expired",
};
_Static_assert(sizeof(skip_texts) / sizeof(skip_texts[0]) == FORMAT_SKIP_COUNT, "all");

size_t format_skipped_count(const struct format_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < FORMAT_SKIP_COUNT; i++)
		count += result->skipped_counts[i];
	return count;
}

struct text {
	char *bytes;
	size_t used;
};

static void append(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(struct text *text, const char *format, ...)
{
	size_t rest = FORMAT_SUMMARY_BYTES - text->used;
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(text->bytes + text->used, rest, format, arguments);
	va_end(arguments);
	if (bytes > 0)
		text->used += (size_t)bytes < rest ? (size_t)bytes : rest - 1;
}

const char *format_summary(const struct format_result *result, char text[FORMAT_SUMMARY_BYTES])
{
	const struct format_parser *parser = format_parsers[result->format];
	struct text summary = { .bytes = text };
	const char *separator = ": ";

	append(&summary, "%zu %s: %zu entries", result->record_count,
	       parser ? parser->record_noun : "records", result->entry_count);
	if (result->exclusion_count)
		append(&summary, ", %zu exclusions", result->exclusion_count);
	if (format_skipped_count(result))
		append(&summary, ", %zu skipped", format_skipped_count(result));
	for (size_t i = 0; i < FORMAT_SKIP_COUNT; i++) {
		if (!result->skipped_counts[i])
			continue;
		append(&summary, "%s%zu %s", separator, result->skipped_counts[i], skip_texts[i]);
		separator = ", ";
	}
	if (result->bad_line_count)
		append(&summary, "%s%zu bad lines", separator[0] == ',' ? "; " : ", ",
		       result->bad_line_count);
	return text;
}
