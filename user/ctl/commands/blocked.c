/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `blocked`: the sources that block lists have matched lately. */
#include "ctl/seen_answer.h"

enum {
	BLOCKED_SINCE,
	BLOCKED_SORT,
	BLOCKED_LIST,
	BLOCKED_LIMIT,
	BLOCKED_NAMES,
	BLOCKED_SERVERS,
};

static const struct column source_columns[] = {
	{ "source", "SOURCE", FORM_PLAIN },
	{ "name", "NAME", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(8) },
	{ "attempts", "ATTEMPTS", FORM_NUMBER },
	{ "left_out", NULL, FORM_NUMBER },
	{ "attempts_by_verdict", NULL, FORM_PLAIN },
	{ "first_at", "FIRST", FORM_TIME | COLUMN_LEAVES(3) },
	{ "last_at", "LAST", FORM_TIME | COLUMN_LEAVES(9) },
	{ "verdict", "VERDICT", FORM_PLAIN },
	{ "now.verdict", "NOW", FORM_PLAIN | COLUMN_LEAVES(4) },
	{ "block.list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "block.entry", "ENTRY", FORM_PLAIN | COLUMN_LEAVES(7) },
	{ "allow.list", "ALLOWED BY", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(6) },
	{ "allow.entry", NULL, FORM_PLAIN },
	{ "port", "PORT", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

static enum ctl_exit run_blocked(const struct arguments *arguments)
{
	const struct seen_view view = {
		.path = "/v1/blocked",
		.key = "sources",
		.columns = source_columns,
		.what = { "source", "sources" },
		.since = "10m",
		.since_text = arguments->options[BLOCKED_SINCE],
		.limit = arguments->options[BLOCKED_LIMIT],
		.list = arguments->options[BLOCKED_LIST],
		.sort = arguments->options[BLOCKED_SORT],
		.prefix = arguments->positional_count ? arguments->positional[0] : NULL,
		.has_names =
		    arguments->options[BLOCKED_NAMES] || arguments->options[BLOCKED_SERVERS],
		.servers = arguments->options[BLOCKED_SERVERS],
	};

	return seen_show(arguments, &view);
}

const struct command command_blocked = {
	.name = "blocked",
	.positional = "[PREFIX]",
	.positional_max = 1,
	.summary = "show the sources that block lists have matched lately",
	.description =
	    "Shows sources whose connections were dropped, would have been dropped, or were\n"
	    "averted from being dropped by an allow list, and those over a limit. With\n"
	    "PREFIX, only those inside it.",
	.options = { [BLOCKED_SINCE] = { "since", "TIME",
					 "attempts since 2026-11-24, or since 1h ago (10m)", 0 },
		     [BLOCKED_SORT] = { "sort", "KEY", "by attempts, last or first (attempts)", 0 },
		     [BLOCKED_LIST] = { "list", "NAME", "show only sources that this list matched",
					0 },
		     [BLOCKED_LIMIT] = { "limit", "N", "show at most N sources (100)", 0 },
		     [BLOCKED_NAMES] = { "names", NULL, "look up the names of sources in DNS", 0 },
		     [BLOCKED_SERVERS] = { "servers", "ADDRESS...",
					   "ask these resolvers for names, not those of "
					   "resolv.conf",
					   0 } },
	.run = run_blocked,
};
