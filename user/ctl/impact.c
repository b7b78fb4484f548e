/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the impact of a removal: before a question, or as warnings afterwards. */
#include "ctl/impact.h"

#include <stdlib.h>

#include "base/plural.h"
#include "ctl/ctl.h"
#include "ctl/entries.h"

static long long hits_count(const json_t *hits, const char *span, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(hits, span), key));
}

static void write_span(struct writer *writer, const json_t *hits, const char *span,
		       const char *words)
{
	long long packets = hits_count(hits, span, "packets");
	long long connections = hits_count(hits, span, "connections");

	writer_text(writer, COLOUR_NONE, "%lld %s, %lld %s %s", packets,
		    plural((uint64_t)packets, "packet", "packets"), connections,
		    plural((uint64_t)connections, "connection", "connections"), words);
}

static void write_hits(struct writer *writer, const json_t *hits)
{
	const char *last = json_string_value(json_object_get(hits, "last_hit_at"));
	long long averted = hits_count(hits, "total", "averted_packets");

	if (!json_is_object(hits)) {
		writer_text(writer, COLOUR_NONE, "  its hits are unknown");
	} else if (!last && !hits_count(hits, "total", "packets")) {
		writer_text(writer, COLOUR_NONE, "  no hits since counting began at %s",
			    entry_string(hits, "since"));
	} else {
		writer_text(writer, COLOUR_NONE, "  ");
		write_span(writer, hits, "last_7_days", "in 7 days; ");
		write_span(writer, hits, "last_30_days", "in 30 days; ");
		writer_text(writer, COLOUR_NONE, "last hit %s", last ? last : "unknown");
		if (averted)
			writer_text(writer, COLOUR_NONE, "; %lld %s averted", averted,
				    plural((uint64_t)averted, "packet", "packets"));
	}
	writer_line_end(writer);
}

static void write_holders(struct writer *writer, enum colour colour, const char *words,
			  const json_t *holders)
{
	const json_t *holder;
	size_t i;

	json_array_foreach(holders, i, holder)
	{
		char *provenance = entry_provenance(holder);
		const json_t *drops = json_object_get(holder, "drops");

		writer_text(writer, colour, "  %s%s list %s %s (%s)",
			    json_is_false(drops) ? "counted but not dropped by " : words,
			    entry_string(holder, "action"), entry_string(holder, "list"),
			    entry_string(holder, "prefix"), provenance);
		writer_line_end(writer);
		free(provenance);
	}
}

static void write_inside(struct writer *writer, const json_t *lists)
{
	const json_t *list;
	size_t i;

	json_array_foreach(lists, i, list)
	{
		long long entries = json_integer_value(json_object_get(list, "entries"));

		writer_text(writer, COLOUR_NONE, "  block list %s has %lld %s inside it",
			    entry_string(list, "list"), entries,
			    plural((uint64_t)entries, "entry", "entries"));
		writer_line_end(writer);
	}
}

void impact_write(struct writer *writer, const json_t *entry, const json_t *impact)
{
	const json_t *allowed = json_object_get(impact, "still_allowed_by");
	const char *reason = json_string_value(json_object_get(entry, "reason"));
	char *provenance = entry_provenance(entry);

	writer_text(writer, COLOUR_NONE, "%s in %s list %s (%s)%s%s", entry_string(entry, "prefix"),
		    entry_string(entry, "action"), entry_string(entry, "list"), provenance,
		    reason ? ": " : "", reason ? reason : "");
	writer_line_end(writer);
	free(provenance);
	if (!json_is_object(impact))
		return;
	write_hits(writer, json_object_get(impact, "hits"));
	write_holders(writer, COLOUR_GREEN, "still allowed by ", allowed);
	if (json_array_size(allowed))
		return;
	write_holders(writer, COLOUR_RED, "would be dropped by ",
		      json_object_get(impact, "blocked_by"));
	write_inside(writer, json_object_get(impact, "blocked_inside"));
}

void impact_warn(const json_t *entry, const json_t *impact)
{
	const json_t *hits = json_object_get(impact, "hits");
	const json_t *blocked = json_array_get(json_object_get(impact, "blocked_by"), 0);
	long long packets = hits_count(hits, "last_30_days", "packets");
	long long connections = hits_count(hits, "last_30_days", "connections");

	if (json_array_size(json_object_get(impact, "still_allowed_by")))
		return;
	if (packets)
		ctl_error("warning: %s had %lld %s, %lld %s in 30 days; `ipwlctl undo' restores it",
			  entry_string(entry, "prefix"), packets,
			  plural((uint64_t)packets, "packet", "packets"), connections,
			  plural((uint64_t)connections, "connection", "connections"));
	if (json_is_true(json_object_get(blocked, "drops")))
		ctl_error("warning: block list %s %s now drops the mail of %s",
			  entry_string(blocked, "list"), entry_string(blocked, "prefix"),
			  entry_string(entry, "prefix"));
}
