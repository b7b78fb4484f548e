/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints one line for each domain, then what is missing from it and what needs attention. */
#include "ctl/domains_table.h"

#include <string.h>

#include "ctl/copies.h"

static const struct column domain_columns[] = {
	{ "name", "DOMAIN", FORM_PLAIN | COLUMN_NAME },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "origin", "ORIGIN", FORM_PLAIN | COLUMN_LEAVES(3) },
	{ "in_force", "IN-FORCE", FORM_PLAIN | COLUMN_WIDE },
	{ "action", NULL, FORM_PLAIN },
	{ "entries", "ENTRIES", FORM_NUMBER },
	{ "fetched_at", NULL, FORM_PLAIN },
	{ "checked_at", NULL, FORM_PLAIN },
	{ "age_seconds", "AGE", FORM_DURATION | COLUMN_LEAVES(2) },
	{ "last_fetch.result", "LAST", FORM_PLAIN },
	{ "next_fetch_at", "NEXT", FORM_TIME | COLUMN_LEAVES(1) },
	{ "fetching", NULL, FORM_PLAIN },
	{ "missing", NULL, FORM_PLAIN },
	{ "gone_since", NULL, FORM_PLAIN },
	{ "held.entries", "HELD", FORM_NUMBER },
	{ "trouble", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const char *domain_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void write_words(struct writer *writer, const json_t *domain)
{
	const json_t *held = json_object_get(domain, "held");
	const json_t *last = json_object_get(domain, "last_fetch"), *line;
	const char *name = domain_text(domain, "name"), *result = domain_text(last, "result");
	size_t i;

	json_array_foreach(json_object_get(domain, "missing"), i, line)
	{
		writer_text(writer, COLOUR_YELLOW, "%s: missing: %s", name,
			    json_is_string(line) ? json_string_value(line) : "");
		writer_line_end(writer);
	}
	if (json_is_object(held))
		copies_write_held(writer, FEED_OF_DOMAIN, name, held);
	/* Not every partner that is learned has a record. */
	if (!strcmp(domain_text(domain, "origin"), "learned") &&
	    !*domain_text(domain, "fetched_at"))
		return;
	if (!strcmp(result, "failed") || !strcmp(result, "invalid")) {
		writer_text(writer, COLOUR_RED, "%s: %s: %s", name, result,
			    domain_text(last, "message"));
		writer_line_end(writer);
	}
	if (*domain_text(domain, "trouble")) {
		writer_text(writer, COLOUR_RED, "%s: %s", name, domain_text(domain, "trouble"));
		writer_line_end(writer);
	}
}

void domains_table(struct writer *writer, const json_t *domains)
{
	const json_t *domain;
	size_t i;

	writer_table(writer, "domains", domain_columns, "", domains);
	json_array_foreach(domains, i, domain) write_words(writer, domain);
}
