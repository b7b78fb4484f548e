/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counts of a list that was read. */
#include "api/read_result.h"

#include "http/http.h"

json_t *format_json(const struct format_result *result)
{
	char summary[FORMAT_SUMMARY_BYTES];

	return json_pack(
	    "{s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s}", "format", format_names[result->format],
	    "recognised", result->was_recognised, "lines", json_count(result->line_count),
	    "records", json_count(result->record_count), "entries", json_count(result->entry_count),
	    "exclusions", json_count(result->exclusion_count), "duplicates",
	    json_count(result->duplicate_count), "skipped",
	    json_count(format_skipped_count(result)), "skipped_lines",
	    json_count(result->bad_line_count), "summary", format_summary(result, summary));
}
