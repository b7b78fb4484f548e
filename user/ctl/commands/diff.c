/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `diff`: what a reload would change, before it does. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/plural.h"
#include "ctl/changes.h"
#include "ctl/client.h"
#include "ctl/entries.h"
#include "ctl/exchange.h"
#include "ctl/memory.h"

#define ENTRIES_MAX 10000

enum { DIFF_SUMMARY, DIFF_LIMIT };

static const struct column head_columns[] = {
	{ "config", NULL, FORM_PLAIN },
	{ "differs", NULL, FORM_PLAIN },
	{ "added", NULL, FORM_PLAIN },
	{ "removed", NULL, FORM_PLAIN },
	{ "held", NULL, FORM_PLAIN },
	{ "removed_in_use", NULL, FORM_PLAIN },
	{ "entries_left_out", NULL, FORM_PLAIN },
	{ "warnings", NULL, FORM_PLAIN },
	{ "entries", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* The absolute path, because the daemon runs in another directory. To be freed. NULL: out
 * of memory. */
static char *absolute_path(const char *path)
{
	char directory[PATH_MAX];
	char *absolute;

	if (*path == '/' || !getcwd(directory, sizeof(directory)))
		return strdup(path);
	return asprintf(&absolute, "%s/%s", directory, path) < 0 ? NULL : absolute;
}

static void write_entries(struct writer *writer, const json_t *answer)
{
	long long left_out = json_integer_value(json_object_get(answer, "entries_left_out"));
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(answer, "entries"), i, entry)
	{
		bool is_added = !strcmp(entry_string(entry, "change"), "added");
		enum colour colour = is_added ? COLOUR_GREEN : COLOUR_RED;

		writer_text(writer, colour, is_added ? "+ " : "- ");
		entry_write_line(writer, colour, strlen("+ "), entry);
	}
	if (left_out && i) {
		writer_text(writer, COLOUR_NONE, "and %lld more %s", left_out,
			    plural((uint64_t)left_out, "entry", "entries"));
		writer_line_end(writer);
	}
}

static void write_held_diff(struct writer *writer, const json_t *answer)
{
	const char *held = json_string_value(json_object_get(answer, "held"));
	const json_t *removed = json_object_get(answer, "removed_in_use");
	const json_t *line;
	size_t i;

	if (held) {
		writer_text(
		    writer, COLOUR_RED,
		    "the guard would hold a reload: %s; `ipwlctl reload --accept' reloads anyway",
		    held);
		writer_line_end(writer);
	} else if (json_array_size(removed)) {
		writer_text(writer, COLOUR_YELLOW,
			    "allow entries in use that would be removed, wholly or in part:");
		writer_line_end(writer);
	}
	json_array_foreach(removed, i, line)
	{
		writer_text(writer, COLOUR_NONE, "  %s",
			    json_is_string(line) ? json_string_value(line) : "?");
		writer_line_end(writer);
	}
}

static void write_diff_answer(struct writer *writer, const json_t *answer)
{
	writer_members(writer, head_columns, answer);
	changes_write(writer, answer);
	if (writer->is_json)
		return;
	write_entries(writer, answer);
	write_held_diff(writer, answer);
	if (json_is_true(json_object_get(answer, "differs")))
		writer_text(writer, COLOUR_NONE, "entries: %lld added, %lld removed",
			    (long long)json_integer_value(json_object_get(answer, "added")),
			    (long long)json_integer_value(json_object_get(answer, "removed")));
	else
		writer_text(writer, COLOUR_NONE, "no differences");
	writer_line_end(writer);
	exchange_print_warnings(answer);
}

static enum ctl_exit ask_diff(const struct arguments *arguments, const json_t *body)
{
	const struct request request = { .method = "POST",
					 .path = "/v1/diff",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client = client_new(arguments);
	json_t *answer = NULL;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = client_require(client, answer, "differs");
	if (!code) {
		struct writer writer;

		writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
		write_diff_answer(&writer, answer);
		writer_end(&writer);
		code = json_is_true(json_object_get(answer, "differs")) ? CTL_NEGATIVE : CTL_DONE;
	}
	json_decref(answer);
	client_free(client);
	return code;
}

static enum ctl_exit run_diff(const struct arguments *arguments)
{
	json_t *body = ctl_allocated(json_object());
	int64_t limit = -1;
	enum ctl_exit code;

	if (arguments->options[DIFF_LIMIT] &&
	    !number_parse(arguments->options[DIFF_LIMIT], 0, ENTRIES_MAX, &limit)) {
		json_decref(body);
		return ctl_usage_error("diff", "--limit must be a number from 0 to %d",
				       ENTRIES_MAX);
	}
	if (arguments->options[DIFF_SUMMARY])
		limit = 0;
	if (limit >= 0)
		json_object_set_new(body, "limit", json_integer(limit));
	if (arguments->positional_count) {
		char *path = ctl_allocated(absolute_path(arguments->positional[0]));
		json_t *text = json_string(path);

		free(path);
		if (!text) {
			json_decref(body);
			ctl_error("the name of the file must be UTF-8");
			return CTL_INVALID;
		}
		json_object_set_new(body, "config", text);
	}
	code = ask_diff(arguments, body);
	json_decref(body);
	return code;
}

const struct command command_diff = {
	.name = "diff",
	.positional = "[FILE]",
	.positional_max = 1,
	.summary = "show what a reload would change",
	.description = "With FILE, shows what a reload with that configuration would change. This\n"
		       "needs root.\n"
		       "Exit code: 0 no changes, 1 changes, 4 the configuration has errors.",
	.options = { [DIFF_SUMMARY] = { "summary", NULL, "show settings, lists and counts only",
					0 },
		     [DIFF_LIMIT] = { "limit", "N", "show at most N entries (1000)", 0 } },
	.run = run_diff,
};
