/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `protect` and `unprotect`: entries that nothing but a user removes. */
#include "ctl/entries.h"
#include "ctl/exchange.h"

enum { PROTECT_LIST, PROTECT_REASON };

static void write_entry(struct writer *writer, const json_t *answer, const char *words)
{
	const json_t *entry = json_object_get(answer, "entry");

	writer_object_begin(writer, "entry");
	writer_members(writer, entry_columns, entry);
	writer_object_end(writer);
	writer_text(writer, COLOUR_NONE, "%s in %s list %s %s", entry_string(entry, "prefix"),
		    entry_string(entry, "action"), entry_string(entry, "list"), words);
	writer_line_end(writer);
}

static void write_protected(struct writer *writer, const json_t *answer)
{
	write_entry(writer, answer, "is protected, without an end");
}

static void write_unprotected(struct writer *writer, const json_t *answer)
{
	write_entry(writer, answer, "is not protected any more, and stays");
}

static enum ctl_exit run_protect(const struct arguments *arguments)
{
	struct request request = { .method = "POST",
				   .path = "/v1/protections",
				   .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	json_t *body =
	    json_pack("{s:s,s:s,s:s?,s:o}", "list", arguments->options[PROTECT_LIST], "prefix",
		      arguments->positional[0], "reason", arguments->options[PROTECT_REASON],
		      "sudo_user", writer_string(client_sudo_user()));
	enum ctl_exit code;

	if (!body) {
		ctl_error("list, prefix and reason are to be UTF-8");
		return CTL_INVALID;
	}
	request.body = body;
	code = exchange(arguments, &request, "entry", write_protected);
	json_decref(body);
	return code;
}

static enum ctl_exit run_unprotect(const struct arguments *arguments)
{
	const struct parameter query[] = {
		{ "list", arguments->options[PROTECT_LIST] },
		{ "prefix", arguments->positional[0] },
		{ "reason", arguments->options[PROTECT_REASON] },
		{ "sudo_user", client_sudo_user() },
		{ NULL, NULL },
	};
	const struct request request = { .method = "DELETE",
					 .path = "/v1/protections",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	return exchange(arguments, &request, "entry", write_unprotected);
}

const struct command command_protect = {
	.name = "protect",
	.positional = "PREFIX",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "keep an entry, whatever expires or vanishes",
	.description = "The entry of exactly PREFIX has no end from now on, and del refuses it.\n"
		       "One that a file or feed holds gets a manual entry beside it, which stays.",
	.options = { [PROTECT_LIST] = { "list", "NAME", "the list it is in", 1 },
		     [PROTECT_REASON] = { "reason", "TEXT", "why, for those who ask later", 0 } },
	.run = run_protect,
};

const struct command command_unprotect = {
	.name = "unprotect",
	.positional = "PREFIX",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "let an entry be removed again",
	.description = "The manual entry stays, without an end, until it is deleted.",
	.options = { [PROTECT_LIST] = { "list", "NAME", "the list it is in", 1 },
		     [PROTECT_REASON] = { "reason", "TEXT", "why, for those who ask later", 0 } },
	.run = run_unprotect,
};
