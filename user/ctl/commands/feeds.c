/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `feeds`: how feeds are, and what to do with copies that guards hold back. */
#include "base/plural.h"
#include "ctl/feeds_table.h"

#include <string.h>

#include "ctl/exchange.h"
#include "ctl/memory.h"

/* ---- feeds -------------------------------------------------------------- */

static void write_feeds(struct writer *writer, const json_t *answer)
{
	const json_t *feeds = json_object_get(answer, "feeds");

	feeds_table(writer, feeds);
	if (!json_array_size(feeds))
		ctl_error("no feeds are configured");
}

static enum ctl_exit show_feeds(const struct arguments *arguments)
{
	const struct request request = { .method = "GET",
					 .path = "/v1/feeds",
					 .timeout_sec = CLIENT_TIMEOUT_SEC };

	return exchange(arguments, &request, "feeds", write_feeds);
}

/* ---- feeds diff --------------------------------------------------------- */

static const struct column diff_columns[] = {
	{ "name", NULL, FORM_PLAIN },	       { "entries", NULL, FORM_PLAIN },
	{ "held", NULL, FORM_PLAIN },	       { "added_count", NULL, FORM_PLAIN },
	{ "removed_count", NULL, FORM_PLAIN }, { "added", NULL, FORM_PLAIN },
	{ "removed", NULL, FORM_PLAIN },       { NULL, NULL, FORM_PLAIN },
};

static void write_lines(struct writer *writer, enum colour colour, const char *sign,
			const json_t *lines, const json_t *count)
{
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		writer_text(writer, colour, "%s%s", sign,
			    json_is_string(line) ? json_string_value(line) : "");
		writer_line_end(writer);
	}
	if ((size_t)json_integer_value(count) > json_array_size(lines)) {
		writer_text(writer, COLOUR_NONE, "%s and %zu more", sign,
			    (size_t)json_integer_value(count) - json_array_size(lines));
		writer_line_end(writer);
	}
}

static void write_diff(struct writer *writer, const json_t *answer)
{
	const json_t *held = json_object_get(answer, "held");
	const json_t *reason;
	size_t i;

	writer_members(writer, diff_columns, answer);
	json_array_foreach(json_object_get(held, "reasons"), i, reason)
	{
		writer_text(writer, COLOUR_YELLOW, "held back: %s",
			    json_is_string(reason) ? json_string_value(reason) : "");
		writer_line_end(writer);
	}
	write_lines(writer, COLOUR_RED, "-", json_object_get(answer, "removed"),
		    json_object_get(answer, "removed_count"));
	write_lines(writer, COLOUR_GREEN, "+", json_object_get(answer, "added"),
		    json_object_get(answer, "added_count"));
	writer_text(writer, COLOUR_NONE,
		    "entries: %lld in force, %lld held back, %lld added, "
		    "%lld removed",
		    (long long)json_integer_value(json_object_get(answer, "entries")),
		    (long long)json_integer_value(json_object_get(held, "entries")),
		    (long long)json_integer_value(json_object_get(answer, "added_count")),
		    (long long)json_integer_value(json_object_get(answer, "removed_count")));
	writer_line_end(writer);
}

static enum ctl_exit diff_feed(const struct arguments *arguments)
{
	const struct parameter query[] = { { "name", arguments->positional[1] }, { NULL, NULL } };
	const struct request request = { .method = "GET",
					 .path = "/v1/feeds/diff",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	return exchange(arguments, &request, "added", write_diff);
}

/* ---- feeds accept ------------------------------------------------------- */

static const struct column accept_columns[] = {
	{ "feed", NULL, FORM_PLAIN },
	{ "added", NULL, FORM_PLAIN },
	{ "removed", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static void write_accepted(struct writer *writer, const json_t *answer)
{
	const json_t *feed = json_object_get(answer, "feed");
	const char *name = json_string_value(json_object_get(feed, "name"));
	long long entries = json_integer_value(json_object_get(feed, "entries"));

	writer_members(writer, accept_columns, answer);
	writer_text(writer, COLOUR_NONE, "%s: now in force with %lld %s, %lld added, %lld removed",
		    name ? name : "?", entries, plural((uint64_t)entries, "entry", "entries"),
		    (long long)json_integer_value(json_object_get(answer, "added")),
		    (long long)json_integer_value(json_object_get(answer, "removed")));
	writer_line_end(writer);
}

static enum ctl_exit accept_held(const struct arguments *arguments)
{
	json_t *body =
	    ctl_allocated(json_pack("{s:o,s:o}", "name", writer_string(arguments->positional[1]),
				    "sudo_user", writer_string(client_sudo_user())));
	const struct request request = { .method = "POST",
					 .path = "/v1/feeds/accept",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code = exchange(arguments, &request, "feed", write_accepted);

	json_decref(body);
	return code;
}

/* ---- command ------------------------------------------------------------ */

static enum ctl_exit run_feeds(const struct arguments *arguments)
{
	static const struct {
		const char *name;
		enum ctl_exit (*run)(const struct arguments *arguments);
	} verbs[] = { { "accept", accept_held }, { "diff", diff_feed } };

	if (!arguments->positional_count)
		return show_feeds(arguments);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, arguments->positional[0]) != 0)
			continue;
		if (arguments->positional_count == 2)
			return verbs[i].run(arguments);
		return ctl_usage_error("feeds", "%s needs the name of a feed", verbs[i].name);
	}
	return ctl_usage_error("feeds", "unexpected argument \"%s\": write accept or diff",
			       arguments->positional[0]);
}

const struct command command_feeds = {
	.name = "feeds",
	.positional = "[accept|diff NAME]",
	.positional_max = 2,
	.summary = "show feeds; inspect or accept a copy that is held back",
	.description = "diff shows what the held copy would add and remove; accept puts\n"
		       "it in force.",
	.run = run_feeds,
};
