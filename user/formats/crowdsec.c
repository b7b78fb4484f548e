/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CrowdSec's tables: a header that names the columns, then lines with a prefix, its duration
 * and a comment. */
#include <string.h>

#include "formats/csv_line.h"
#include "formats/expiry.h"
#include "formats/parser.h"
#include "formats/reading.h"

enum column {
	COLUMN_VALUE,
	COLUMN_EXPIRATION,
	COLUMN_COMMENT,
	COLUMN_TYPE,
	COLUMN_SCOPE,
	COLUMN_SIMULATED,
	COLUMN_OTHER, /* a column that does not matter here */
	COLUMN_COUNT
};

struct csv {
	bool has_header;
	size_t column_count;
	size_t places[COLUMN_COUNT]; /* from 1; 0: the table has no such column */
};

static const struct {
	const char *name;
	enum column column;
} column_names[] = {
	{ "value", COLUMN_VALUE },
	{ "expiration", COLUMN_EXPIRATION },
	{ "duration", COLUMN_EXPIRATION },
	{ "comment", COLUMN_COMMENT },
	{ "reason", COLUMN_COMMENT },
	{ "type", COLUMN_TYPE },
	{ "action", COLUMN_TYPE },
	{ "scope", COLUMN_SCOPE },
	{ "simulated", COLUMN_SIMULATED },
	{ "id", COLUMN_OTHER },
	{ "uuid", COLUMN_OTHER },
	{ "alert_id", COLUMN_OTHER },
	{ "source", COLUMN_OTHER },
	{ "origin", COLUMN_OTHER },
	{ "scenario", COLUMN_OTHER },
	{ "country", COLUMN_OTHER },
	{ "as", COLUMN_OTHER },
	{ "as_name", COLUMN_OTHER },
	{ "events_count", COLUMN_OTHER },
	{ "created_at", COLUMN_OTHER },
	{ "allowlist", COLUMN_OTHER },
	{ "name", COLUMN_OTHER },
};

static bool find_column(const struct token *name, enum column *ret_column)
{
	for (size_t i = 0; i < sizeof(column_names) / sizeof(column_names[0]); i++) {
		if (token_is_word(name, column_names[i].name)) {
			*ret_column = column_names[i].column;
			return true;
		}
	}
	return false;
}

static bool has_column(const struct token *fields, size_t count, enum column wanted)
{
	enum column column;

	for (size_t i = 0; i < count; i++) {
		if (find_column(&fields[i], &column) && column == wanted)
			return true;
	}
	return false;
}

static void read_header(struct reading *reading, const struct token *fields, size_t count)
{
	struct csv *csv = reading->state;

	csv->has_header = true;
	csv->column_count = count;
	if (!has_column(fields, count, COLUMN_VALUE)) {
		reading_spoil(reading, 1,
			      "a header without the column value: write value,expiration,comment");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		enum column column = COLUMN_OTHER;

		if (!find_column(&fields[i], &column))
			reading_spoil(reading, fields[i].position + 1,
				      "\"%.*s\" is not a column of CrowdSec, and may change the "
				      "meaning of its lines: remove it",
				      (int)fields[i].bytes, fields[i].text);
		else if (column != COLUMN_OTHER && csv->places[column])
			reading_spoil(reading, fields[i].position + 1,
				      "\"%.*s\" is duplicated, first in column %zu: remove one",
				      (int)fields[i].bytes, fields[i].text, csv->places[column]);
		else
			csv->places[column] = i + 1;
	}
}

/* ---- records ------------------------------------------------------------------------- */

/* The field of a column; empty if the line or the table has none. */
static struct token pick(const struct csv *csv, enum column column, const struct token *fields,
			 size_t count)
{
	size_t place = csv->places[column];

	return place > 0 && place <= count ? fields[place - 1] : (struct token) { 0 };
}

/* Whether a decision is about addresses and fits the list. If not, it was counted or reported. */
static bool is_decision_for(struct reading *reading, const struct csv *csv,
			    const struct token *fields, size_t count)
{
	struct token scope = pick(csv, COLUMN_SCOPE, fields, count);
	struct token type = pick(csv, COLUMN_TYPE, fields, count);
	struct token simulated = pick(csv, COLUMN_SIMULATED, fields, count);
	const bool is_ban = token_is_word(&type, "ban");
	const bool is_pass = token_is_word(&type, "bypass") || token_is_word(&type, "allow") ||
			     token_is_word(&type, "whitelist");

	if (scope.bytes > 0 && !token_is_word(&scope, "ip") && !token_is_word(&scope, "range")) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return false;
	}
	if (token_is_word(&simulated, "true") || token_is(&simulated, "1")) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return false;
	}
	if (simulated.bytes > 0 && !token_is_word(&simulated, "false") &&
	    !token_is(&simulated, "0")) {
		reading_bad(reading, simulated.position + 1,
			    "\"%.*s\": simulated must be true or false", (int)simulated.bytes,
			    simulated.text);
		return false;
	}
	if (type.bytes > 0 && !is_ban && !is_pass && !token_is_word(&type, "captcha") &&
	    !token_is_word(&type, "throttle")) {
		reading_bad(
		    reading, type.position + 1,
		    "\"%.*s\" is not a type of decision: write ban, captcha, throttle or bypass",
		    (int)type.bytes, type.text);
		return false;
	}
	if (type.bytes > 0 && !(reading->input->action == ACTION_BLOCK ? is_ban : is_pass)) {
		reading_skip(reading, FORMAT_SKIP_ACTION);
		return false;
	}
	return true;
}

static int read_record(struct reading *reading, const struct token *fields, size_t count)
{
	const struct csv *csv = reading->state;
	struct token value = pick(csv, COLUMN_VALUE, fields, count);
	struct token expiration = pick(csv, COLUMN_EXPIRATION, fields, count);
	struct token comment = pick(csv, COLUMN_COMMENT, fields, count);
	struct entry entry = reading_entry(reading);
	int64_t expires_at_sec;
	struct prefix first, last;
	const char *reason;
	bool is_range;

	reading->result->record_count++;
	if (count > csv->column_count) {
		reading_bad(reading, fields[csv->column_count].position + 1,
			    "more fields than the header has: quote a field that contains a comma");
		return 0;
	}
	if (!is_decision_for(reading, csv, fields, count))
		return 0;
	is_range = value.bytes > 0 && reading_range(&value, &first, &last) == value.bytes;
	if (!is_range && !reading_prefix(reading, &value, HOST_BITS_REFUSE, &entry.prefix))
		return 0;
	expires_at_sec = entry.about->expires_at_sec;
	if (!expiry_read(reading, &expiration, &expires_at_sec))
		return 0;
	reading_expire(reading, &entry, expires_at_sec);
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
	struct token content = line_content(reading->line), fields[CSV_COLUMNS_MAX];
	size_t count;

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	if (!csv_split_line(reading, content, ',', fields, &count))
		return 0;
	if (!csv->has_header) {
		read_header(reading, fields, count);
		return 0;
	}
	/* A missing column was reported once. */
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
	.record_nouns = { "record", "records" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct csv),
	.is_mark = is_csv_mark,
	.read_line = read_csv,
};
