/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of entries, once for all commands. */
#include "ctl/entries.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "ctl/memory.h"

/* Between the parts of a line. */
#define GAP 2
/* The list's name is cut before the origin is cut to less than this … */
#define ORIGIN_WIDTH 14
/* … but neither is cut to less than this. */
#define CUT_WIDTH_MIN 10

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

/* A copy that a terminal shows, at most @width wide. To be freed. */
static char *cut_text(const char *text, size_t width, bool is_cut_before)
{
	char *plain = ctl_allocated(text_escape(text));
	char *cut = ctl_allocated(text_cut(plain, width, is_cut_before));

	free(plain);
	return cut;
}

static size_t width_left(size_t width, size_t used)
{
	return width > used + CUT_WIDTH_MIN ? width - used : CUT_WIDTH_MIN;
}

void entry_write_line(struct writer *writer, enum colour colour, size_t used, const json_t *entry)
{
	const size_t width = writer_width(writer);
	char *provenance = entry_provenance(entry);
	char *prefix = ctl_allocated(text_escape(entry_string(entry, "prefix"))), *list, *origin;
	bool is_exclusion = json_is_true(json_object_get(entry, "exclusion"));

	used += is_exclusion + text_width(prefix) + GAP;
	list = cut_text(entry_string(entry, "list"), width_left(width, used + GAP + ORIGIN_WIDTH),
			false);
	used += text_width(list) + GAP;
	origin = cut_text(provenance, width_left(width, used), true);
	writer_text(writer, colour, "%s%s  %s  %s", is_exclusion ? "!" : "", prefix, list, origin);
	writer_line_end(writer);
	free(origin);
	free(list);
	free(prefix);
	free(provenance);
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

void entry_write_answer(struct writer *writer, const json_t *answer)
{
	const json_t *entry;
	size_t i;

	writer_object_begin(writer, "entry");
	writer_members(writer, entry_columns, json_object_get(answer, "entry"));
	writer_object_end(writer);
	writer_array_begin(writer, "entries");
	json_array_foreach(json_object_get(answer, "entries"), i, entry)
	{
		writer_object_begin(writer, NULL);
		writer_members(writer, entry_columns, entry);
		writer_object_end(writer);
	}
	writer_array_end(writer);
}
