/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `reload`: has the daemon read its configuration again. */
#include "ctl/changes.h"
#include "ctl/exchange.h"
#include "ctl/memory.h"

enum { RELOAD_ACCEPT };

static const struct column reload_columns[] = {
	{ "added", NULL, FORM_PLAIN },	  { "removed", NULL, FORM_PLAIN },
	{ "warnings", NULL, FORM_PLAIN }, { "seconds", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static void write_reloaded(struct writer *writer, const json_t *answer)
{
	writer_members(writer, reload_columns, answer);
	writer_text(writer, COLOUR_NONE, "reloaded in %.2f s: %lld added, %lld removed",
		    json_number_value(json_object_get(answer, "seconds")),
		    (long long)json_integer_value(json_object_get(answer, "added")),
		    (long long)json_integer_value(json_object_get(answer, "removed")));
	writer_line_end(writer);
	changes_write(writer, answer);
	exchange_print_warnings(answer);
}

static enum ctl_exit run_reload(const struct arguments *arguments)
{
	const struct parameter query[] = { { "sudo_user", client_sudo_user() }, { NULL, NULL } };
	json_t *body = arguments->options[RELOAD_ACCEPT]
			   ? ctl_allocated(json_pack("{s:b}", "accept", 1))
			   : NULL;
	const struct request request = { .method = "POST",
					 .path = "/v1/reload",
					 .query = query,
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code = exchange(arguments, &request, "added", write_reloaded);

	json_decref(body);
	return code;
}

const struct command command_reload = {
	.name = "reload",
	.positional = "",
	.summary = "read the configuration and the list files again",
	.description =
	    "If there are errors, prints all of them and changes nothing. The guard holds a\n"
	    "reload that would remove too many allow entries in use.",
	.options = { [RELOAD_ACCEPT] = { "accept", NULL, "reload even if the guard would hold it",
					 0 } },
	.run = run_reload,
};
