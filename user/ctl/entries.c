/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of entries, once for all commands. */
#include "ctl/entries.h"

#include <stdlib.h>

#include "ctl/memory.h"

/* clang-format off */
#define ENTRY_COLUMNS \
	{ "prefix", "PREFIX", FORM_PLAIN }, \
	{ "list", "LIST", FORM_PLAIN }, \
	{ "action", "ACTION", FORM_PLAIN }, \
	{ "source", "SOURCE", FORM_PLAIN }, \
	{ "origin", "ORIGIN", FORM_PLAIN }, \
	{ "author", NULL, FORM_PLAIN }, \
	{ "added_at", NULL, FORM_PLAIN }, \
	{ "expires_at", "EXPIRES", FORM_PLAIN }, \
	{ "packets", "PACKETS", FORM_NUMBER }, \
	{ "bytes", NULL, FORM_NUMBER }, \
	{ "connections", "CONNECTIONS", FORM_NUMBER }, \
	{ "averted_packets", "AVERTED", FORM_NUMBER }, \
	{ "total_packets", "TOTAL", FORM_NUMBER }, \
	{ "total_connections", NULL, FORM_NUMBER }, \
	{ "total_averted_packets", NULL, FORM_NUMBER }, \
	{ "last_hit_at", "LAST HIT", FORM_PLAIN }, \
	{ "protected", "PROTECTED", FORM_MARKER }, \
	{ "reason", "REASON", FORM_PLAIN }
/* clang-format on */

const struct column entry_columns[] = { ENTRY_COLUMNS, { NULL, NULL, FORM_PLAIN } };

const struct column entry_test_columns[] = { { "decides", "", FORM_MARKER },
					     ENTRY_COLUMNS,
					     { NULL, NULL, FORM_PLAIN } };

const char *entry_string(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "?";
}

char *entry_provenance(const json_t *entry)
{
	const char *origin = json_string_value(json_object_get(entry, "origin"));
	char *text;

	if (asprintf(&text, "%s%s%s", entry_string(entry, "source"), origin ? " " : "",
		     origin ? origin : "") < 0)
		text = ctl_allocated(NULL);
	return text;
}
