/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `del`: removes a manual entry. */
#include <stdlib.h>

#include "ctl/ask.h"
#include "ctl/entries.h"
#include "ctl/exchange.h"
#include "ctl/impact.h"

enum { DEL_LIST, DEL_REASON, DEL_YES, DEL_ACCEPT };

static const struct column more_columns[] = { { "still_listed_by", NULL, FORM_PLAIN },
					      { "impact", NULL, FORM_PLAIN },
					      { NULL, NULL, FORM_PLAIN } };

static void write_deleted(struct writer *writer, const json_t *answer)
{
	const json_t *entry = json_object_get(answer, "entry");
	const json_t *holders = json_object_get(answer, "still_listed_by");
	const json_t *holder;
	size_t i;

	writer_object_begin(writer, "entry");
	writer_members(writer, entry_columns, entry);
	writer_object_end(writer);
	writer_members(writer, more_columns, answer);
	writer_text(writer, COLOUR_NONE, "%s: the manual entry in %s list %s is removed",
		    entry_string(entry, "prefix"), entry_string(entry, "action"),
		    entry_string(entry, "list"));
	writer_line_end(writer);
	json_array_foreach(holders, i, holder)
	{
		char *text = writer_value_text(holder, FORM_PLAIN);

		writer_text(writer, COLOUR_NONE, "still listed by %s", text);
		writer_line_end(writer);
		free(text);
	}
}

/* No question was asked, and --yes was not given. */
static void write_and_warn(struct writer *writer, const json_t *answer)
{
	write_deleted(writer, answer);
	impact_warn(json_object_get(answer, "entry"), json_object_get(answer, "impact"));
}

/* The guard would hold it; who says yes to the question has seen this. */
static void write_held(struct writer *writer, const json_t *answer)
{
	const char *held = json_string_value(json_object_get(answer, "held"));

	if (!held)
		return;
	writer_text(writer, COLOUR_RED, "  %s: `ipwlctl undo --since' restores them", held);
	writer_line_end(writer);
}

/* Show what the removal of an allow entry does, and ask. */
static enum ctl_exit confirm_del(const struct arguments *arguments)
{
	const struct parameter query[] = { { "list", arguments->options[DEL_LIST] },
					   { "prefix", arguments->positional[0] },
					   { NULL, NULL } };
	const struct request request = { .method = "GET",
					 .path = "/v1/impact",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client = client_new(arguments);
	struct writer writer;
	json_t *answer = NULL;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = client_require(client, answer, "impact");
	if (!code && json_is_object(json_object_get(answer, "impact"))) {
		writer_begin(&writer, stderr, false);
		impact_write(&writer, json_object_get(answer, "entry"),
			     json_object_get(answer, "impact"));
		write_held(&writer, answer);
		writer_end(&writer);
		code = ask_yes("Remove it?") ? CTL_DONE : CTL_NEGATIVE;
		if (code)
			ctl_error("nothing has changed");
	}
	json_decref(answer);
	client_free(client);
	return code;
}

static enum ctl_exit run_del(const struct arguments *arguments)
{
	bool is_asked = !arguments->options[DEL_YES] && ask_is_possible();
	const struct parameter query[] = {
		{ "list", arguments->options[DEL_LIST] },
		{ "prefix", arguments->positional[0] },
		{ "reason", arguments->options[DEL_REASON] },
		{ "accept", arguments->options[DEL_ACCEPT] || is_asked ? "true" : NULL },
		{ "sudo_user", client_sudo_user() },
		{ NULL, NULL },
	};
	const struct request request = { .method = "DELETE",
					 .path = "/v1/entries",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code = is_asked ? confirm_del(arguments) : CTL_DONE;

	if (code)
		return code;
	return exchange(arguments, &request, "entry",
			is_asked || arguments->options[DEL_YES] ? write_deleted : write_and_warn);
}

const struct command command_del = {
	.name = "del",
	.positional = "PREFIX",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "remove a manual entry",
	.description =
	    "Removes the manual entry with exactly this PREFIX. If the entry is from a file\n"
	    "or feed, del does not remove it, and names the file or feed. On a terminal, del\n"
	    "shows the hits of an allow entry and which block lists would drop its mail, and\n"
	    "asks for confirmation. `undo' restores the entry.",
	.options = { [DEL_LIST] = { "list", "NAME", "the list to remove from", 1 },
		     [DEL_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 },
		     [DEL_YES] = { "yes", NULL, "do not ask or warn", 0 },
		     [DEL_ACCEPT] = { "accept", NULL,
				      "remove it although many were removed in the last minute",
				      0 } },
	.run = run_del,
};
