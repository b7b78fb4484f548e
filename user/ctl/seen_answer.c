/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shows attempts, and always how many of them are not shown. */
#include "ctl/seen_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/plural.h"
#include "ctl/client.h"
#include "ctl/names.h"
#include "ctl/when.h"

#define LIMIT_MAX 1000
#define LIMIT_DEFAULT "100"

static const struct column answer_columns[] = {
	{ "match_count", NULL, FORM_NUMBER }, { "attempt_count", NULL, FORM_NUMBER },
	{ "since", NULL, FORM_TIME },	      { "remembered_since", NULL, FORM_TIME },
	{ "left_out", NULL, FORM_PLAIN },     { "error", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* Why attempts are in no row, in the order of the answer. */
static const struct {
	const char *key;
	const char *words;
} causes[] = {
	{ "source_limit", "over the limit of their source" },
	{ "limit", "over the limit of all sources" },
	{ "ring_full", "ipwld did not read them in time" },
	{ "rows", "no room (max_rows)" },
	{ "lost", "lost before they were stored" },
};

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void write_left_out(struct writer *writer, const json_t *left_out)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		const json_int_t count = number_of(left_out, causes[i].key);

		if (!count)
			continue;
		writer_text(writer, COLOUR_YELLOW, "%lld more %s of unknown sources: %s",
			    (long long)count, plural((uint64_t)count, "attempt", "attempts"),
			    causes[i].words);
		writer_line_end(writer);
	}
}

static void write_summary(struct writer *writer, const struct seen_view *view, const json_t *answer,
			  size_t shown)
{
	const json_int_t matches = number_of(answer, "match_count");
	const json_int_t attempts = number_of(answer, "attempt_count");
	const char *error = json_string_value(json_object_get(answer, "error"));
	char *since = writer_value_text(json_object_get(answer, "since"), FORM_TIME);

	if (shown) {
		writer_text(
		    writer, COLOUR_NONE, "%zu of %lld %s, %lld %s since %s", shown,
		    (long long)matches, plural((uint64_t)matches, view->what[0], view->what[1]),
		    (long long)attempts, plural((uint64_t)attempts, "attempt", "attempts"), since);
		writer_line_end(writer);
	}
	write_left_out(writer, json_object_get(answer, "left_out"));
	if (error) {
		writer_text(writer, COLOUR_RED, "new attempts are not stored: %s", error);
		writer_line_end(writer);
	}
	free(since);
}

/* Say that there is none, and since when that is known. */
static void report_none(const struct seen_view *view, const json_t *answer)
{
	char *since = writer_value_text(json_object_get(answer, "since"), FORM_TIME);
	char *from = writer_value_text(json_object_get(answer, "remembered_since"), FORM_TIME);
	/* Both forms of time sort as text. */
	const bool is_short =
	    !json_is_string(json_object_get(answer, "remembered_since")) || strcmp(from, since) > 0;

	ctl_error("no %s %s since %s%s%s", view->what[0],
		  view->matched ? view->matched : "that a block list matches", since,
		  is_short ? "; remembered since " : "", is_short ? from : "");
	free(since);
	free(from);
}

static enum ctl_exit show_answer(const struct arguments *arguments, struct client *client,
				 const struct seen_view *view, const json_t *answer)
{
	const bool is_json = arguments->global[GLOBAL_JSON] != NULL;
	struct writer writer;
	json_t *array;
	enum ctl_exit code = client_array(client, answer, view->key, &array);

	if (!code && view->has_names)
		code = names_add(array, "source", view->servers);
	if (code)
		return code;
	if (!json_array_size(array) && !is_json)
		report_none(view, answer);
	writer_begin(&writer, stdout, is_json);
	writer_members(&writer, answer_columns, answer);
	writer_table(&writer, view->key, view->columns, "", array);
	if (!is_json)
		write_summary(&writer, view, answer, json_array_size(array));
	writer_end(&writer);
	return json_array_size(array) ? CTL_DONE : CTL_NEGATIVE;
}

static enum ctl_exit ask(const struct arguments *arguments, const struct seen_view *view,
			 const char *since)
{
	const struct parameter query[] = {
		{ "prefix", view->prefix },
		{ "since", since },
		{ "limit", view->limit ? view->limit : LIMIT_DEFAULT },
		{ "list", view->list },
		{ "sort", view->sort },
		{ NULL, NULL },
	};
	const struct request request = { .method = "GET",
					 .path = view->path,
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client = client_new(arguments);
	json_t *answer = NULL;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = show_answer(arguments, client, view, answer);
	json_decref(answer);
	client_free(client);
	return code;
}

enum ctl_exit seen_show(const struct arguments *arguments, const struct seen_view *view)
{
	char since[24];
	int64_t since_sec, number;
	enum ctl_exit code;

	if (view->limit && !number_parse(view->limit, 1, LIMIT_MAX, &number)) {
		ctl_error("--limit %s: write a number from 1 to %d", view->limit, LIMIT_MAX);
		return CTL_INVALID;
	}
	code = when_parse("since", view->since_text ? view->since_text : view->since, &since_sec);
	if (code)
		return code;
	snprintf(since, sizeof(since), "%lld", (long long)since_sec);
	return ask(arguments, view, since);
}
