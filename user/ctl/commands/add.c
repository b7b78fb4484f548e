/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `add`: makes a manual entry. */
#include "base/duration.h"
#include "ctl/entries.h"
#include "ctl/exchange.h"

enum { ADD_LIST, ADD_REASON, ADD_TTL, ADD_FORCE };

static const struct column warnings_column[] = { { "warnings", NULL, FORM_PLAIN },
						 { NULL, NULL, FORM_PLAIN } };

/* Fill the body of the request from the command line. */
static enum ctl_exit make_add_body(const struct arguments *arguments, json_t **ret_body)
{
	const char *const *options = arguments->options;
	json_t *ttl = json_null();
	json_t *body;

	if (options[ADD_TTL]) {
		int64_t sec;
		const char *error = duration_parse(options[ADD_TTL], &sec);

		if (error) {
			ctl_error("--ttl %s %s", options[ADD_TTL], error);
			return CTL_INVALID;
		}
		ttl = json_integer(sec);
	}
	/* A reason that is not UTF-8 must not silently become null. */
	body = json_pack("{s:s, s:s, s:s?, s:o, s:o}", "list", options[ADD_LIST], "prefix",
			 arguments->positional[0], "reason", options[ADD_REASON], "ttl_seconds",
			 ttl, "sudo_user", writer_string(client_sudo_user()));
	if (!body) {
		ctl_error("list, prefix and reason must be UTF-8");
		return CTL_INVALID;
	}
	if (options[ADD_FORCE])
		json_object_set_new(body, "force", json_true());
	*ret_body = body;
	return CTL_DONE;
}

static void write_added(struct writer *writer, const json_t *answer)
{
	const json_t *entry = json_object_get(answer, "entry");
	const char *expires = json_string_value(json_object_get(entry, "expires_at"));

	writer_object_begin(writer, "entry");
	writer_members(writer, entry_columns, entry);
	writer_object_end(writer);
	writer_members(writer, warnings_column, answer);
	writer_text(writer, COLOUR_NONE, "%s is now in %s list %s, %s%s",
		    entry_string(entry, "prefix"), entry_string(entry, "action"),
		    entry_string(entry, "list"), expires ? "until " : "with no expiry",
		    expires ? expires : "");
	writer_line_end(writer);
	exchange_print_warnings(answer);
}

static enum ctl_exit run_add(const struct arguments *arguments)
{
	struct request request = { .method = "POST",
				   .path = "/v1/entries",
				   .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	json_t *body;
	enum ctl_exit code = make_add_body(arguments, &body);

	if (code)
		return code;
	request.body = body;
	code = exchange(arguments, &request, "entry", write_added);
	json_decref(body);
	return code;
}

const struct command command_add = {
	.name = "add",
	.positional = "PREFIX",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "add a manual entry, in force at once and after reboots",
	.description = "An existing entry gets the new reason and expiry.",
	.options = { [ADD_LIST] = { "list", "NAME", "the list to add to", 1 },
		     [ADD_REASON] = { "reason", "TEXT", "the reason, shown by list and history",
				      0 },
		     [ADD_TTL] = { "ttl", "DURATION",
				   "expire after this time, for example 30d or 1h30m", 0 },
		     [ADD_FORCE] = { "force", NULL,
				     "also block an own, protected or very wide prefix", 0 } },
	.run = run_add,
};
