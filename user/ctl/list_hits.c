/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwld ranks the entries, so that a million of them are not sent to show twenty. */
#include "ctl/list_hits.h"

#include <stdlib.h>

#include "base/number.h"
#include "base/plural.h"
#include "ctl/client.h"
#include "ctl/entries.h"
#include "ctl/memory.h"
#include "ctl/when.h"
#include "ctl/writer.h"

/* As many as ipwld gives. */
#define LIMIT_MAX 1000
#define LIMIT_DEFAULT "20"

static const struct column hit_columns[] = {
	{ "prefix", "PREFIX", FORM_PLAIN },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "action", "ACTION", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "recent.packets", "HITS", FORM_NUMBER },
	{ "recent.connections", "CONNECTIONS", FORM_NUMBER | COLUMN_LEAVES(5) },
	{ "recent.averted_packets", "AVERTED", FORM_NUMBER | COLUMN_LEAVES(6) },
	{ "last_hit_at", "LAST HIT", FORM_TIME | COLUMN_LEAVES(7) },
	{ "source", "SOURCE", FORM_PLAIN | COLUMN_LEAVES(2) },
	{ "origin", "ORIGIN", FORM_PLAIN | COLUMN_CUT_BEFORE | COLUMN_LEAVES(3) },
	{ "author", NULL, FORM_PLAIN },
	{ "added_at", NULL, FORM_TIME },
	{ "expires_at", "EXPIRES", FORM_TIME | COLUMN_LEAVES(4) },
	{ "packets", NULL, FORM_NUMBER },
	{ "bytes", NULL, FORM_NUMBER },
	{ "connections", NULL, FORM_NUMBER },
	{ "averted_packets", NULL, FORM_NUMBER },
	{ "total_packets", NULL, FORM_NUMBER },
	{ "total_connections", NULL, FORM_NUMBER },
	{ "total_averted_packets", NULL, FORM_NUMBER },
	{ "protected", "PROT", FORM_MARKER | COLUMN_LEAVES(9) },
	{ "reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(8) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column answer_columns[] = {
	{ "match_count", NULL, FORM_NUMBER },
	{ "counted_from", NULL, FORM_TIME },
	{ NULL, NULL, FORM_PLAIN },
};

static void write_ranking(struct writer *writer, const json_t *answer, const json_t *entries)
{
	const json_int_t match_count = json_integer_value(json_object_get(answer, "match_count"));
	char *from = writer_value_text(json_object_get(answer, "counted_from"), FORM_TIME);

	writer_members(writer, answer_columns, answer);
	writer_table(writer, "entries", hit_columns, "", entries);
	writer_text(writer, COLOUR_NONE, "%zu of %lld %s with hits; hits since %s",
		    json_array_size(entries), (long long)match_count,
		    plural((uint64_t)match_count, "entry", "entries"), from);
	writer_line_end(writer);
	free(from);
}

static enum ctl_exit show_ranking(const struct arguments *arguments, struct client *client,
				  const json_t *answer)
{
	json_t *entries;
	struct writer writer;
	enum ctl_exit code = client_array(client, answer, "entries", &entries);

	if (code)
		return code;
	if (!json_array_size(entries) && !arguments->global[GLOBAL_JSON]) {
		ctl_error("no entry with hits matches");
		return CTL_NEGATIVE;
	}
	writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
	write_ranking(&writer, answer, entries);
	writer_end(&writer);
	return json_array_size(entries) ? CTL_DONE : CTL_NEGATIVE;
}

static enum ctl_exit ask_ranking(const struct arguments *arguments, const char *since,
				 const char *limit)
{
	const struct parameter query[] = {
		{ "list", arguments->options[LIST_LIST] },
		{ "source", arguments->options[LIST_SOURCE] },
		{ "prefix", arguments->positional_count ? arguments->positional[0] : NULL },
		{ "sort", arguments->options[LIST_SORT] },
		{ "since", since },
		{ "limit", limit },
		{ NULL, NULL },
	};
	const struct request request = { .method = "GET",
					 .path = "/v1/entries/hit",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client = client_new(arguments);
	json_t *answer = NULL;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = show_ranking(arguments, client, answer);
	json_decref(answer);
	client_free(client);
	return code;
}

enum ctl_exit list_hits(const struct arguments *arguments)
{
	const char *since_text = arguments->options[LIST_SINCE];
	const char *limit = arguments->options[LIST_LIMIT];
	char since[24];
	int64_t since_sec, number;
	enum ctl_exit code = CTL_DONE;

	if (limit && !number_parse(limit, 1, LIMIT_MAX, &number)) {
		ctl_error("--limit %s: write a number from 1 to %d", limit, LIMIT_MAX);
		return CTL_INVALID;
	}
	if (since_text)
		code = when_parse("since", since_text, &since_sec);
	if (code)
		return code;
	if (since_text)
		snprintf(since, sizeof(since), "%lld", (long long)since_sec);
	return ask_ranking(arguments, since_text ? since : NULL, limit ? limit : LIMIT_DEFAULT);
}
