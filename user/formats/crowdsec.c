/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CrowdSec's tables: a header that names the columns, then a prefix with its duration
 * and comment in each line. */
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "formats/parser.h"
#include "formats/reading.h"

#define COLUMNS_MAX 16

enum column { COLUMN_VALUE, COLUMN_EXPIRATION, COLUMN_COMMENT, COLUMN_COUNT };

struct csv {
	bool has_header;
	size_t places[COLUMN_COUNT]; /* from 1; 0: the table has no such column */
};

static const struct {
	const char *name;
	enum column column;
} column_names[] = {
	{ "value", COLUMN_VALUE },	   { "expiration", COLUMN_EXPIRATION },
	{ "duration", COLUMN_EXPIRATION }, { "comment", COLUMN_COMMENT },
	{ "reason", COLUMN_COMMENT },
};

/* Take the text out of a field's quotes, in place; false: a quote is not closed, or has
 * something behind it. */
static bool unquote(struct token *field, struct token *rest)
{
	char *start = field->text, *in = start + 1, *out = start;
	char *end = rest->text ? rest->text + rest->bytes : start + field->bytes;

	for (; in < end; in++) {
		if (*in == '"' && (in + 1 == end || in[1] != '"'))
			break;
		in += *in == '"';
		*out++ = *in;
	}
	if (in == end)
		return false;
	for (in++; in < end && is_blank(*in);)
		in++;
	if (in < end && *in != ',')
		return false;
	field->bytes = (size_t)(out - start);
	*rest = (struct token) { .text = NULL };
	if (in < end)
		*rest = (struct token) { in + 1, (size_t)(end - in) - 1,
					 field->position + (size_t)(in + 1 - start) };
	return true;
}

/* Split a line; false: it was reported. */
static bool split(struct reading *reading, struct token fields[COLUMNS_MAX], size_t *ret_count)
{
	struct token rest = line_content(reading->line), field;
	size_t count = 0;

	while (token_field(&rest, ',', &field)) {
		field = token_trim(field);
		if (field.bytes > 0 && field.text[0] == '"' && !unquote(&field, &rest)) {
			reading_bad(reading, field.position + 1,
				    "a quote that is not closed before the next comma");
			return false;
		}
		if (count < COLUMNS_MAX)
			fields[count] = field;
		count++;
	}
	*ret_count = count < COLUMNS_MAX ? count : COLUMNS_MAX;
	return true;
}

static void read_header(struct reading *reading, const struct token *fields, size_t count)
{
	struct csv *csv = reading->state;

	csv->has_header = true;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < sizeof(column_names) / sizeof(column_names[0]); j++) {
			size_t *place = &csv->places[column_names[j].column];

			if (token_is_word(&fields[i], column_names[j].name) && *place == 0)
				*place = i + 1;
		}
	}
	if (csv->places[COLUMN_VALUE] == 0)
		reading_spoil(reading, 1,
			      "a header without the column value: write value,expiration,comment");
}

/* ---- expiry -------------------------------------------------------------------------- */

/* "2026-11-24T05:30:00Z" */
static bool parse_time(const struct token *field, int64_t *ret_sec)
{
	struct tm tm = { 0 };
	char text[32];
	const char *end;

	if (field->bytes >= sizeof(text))
		return false;
	memcpy(text, field->text, field->bytes);
	text[field->bytes] = '\0';
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end && *end == '.') {
		for (end++; is_digit(*end);)
			end++;
	}
	if (!end || strcmp(end, "Z") != 0)
		return false;
	*ret_sec = timegm(&tm);
	return true;
}

/* Return: whether it could be read; else it was reported. */
static bool read_expiration(struct reading *reading, const struct token *field,
			    int64_t *ret_expires_sec)
{
	const struct format_input *input = reading->input;
	int64_t from = input->written_at_sec ? input->written_at_sec : input->now_sec;
	int64_t sec;

	if (field->bytes == 0 || token_is_word(field, "never"))
		return true;
	if (parse_time(field, ret_expires_sec))
		return true;
	if (!duration_parse_signed(field->text, field->bytes, &sec)) {
		reading_bad(reading, field->position + 1,
			    "\"%.*s\" is no expiration: write a duration such as 30d or 1h30m, a "
			    "time such as 2026-12-31T23:59:59Z, or nothing",
			    (int)field->bytes, field->text);
		return false;
	}
	/* 0 would mean never. */
	*ret_expires_sec = from + sec > 0 ? from + sec : 1;
	return true;
}

/* ---- records ------------------------------------------------------------------------- */

/* The field of a column; empty where the line or the table has none. */
static struct token pick(const struct csv *csv, enum column column, const struct token *fields,
			 size_t count)
{
	size_t place = csv->places[column];

	return place > 0 && place <= count ? fields[place - 1] : (struct token) { 0 };
}

static int read_record(struct reading *reading, const struct token *fields, size_t count)
{
	const struct csv *csv = reading->state;
	struct token value = pick(csv, COLUMN_VALUE, fields, count);
	struct token expiration = pick(csv, COLUMN_EXPIRATION, fields, count);
	struct token comment = pick(csv, COLUMN_COMMENT, fields, count);
	struct entry entry = reading_entry(reading);
	struct prefix first, last;
	const char *reason;
	bool is_range;

	reading->result->record_count++;
	is_range = value.bytes > 0 && reading_range(&value, &first, &last) == value.bytes;
	if (!is_range && !reading_prefix(reading, &value, HOST_BITS_ARE_BAD, &entry.prefix))
		return 0;
	if (!read_expiration(reading, &expiration, &entry.expires_at_sec))
		return 0;
	reason = line_reason(&comment);
	if (reason)
		entry.reason = reason;
	if (is_range)
		return reading_add_range(reading, &value, &entry, &first, &last);
	return reading_add(reading, &value, &entry);
}

static int read_csv(struct reading *reading)
{
	const struct csv *csv = reading->state;
	struct token content = line_content(reading->line), fields[COLUMNS_MAX];
	size_t count;

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	if (!split(reading, fields, &count))
		return 0;
	if (!csv->has_header) {
		read_header(reading, fields, count);
		return 0;
	}
	/* Without the column it was reported once. */
	return csv->places[COLUMN_VALUE] > 0 ? read_record(reading, fields, count) : 0;
}

static bool is_csv_mark(const struct token *line, bool is_first)
{
	struct token rest = *line, field;
	bool has_value = false;

	if (!is_first || line->text[0] == '#' || !memchr(line->text, ',', line->bytes))
		return false;
	while (token_field(&rest, ',', &field)) {
		field = token_trim(field);
		has_value |= token_is_word(&field, "value");
	}
	return has_value;
}

const struct format_parser format_crowdsec_csv = {
	.record_noun = "records",
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct csv),
	.is_mark = is_csv_mark,
	.read_line = read_csv,
};
