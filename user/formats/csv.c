/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables with a header that names the columns: with commas, semicolons or tabs. The header may be
 * a comment, as in those of abuse.ch. Geofeeds (RFC 8805) are tables without a header.
 */
#include <string.h>

#include "formats/csv_line.h"
#include "formats/expiry.h"
#include "formats/field.h"
#include "formats/parser.h"
#include "formats/value.h"

static const char separators[] = { ',', ';', '\t' };

struct csv {
	char separator; /* 0: there was no header */
	size_t column_count;
	enum field_role roles[CSV_COLUMNS_MAX];
	uint32_t conditions[CSV_COLUMNS_MAX]; /* of select, by their bits */
	size_t address_place;		      /* from 0 */
	size_t scope_place;		      /* from 1; 0: the table has no such column */
	bool is_broken;			      /* the header was reported */
};

/* ---- the header --------------------------------------------------------------------- */

static enum field_role role_of_column(const struct token *name)
{
	char text[32];

	if (name->bytes >= sizeof(text))
		return FIELD_OTHER;
	memcpy(text, name->text, name->bytes);
	text[name->bytes] = '\0';
	return field_role_of(text);
}

static size_t count_addresses(const struct token *names, size_t count)
{
	size_t addresses = 0;

	for (size_t i = 0; i < count; i++)
		addresses += role_of_column(&names[i]) == FIELD_ADDRESS;
	return addresses;
}

/* Split a line into names of columns, without changing it. The names are in @copy. Returns the
 * separator; 0: this is no header. */
static char find_header(const struct token *line, char *copy, size_t copy_bytes,
			struct token names[CSV_COLUMNS_MAX], size_t *ret_count)
{
	if (line->bytes == 0 || line->bytes > copy_bytes)
		return 0;
	for (size_t i = 0; i < sizeof(separators); i++) {
		struct token content = { copy, line->bytes, line->position };

		memcpy(copy, line->text, line->bytes);
		if (csv_split(content, separators[i], names, ret_count) == CSV_OK &&
		    count_addresses(names, *ret_count) > 0 && !token_is_prefix(&names[0]))
			return separators[i];
	}
	return 0;
}

/* The names in a comment. It is a header only if they are single words, and more than one. */
static char find_comment_header(const struct token *line, char *copy, size_t copy_bytes,
				struct token names[CSV_COLUMNS_MAX], size_t *ret_count)
{
	struct token content = *line;
	char separator;

	while (content.bytes > 0 && content.text[0] == '#')
		content = token_trim(
		    (struct token) { content.text + 1, content.bytes - 1, content.position + 1 });
	separator = find_header(&content, copy, copy_bytes, names, ret_count);
	if (!separator || *ret_count < 2)
		return 0;
	for (size_t i = 0; i < *ret_count; i++) {
		if (names[i].bytes == 0 || memchr(names[i].text, ' ', names[i].bytes))
			return 0;
	}
	return separator;
}

static void refuse_column(struct reading *reading, const struct token *name, const char *why)
{
	struct csv *csv = reading->state;

	csv->is_broken = true;
	reading_spoil(reading, name->position + 1, "the column \"%.*s\" %s", (int)name->bytes,
		      name->text, why);
}

static void read_column(struct reading *reading, const struct token *name, size_t place)
{
	const struct select *select = reading->input->select;
	struct csv *csv = reading->state;

	csv->roles[place] = role_of_column(name);
	if (csv->roles[place] == FIELD_ADDRESS)
		csv->address_place = place;
	else if (csv->roles[place] == FIELD_LENGTH)
		refuse_column(reading, name,
			      "may change the meaning of the addresses: write each network in one "
			      "column, such as 192.0.2.0/24");
	else if (csv->roles[place] == FIELD_EXCEPTIONS)
		refuse_column(reading, name,
			      "may have exceptions, which ipwl does not read here: "
			      "remove it");
	if (token_is_word(name, "scope"))
		csv->scope_place = place + 1;
	for (size_t i = 0; select && i < select->count; i++) {
		if (token_is_word(name, select->conditions[i].field))
			csv->conditions[place] |= 1U << i;
	}
}

static void check_columns(struct reading *reading, const struct token *names, size_t count)
{
	const struct select *select = reading->input->select;
	struct csv *csv = reading->state;
	uint32_t found = 0;

	if (count_addresses(names, count) > 1)
		refuse_column(reading, &names[csv->address_place],
			      "is one more with addresses: remove the others");
	for (size_t i = 0; i < count; i++)
		found |= csv->conditions[i];
	for (size_t i = 0; select && i < select->count; i++) {
		if (found & 1U << i)
			continue;
		csv->is_broken = true;
		reading_spoil(reading, 1,
			      "no column is called %s, as select says: correct its name",
			      select->conditions[i].field);
	}
}

static void take_header(struct reading *reading, const struct token *names, size_t count,
			char separator)
{
	struct csv *csv = reading->state;

	csv->separator = separator;
	csv->column_count = count;
	for (size_t i = 0; i < count; i++)
		read_column(reading, &names[i], i);
	check_columns(reading, names, count);
}

/* Read a line before the header is known. */
static void read_header(struct reading *reading, const struct token *content)
{
	struct csv *csv = reading->state;
	struct token names[CSV_COLUMNS_MAX];
	char copy[4096], separator;
	size_t count;

	if (content->text[0] == '#') {
		separator = find_comment_header(content, copy, sizeof(copy), names, &count);
		if (separator)
			take_header(reading, names, count, separator);
		return;
	}
	separator = find_header(content, copy, sizeof(copy), names, &count);
	if (separator) {
		take_header(reading, names, count, separator);
		return;
	}
	csv->separator = ',';
	csv->is_broken = true;
	reading_spoil(reading, 1,
		      "not a header with a column for addresses, such as ip, address, network, "
		      "cidr, prefix, range or dst_ip: add one");
}

/* ---- records ------------------------------------------------------------------------- */

struct record {
	struct token address;
	const struct token *reason, *name, *expiry;
	enum format_skip skip;
	bool is_skipped;
};

static void skip_record(struct record *record, enum format_skip skip)
{
	if (record->is_skipped)
		return;
	record->is_skipped = true;
	record->skip = skip;
}

static bool is_true(const struct token *field)
{
	return token_is_word(field, "true") || token_is_word(field, "yes") || token_is(field, "1");
}

static bool is_false(const struct token *field)
{
	return token_is_word(field, "false") || token_is_word(field, "no") || token_is(field, "0");
}

static void read_field(struct reading *reading, struct record *record, enum field_role role,
		       const struct token *field)
{
	const enum action action = reading->input->action;

	switch (role) {
	case FIELD_ADDRESS:
		record->address = *field;
		break;
	case FIELD_ACTION:
		if (value_is_of_other_action(field, action))
			skip_record(record, FORMAT_SKIP_ACTION);
		break;
	case FIELD_REASON:
		record->reason = field->bytes > 0 ? field : record->reason;
		break;
	case FIELD_NAME:
		record->name = field->bytes > 0 && !record->name ? field : record->name;
		break;
	case FIELD_EXPIRY:
		record->expiry = field->bytes > 0 ? field : record->expiry;
		break;
	case FIELD_OFF_IF_FALSE:
		if (is_false(field))
			skip_record(record, FORMAT_SKIP_KIND);
		break;
	case FIELD_OFF_IF_TRUE:
		if (is_true(field))
			skip_record(record, FORMAT_SKIP_KIND);
		break;
	case FIELD_TRUSTED_IF_TRUE:
		if (is_true(field) && action == ACTION_BLOCK)
			skip_record(record, FORMAT_SKIP_ACTION);
		break;
	case FIELD_LENGTH:
	case FIELD_EXCEPTIONS:
	case FIELD_OTHER:
		break;
	}
}

static bool is_selected(const struct reading *reading, const struct csv *csv,
			const struct token *fields, size_t count)
{
	const struct select *select = reading->input->select;
	uint32_t fulfilled = 0;

	for (size_t i = 0; select && i < count; i++) {
		for (size_t j = 0; csv->conditions[i] && j < select->count; j++) {
			if (csv->conditions[i] & 1U << j &&
			    select_matches(&select->conditions[j], fields[i].text, fields[i].bytes))
				fulfilled |= 1U << j;
		}
	}
	return !select || fulfilled == (1U << select->count) - 1;
}

/* "Ip:192.0.2.1" and "Country:XX" are decisions as cscli lists them. Cut the scope off. Returns
 * false if it is not about addresses. */
static bool cut_scope(struct token *address)
{
	static const char *const others[] = { "country:", "as:", "username:", "session:" };
	static const char *const scopes[] = { "ip:", "range:" };

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		size_t bytes = strlen(scopes[i]);
		struct token scope = { address->text, bytes, 0 };

		if (address->bytes > bytes && token_is_word(&scope, scopes[i]))
			*address = (struct token) { address->text + bytes, address->bytes - bytes,
						    address->position + bytes };
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct token scope = { address->text, strlen(others[i]), 0 };

		if (address->bytes >= scope.bytes && token_is_word(&scope, others[i]))
			return false;
	}
	return true;
}

static int add_record(struct reading *reading, const struct record *record)
{
	struct token address = record->address;
	struct entry entry = reading_entry(reading);
	struct token reason = record->reason ? *record->reason
			      : record->name ? *record->name
					     : (struct token) { 0 };
	int64_t expires_at_sec = entry.about->expires_at_sec;
	struct prefix first, last;
	const char *text;
	bool is_range =
	    address.bytes > 0 && reading_range(&address, &first, &last) == address.bytes;

	if (!is_range && !reading_prefix(reading, &address, HOST_BITS_REFUSE, &entry.prefix))
		return 0;
	if (record->expiry) {
		if (!expiry_read(reading, record->expiry, &expires_at_sec))
			return 0;
		reading_expire(reading, &entry, expires_at_sec);
	}
	text = line_reason(&reason);
	if (text)
		entry.reason = text;
	return is_range ? reading_add_range(reading, &address, &entry, &first, &last)
			: reading_add(reading, &address, &entry);
}

static int read_record(struct reading *reading, const struct token *fields, size_t count)
{
	const struct csv *csv = reading->state;
	struct record record = { .is_skipped = false };

	reading->result->record_count++;
	if (count > csv->column_count) {
		reading_bad(reading, fields[csv->column_count].position + 1,
			    "more fields than the header has: quote a field that contains a "
			    "separator");
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		read_field(reading, &record, csv->roles[i], &fields[i]);
	if (csv->scope_place > 0 && csv->scope_place <= count) {
		const struct token *scope = &fields[csv->scope_place - 1];

		if (token_is_word(scope, "country") || token_is_word(scope, "as"))
			skip_record(&record, FORMAT_SKIP_KIND);
	}
	if (!cut_scope(&record.address))
		skip_record(&record, FORMAT_SKIP_KIND);
	if (!is_selected(reading, csv, fields, count))
		skip_record(&record, FORMAT_SKIP_SELECT);
	if (!record.is_skipped)
		return add_record(reading, &record);
	reading_skip(reading, record.skip);
	return 0;
}

static int read_csv(struct reading *reading)
{
	const struct csv *csv = reading->state;
	struct token content = line_content(reading->line), fields[CSV_COLUMNS_MAX];
	size_t count;

	if (content.bytes == 0)
		return 0;
	if (csv->separator == 0) {
		read_header(reading, &content);
		return 0;
	}
	if (content.text[0] == '#' || csv->is_broken)
		return 0;
	/* A tab at the start or the end separates empty fields. */
	if (csv->separator == '\t')
		content = (struct token) { reading->line->text, reading->line->bytes, 0 };
	if (!csv_split_line(reading, content, csv->separator, fields, &count))
		return 0;
	return read_record(reading, fields, count);
}

static bool is_csv_mark(const struct token *line, bool is_first)
{
	struct token names[CSV_COLUMNS_MAX];
	char copy[4096];
	size_t count;

	if (!is_first)
		return false;
	return line->text[0] == '#' ? find_comment_header(line, copy, sizeof(copy), names, &count)
				    : find_header(line, copy, sizeof(copy), names, &count);
}

/* ---- geofeeds ------------------------------------------------------------------------ */

static int read_geofeed(struct reading *reading)
{
	static char header[] = "prefix,country,region,city,postal";
	struct csv *csv = reading->state;

	if (csv->separator == 0) {
		struct token names[CSV_COLUMNS_MAX], content = { header, sizeof(header) - 1, 0 };
		size_t count;

		csv_split(content, ',', names, &count);
		take_header(reading, names, count, ',');
	}
	return read_csv(reading);
}

/* "192.0.2.0/24,US,US-AL,Alabaster," */
static bool is_geofeed_line(const struct token *line)
{
	struct token fields[5];
	size_t count = token_split(line, ',', fields, 5);
	const struct token *country = &fields[1];

	if (count < 4 || count > 5 || !token_is_prefix(&fields[0]))
		return false;
	return country->bytes == 0 ||
	       (country->bytes == 2 && (country->text[0] | 0x20) >= 'a' &&
		(country->text[0] | 0x20) <= 'z' && (country->text[1] | 0x20) >= 'a' &&
		(country->text[1] | 0x20) <= 'z');
}

const struct format_parser format_csv = {
	.record_nouns = { "record", "records" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct csv),
	.has_fields = true,
	.is_mark = is_csv_mark,
	.read_line = read_csv,
};

const struct format_parser format_geofeed = {
	.record_nouns = { "record", "records" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct csv),
	.has_fields = true,
	.is_own = is_geofeed_line,
	.read_line = read_geofeed,
};
