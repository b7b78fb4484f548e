/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary as text, or as the JSON object that it is. */
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "ctl/memory.h"
#include "ctl/summary.h"

static const struct column summary_columns[] = {
	{ "host", NULL, FORM_PLAIN },	     { "since", NULL, FORM_PLAIN },
	{ "until", NULL, FORM_PLAIN },	     { "health", NULL, FORM_PLAIN },
	{ "connections", NULL, FORM_PLAIN }, { "attempts", NULL, FORM_PLAIN },
	{ "candidates", NULL, FORM_PLAIN },  { "learned", NULL, FORM_PLAIN },
	{ "unused", NULL, FORM_PLAIN },	     { "expiring", NULL, FORM_PLAIN },
	{ "feeds", NULL, FORM_PLAIN },	     { "changes", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column connection_columns[] = {
	{ "allow", "ALLOW", FORM_NUMBER },	 { "averted", "AVERTED", FORM_NUMBER },
	{ "unlisted", "UNLISTED", FORM_NUMBER }, { "would_block", "WOULD_BLOCK", FORM_NUMBER },
	{ "block", "BLOCK", FORM_NUMBER },	 { NULL, NULL, FORM_PLAIN },
};

static const struct column averted_columns[] = {
	{ "allow.list", "ALLOWED BY", FORM_PLAIN | COLUMN_NAME },
	{ "allow.entry", "ENTRY", FORM_PLAIN },
	{ "block_list", "ALSO IN", FORM_PLAIN | COLUMN_NAME },
	{ "attempts", "ATTEMPTS", FORM_NUMBER },
	{ "source_count", "SOURCES", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "entry.origin", "FROM", FORM_PLAIN | COLUMN_CUT_BEFORE | COLUMN_LEAVES(1) },
	{ "entry.reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(3) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column list_columns[] = {
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "attempts_by_verdict.block", "BLOCK", FORM_NUMBER },
	{ "attempts_by_verdict.would_block", "WOULD_BLOCK", FORM_NUMBER },
	{ "source_count", "SOURCES", FORM_NUMBER },
	{ "attempts_by_verdict.averted", "AVERTED", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column source_columns[] = {
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "source", "SOURCE", FORM_PLAIN },
	{ "attempts", "ATTEMPTS", FORM_NUMBER },
	{ "first_at", "FIRST", FORM_TIME | COLUMN_LEAVES(1) },
	{ "last_at", "LAST", FORM_TIME | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column candidate_columns[] = {
	{ "prefix", "CANDIDATE", FORM_PLAIN },
	{ "domain", "DOMAIN", FORM_PLAIN | COLUMN_NAME },
	{ "rule", "RULE", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "since", "SINCE", FORM_TIME | COLUMN_LEAVES(2) },
	{ "why", "WHY", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(3) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column learned_columns[] = {
	{ "at", "AT", FORM_TIME | COLUMN_LEAVES(1) },
	{ "change", "LEARNED", FORM_PLAIN },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column unused_columns[] = {
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "action", "ACTION", FORM_PLAIN },
	{ "count", "WITHOUT A HIT", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column finding_columns[] = {
	{ "prefix", "PREFIX", FORM_PLAIN },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "expires_at", "EXPIRES", FORM_TIME },
	{ "last_hit_at", "LAST HIT", FORM_TIME | COLUMN_LEAVES(3) },
	{ "origin", "FROM", FORM_PLAIN | COLUMN_CUT_BEFORE | COLUMN_LEAVES(1) },
	{ "reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column feed_columns[] = {
	{ "name", "FEED", FORM_PLAIN | COLUMN_NAME },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(2) },
	{ "state", "STATE", FORM_PLAIN },
	{ "checked_at", "CONFIRMED", FORM_TIME | COLUMN_LEAVES(3) },
	{ "message", "MESSAGE", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(1) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column change_columns[] = {
	{ "author", "WHO", FORM_PLAIN | COLUMN_NAME },
	{ "event", "EVENT", FORM_PLAIN },
	{ "records", "RECORDS", FORM_NUMBER },
	{ "added", "ADDED", FORM_NUMBER },
	{ "removed", "REMOVED", FORM_NUMBER },
	{ "last_at", "LAST", FORM_TIME | COLUMN_LEAVES(1) },
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
		writer_table_begin(writer, NULL, connection_columns, "  ");
		writer_row(writer, row);
		writer_table_end(writer);
	}
	free(since);
}

static void write_left_out(struct writer *writer, const json_t *attempts)
{
	json_int_t left_out = 0;
	const char *cause;
	json_t *count;

	json_object_foreach(json_object_get(attempts, "left_out"), cause, count) left_out +=
	    json_integer_value(count);
	if (!left_out)
		return;
	writer_text(writer, COLOUR_YELLOW, "  %lld more %s of unknown sources", (long long)left_out,
		    plural((uint64_t)left_out, "attempt", "attempts"));
	writer_line_end(writer);
}

/* The largest sources of all lists in one table. */
static void write_sources(struct writer *writer, const json_t *lists)
{
	const json_t *list, *source;
	size_t i, k;

	writer_table_begin(writer, NULL, source_columns, "  ");
	json_array_foreach(lists, i, list)
	    json_array_foreach(json_object_get(list, "sources"), k, source)
	{
		json_t *row = ctl_allocated(json_copy((json_t *)(uintptr_t)source));

		json_object_set(row, "list", json_object_get(list, "list"));
		writer_row(writer, row);
		json_decref(row);
	}
	writer_table_end(writer);
}

static void write_attempts(struct writer *writer, const json_t *attempts)
{
	const json_t *averted = json_object_get(attempts, "averted");
	const json_t *lists = json_object_get(attempts, "lists");
	const json_int_t saved = summary_number(attempts, "attempts_by_verdict.averted");
	const json_int_t dropped = summary_number(attempts, "attempts_by_verdict.block");
	const json_int_t would = summary_number(attempts, "attempts_by_verdict.would_block");
	char *since = time_text(attempts, "since");

	if (!json_is_object(attempts)) {
		write_heading(writer, "Attempts are not stored (seen: keep: none).");
		free(since);
		return;
	}
	write_heading(writer, "Averted since %s: %lld %s, which block lists would have dropped%s",
		      since, (long long)saved, plural((uint64_t)saved, "attempt", "attempts"),
		      saved ? ":" : ".");
	writer_table(writer, NULL, averted_columns, "  ", averted);
	write_more(writer, summary_number(attempts, "averted_count"), averted);
	write_heading(writer, "Dropped: %lld %s; in monitor mode: %lld%s", (long long)dropped,
		      plural((uint64_t)dropped, "attempt", "attempts"), (long long)would,
		      json_array_size(lists) ? ":" : ".");
	writer_table(writer, NULL, list_columns, "  ", lists);
	write_left_out(writer, attempts);
	if (dropped + would) {
		write_heading(writer, "Sources with most of these attempts:");
		write_sources(writer, lists);
	}
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
		writer_table(writer, NULL, candidate_columns, "  ",
			     json_object_get(candidates, "items"));
		write_more(writer, waiting, json_object_get(candidates, "items"));
	}
	if (!changed)
		return;
	write_heading(writer, "Learned entries that came or went: %lld", (long long)changed);
	writer_table(writer, NULL, learned_columns, "  ", json_object_get(learned, "items"));
	write_more(writer, changed, json_object_get(learned, "items"));
}

static void write_entries(struct writer *writer, const json_t *summary)
{
	const json_t *unused = json_object_get(summary, "unused");
	const json_t *expiring = json_object_get(summary, "expiring");
	const json_int_t soon = summary_number(expiring, "count");

	write_heading(writer, "Entries without a hit for %lld days:",
		      (long long)summary_number(unused, "for_days"));
	writer_table(writer, NULL, unused_columns, "  ", json_object_get(unused, "lists"));
	if (json_array_size(json_object_get(unused, "items"))) {
		write_heading(writer, "Allow entries among them (`ipwlctl lint --check unused'):");
		writer_table(writer, NULL, finding_columns, "  ", json_object_get(unused, "items"));
	}
	write_heading(writer, "Entries that expire within %lld days: %lld%s",
		      (long long)summary_number(expiring, "within_days"), (long long)soon,
		      soon ? ":" : "");
	writer_table(writer, NULL, finding_columns, "  ", json_object_get(expiring, "items"));
	write_more(writer, soon, json_object_get(expiring, "items"));
}

static void write_rest(struct writer *writer, const json_t *summary)
{
	const json_t *feeds = json_object_get(summary, "feeds");
	const json_t *changes = json_object_get(summary, "changes");
	const json_int_t records = summary_number(changes, "record_count");

	if (json_array_size(feeds))
		write_heading(writer, "Feeds and domains that need attention:");
	writer_table(writer, NULL, feed_columns, "  ", feeds);
	write_heading(writer, "Changes: %lld %s in the history%s", (long long)records,
		      plural((uint64_t)records, "record", "records"), records ? ":" : ".");
	writer_table(writer, NULL, change_columns, "  ", json_object_get(changes, "by"));
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
