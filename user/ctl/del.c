/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `del`: removes a manual entry. */
#include <stdlib.h>

#include "entries.h"
#include "exchange.h"

enum { DEL_LIST, DEL_REASON };

static const struct column still_listed_column[] = { { "still_listed_by", NULL, FORM_PLAIN },
						     { NULL, NULL, FORM_PLAIN } };

static void write_answer(struct writer *writer, const json_t *answer)
{
	const json_t *entry = json_object_get(answer, "entry");
	const json_t *holders = json_object_get(answer, "still_listed_by");
	const json_t *holder;
	size_t i;

	writer_object_begin(writer, "entry");
	writer_members(writer, entry_columns, entry);
	writer_object_end(writer);
	writer_members(writer, still_listed_column, answer);
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

static enum ctl_exit run(const struct arguments *arguments)
{
	const struct parameter query[] = {
		{ "list", arguments->options[DEL_LIST] },
		{ "prefix", arguments->positional[0] },
		{ "reason", arguments->options[DEL_REASON] },
		{ "sudo_user", client_sudo_user() },
		{ NULL, NULL },
	};
	const struct request request = { .method = "DELETE",
					 .path = "/v1/entries",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	return exchange(arguments, &request, "entry", write_answer);
}

const struct command command_del = {
	.name = "del",
	.positional = "PREFIX",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "remove a manual entry",
	.description =
	    "The entry of exactly PREFIX. One that a file or feed holds is not removed;\n"
	    "the message says which.",
	.options = { [DEL_LIST] = { "list", "NAME", "the list to remove from", 1 },
		     [DEL_REASON] = { "reason", "TEXT", "why, for those who ask later", 0 } },
	.run = run,
};
