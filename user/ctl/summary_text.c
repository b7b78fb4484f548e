/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary as text, or as the JSON object that it is. */
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "ctl/summary_internal.h"

static const struct column summary_columns[] = {
	{ "host", NULL, FORM_PLAIN },	     { "since", NULL, FORM_PLAIN },
	{ "until", NULL, FORM_PLAIN },	     { "health", NULL, FORM_PLAIN },
	{ "connections", NULL, FORM_PLAIN }, { "attempts", NULL, FORM_PLAIN },
	{ "candidates", NULL, FORM_PLAIN },  { "learned", NULL, FORM_PLAIN },
	{ "unused", NULL, FORM_PLAIN },	     { "expiring", NULL, FORM_PLAIN },
	{ "feeds", NULL, FORM_PLAIN },	     { "changes", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* ---- parts ---------------------------------------------------------------------- */

/* A line with an empty one before it. */
#define write_heading(writer, ...)                                                                 \
	do {                                                                                       \
		writer_line_end(writer);                                                           \
		writer_text(writer, COLOUR_NONE, __VA_ARGS__);                                     \
		writer_line_end(writer);                                                           \
	} while (0)

/* "and 12 more" after a table that does not show all. */
static void write_more(struct writer *writer, json_int_t count, const json_t *items)
{
	const json_int_t more = count - (json_int_t)json_array_size(items);

	if (more <= 0)
		return;
	writer_text(writer, COLOUR_NONE, "and %lld more", (long long)more);
	writer_line_end(writer);
}

static char *time_text(const json_t *object, const char *path)
{
	return writer_value_text(summary_find(object, path), FORM_TIME);
}

static void write_head(struct writer *writer, const json_t *summary)
{
	static const char *const levels[] = { "OK", "WARNING", "CRITICAL" };
	static const enum colour colours[] = { COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED };
	char *since = time_text(summary, "since"), *until = time_text(summary, "until");
	enum colour colour = COLOUR_NONE;
	const json_t *problem;
	size_t i;

	writer_text(writer, COLOUR_NONE, "ipwl on %s, %s to %s", summary_text(summary, "host"),
		    since, until);
	writer_line_end(writer);
	for (i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (!strcmp(summary_text(summary, "health.level"), levels[i]))
			colour = colours[i];
	writer_text(writer, colour, "%s", summary_text(summary, "health.summary"));
	writer_line_end(writer);
	json_array_foreach(summary_find(summary, "health.problems"), i, problem)
	{
		writer_text(writer, COLOUR_YELLOW, "%s", json_string_value(problem));
		writer_line_end(writer);
	}
	free(since);
	free(until);
}

static void write_connections(struct writer *writer, const json_t *connections)
{
	json_t *row = json_object_get(connections, "total");
	char *since = time_text(connections, "since");

	if (json_is_string(json_object_get(connections, "since"))) {
		write_heading(writer, "Connections since %s:", since);
		writer_table_begin(writer, NULL, summary_connection_columns, "  ");
		writer_row(writer, row);
		writer_table_end(writer);
	}
	free(since);
}

static void write_left_out(struct writer *writer, const json_t *attempts)
{
	const json_int_t left_out = summary_left_out(attempts);

	if (!left_out)
		return;
	writer_text(writer, COLOUR_YELLOW, "  %lld more %s of unknown sources", (long long)left_out,
		    plural((uint64_t)left_out, "attempt", "attempts"));
	writer_line_end(writer);
}

static void write_attempts(struct writer *writer, const json_t *attempts)
{
	const json_t *averted = json_object_get(attempts, "averted");
	const json_t *lists = json_object_get(attempts, "lists");
	const json_int_t saved = summary_number(attempts, "attempts_by_verdict.averted");
	const json_int_t dropped = summary_number(attempts, "attempts_by_verdict.block");
	const json_int_t would = summary_number(attempts, "attempts_by_verdict.would_block");
	char *since = time_text(attempts, "since");
	json_t *sources;

	if (!json_is_object(attempts)) {
		write_heading(writer, "Attempts are not stored (seen: keep: none).");
		free(since);
		return;
	}
	write_heading(writer, "Averted since %s: %lld %s, which block lists would have dropped%s",
		      since, (long long)saved, plural((uint64_t)saved, "attempt", "attempts"),
		      saved ? ":" : ".");
	writer_table(writer, NULL, summary_averted_columns, "  ", averted);
	write_more(writer, summary_number(attempts, "averted_count"), averted);
	write_heading(writer, "Dropped: %lld %s; in monitor mode: %lld%s", (long long)dropped,
		      plural((uint64_t)dropped, "attempt", "attempts"), (long long)would,
		      json_array_size(lists) ? ":" : ".");
	writer_table(writer, NULL, summary_list_columns, "  ", lists);
	write_left_out(writer, attempts);
	sources = summary_sources(attempts);
	if (json_array_size(sources))
		write_heading(writer, "Sources with most of these attempts:");
	writer_table(writer, NULL, summary_source_columns, "  ", sources);
	json_decref(sources);
	free(since);
}

static void write_learned(struct writer *writer, const json_t *summary)
{
	const json_t *candidates = json_object_get(summary, "candidates");
	const json_t *learned = json_object_get(summary, "learned");
	const json_int_t waiting = summary_number(candidates, "count");
	const json_int_t changed = summary_number(learned, "count");

	if (json_is_object(candidates)) {
		write_heading(writer, "Learning: %lld %s for `ipwlctl learn accept'%s",
			      (long long)waiting,
			      plural((uint64_t)waiting, "candidate waits", "candidates wait"),
			      waiting ? ":" : ".");
		writer_table(writer, NULL, summary_candidate_columns, "  ",
			     json_object_get(candidates, "items"));
		write_more(writer, waiting, json_object_get(candidates, "items"));
	}
	if (!changed)
		return;
	write_heading(writer, "Learned entries that came or went: %lld", (long long)changed);
	writer_table(writer, NULL, summary_learned_columns, "  ",
		     json_object_get(learned, "items"));
	write_more(writer, changed, json_object_get(learned, "items"));
}

static void write_entries(struct writer *writer, const json_t *summary)
{
	const json_t *unused = json_object_get(summary, "unused");
	const json_t *expiring = json_object_get(summary, "expiring");
	const json_int_t soon = summary_number(expiring, "count");

	write_heading(writer, "Entries without a hit for %lld days:",
		      (long long)summary_number(unused, "for_days"));
	writer_table(writer, NULL, summary_unused_columns, "  ", json_object_get(unused, "lists"));
	if (json_array_size(json_object_get(unused, "items"))) {
		write_heading(writer, "Allow entries among them (`ipwlctl lint --check unused'):");
		writer_table(writer, NULL, summary_finding_columns, "  ",
			     json_object_get(unused, "items"));
	}
	write_heading(writer, "Entries that expire within %lld days: %lld%s",
		      (long long)summary_number(expiring, "within_days"), (long long)soon,
		      soon ? ":" : "");
	writer_table(writer, NULL, summary_finding_columns, "  ",
		     json_object_get(expiring, "items"));
	write_more(writer, soon, json_object_get(expiring, "items"));
}

static void write_rest(struct writer *writer, const json_t *summary)
{
	const json_t *feeds = json_object_get(summary, "feeds");
	const json_t *changes = json_object_get(summary, "changes");
	const json_int_t records = summary_number(changes, "record_count");

	if (json_array_size(feeds))
		write_heading(writer, "Feeds and domains that need attention:");
	writer_table(writer, NULL, summary_feed_columns, "  ", feeds);
	write_heading(writer, "Changes: %lld %s in the history%s", (long long)records,
		      plural((uint64_t)records, "record", "records"), records ? ":" : ".");
	writer_table(writer, NULL, summary_change_columns, "  ", json_object_get(changes, "by"));
}

void summary_write(struct writer *writer, const json_t *summary)
{
	writer_members(writer, summary_columns, summary);
	if (writer->is_json)
		return;
	write_head(writer, summary);
	write_connections(writer, json_object_get(summary, "connections"));
	write_attempts(writer, json_object_get(summary, "attempts"));
	write_learned(writer, summary);
	write_entries(writer, summary);
	write_rest(writer, summary);
}
