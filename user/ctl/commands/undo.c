/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `undo`: takes a change of manual entries back. */
#include <stdlib.h>

#include "base/number.h"
#include "base/plural.h"
#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/memory.h"
#include "ctl/records.h"
#include "ctl/when.h"

enum { UNDO_SINCE, UNDO_BY, UNDO_DRY_RUN, UNDO_REASON, UNDO_YES };

static const struct column undo_columns[] = {
	{ "record", NULL, FORM_NUMBER },       { "added", NULL, FORM_NUMBER },
	{ "removed", NULL, FORM_NUMBER },      { "removes_allow", NULL, FORM_PLAIN },
	{ "undone", NULL, FORM_PLAIN },	       { "records", NULL, FORM_PLAIN },
	{ "record_count", NULL, FORM_NUMBER }, { "skipped", NULL, FORM_NUMBER },
	{ "dry_run", NULL, FORM_PLAIN },       { NULL, NULL, FORM_PLAIN },
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

/* Which changes to undo. */
struct wish {
	json_t *id;	 /* of a record, or null */
	json_t *since;	 /* seconds since 1970, or null: one record */
	json_t *through; /* the last record that was shown, or null */
};

static void wish_done(struct wish *wish)
{
	json_decref(wish->id);
	json_decref(wish->since);
	json_decref(wish->through);
}

static enum ctl_exit read_wish(const struct arguments *arguments, struct wish *ret_wish)
{
	const char *text = arguments->options[UNDO_SINCE];
	int64_t since;
	enum ctl_exit code;

	if (text && arguments->positional_count)
		return ctl_usage_error("undo", "name a record or --since, not both");
	if (arguments->options[UNDO_BY] && !text)
		return ctl_usage_error("undo", "--by needs --since");
	code = text ? when_parse("since", text, &since) : CTL_DONE;
	if (!code)
		code = read_id(arguments, &ret_wish->id);
	if (code)
		return code;
	ret_wish->since = ctl_allocated(text ? json_integer(since) : json_null());
	ret_wish->through = json_null();
	return CTL_DONE;
}

/* Ask for the change, or what it would do. */
static enum ctl_exit request_undo(struct client *client, const struct arguments *arguments,
				  const struct wish *wish, bool is_dry_run, json_t **ret_answer)
{
	json_t *body = json_pack(
	    "{s:O,s:O,s:O,s:s?,s:b,s:s?,s:o}", "id", wish->id, "since", wish->since, "through",
	    wish->through, "by", arguments->options[UNDO_BY], "dry_run", is_dry_run, "reason",
	    arguments->options[UNDO_REASON], "sudo_user", writer_string(client_sudo_user()));
	const struct request request = { .method = "POST",
					 .path = "/v1/undo",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	json_t *answer = NULL;
	enum ctl_exit code;

	if (!body) {
		ctl_error("the reason and the user must be UTF-8");
		return CTL_INVALID;
	}
	code = client_request(client, &request, &answer);
	if (!code)
		code = client_require(client, answer, "records");
	json_decref(body);
	if (code)
		json_decref(answer);
	else
		*ret_answer = answer;
	return code;
}

static long long answer_count(const json_t *answer, const char *key)
{
	return json_integer_value(json_object_get(answer, key));
}

/* A line for each record, the newest first. */
static void write_records(struct writer *writer, const json_t *answer, const char *verb)
{
	const json_t *record;
	long long more = answer_count(answer, "record_count");
	size_t i;

	json_array_foreach(json_object_get(answer, "records"), i, record)
	{
		char *description = record_describe(record);

		writer_text(writer, COLOUR_NONE, "%s: %s", verb, description);
		writer_line_end(writer);
		free(description);
	}
	more -= (long long)i;
	if (more > 0) {
		writer_text(writer, COLOUR_NONE, "%s: %lld more %s", verb, more,
			    plural((uint64_t)more, "record", "records"));
		writer_line_end(writer);
	}
}

static void write_counts(struct writer *writer, const json_t *answer)
{
	const long long skipped = answer_count(answer, "skipped");

	writer_text(writer, COLOUR_NONE, "%lld added, %lld removed", answer_count(answer, "added"),
		    answer_count(answer, "removed"));
	if (skipped)
		writer_text(writer, COLOUR_NONE, ", %lld %s because of %s expiry", skipped,
			    plural((uint64_t)skipped, "does not return", "do not return"),
			    plural((uint64_t)skipped, "its", "their"));
	writer_line_end(writer);
}

/* A removal from an allow list can cost mail, and many changes are seldom what they seem.
 * @answer: of the dry run. */
static enum ctl_exit confirm_undo(const json_t *answer)
{
	struct writer writer;

	writer_begin(&writer, stderr, false);
	write_records(&writer, answer, "this undoes");
	write_counts(&writer, answer);
	writer_end(&writer);
	if (json_is_true(json_object_get(answer, "removes_allow")))
		ctl_error("this removes entries from an allow list");
	if (ask_yes("Undo it?"))
		return CTL_DONE;
	ctl_error("nothing has changed");
	return CTL_NEGATIVE;
}

/* Undo the very records that were shown, even if another change came between. */
static enum ctl_exit look_first(struct client *client, const struct arguments *arguments,
				struct wish *wish)
{
	const bool is_span = !json_is_null(wish->since);
	json_t *answer = NULL;
	json_t **newest = is_span ? &wish->through : &wish->id;
	enum ctl_exit code = request_undo(client, arguments, wish, true, &answer);

	if (code)
		return code;
	json_decref(*newest);
	*newest = json_incref(
	    json_object_get(json_array_get(json_object_get(answer, "records"), 0), "id"));
	if (is_span || json_is_true(json_object_get(answer, "removes_allow")))
		code = confirm_undo(answer);
	json_decref(answer);
	return code;
}

static void write_undone(const struct arguments *arguments, const json_t *answer)
{
	const bool is_dry_run = json_is_true(json_object_get(answer, "dry_run"));
	struct writer writer;

	writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
	writer_members(&writer, undo_columns, answer);
	write_records(&writer, answer, is_dry_run ? "this would undo" : "undone");
	write_counts(&writer, answer);
	if (is_dry_run) {
		writer_text(&writer, COLOUR_NONE, "dry run: nothing has changed");
		writer_line_end(&writer);
	}
	writer_end(&writer);
}

static enum ctl_exit run_undo(const struct arguments *arguments)
{
	const bool is_dry_run = arguments->options[UNDO_DRY_RUN];
	struct client *client;
	json_t *answer = NULL;
	struct wish wish = { 0 };
	enum ctl_exit code = read_wish(arguments, &wish);

	if (code)
		return code;
	client = client_new(arguments);
	if (!is_dry_run && !arguments->options[UNDO_YES] && ask_is_possible())
		code = look_first(client, arguments, &wish);
	if (!code)
		code = request_undo(client, arguments, &wish, is_dry_run, &answer);
	if (!code)
		write_undone(arguments, answer);
	json_decref(answer);
	wish_done(&wish);
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
		       "changed since. --since undoes all changes since a time together.",
	.options = { [UNDO_SINCE] = { "since", "TIME",
				      "undo all since a time, or for a duration such as 2h", 0 },
		     [UNDO_BY] = { "by", "WHO", "with --since: undo only changes by this user", 0 },
		     [UNDO_DRY_RUN] = { "dry-run", NULL, "show the result, but change nothing", 0 },
		     [UNDO_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 },
		     [UNDO_YES] = { "yes", NULL, "do not ask", 0 } },
	.run = run_undo,
};
