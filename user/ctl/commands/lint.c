/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `lint`: finds questionable entries in the lists. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/number.h"
#include "base/plural.h"
#include "ctl/client.h"
#include "ctl/entries.h"
#include "ctl/writer.h"

#define FINDINGS_MAX 1000
#define NUMBER_BYTES 24

enum {
	LINT_LIST,
	LINT_CHECK,
	LINT_UNUSED,
	LINT_EXPIRING,
	LINT_WIDE,
	LINT_LIMIT,
	LINT_OPTION_COUNT,
};

static const struct column head_columns[] = {
	{ "total", NULL, FORM_PLAIN },	       { "totals", NULL, FORM_PLAIN },
	{ "counted_since", NULL, FORM_PLAIN }, { "left_out", NULL, FORM_PLAIN },
	{ "findings", NULL, FORM_PLAIN },      { NULL, NULL, FORM_PLAIN },
};

/* ---- output ---------------------------------------------------------------- */

static void write_finding(struct writer *writer, const json_t *finding)
{
	const char *check = entry_string(finding, "check");

	writer_text(writer, COLOUR_YELLOW, "%s  ", check);
	entry_write_line(writer, COLOUR_NONE, strlen(check) + 2, finding);
	writer_text(writer, COLOUR_NONE, "    %s", entry_string(finding, "message"));
	writer_line_end(writer);
	writer_text(writer, COLOUR_NONE, "    -> %s", entry_string(finding, "suggestion"));
	writer_line_end(writer);
}

static void write_totals(struct writer *writer, const json_t *answer)
{
	static const char *const checks[] = { "redundant", "conflict", "unused",
					      "expiring",  "wide",     "space" };
	const json_t *totals = json_object_get(answer, "totals");
	long long left_out = json_integer_value(json_object_get(answer, "left_out"));
	long long total = json_integer_value(json_object_get(answer, "total"));

	if (!total) {
		writer_text(writer, COLOUR_GREEN, "no findings");
		writer_line_end(writer);
		return;
	}
	writer_text(writer, COLOUR_NONE, "%lld %s:", total,
		    plural((uint64_t)total, "finding", "findings"));
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		writer_text(writer, COLOUR_NONE, "%s %lld %s", i ? "," : "",
			    (long long)json_integer_value(json_object_get(totals, checks[i])),
			    checks[i]);
	if (left_out)
		writer_text(writer, COLOUR_NONE, "; %lld not shown (see --limit)", left_out);
	writer_line_end(writer);
}

static void write_lint_answer(struct writer *writer, const json_t *answer)
{
	const json_t *finding;
	size_t i;

	writer_members(writer, head_columns, answer);
	if (writer->is_json)
		return;
	json_array_foreach(json_object_get(answer, "findings"), i, finding)
	    write_finding(writer, finding);
	write_totals(writer, answer);
}

/* ---- the request ------------------------------------------------------------ */

static enum ctl_exit read_duration(const struct arguments *arguments, int option, const char *name,
				   char number[NUMBER_BYTES])
{
	const char *text = arguments->options[option];
	const char *error;
	int64_t sec;

	if (!text)
		return CTL_DONE;
	error = duration_parse(text, &sec);
	if (error)
		return ctl_usage_error("lint", "--%s %s: %s", name, text, error);
	/* The daemon reads 32 bits, and has no history of a century anyway. */
	snprintf(number, NUMBER_BYTES, "%" PRId64, sec < UINT32_MAX ? sec : (int64_t)UINT32_MAX);
	return CTL_DONE;
}

/* "8,19": for IPv4 and IPv6. */
static enum ctl_exit read_lengths(const struct arguments *arguments, char ipv4[NUMBER_BYTES],
				  char ipv6[NUMBER_BYTES])
{
	const char *text = arguments->options[LINT_WIDE];
	const char *comma = text ? strchr(text, ',') : NULL;
	int64_t number;

	if (!text)
		return CTL_DONE;
	snprintf(ipv4, NUMBER_BYTES, "%.*s", comma ? (int)(comma - text) : 0, text);
	snprintf(ipv6, NUMBER_BYTES, "%s", comma ? comma + 1 : "");
	if (number_parse(ipv4, 0, 32, &number) && number_parse(ipv6, 0, 128, &number))
		return CTL_DONE;
	return ctl_usage_error("lint", "--wide %s: write two prefix lengths, such as 8,19", text);
}

static enum ctl_exit check_limit(const struct arguments *arguments)
{
	int64_t number;

	if (!arguments->options[LINT_LIMIT] ||
	    number_parse(arguments->options[LINT_LIMIT], 0, FINDINGS_MAX, &number))
		return CTL_DONE;
	return ctl_usage_error("lint", "--limit must be a number from 0 to %d", FINDINGS_MAX);
}

static enum ctl_exit ask_lint(const struct arguments *arguments, const struct request *request)
{
	struct client *client = client_new(arguments);
	json_t *answer = NULL, *findings;
	enum ctl_exit code = client_request(client, request, &answer);

	if (!code)
		code = client_array(client, answer, "findings", &findings);
	if (!code) {
		struct writer writer;

		writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
		write_lint_answer(&writer, answer);
		writer_end(&writer);
		code =
		    json_integer_value(json_object_get(answer, "total")) ? CTL_NEGATIVE : CTL_DONE;
	}
	json_decref(answer);
	client_free(client);
	return code;
}

static enum ctl_exit run_lint(const struct arguments *arguments)
{
	char unused[NUMBER_BYTES] = "", expiring[NUMBER_BYTES] = "";
	char ipv4[NUMBER_BYTES] = "", ipv6[NUMBER_BYTES] = "";
	const struct parameter query[] = {
		{ "list", arguments->options[LINT_LIST] },
		{ "check", arguments->options[LINT_CHECK] },
		{ "unused_seconds", arguments->options[LINT_UNUSED] ? unused : NULL },
		{ "expiring_seconds", arguments->options[LINT_EXPIRING] ? expiring : NULL },
		{ "ipv4_length", arguments->options[LINT_WIDE] ? ipv4 : NULL },
		{ "ipv6_length", arguments->options[LINT_WIDE] ? ipv6 : NULL },
		{ "limit", arguments->options[LINT_LIMIT] },
		{ NULL, NULL },
	};
	const struct request request = { .method = "GET",
					 .path = "/v1/lint",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	if (read_duration(arguments, LINT_UNUSED, "unused", unused) ||
	    read_duration(arguments, LINT_EXPIRING, "expiring", expiring) ||
	    read_lengths(arguments, ipv4, ipv6) || check_limit(arguments))
		return CTL_USAGE;
	return ask_lint(arguments, &request);
}

const struct command command_lint = {
	.name = "lint",
	.positional = "",
	.summary = "find entries that may be mistakes, and suggest fixes",
	.description = "Exit code: 0 no findings, 1 findings.",
	.options = { [LINT_LIST] = { "list", "NAME", "check only this list", 0 },
		     [LINT_CHECK] = { "check", "C",
				      "redundant, conflict, unused, expiring, wide or space", 0 },
		     [LINT_UNUSED] = { "unused", "DURATION",
				       "report entries without a hit in this time (90d)", 0 },
		     [LINT_EXPIRING] = { "expiring", "DURATION",
					 "report entries that expire within this time (7d)", 0 },
		     [LINT_WIDE] = { "wide", "LENGTHS",
				     "report prefixes shorter than these for IPv4,IPv6 (8,19)", 0 },
		     [LINT_LIMIT] = { "limit", "N", "show at most N findings of each check (100)",
				      0 } },
	.run = run_lint,
};
