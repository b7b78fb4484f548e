/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `learn simulate`: what the rules would have listed. */
#include <stdio.h>

#include "base/plural.h"
#include "ctl/exchange.h"
#include "ctl/learn.h"
#include "ctl/when.h"

#define DEFAULT_SINCE "30d"

static const struct column summary_columns[] = {
	{ "since", NULL, FORM_PLAIN },	      { "addresses", NULL, FORM_PLAIN },
	{ "active_count", NULL, FORM_PLAIN }, { "spam_count", NULL, FORM_PLAIN },
	{ "truncated", NULL, FORM_PLAIN },    { NULL, NULL, FORM_PLAIN },
};

static const struct column simulated_columns[] = {
	{ "prefix", "ADDRESS", FORM_PLAIN },
	{ "rule", "RULE", FORM_PLAIN },
	{ "candidate_at", "CANDIDATE", FORM_TIME | COLUMN_LEAVES(1) },
	{ "active_at", "ACTIVE", FORM_TIME | COLUMN_LEAVES(3) },
	{ "removed_at", "REMOVED", FORM_TIME | COLUMN_LEAVES(2) },
	{ "messages", "MESSAGES", FORM_NUMBER },
	{ "spam", "SPAM", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static long long simulate_number(const json_t *answer, const char *key)
{
	return json_integer_value(json_object_get(answer, key));
}

static void write_simulation(struct writer *writer, const json_t *answer)
{
	const long long addresses = simulate_number(answer, "addresses");
	const long long active = simulate_number(answer, "active_count");
	const long long spam = simulate_number(answer, "spam_count");

	writer_members(writer, summary_columns, answer);
	writer_table(writer, "entries", simulated_columns, "", json_object_get(answer, "entries"));
	if (json_is_true(json_object_get(answer, "truncated"))) {
		writer_text(writer, COLOUR_YELLOW, "not all of them are shown");
		writer_line_end(writer);
	}
	writer_text(writer, COLOUR_NONE,
		    "%lld %s with evidence; %lld would have been in force, and %lld of them "
		    "sent spam then",
		    addresses, plural((uint64_t)addresses, "address", "addresses"), active, spam);
	writer_line_end(writer);
}

enum ctl_exit learn_simulate(const struct arguments *arguments)
{
	const char *text = arguments->options[LEARN_SINCE];
	int64_t since_sec;
	char since[24];
	enum ctl_exit code = when_parse("since", text ? text : DEFAULT_SINCE, &since_sec);
	const struct parameter query[] = { { "since", since }, { NULL, NULL } };
	const struct request request = { .method = "GET",
					 .path = "/v1/learn/simulate",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	if (code)
		return code;
	snprintf(since, sizeof(since), "%lld", (long long)since_sec);
	return exchange(arguments, &request, "entries", write_simulation);
}
