/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses the text of an entry, and checks whether a list may contain it. */
#include "config/entry_text.h"
#include "core/prefix_error.h"

static void parse_failed(enum prefix_error error, size_t position, const char *text,
			 size_t text_bytes, const struct place *place,
			 struct diagnostics *diagnostics)
{
	char message[PREFIX_MESSAGE_BYTES];

	prefix_error_message(error, text, text_bytes, message);
	diagnostics_add(diagnostics, SEVERITY_ERROR, place->file, place->line,
			place->column + (place->is_verbatim ? (uint32_t)position : 0), "%s",
			message);
}

bool entry_text_parse(const char *text, size_t text_bytes, enum action action,
		      const struct place *place, struct diagnostics *diagnostics,
		      struct entry *entry)
{
	bool is_exclusion = text_bytes > 0 && text[0] == '!';
	size_t start = is_exclusion ? 1 : 0, position;
	enum prefix_error error;
	const char *refusal, *warning;

	error = prefix_parse(text + start, text_bytes - start, &entry->prefix, &position);
	if (error) {
		parse_failed(error, start + position, text + start, text_bytes - start, place,
			     diagnostics);
		return false;
	}
	entry->is_exclusion = is_exclusion;
	if (is_exclusion)
		return true;
	refusal = policy_refuse_prefix(&entry->prefix, action);
	if (refusal) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, place->file, place->line,
				place->column, "%s", refusal);
		return false;
	}
	warning = policy_warn_prefix(&entry->prefix, action);
	if (warning)
		diagnostics_add(diagnostics, SEVERITY_WARNING, place->file, place->line,
				place->column, "%.*s %s", (int)text_bytes, text, warning);
	return true;
}
