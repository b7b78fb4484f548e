/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of entries, once for all commands. */
#include "ctl/entries.h"

#include <stdlib.h>

#include "ctl/memory.h"

/* The columns leave in the order of these ranks; 0 stays. */
/* clang-format off */
#define ENTRY_COLUMNS(ACTION, SOURCE, ORIGIN, EXPIRES, PACKETS, TOTAL, LAST) \
	{ "prefix", "PREFIX", FORM_PLAIN }, \
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME }, \
	{ "action", "ACTION", FORM_PLAIN | COLUMN_LEAVES(ACTION) }, \
	{ "source", "SOURCE", FORM_PLAIN | COLUMN_LEAVES(SOURCE) }, \
	{ "origin", "ORIGIN", FORM_PLAIN | COLUMN_CUT_BEFORE | COLUMN_LEAVES(ORIGIN) }, \
	{ "author", "AUTHOR", FORM_PLAIN | COLUMN_WIDE }, \
	{ "added_at", "ADDED", FORM_TIME | COLUMN_WIDE }, \
	{ "expires_at", "EXPIRES", FORM_TIME | COLUMN_LEAVES(EXPIRES) }, \
	{ "packets", "PACKETS", FORM_NUMBER | COLUMN_LEAVES(PACKETS) }, \
	{ "bytes", "BYTES", FORM_NUMBER | COLUMN_WIDE }, \
	{ "connections", "CONNECTIONS", FORM_NUMBER | COLUMN_LEAVES(2) }, \
	{ "averted_packets", "AVERTED", FORM_NUMBER | COLUMN_LEAVES(3) }, \
	{ "total_packets", "TOTAL", FORM_NUMBER | COLUMN_LEAVES(TOTAL) }, \
	{ "total_connections", NULL, FORM_NUMBER }, \
	{ "total_averted_packets", NULL, FORM_NUMBER }, \
	{ "last_hit_at", "LAST HIT", FORM_TIME | COLUMN_LEAVES(LAST) }, \
	{ "protected", "PROT", FORM_MARKER }, \
	{ "reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(10) }
/* clang-format on */

/* Of a whole list: how much an entry is used. */
const struct column entry_columns[] = { ENTRY_COLUMNS(1, 6, 5, 9, 4, 0, 7),
					{ NULL, NULL, FORM_PLAIN } };

/* Of an address: where an entry comes from. */
const struct column entry_test_columns[] = { { "decides", "", FORM_MARKER },
					     ENTRY_COLUMNS(0, 8, 0, 6, 4, 5, 7),
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
