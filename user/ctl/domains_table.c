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

static void write_words(struct writer *writer, const json_t *domain)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(domain, "missing"), i, line)
	{
		writer_text(writer, COLOUR_YELLOW, "%s: missing: %s", copies_text(domain, "name"),
			    json_is_string(line) ? json_string_value(line) : "");
		writer_line_end(writer);
	}
	/* Not every partner that is learned has a record. */
	if (strcmp(copies_text(domain, "origin"), "learned") != 0 ||
	    *copies_text(domain, "fetched_at") || json_is_object(json_object_get(domain, "held")))
		copies_write_words(writer, FEED_OF_DOMAIN, domain);
}

void domains_table(struct writer *writer, const json_t *domains)
{
	const json_t *domain;
	size_t i;

	writer_table(writer, "domains", domain_columns, "", domains);
	json_array_foreach(domains, i, domain) write_words(writer, domain);
}
