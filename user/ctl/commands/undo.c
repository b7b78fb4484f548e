/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `undo`: takes a change of manual entries back. */
#include <stdlib.h>

#include "base/number.h"
#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/memory.h"
#include "ctl/records.h"

enum { UNDO_REASON, UNDO_YES };

static const struct column undo_columns[] = {
	{ "record", NULL, FORM_NUMBER },  { "added", NULL, FORM_NUMBER },
	{ "removed", NULL, FORM_NUMBER }, { "removes_allow", NULL, FORM_PLAIN },
	{ "undone", NULL, FORM_PLAIN },	  { NULL, NULL, FORM_PLAIN },
};

/* The number of the record, or null: the last change. */
static enum ctl_exit read_id(const struct arguments *arguments, json_t **ret_id)
{
	const char *text = arguments->positional_count ? arguments->positional[0] : NULL;
	int64_t id;

	if (!text) {
		*ret_id = json_null();
		return CTL_DONE;
	}
	if (!number_parse(text, 1, INT64_MAX, &id)) {
		ctl_error("%s is not the number of a record: `ipwlctl history' shows the numbers",
			  text);
		return CTL_INVALID;
	}
	*ret_id = ctl_allocated(json_integer(id));
	return CTL_DONE;
}

/* Ask for the change, or what it would do. @id is taken over. */
static enum ctl_exit request_undo(struct client *client, const struct arguments *arguments,
				  json_t *id, bool is_dry_run, json_t **ret_answer)
{
	json_t *body = json_pack("{s:o,s:b,s:s?,s:o}", "id", id, "dry_run", is_dry_run, "reason",
				 arguments->options[UNDO_REASON], "sudo_user",
				 writer_string(client_sudo_user()));
	const struct request request = { .method = "POST",
					 .path = "/v1/undo",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	json_t *answer = NULL;
	enum ctl_exit code;

	if (!body) {
		ctl_error("the reason must be UTF-8");
		return CTL_INVALID;
	}
	code = client_request(client, &request, &answer);
	if (!code)
		code = client_require(client, answer, "undone");
	json_decref(body);
	if (code)
		json_decref(answer);
	else
		*ret_answer = answer;
	return code;
}

/* A removal from an allow list can cost mail. @answer: of the dry run. */
static enum ctl_exit confirm_undo(const json_t *answer)
{
	char *description = record_describe(json_object_get(answer, "undone"));

	ctl_error("this undoes %s, which removes entries from an allow list", description);
	free(description);
	if (ask_yes("Undo it?"))
		return CTL_DONE;
	ctl_error("nothing has changed");
	return CTL_NEGATIVE;
}

/* Undo the very record that was shown, even if another change came between. */
static enum ctl_exit look_first(struct client *client, const struct arguments *arguments,
				json_t **id)
{
	json_t *answer = NULL;
	enum ctl_exit code = request_undo(client, arguments, json_incref(*id), true, &answer);

	if (code)
		return code;
	json_decref(*id);
	*id = json_incref(json_object_get(json_object_get(answer, "undone"), "id"));
	if (json_is_true(json_object_get(answer, "removes_allow")))
		code = confirm_undo(answer);
	json_decref(answer);
	return code;
}

static void write_undone(const struct arguments *arguments, const json_t *answer)
{
	char *description = record_describe(json_object_get(answer, "undone"));
	struct writer writer;

	writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
	writer_members(&writer, undo_columns, answer);
	writer_text(&writer, COLOUR_NONE, "undone: %s; %lld added, %lld removed", description,
		    (long long)json_integer_value(json_object_get(answer, "added")),
		    (long long)json_integer_value(json_object_get(answer, "removed")));
	writer_line_end(&writer);
	writer_end(&writer);
	free(description);
}

static enum ctl_exit run_undo(const struct arguments *arguments)
{
	struct client *client;
	json_t *answer = NULL;
	json_t *id;
	enum ctl_exit code = read_id(arguments, &id);

	if (code)
		return code;
	client = client_new(arguments);
	if (!arguments->options[UNDO_YES] && ask_is_possible())
		code = look_first(client, arguments, &id);
	if (!code)
		code = request_undo(client, arguments, json_incref(id), false, &answer);
	if (!code)
		write_undone(arguments, answer);
	json_decref(answer);
	json_decref(id);
	client_free(client);
	return code;
}

const struct command command_undo = {
	.name = "undo",
	.positional = "[RECORD]",
	.positional_max = 1,
	.summary = "undo a change to manual entries",
	.description = "RECORD is a number from `history'. Without it, undoes the last add, del,\n"
		       "import, protect or unprotect that has not been undone. To make the change\n"
		       "again, undo the RECORD of the undo. undo refuses if an affected entry has\n"
		       "changed since.",
	.options = { [UNDO_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 },
		     [UNDO_YES] = { "yes", NULL, "do not ask", 0 } },
	.run = run_undo,
};
