/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits lines of tables, with quotes. */
#include "formats/csv_line.h"

/* Remove a field's quotes, in place. Returns false if a quote is not closed, or is followed by
 * text. */
static bool unquote(struct token *field, struct token *rest, char separator)
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
	for (in++; in < end && is_blank(*in) && *in != separator;)
		in++;
	if (in < end && *in != separator)
		return false;
	field->bytes = (size_t)(out - start);
	*rest = (struct token) { .text = NULL };
	if (in < end)
		*rest = (struct token) { in + 1, (size_t)(end - in) - 1,
					 field->position + (size_t)(in + 1 - start) };
	return true;
}

enum csv_split csv_split(struct token content, char separator, struct token fields[CSV_COLUMNS_MAX],
			 size_t *ret_count)
{
	struct token rest = content, field;
	size_t count = 0;

	while (token_field(&rest, separator, &field)) {
		bool is_closed = true;

		field = token_trim(field);
		if (field.bytes > 0 && field.text[0] == '"')
			is_closed = unquote(&field, &rest, separator);
		if (count < CSV_COLUMNS_MAX)
			fields[count] = field;
		count++;
		*ret_count = count;
		if (!is_closed)
			return count > CSV_COLUMNS_MAX ? CSV_TOO_MANY : CSV_OPEN_QUOTE;
	}
	*ret_count = count;
	return count > CSV_COLUMNS_MAX ? CSV_TOO_MANY : CSV_OK;
}

bool csv_split_line(struct reading *reading, struct token content, char separator,
		    struct token fields[CSV_COLUMNS_MAX], size_t *ret_count)
{
	switch (csv_split(content, separator, fields, ret_count)) {
	case CSV_OPEN_QUOTE:
		reading_bad(reading, fields[*ret_count - 1].position + 1,
			    "a quote that is not closed before the next separator: add \"");
		return false;
	case CSV_TOO_MANY:
		reading_bad(reading, 1, "%zu columns: at most %d are read", *ret_count,
			    CSV_COLUMNS_MAX);
		return false;
	default:
		return true;
	}
}
