/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts records of the history into words. */
#include "ctl/records.h"

#include <stdarg.h>
#include <stdlib.h>

#include "ctl/entries.h"
#include "ctl/memory.h"

const struct column record_columns[] = {
	{ "id", NULL, FORM_NUMBER },	    { "at", NULL, FORM_PLAIN },
	{ "event", NULL, FORM_PLAIN },	    { "author", NULL, FORM_PLAIN },
	{ "via", NULL, FORM_PLAIN },	    { "origin", NULL, FORM_PLAIN },
	{ "reason", NULL, FORM_PLAIN },	    { "undoes", NULL, FORM_NUMBER },
	{ "undone_by", NULL, FORM_NUMBER }, { "added", NULL, FORM_NUMBER },
	{ "removed", NULL, FORM_NUMBER },   { "change_count", NULL, FORM_NUMBER },
	{ "changes", NULL, FORM_PLAIN },    { NULL, NULL, FORM_PLAIN },
};

static long long record_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

__attribute__((format(printf, 1, 2))) static char *format_text(const char *format, ...)
{
	va_list arguments;
	char *text;
	int bytes;

	va_start(arguments, format);
	bytes = vasprintf(&text, format, arguments);
	va_end(arguments);
	return ctl_allocated(bytes < 0 ? NULL : text);
}

char *record_author(const json_t *record)
{
	const char *author = json_string_value(json_object_get(record, "author"));
	const char *via = json_string_value(json_object_get(record, "via"));

	if (!author)
		return format_text("-");
	return via ? format_text("%s (%s)", author, via) : format_text("%s", author);
}

char *record_event(const json_t *record)
{
	const char *event = entry_string(record, "event");

	if (record_number(record, "undone_by"))
		return format_text("%s (undone by %lld)", event,
				   record_number(record, "undone_by"));
	if (record_number(record, "undoes"))
		return format_text("%s of %lld", event, record_number(record, "undoes"));
	return format_text("%s", event);
}

char *change_text(const json_t *change)
{
	const char *prefix = json_string_value(json_object_get(change, "prefix"));

	if (!prefix)
		return format_text("+%lld -%lld", record_number(change, "added"),
				   record_number(change, "removed"));
	return format_text("%c%s",
			   record_number(change, "added")     ? '+'
			   : record_number(change, "removed") ? '-'
							      : '~',
			   prefix);
}

char *record_describe(const json_t *record)
{
	const json_t *change = json_array_get(json_object_get(record, "changes"), 0);
	long long count = record_number(record, "change_count");
	char *author = record_author(record);
	char *text;

	if (count == 1)
		text = format_text("record %lld, %s of %s in %s by %s at %s",
				   record_number(record, "id"), entry_string(record, "event"),
				   entry_string(change, "prefix"), entry_string(change, "list"),
				   author, entry_string(record, "at"));
	else
		text = format_text("record %lld, %s of %lld entries by %s at %s",
				   record_number(record, "id"), entry_string(record, "event"),
				   count, author, entry_string(record, "at"));
	free(author);
	return text;
}
