/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `seen`: the attempts of a sender, and what became of them. `seen forget` deletes them. */
#include <string.h>

#include "base/plural.h"
#include "ctl/exchange.h"
#include "ctl/memory.h"
#include "ctl/seen_answer.h"

enum { SEEN_SINCE, SEEN_LIMIT, SEEN_NAMES, SEEN_SERVERS };

static const struct column attempt_columns[] = {
	{ "source", "SOURCE", FORM_PLAIN },
	{ "name", "NAME", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(7) },
	{ "first_at", "FIRST", FORM_TIME | COLUMN_LEAVES(4) },
	{ "last_at", "LAST", FORM_TIME },
	{ "attempts", "ATTEMPTS", FORM_NUMBER | COLUMN_LEAVES(8) },
	{ "left_out", NULL, FORM_NUMBER },
	{ "verdict", "VERDICT", FORM_PLAIN },
	{ "now.verdict", "NOW", FORM_PLAIN },
	{ "now.list", "BY", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(3) },
	{ "block.list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "block.entry", "ENTRY", FORM_PLAIN | COLUMN_LEAVES(6) },
	{ "allow.list", "ALLOWED BY", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(5) },
	{ "allow.entry", NULL, FORM_PLAIN },
	{ "port", "PORT", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column forgotten_columns[] = {
	{ "prefix", NULL, FORM_PLAIN },
	{ "deleted", NULL, FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static void write_forgotten(struct writer *writer, const json_t *answer)
{
	const json_int_t count = json_integer_value(json_object_get(answer, "deleted"));
	const char *prefix = json_string_value(json_object_get(answer, "prefix"));

	writer_members(writer, forgotten_columns, answer);
	writer_text(writer, COLOUR_NONE, "%s: %lld %s of attempts deleted", prefix ? prefix : "?",
		    (long long)count, plural((uint64_t)count, "row", "rows"));
	writer_line_end(writer);
}

static enum ctl_exit forget(const struct arguments *arguments, const char *prefix)
{
	json_t *body = ctl_allocated(json_pack("{s:o,s:o}", "prefix", writer_string(prefix),
					       "sudo_user", writer_string(client_sudo_user())));
	const struct request request = { .method = "POST",
					 .path = "/v1/seen/forget",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code = exchange(arguments, &request, "deleted", write_forgotten);

	json_decref(body);
	return code;
}

static enum ctl_exit run_seen(const struct arguments *arguments)
{
	const bool forgets = !strcmp(arguments->positional[0], "forget");
	const struct seen_view view = {
		.path = "/v1/seen",
		.key = "attempts",
		.columns = attempt_columns,
		.what = { "attempt", "rows" },
		.since = "7d",
		.since_text = arguments->options[SEEN_SINCE],
		.limit = arguments->options[SEEN_LIMIT],
		.prefix = arguments->positional[0],
		.has_names = arguments->options[SEEN_NAMES] || arguments->options[SEEN_SERVERS],
		.servers = arguments->options[SEEN_SERVERS],
	};

	if (forgets && arguments->positional_count < 2)
		return ctl_usage_error("seen", "forget needs an address or a prefix");
	if (forgets)
		return forget(arguments, arguments->positional[1]);
	if (arguments->positional_count > 1)
		return ctl_usage_error("seen", "unexpected argument \"%s\"",
				       arguments->positional[1]);
	return seen_show(arguments, &view);
}

const struct command command_seen = {
	.name = "seen",
	.positional = "PREFIX|forget PREFIX",
	.positional_min = 1,
	.positional_max = 2,
	.summary = "show whether a sender tried to connect, and what became of it",
	.description =
	    "Shows attempts of an address, or of addresses inside a prefix, that a block list\n"
	    "matches, newest first: the verdict then and now, and the entry. Attempts within\n"
	    "five minutes are one row. forget deletes them.",
	.options = { [SEEN_SINCE] = { "since", "TIME",
				      "attempts since 2026-11-24, or since 24h ago (7d)", 0 },
		     [SEEN_LIMIT] = { "limit", "N", "show at most N rows (100)", 0 },
		     [SEEN_NAMES] = { "names", NULL, "look up the names of sources in DNS", 0 },
		     [SEEN_SERVERS] = { "servers", "ADDRESS...",
					"ask these resolvers for names, not those of resolv.conf",
					0 } },
	.run = run_seen,
};
