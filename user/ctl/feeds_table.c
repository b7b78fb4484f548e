/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints one line for each feed, then messages about feeds that need attention. */
#include "ctl/feeds_table.h"

#include <string.h>

#include "base/plural.h"
#include "ctl/copies.h"

static const struct column feed_columns[] = {
	{ "name", "FEED", FORM_PLAIN | COLUMN_NAME },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "action", NULL, FORM_PLAIN },
	{ "url", "URL", FORM_PLAIN | COLUMN_WIDE },
	{ "copy_url", NULL, FORM_PLAIN },
	{ "format", "FORMAT", FORM_PLAIN | COLUMN_LEAVES(3) },
	{ "entries", "ENTRIES", FORM_NUMBER },
	{ "skipped_lines", "SKIPPED", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "cut_entries", NULL, FORM_PLAIN },
	{ "overruled_exclusions", NULL, FORM_NUMBER },
	{ "fetched_at", "FETCHED", FORM_TIME | COLUMN_WIDE },
	{ "checked_at", "CONFIRMED", FORM_TIME | COLUMN_WIDE },
	{ "age_seconds", "AGE", FORM_DURATION },
	{ "last_fetch.result", "LAST", FORM_PLAIN },
	{ "next_fetch_at", "NEXT", FORM_TIME | COLUMN_LEAVES(4) },
	{ "fetching", "FETCHING", FORM_MARKER | COLUMN_LEAVES(1) },
	{ "held.entries", "HELD", FORM_NUMBER },
	{ "trouble", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* Say of how many entries address space was cut out. */
static void write_cut(struct writer *writer, const char *name, const json_t *cut)
{
	static const char *const spaces[][2] = { { "reserved", "reserved" },
						 { "own", "this host's own" } };

	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		const long long count = json_integer_value(json_object_get(cut, spaces[i][0]));

		if (count <= 0)
			continue;
		writer_text(writer, COLOUR_NONE,
			    "%s: %lld of its entries had %s address space, which is cut out", name,
			    count, spaces[i][1]);
		writer_line_end(writer);
	}
}

static void write_mirror(struct writer *writer, const json_t *feed)
{
	const char *copy_url = json_string_value(json_object_get(feed, "copy_url"));

	if (!copy_url || !strcmp(copy_url, copies_text(feed, "url")))
		return;
	writer_text(writer, COLOUR_NONE, "%s: its newest copy comes from %s",
		    copies_text(feed, "name"), copy_url);
	writer_line_end(writer);
}

/* Whose copy it is, if another host of the fleet has fetched it. */
static void write_host(struct writer *writer, const json_t *feed)
{
	const char *from =
	    json_string_value(json_object_get(json_object_get(feed, "last_fetch"), "from"));

	if (!from)
		return;
	writer_text(writer, COLOUR_NONE, "%s: host %s of the fleet has fetched it",
		    copies_text(feed, "name"), from);
	writer_line_end(writer);
}

static void write_words(struct writer *writer, const json_t *feed)
{
	const char *name = copies_text(feed, "name");
	const long long overruled =
	    json_integer_value(json_object_get(feed, "overruled_exclusions"));

	write_mirror(writer, feed);
	write_host(writer, feed);
	write_cut(writer, name, json_object_get(feed, "cut_entries"));
	if (overruled > 0) {
		writer_text(writer, COLOUR_YELLOW,
			    "%s: %lld of its exclusions %s not in force, because list %s has "
			    "protected entries there",
			    name, overruled, plural((uint64_t)overruled, "is", "are"),
			    copies_text(feed, "list"));
		writer_line_end(writer);
	}
	copies_write_words(writer, FEED_OF_URL, feed);
}

void feeds_table(struct writer *writer, const json_t *feeds)
{
	const json_t *feed;
	size_t i;

	writer_table(writer, "feeds", feed_columns, "", feeds);
	json_array_foreach(feeds, i, feed) write_words(writer, feed);
}
