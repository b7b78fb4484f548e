/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tables of a summary show, as text and as HTML. */
#include <stdint.h>

#include "ctl/memory.h"
#include "ctl/summary_internal.h"

const struct column summary_connection_columns[] = {
	{ "allow", "ALLOW", FORM_NUMBER },	 { "averted", "AVERTED", FORM_NUMBER },
	{ "unlisted", "UNLISTED", FORM_NUMBER }, { "would_block", "WOULD_BLOCK", FORM_NUMBER },
	{ "block", "BLOCK", FORM_NUMBER },	 { NULL, NULL, FORM_PLAIN },
};

const struct column summary_averted_columns[] = {
	{ "allow.list", "ALLOWED BY", FORM_PLAIN | COLUMN_NAME },
	{ "allow.entry", "ENTRY", FORM_PLAIN },
	{ "block_list", "ALSO IN", FORM_PLAIN | COLUMN_NAME },
	{ "attempts", "ATTEMPTS", FORM_NUMBER },
	{ "source_count", "SOURCES", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "entry.origin", "FROM", FORM_PLAIN | COLUMN_CUT_BEFORE | COLUMN_LEAVES(1) },
	{ "entry.reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(3) },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_list_columns[] = {
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "attempts_by_verdict.block", "BLOCK", FORM_NUMBER },
	{ "attempts_by_verdict.would_block", "WOULD_BLOCK", FORM_NUMBER },
	{ "source_count", "SOURCES", FORM_NUMBER },
	{ "attempts_by_verdict.averted", "AVERTED", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_source_columns[] = {
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "source", "SOURCE", FORM_PLAIN },
	{ "attempts", "ATTEMPTS", FORM_NUMBER },
	{ "first_at", "FIRST", FORM_TIME | COLUMN_LEAVES(1) },
	{ "last_at", "LAST", FORM_TIME | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_candidate_columns[] = {
	{ "prefix", "CANDIDATE", FORM_PLAIN },
	{ "domain", "DOMAIN", FORM_PLAIN | COLUMN_NAME },
	{ "rule", "RULE", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "since", "SINCE", FORM_TIME | COLUMN_LEAVES(2) },
	{ "why", "WHY", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(3) },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_learned_columns[] = {
	{ "at", "AT", FORM_TIME | COLUMN_LEAVES(1) },
	{ "change", "LEARNED", FORM_PLAIN },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_unused_columns[] = {
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "action", "ACTION", FORM_PLAIN },
	{ "count", "WITHOUT A HIT", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_finding_columns[] = {
	{ "prefix", "PREFIX", FORM_PLAIN },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "expires_at", "EXPIRES", FORM_TIME },
	{ "last_hit_at", "LAST HIT", FORM_TIME | COLUMN_LEAVES(3) },
	{ "origin", "FROM", FORM_PLAIN | COLUMN_CUT_BEFORE | COLUMN_LEAVES(1) },
	{ "reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_feed_columns[] = {
	{ "name", "FEED", FORM_PLAIN | COLUMN_NAME },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(2) },
	{ "state", "STATE", FORM_PLAIN },
	{ "checked_at", "CONFIRMED", FORM_TIME | COLUMN_LEAVES(3) },
	{ "message", "MESSAGE", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(1) },
	{ NULL, NULL, FORM_PLAIN },
};

const struct column summary_change_columns[] = {
	{ "author", "WHO", FORM_PLAIN | COLUMN_NAME },
	{ "event", "EVENT", FORM_PLAIN },
	{ "records", "RECORDS", FORM_NUMBER },
	{ "added", "ADDED", FORM_NUMBER },
	{ "removed", "REMOVED", FORM_NUMBER },
	{ "last_at", "LAST", FORM_TIME | COLUMN_LEAVES(1) },
	{ NULL, NULL, FORM_PLAIN },
};

json_int_t summary_left_out(const json_t *attempts)
{
	json_int_t left_out = 0;
	const char *cause;
	json_t *count;

	json_object_foreach(json_object_get(attempts, "left_out"), cause, count) left_out +=
	    json_integer_value(count);
	return left_out;
}

json_t *summary_sources(const json_t *attempts)
{
	json_t *rows = ctl_allocated(json_array());
	const json_t *list, *source;
	size_t i, k;

	json_array_foreach(json_object_get(attempts, "lists"), i, list)
	    json_array_foreach(json_object_get(list, "sources"), k, source)
	{
		json_t *row = ctl_allocated(json_object());

		json_object_update(row, (json_t *)(uintptr_t)source);
		json_object_set(row, "list", json_object_get(list, "list"));
		json_array_append_new(rows, row);
	}
	return rows;
}
