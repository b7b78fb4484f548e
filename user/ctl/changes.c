/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changed settings and lists, once for all commands. */
#include "ctl/changes.h"

#include <string.h>

#include "ctl/entries.h"

static const struct column changes_columns[] = {
	{ "settings", NULL, FORM_PLAIN },
	{ "lists", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static void write_settings(struct writer *writer, const json_t *settings, const char *list)
{
	const json_t *setting;
	size_t i;

	json_array_foreach(settings, i, setting)
	{
		const char *from = json_string_value(json_object_get(setting, "from"));
		const char *to = json_string_value(json_object_get(setting, "to"));

		writer_text(writer, COLOUR_YELLOW, "~ %s%s%s%s: %s -> %s", list ? "list " : "",
			    list ? list : "", list ? ", " : "", entry_string(setting, "key"),
			    from && *from ? from : "none", to && *to ? to : "none");
		writer_line_end(writer);
	}
}

static long long changes_count(const json_t *list, const char *key)
{
	return json_integer_value(json_object_get(list, key));
}

static void write_list(struct writer *writer, const json_t *list)
{
	const char *name = entry_string(list, "name"), *change = entry_string(list, "change");
	bool is_added = !strcmp(change, "added"), is_removed = !strcmp(change, "removed");
	long long exclusions = changes_count(list, "exclusions_added");
	long long gone = changes_count(list, "exclusions_removed");

	writer_text(writer,
		    is_added	 ? COLOUR_GREEN
		    : is_removed ? COLOUR_RED
				 : COLOUR_YELLOW,
		    "%s list %s (%s): %lld added, %lld removed",
		    is_added	 ? "+"
		    : is_removed ? "-"
				 : "~",
		    name, entry_string(list, "action"), changes_count(list, "added"),
		    changes_count(list, "removed"));
	if (exclusions || gone)
		writer_text(writer, COLOUR_NONE, "; exclusions: %lld added, %lld removed",
			    exclusions, gone);
	if (json_is_true(json_object_get(list, "moved")))
		writer_text(writer, COLOUR_NONE, "; moved in the order of the lists");
	writer_line_end(writer);
	write_settings(writer, json_object_get(list, "settings"), name);
}

void changes_write(struct writer *writer, const json_t *answer)
{
	const json_t *list;
	size_t i;

	writer_members(writer, changes_columns, answer);
	if (writer->is_json)
		return;
	write_settings(writer, json_object_get(answer, "settings"), NULL);
	json_array_foreach(json_object_get(answer, "lists"), i, list) write_list(writer, list);
}
