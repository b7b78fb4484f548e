/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `limits`: the networks that were over a limit most often. */
#include "ctl/seen_answer.h"

enum { LIMITS_SINCE, LIMITS_LIMIT };

static const struct column network_columns[] = {
	{ "network", "NETWORK", FORM_PLAIN },
	{ "sources", "ADDRESSES", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "attempts", "OVER", FORM_NUMBER },
	{ "attempts_by_verdict.would_limit", "WOULD_LIMIT", FORM_NUMBER | COLUMN_LEAVES(4) },
	{ "attempts_by_verdict.limited", "LIMITED", FORM_NUMBER },
	{ "left_out", NULL, FORM_NUMBER },
	{ "first_at", "FIRST", FORM_TIME | COLUMN_LEAVES(1) },
	{ "last_at", "LAST", FORM_TIME },
	{ "left", "LEFT NOW", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ NULL, NULL, FORM_PLAIN },
};

static enum ctl_exit run_limits(const struct arguments *arguments)
{
	const struct seen_view view = {
		.path = "/v1/limits",
		.key = "networks",
		.columns = network_columns,
		.what = { "network", "networks" },
		.matched = "that was over a limit",
		.since = "1h",
		.since_text = arguments->options[LIMITS_SINCE],
		.limit = arguments->options[LIMITS_LIMIT],
		.prefix = arguments->positional_count ? arguments->positional[0] : NULL,
	};

	return seen_show(arguments, &view);
}

const struct command command_limits = {
	.name = "limits",
	.positional = "[PREFIX]",
	.positional_max = 1,
	.summary = "show the networks that exceed the limits most",
	.description =
	    "Shows networks (/24, IPv6: /48) with the attempts that were over a limit: those\n"
	    "that were dropped, and those that would have been. With PREFIX, only those of\n"
	    "addresses inside it. `status' shows the limits.",
	.options = { [LIMITS_SINCE] = { "since", "TIME",
					"attempts since 2026-11-24, or since 1d ago (1h)", 0 },
		     [LIMITS_LIMIT] = { "limit", "N", "show at most N networks (100)", 0 } },
	.run = run_limits,
};
