/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `del`: removes manual entries. */
#include <stdint.h>
#include <stdlib.h>

#include "base/plural.h"
#include "ctl/ask.h"
#include "ctl/entries.h"
#include "ctl/exchange.h"
#include "ctl/impact.h"

enum { DEL_LIST, DEL_REASON, DEL_YES, DEL_ACCEPT, DEL_FLEET };

static const struct column more_columns[] = { { "still_listed_by", NULL, FORM_PLAIN },
					      { "impact", NULL, FORM_PLAIN },
					      { "impacts", NULL, FORM_PLAIN },
					      { NULL, NULL, FORM_PLAIN } };

static void write_deleted(struct writer *writer, const json_t *answer)
{
	const json_t *entry, *holder;
	size_t i;

	entry_write_answer(writer, answer);
	writer_members(writer, more_columns, answer);
	json_array_foreach(json_object_get(answer, "entries"), i, entry)
	{
		writer_text(writer, COLOUR_NONE, "%s: the manual entry in %s list %s is removed",
			    entry_string(entry, "prefix"), entry_string(entry, "action"),
			    entry_string(entry, "list"));
		writer_line_end(writer);
	}
	json_array_foreach(json_object_get(answer, "still_listed_by"), i, holder)
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
	const json_t *entry;
	size_t i;

	write_deleted(writer, answer);
	json_array_foreach(json_object_get(answer, "entries"), i, entry)
	    impact_warn(entry, json_array_get(json_object_get(answer, "impacts"), i));
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

/* Show what the removal of each entry does. */
static void write_question(const json_t *answer)
{
	struct writer writer;
	const json_t *entry;
	size_t i;

	writer_begin(&writer, stderr, false);
	json_array_foreach(json_object_get(answer, "entries"), i, entry)
	    impact_write(&writer, entry, json_array_get(json_object_get(answer, "impacts"), i));
	write_held(&writer, answer);
	writer_end(&writer);
}

/* Show what the removal of allow entries does, and ask. */
static enum ctl_exit confirm_del(const struct arguments *arguments, const char *prefixes)
{
	const struct parameter query[] = { { "list", arguments->options[DEL_LIST] },
					   { "prefix", prefixes },
					   { NULL, NULL } };
	const struct request request = { .method = "GET",
					 .path = "/v1/impact",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client = client_new(arguments);
	json_t *answer = NULL;
	const json_t *impacts;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = client_require(client, answer, "impact");
	impacts = json_object_get(answer, "impacts");
	if (!code && json_is_object(json_array_get(impacts, 0))) {
		write_question(answer);
		code = ask_yes(json_array_size(impacts) == 1 ? "Remove it?" : "Remove them?")
			   ? CTL_DONE
			   : CTL_NEGATIVE;
		if (code)
			ctl_error("nothing has changed");
	}
	json_decref(answer);
	client_free(client);
	return code;
}

static enum ctl_exit del_prefixes(const struct arguments *arguments, const char *prefixes)
{
	bool is_asked = !arguments->options[DEL_YES] && ask_is_possible();
	const struct parameter query[] = {
		{ "list", arguments->options[DEL_LIST] },
		{ "prefix", prefixes },
		{ "reason", arguments->options[DEL_REASON] },
		{ "accept", arguments->options[DEL_ACCEPT] || is_asked ? "true" : NULL },
		{ "sudo_user", client_sudo_user() },
		{ NULL, NULL },
	};
	const struct request request = { .method = "DELETE",
					 .path = "/v1/entries",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code = is_asked ? confirm_del(arguments, prefixes) : CTL_DONE;

	if (code)
		return code;
	return exchange(arguments, &request, "entry",
			is_asked || arguments->options[DEL_YES] ? write_deleted : write_and_warn);
}

/* ---- from all hosts of the fleet ---------------------------------------------------- */

static void write_removed(struct writer *writer, const json_t *answer)
{
	static const struct column columns[] = { { "list", NULL, FORM_PLAIN },
						 { "removed", NULL, FORM_NUMBER },
						 { NULL, NULL, FORM_PLAIN } };
	const long long removed = json_integer_value(json_object_get(answer, "removed"));

	writer_members(writer, columns, answer);
	writer_text(writer, COLOUR_NONE, "removed from list %s on all hosts: %lld %s",
		    entry_string(answer, "list"), removed,
		    plural((uint64_t)removed, "prefix", "prefixes"));
	writer_line_end(writer);
}

static enum ctl_exit del_everywhere(const struct arguments *arguments, const char *prefixes)
{
	const bool is_asked = !arguments->options[DEL_YES] && ask_is_possible();
	json_t *body = json_pack("{s:s,s:s,s:s?,s:b,s:o}", "list", arguments->options[DEL_LIST],
				 "prefix", prefixes, "reason", arguments->options[DEL_REASON],
				 "accept", is_asked || arguments->options[DEL_ACCEPT], "sudo_user",
				 writer_string(client_sudo_user()));
	const struct request request = { .method = "POST",
					 .path = "/v1/fleet/delete",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code = CTL_NEGATIVE;

	if (!body) {
		ctl_error("list, prefix and reason must be UTF-8");
		return CTL_INVALID;
	}
	if (is_asked && !ask_yes("Remove what any host of the fleet has added there?"))
		ctl_error("nothing has changed");
	else
		code = exchange(arguments, &request, "removed", write_removed);
	json_decref(body);
	return code;
}

static enum ctl_exit run_del(const struct arguments *arguments)
{
	char *prefixes = command_join(arguments);
	enum ctl_exit code = arguments->options[DEL_FLEET] ? del_everywhere(arguments, prefixes)
							   : del_prefixes(arguments, prefixes);

	free(prefixes);
	return code;
}

const struct command command_del = {
	.name = "del",
	.positional = "PREFIX...",
	.positional_min = 1,
	.positional_max = SIZE_MAX,
	.summary = "remove manual entries",
	.description =
	    "Removes the manual entry with exactly this PREFIX, which is written as for add.\n"
	    "Of several, all are removed in one change, or none. If an entry is from a file\n"
	    "or feed, del does not remove it, and names the file or feed. On a terminal, del\n"
	    "shows the hits of an allow entry and which block lists would drop its mail, and\n"
	    "asks for confirmation. `undo' restores the entry.",
	.options = { [DEL_LIST] = { "list", "NAME", "the list to remove from", 1 },
		     [DEL_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 },
		     [DEL_YES] = { "yes", NULL, "do not ask or warn", 0 },
		     [DEL_ACCEPT] = { "accept", NULL,
				      "remove it although many were removed in the last minute",
				      0 },
		     [DEL_FLEET] = { "fleet", NULL,
				     "remove what any host of the fleet has added there", 0 } },
	.run = run_del,
};
