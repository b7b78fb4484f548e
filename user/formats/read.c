/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a list in any format: opens the stream, recognises the format, and reads line by line. */
#include "formats/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/foreign.h"
#include "formats/line_keeper.h"
#include "formats/parser.h"
#include "formats/reading.h"

bool format_is_cut(const struct format_result *result)
{
	/* The last line of drop-json declares the number of records. */
	if (!result->has_declared_count)
		return result->format == FORMAT_DROP_JSON;
	return result->declared_count != result->record_count;
}

/* Whether the line is short enough and is text. If not, it was reported. */
static bool check_line(struct reading *reading)
{
	const struct line *line = reading->line;
	const char *zero;
	size_t column = 1;

	if (line->is_too_long) {
		size_t max = format_parsers[reading->result->format]->line_bytes_max;

		reading_bad(reading, 0, "longer than %zu bytes: %s", max,
			    reading->result->format == FORMAT_PLAIN
				? "a list file has one prefix a line"
				: "break the line, or write one prefix a line");
		return false;
	}
	zero = memchr(line->text, '\0', line->bytes);
	if (!zero)
		return true;
	for (const char *byte = line->text; byte < zero; byte++)
		column += (*byte & 0xc0) != 0x80;
	reading_bad(reading, column, "a NUL byte: a list file is plain text; save it as UTF-8");
	return false;
}

static int read_line(struct reading *reading, const struct format_parser *parser)
{
	return check_line(reading) ? parser->read_line(reading) : 0;
}

/* Read a line, unless it has not changed. */
static int read_changed_line(struct reading *reading, const struct format_parser *parser)
{
	const size_t added_before = reading->added_count, remarks_before = reading->remark_count;
	const struct line *line = reading->line;
	uint64_t print = line_keeper_print(reading->keeper, line->text, line->bytes);
	int err;

	if (!line->is_too_long && line_keeper_keep(reading->keeper, line->number, print)) {
		reading->result->record_count++;
		return line_keeper_note(reading->keeper, print);
	}
	err = read_line(reading, parser);
	if (err)
		return err;
	if (reading->added_count != added_before + 1 || reading->remark_count != remarks_before)
		print = 0;
	return line_keeper_note(reading->keeper, print);
}

static int read_lines(struct reading *reading, struct line_reader *lines)
{
	const struct format_parser *parser = format_parsers[reading->result->format];
	struct line *line = &reading->current;
	int err;

	reading->line = line;
	lines->line_bytes_max = parser->line_bytes_max;
	if (parser->read_all)
		return parser->read_all(reading, lines);
	while ((err = lines_next(lines, line)) == 1) {
		err = reading->keeper ? read_changed_line(reading, parser)
				      : read_line(reading, parser);
		if (err)
			break;
	}
	reading->result->line_count = line->number;
	if (!err && parser->end)
		err = parser->end(reading);
	return err;
}

static void tell_of_skipped(const struct reading *reading)
{
	size_t count = reading->result->bad_line_count;

	if (reading->input->skips_bad_lines && count > FORMAT_WARNINGS_MAX)
		diagnostics_add(reading->input->diagnostics, SEVERITY_WARNING, reading->input->name,
				0, 0, "further skipped lines: %zu", count - FORMAT_WARNINGS_MAX);
	if (reading->note_count > FORMAT_WARNINGS_MAX)
		diagnostics_add(reading->input->diagnostics, SEVERITY_WARNING, reading->input->name,
				0, 0, "further lines with such a warning: %zu",
				reading->note_count - FORMAT_WARNINGS_MAX);
}

/* Without exclusions. */
static size_t count_included(const struct entry_set *set)
{
	return set->entry_counts[FAMILY_IPV4] + set->entry_counts[FAMILY_IPV6];
}

static int count_entries(struct reading *reading)
{
	const struct entry_set *set = reading->input->set;
	struct format_result *result = reading->result;
	int err = reading_collapse_all(reading);

	if (err)
		return err;
	result->entry_count = count_included(set) - reading->first_included;
	result->exclusion_count = set->count - reading->first_entry - result->entry_count;
	return 0;
}

static int keep_lines(struct reading *reading)
{
	const struct format_input *input = reading->input;
	const struct format_former *former = input->former;

	if (former && (former->result->format != reading->result->format ||
		       former->result->was_recognised != reading->result->was_recognised))
		former = NULL;
	reading->keeper = line_keeper_new(former, reading->about.origin, input->prints);
	return reading->keeper ? 0 : -ENOMEM;
}

static int read_with_parser(struct reading *reading, struct line_reader *lines)
{
	const struct format_input *input = reading->input;
	const struct format_parser *parser = format_parsers[reading->result->format];
	int err = 0;

	if (parser->is_allow_only && input->action == ACTION_BLOCK) {
		diagnostics_add(
		    input->diagnostics, SEVERITY_ERROR, input->name, 0, 0,
		    "a list of senders to trust (%s) cannot be in a block list: move it "
		    "to an allow list",
		    format_names[reading->result->format]);
		return -EINVAL;
	}
	if (input->select && input->select->count > 0 && !parser->has_fields) {
		diagnostics_add(input->diagnostics, SEVERITY_ERROR, input->name, 0, 0,
				"select needs a format with fields, and this is %s: remove select, "
				"or set the right format",
				format_names[reading->result->format]);
		return -EINVAL;
	}
	reading->state = calloc(1, parser->state_bytes + 1);
	if (!reading->state)
		return -ENOMEM;
	if (input->prints && parser->is_by_line)
		err = keep_lines(reading);
	if (!err)
		err = read_lines(reading, lines);
	if (!err)
		err = count_entries(reading);
	if (parser->done)
		parser->done(reading->state);
	free(reading->state);
	line_keeper_free(reading->keeper);
	tell_of_skipped(reading);
	return err;
}

/* Everything that is too large for the stack. */
struct buffers {
	struct format_stream stream;
	struct line_reader lines;
};

static int refuse_foreign(const struct format_input *input, const struct line_reader *lines)
{
	const char *message = foreign_find(lines, input->format);

	if (!message)
		return 0;
	diagnostics_add(input->diagnostics, SEVERITY_ERROR, input->name, 0, 0, "%s", message);
	return -EINVAL;
}

static int read_stream(struct reading *reading, struct buffers *buffers)
{
	struct format_result *result = reading->result;
	int err = format_stream_open(&buffers->stream, reading->input);

	if (!err)
		err = lines_begin(&buffers->lines, &buffers->stream);
	result->was_gzip = buffers->stream.is_gzip;
	if (!err)
		err = refuse_foreign(reading->input, &buffers->lines);
	if (!err && result->format == FORMAT_AUTO) {
		result->was_recognised = true;
		if (!format_recognise(reading, &buffers->lines, &result->format))
			err = -EINVAL;
	}
	if (!err)
		err = read_with_parser(reading, &buffers->lines);
	format_stream_close(&buffers->stream);
	return err;
}

/* With fewer entries, duplicates are only removed at the end. */
#define COLLAPSE_COUNT_MIN (1UL << 20)

int format_read(const struct format_input *input, struct format_result *ret_result)
{
	size_t errors_before = input->diagnostics->error_count;
	struct buffers *buffers = malloc(sizeof(*buffers));
	struct reading reading = {
		.input = input,
		.result = ret_result,
		.first_entry = input->set->count,
		.first_included = count_included(input->set),
		.entries_max = input->entries_max ? input->entries_max : FORMAT_ENTRIES_MAX,
		.about = { .origin = input->origin ? input->origin : input->name,
			   .author = input->author,
			   .added_at_sec = input->added_at_sec,
			   .expires_at_sec = input->expires_at_sec },
	};
	int err = -ENOMEM;

	reading.collapse_count =
	    reading.entries_max < COLLAPSE_COUNT_MIN ? reading.entries_max : COLLAPSE_COUNT_MIN;
	*ret_result = (struct format_result) { .format = input->format };
	if (buffers)
		err = read_stream(&reading, buffers);
	free(buffers);
	if (ret_result->format == FORMAT_AUTO)
		ret_result->format = FORMAT_PLAIN;
	if (err && err != -ENOMEM)
		err = -EINVAL;
	if (!err && input->diagnostics->error_count > errors_before)
		err = -EINVAL;
	return err;
}
