/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about copies: of feeds, and of the addresses of domains. */
#include "ctl/copies.h"

#include <string.h>

#include "base/plural.h"
#include "ctl/exchange.h"
#include "ctl/memory.h"

#define PATH_BYTES 64

/* Returns @path: "/v1/feeds/diff". */
static const char *copies_path(enum feed_kind kind, const char *verb, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "/v1/%s%s", feed_kinds[kind].plural, verb);
	return path;
}

/* ---- show ----------------------------------------------------------------- */

enum ctl_exit copies_show(const struct arguments *arguments, enum feed_kind kind,
			  void (*write)(struct writer *writer, const json_t *answer))
{
	char path[PATH_BYTES];
	const struct request request = { .method = "GET",
					 .path = copies_path(kind, "", path),
					 .timeout_sec = CLIENT_TIMEOUT_SEC };

	return exchange(arguments, &request, feed_kinds[kind].plural, write);
}

/* ---- what needs attention ------------------------------------------------- */

const char *copies_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Say why a copy is held back, and which commands show and accept it. */
static void write_held(struct writer *writer, enum feed_kind kind, const char *name,
		       const json_t *held)
{
	const json_t *reasons = json_object_get(held, "reasons");
	const json_t *reason;
	size_t i;

	json_array_foreach(reasons, i, reason)
	{
		writer_text(writer, COLOUR_YELLOW, "%s: held back: %s", name,
			    json_is_string(reason) ? json_string_value(reason) : "");
		writer_line_end(writer);
	}
	writer_text(
	    writer, COLOUR_NONE,
	    "%s: `ipwlctl %s diff %s' shows the changes, `ipwlctl %s accept %s' accepts them", name,
	    feed_kinds[kind].plural, name, feed_kinds[kind].plural, name);
	writer_line_end(writer);
}

void copies_write_words(struct writer *writer, enum feed_kind kind, const json_t *copy)
{
	const json_t *held = json_object_get(copy, "held");
	const json_t *last = json_object_get(copy, "last_fetch");
	const char *name = copies_text(copy, "name"), *result = copies_text(last, "result");

	if (json_is_object(held))
		write_held(writer, kind, name, held);
	if (!strcmp(result, "failed") || !strcmp(result, "invalid")) {
		writer_text(writer, COLOUR_RED, "%s: %s: %s", name, result,
			    copies_text(last, "message"));
		writer_line_end(writer);
	}
	if (*copies_text(copy, "trouble")) {
		writer_text(writer, COLOUR_RED, "%s: %s", name, copies_text(copy, "trouble"));
		writer_line_end(writer);
	}
}

/* ---- refresh -------------------------------------------------------------- */

/* Whether every copy is as its source has it. */
static bool are_fresh(const json_t *copies)
{
	const json_t *copy;
	size_t i;

	json_array_foreach(copies, i, copy)
	{
		const json_t *last = json_object_get(copy, "last_fetch");
		const char *result = json_string_value(json_object_get(last, "result"));

		if (!result || (strcmp(result, "new") != 0 && strcmp(result, "unchanged") != 0))
			return false;
	}
	return true;
}

enum ctl_exit copies_refresh(const struct arguments *arguments, enum feed_kind kind,
			     const char *name,
			     void (*write_table)(struct writer *writer, const json_t *copies))
{
	char path[PATH_BYTES];
	json_t *body = ctl_allocated(json_pack("{s:o}", "name", writer_string(name)));
	const struct request request = { .method = "POST",
					 .path = copies_path(kind, "/refresh", path),
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client = client_new(arguments);
	json_t *answer = NULL, *copies = NULL;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = client_array(client, answer, feed_kinds[kind].plural, &copies);
	if (!code) {
		struct writer writer;

		writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
		write_table(&writer, copies);
		writer_end(&writer);
		code = are_fresh(copies) ? CTL_DONE : CTL_NEGATIVE;
	}
	json_decref(answer);
	json_decref(body);
	client_free(client);
	return code;
}

/* ---- diff ------------------------------------------------------------------ */

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

enum ctl_exit copies_diff(const struct arguments *arguments, enum feed_kind kind, const char *name)
{
	char path[PATH_BYTES];
	const struct parameter query[] = { { "name", name }, { NULL, NULL } };
	const struct request request = { .method = "GET",
					 .path = copies_path(kind, "/diff", path),
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	return exchange(arguments, &request, "added", write_diff);
}

/* ---- accept ---------------------------------------------------------------- */

static void write_accepted(struct writer *writer, const json_t *answer, enum feed_kind kind)
{
	const struct column columns[] = {
		{ feed_kinds[kind].word, NULL, FORM_PLAIN },
		{ "added", NULL, FORM_PLAIN },
		{ "removed", NULL, FORM_PLAIN },
		{ NULL, NULL, FORM_PLAIN },
	};
	const json_t *copy = json_object_get(answer, feed_kinds[kind].word);
	const char *name = json_string_value(json_object_get(copy, "name"));
	long long entries = json_integer_value(json_object_get(copy, "entries"));

	writer_members(writer, columns, answer);
	writer_text(writer, COLOUR_NONE, "%s: now in force with %lld %s, %lld added, %lld removed",
		    name ? name : "?", entries, plural((uint64_t)entries, "entry", "entries"),
		    (long long)json_integer_value(json_object_get(answer, "added")),
		    (long long)json_integer_value(json_object_get(answer, "removed")));
	writer_line_end(writer);
}

static void write_accepted_feed(struct writer *writer, const json_t *answer)
{
	write_accepted(writer, answer, FEED_OF_URL);
}

static void write_accepted_domain(struct writer *writer, const json_t *answer)
{
	write_accepted(writer, answer, FEED_OF_DOMAIN);
}

enum ctl_exit copies_accept(const struct arguments *arguments, enum feed_kind kind,
			    const char *name)
{
	char path[PATH_BYTES];
	json_t *body = ctl_allocated(json_pack("{s:o,s:o}", "name", writer_string(name),
					       "sudo_user", writer_string(client_sudo_user())));
	const struct request request = { .method = "POST",
					 .path = copies_path(kind, "/accept", path),
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code =
	    exchange(arguments, &request, feed_kinds[kind].word,
		     kind == FEED_OF_DOMAIN ? write_accepted_domain : write_accepted_feed);

	json_decref(body);
	return code;
}
