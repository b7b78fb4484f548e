/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `protect` and `unprotect`: entries that only a user can remove. */
#include "ctl/entries.h"
#include "ctl/exchange.h"

enum { PROTECT_LIST, PROTECT_REASON };

static void write_entry(struct writer *writer, const json_t *answer, const char *words)
{
	const json_t *entry = json_object_get(answer, "entry");

	entry_write_answer(writer, answer);
	writer_text(writer, COLOUR_NONE, "%s in %s list %s %s", entry_string(entry, "prefix"),
		    entry_string(entry, "action"), entry_string(entry, "list"), words);
	writer_line_end(writer);
}

static void write_protected(struct writer *writer, const json_t *answer)
{
	write_entry(writer, answer, "is protected and does not expire");
}

static void write_unprotected(struct writer *writer, const json_t *answer)
{
	write_entry(writer, answer, "is no longer protected; it stays in the list");
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
		ctl_error("list, prefix and reason must be UTF-8");
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
	.summary = "keep an entry from being removed or expiring",
	.description =
	    "Protects the entry with exactly this PREFIX: it does not expire, and del refuses\n"
	    "to remove it. If the entry is from a file or feed, protect adds a manual entry,\n"
	    "which stays if the file or feed no longer lists the prefix.",
	.options = { [PROTECT_LIST] = { "list", "NAME", "the list of the entry", 1 },
		     [PROTECT_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 } },
	.run = run_protect,
};

const struct command command_unprotect = {
	.name = "unprotect",
	.positional = "PREFIX",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "end the protection of an entry",
	.description = "The manual entry stays, without expiry, until it is deleted.",
	.options = { [PROTECT_LIST] = { "list", "NAME", "the list of the entry", 1 },
		     [PROTECT_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 } },
	.run = run_unprotect,
};
