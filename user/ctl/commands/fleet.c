/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `fleet`: the hosts that share entries, and what is held of them. */
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "ctl/ask.h"
#include "ctl/exchange.h"

enum { FLEET_REASON, FLEET_YES };

static const struct column fleet_columns[] = {
	{ "name", NULL, FORM_PLAIN },  { "host", NULL, FORM_PLAIN }, { "server", NULL, FORM_PLAIN },
	{ "feeds", NULL, FORM_PLAIN }, { NULL, NULL, FORM_PLAIN },
};

static const struct column host_columns[] = {
	{ "name", "HOST", FORM_PLAIN | COLUMN_NAME },
	{ "self", "SELF", FORM_MARKER },
	{ "state", "STATE", FORM_PLAIN },
	{ "records", "RECORDS", FORM_NUMBER },
	{ "evidence", "EVIDENCE", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ "full", NULL, FORM_PLAIN },
	{ "held", "HELD", FORM_NUMBER },
	{ "changed_at", "CHANGED", FORM_TIME | COLUMN_LEAVES(2) },
	{ "heard_at", "HEARD", FORM_TIME | COLUMN_LEAVES(1) },
	{ "digest", "DIGEST", FORM_PLAIN | COLUMN_WIDE },
	{ NULL, NULL, FORM_PLAIN },
};

static void write_full(struct writer *writer, const json_t *host)
{
	if (!json_is_true(json_object_get(host, "full")))
		return;
	writer_text(writer, COLOUR_YELLOW,
		    "%s: no more evidence is taken, because it has said more than enough",
		    json_string_value(json_object_get(host, "name")));
	writer_line_end(writer);
}

/* Whether the server can be used, and what it has refused. */
static void write_server(struct writer *writer, const json_t *server)
{
	const char *place = json_string_value(json_object_get(server, "place"));
	const char *problem = json_string_value(json_object_get(server, "problem"));
	const long long strangers = json_integer_value(json_object_get(server, "refused_hosts"));

	if (problem) {
		writer_text(writer, COLOUR_RED, "not connected: %s", problem);
		writer_line_end(writer);
	} else if (place) {
		writer_text(writer, COLOUR_NONE, "connected with %s", place);
		writer_line_end(writer);
	}
	if (strangers > 0) {
		writer_text(writer, COLOUR_RED, "%lld %s refused: another key_file than here",
			    strangers, plural((uint64_t)strangers, "host is", "hosts are"));
		writer_line_end(writer);
	}
}

/* Copies of feeds, if hosts share them. */
static void write_feeds(struct writer *writer, const json_t *feeds)
{
	const long long refused = json_integer_value(json_object_get(feeds, "refused"));
	const long long large = json_integer_value(json_object_get(feeds, "large"));

	if (!json_is_object(feeds))
		return;
	writer_text(writer, COLOUR_NONE, "copies of feeds: %lld given, %lld taken",
		    (long long)json_integer_value(json_object_get(feeds, "given")),
		    (long long)json_integer_value(json_object_get(feeds, "taken")));
	if (refused > 0)
		writer_text(writer, COLOUR_YELLOW, ", %lld refused", refused);
	if (large > 0)
		writer_text(writer, COLOUR_NONE, ", %lld too large", large);
	writer_line_end(writer);
}

static void write_hosts(struct writer *writer, const json_t *answer)
{
	const json_t *hosts = json_object_get(answer, "hosts"), *host;
	size_t i;

	writer_members(writer, fleet_columns, answer);
	writer_table(writer, "hosts", host_columns, "", hosts);
	write_server(writer, json_object_get(answer, "server"));
	write_feeds(writer, json_object_get(answer, "feeds"));
	json_array_foreach(hosts, i, host)
	{
		const long long held = json_integer_value(json_object_get(host, "held"));
		const char *name = json_string_value(json_object_get(host, "name"));

		write_full(writer, host);
		if (held <= 0)
			continue;
		writer_text(writer, COLOUR_YELLOW,
			    "%s: %lld %s held, so these entries stay in force; `ipwlctl fleet "
			    "accept %s' removes them",
			    name, held, plural((uint64_t)held, "removal is", "removals are"), name);
		writer_line_end(writer);
	}
}

static enum ctl_exit show_hosts(const struct arguments *arguments)
{
	const struct request request = { .method = "GET",
					 .path = "/v1/fleet",
					 .timeout_sec = CLIENT_TIMEOUT_SEC };

	return exchange(arguments, &request, "hosts", write_hosts);
}

/* ---- accept and forget ----------------------------------------------------------------------- */

static void write_count(struct writer *writer, const json_t *answer, const char *key,
			const char *one, const char *many)
{
	const struct column columns[] = { { key, NULL, FORM_NUMBER },
					  { "warnings", NULL, FORM_PLAIN },
					  { NULL, NULL, FORM_PLAIN } };
	const long long count = json_integer_value(json_object_get(answer, key));

	writer_members(writer, columns, answer);
	writer_text(writer, COLOUR_NONE, "%s: %lld %s", key, count,
		    plural((uint64_t)count, one, many));
	writer_line_end(writer);
	exchange_print_warnings(answer);
}

static void write_accepted(struct writer *writer, const json_t *answer)
{
	write_count(writer, answer, "accepted", "removal", "removals");
}

static void write_forgotten(struct writer *writer, const json_t *answer)
{
	write_count(writer, answer, "forgotten", "record", "records");
}

static enum ctl_exit ask_for(const struct arguments *arguments, const char *question)
{
	if (arguments->options[FLEET_YES] || !ask_is_possible() || ask_yes(question))
		return CTL_DONE;
	ctl_error("nothing has changed");
	return CTL_NEGATIVE;
}

static enum ctl_exit post(const struct arguments *arguments, const char *path, const char *host,
			  const char *required,
			  void (*write)(struct writer *writer, const json_t *answer))
{
	json_t *body =
	    json_pack("{s:s?,s:s?,s:o}", "host", host, "reason", arguments->options[FLEET_REASON],
		      "sudo_user", writer_string(client_sudo_user()));
	const struct request request = { .method = "POST",
					 .path = path,
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code;

	if (!body) {
		ctl_error("the host and the reason must be UTF-8");
		return CTL_INVALID;
	}
	code = exchange(arguments, &request, required, write);
	json_decref(body);
	return code;
}

static enum ctl_exit accept_held(const struct arguments *arguments, const char *host)
{
	enum ctl_exit code = ask_for(arguments, "Remove the entries whose removal is held?");

	return code ? code : post(arguments, "/v1/fleet/accept", host, "accepted", write_accepted);
}

static enum ctl_exit forget_host(const struct arguments *arguments, const char *host)
{
	char question[192];
	enum ctl_exit code;

	snprintf(question, sizeof(question), "Take all that %.80s has added out of force?", host);
	code = ask_for(arguments, question);
	return code ? code
		    : post(arguments, "/v1/fleet/forget", host, "forgotten", write_forgotten);
}

static enum ctl_exit run_fleet(const struct arguments *arguments)
{
	const size_t count = arguments->positional_count;
	const char *verb = count ? arguments->positional[0] : NULL;
	const char *host = count > 1 ? arguments->positional[1] : NULL;

	if (!verb)
		return show_hosts(arguments);
	if (!strcmp(verb, "accept"))
		return accept_held(arguments, host);
	if (strcmp(verb, "forget") != 0)
		return ctl_usage_error("fleet",
				       "unexpected argument \"%s\": write accept or forget", verb);
	return host ? forget_host(arguments, host)
		    : ctl_usage_error("fleet", "forget needs the name of a host");
}

const struct command command_fleet = {
	.name = "fleet",
	.positional = "[accept [HOST] | forget HOST]",
	.positional_max = 2,
	.summary = "show the hosts that share entries",
	.description =
	    "HELD counts removals by a host that are more than the guard permits; accept\n"
	    "lets them through. forget takes all that a host has added out of force.",
	.options = { [FLEET_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 },
		     [FLEET_YES] = { "yes", NULL, "do not ask", 0 } },
	.run = run_fleet,
};
