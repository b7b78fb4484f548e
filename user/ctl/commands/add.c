/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `add`, `allow` and `block`: make manual entries. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "ctl/entries.h"
#include "ctl/exchange.h"
#include "ctl/memory.h"

enum { ADD_LIST, ADD_REASON, ADD_TTL, ADD_LOCAL, ADD_ONLY_HOSTS, ADD_NOT_HOSTS, ADD_FORCE };

static const struct column warnings_column[] = { { "warnings", NULL, FORM_PLAIN },
						 { NULL, NULL, FORM_PLAIN } };

/* Fill the body of the request from the command line. */
static enum ctl_exit make_add_body(const struct arguments *arguments, const char *list,
				   json_t **ret_body)
{
	const char *const *options = arguments->options;
	json_t *ttl = json_null();
	char *prefixes;
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
	prefixes = command_join(arguments);
	/* A reason that is not UTF-8 must not silently become null. */
	body = json_pack("{s:s, s:s, s:s?, s:o, s:o, s:s*, s:s*}", "list", list, "prefix", prefixes,
			 "reason", options[ADD_REASON], "ttl_seconds", ttl, "sudo_user",
			 writer_string(client_sudo_user()), "only_hosts", options[ADD_ONLY_HOSTS],
			 "not_hosts", options[ADD_NOT_HOSTS]);
	free(prefixes);
	if (!body) {
		ctl_error("list, prefix, reason and hosts must be UTF-8");
		return CTL_INVALID;
	}
	if (options[ADD_FORCE])
		json_object_set_new(body, "force", json_true());
	if (options[ADD_LOCAL])
		json_object_set_new(body, "local", json_true());
	*ret_body = body;
	return CTL_DONE;
}

static void write_added(struct writer *writer, const json_t *answer)
{
	const json_t *entry;
	size_t i;

	entry_write_answer(writer, answer);
	writer_members(writer, warnings_column, answer);
	json_array_foreach(json_object_get(answer, "entries"), i, entry)
	{
		const char *expires = json_string_value(json_object_get(entry, "expires_at"));

		writer_text(writer, COLOUR_NONE, "%s is now in %s list %s, %s%s",
			    entry_string(entry, "prefix"), entry_string(entry, "action"),
			    entry_string(entry, "list"), expires ? "until " : "with no expiry",
			    expires ? expires : "");
		writer_line_end(writer);
	}
	exchange_print_warnings(answer);
}

static enum ctl_exit add_entry(const struct arguments *arguments, const char *list)
{
	struct request request = { .method = "POST",
				   .path = "/v1/entries",
				   .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	json_t *body;
	enum ctl_exit code = make_add_body(arguments, list, &body);

	if (code)
		return code;
	request.body = body;
	code = exchange(arguments, &request, "entry", write_added);
	json_decref(body);
	return code;
}

static enum ctl_exit run_add(const struct arguments *arguments)
{
	return add_entry(arguments, arguments->options[ADD_LIST]);
}

/* ---- allow and block ---------------------------------------------------------- */

/* The only list of an action; NULL after a message: there are none, or several. */
static const char *only_list(const json_t *lists, const char *action)
{
	const char *only = NULL;
	const json_t *list;
	char *names = NULL;
	size_t i, size, count = 0;
	FILE *stream = ctl_allocated(open_memstream(&names, &size));

	json_array_foreach(lists, i, list)
	{
		if (strcmp(entry_string(list, "action"), action) != 0)
			continue;
		only = entry_string(list, "name");
		fprintf(stream, "%s%s", count++ ? ", " : "", only);
	}
	if (fclose(stream))
		ctl_allocated(NULL);
	if (!count)
		ctl_error("there is no %s list: add one to lists: of the configuration", action);
	if (count > 1)
		ctl_error("there are several %s lists: write --list with one of %s", action, names);
	free(names);
	return count == 1 ? only : NULL;
}

/* Add to the list of an action, where only one fits or one is named. */
static enum ctl_exit add_to(const struct arguments *arguments, const char *action)
{
	const struct request request = { .method = "GET",
					 .path = "/v1/status",
					 .timeout_sec = CLIENT_TIMEOUT_SEC };
	struct client *client;
	json_t *status = NULL, *lists;
	const char *list = NULL;
	enum ctl_exit code;

	if (arguments->options[ADD_LIST])
		return add_entry(arguments, arguments->options[ADD_LIST]);
	client = client_new(arguments);
	code = client_request(client, &request, &status);
	if (!code)
		code = client_array(client, status, "lists", &lists);
	if (!code)
		list = only_list(lists, action);
	if (!code)
		code = list ? add_entry(arguments, list) : CTL_INVALID;
	json_decref(status);
	client_free(client);
	return code;
}

static enum ctl_exit run_allow(const struct arguments *arguments)
{
	return add_to(arguments, "allow");
}

static enum ctl_exit run_block(const struct arguments *arguments)
{
	return add_to(arguments, "block");
}

#define COMMON_OPTIONS                                                                             \
	[ADD_REASON] = { "reason", "TEXT", "the reason, shown by list and history", 0 },           \
	[ADD_TTL] = { "ttl", "DURATION", "expire after this time, for example 30d or 1h30m", 0 },  \
	[ADD_LOCAL] = { "local", NULL, "keep the entry from the other hosts of the fleet", 0 },    \
	[ADD_ONLY_HOSTS] = { "only-hosts", "HOSTS",                                                \
			     "in the fleet: in force only on these, as mx1,mx2", 0 },              \
	[ADD_NOT_HOSTS] = { "not-hosts", "HOSTS", "in the fleet: not in force on these", 0 }
#define FORCE_OPTION                                                                               \
	[ADD_FORCE] = { "force", NULL, "also block an own, protected or very wide prefix", 0 }

const struct command command_add = {
	.name = "add",
	.positional = "PREFIX...",
	.positional_min = 1,
	.positional_max = SIZE_MAX,
	.summary = "add manual entries, in force at once and after reboots",
	.description =
	    "An existing entry gets the new reason and expiry. PREFIX may also be a range\n"
	    "(192.0.2.1-192.0.2.9), a network with a mask or a wildcard (192.0.2.*). All are\n"
	    "added in one change, or none.",
	.options = { [ADD_LIST] = { "list", "NAME", "the list to add to", 1 },
		     COMMON_OPTIONS,
		     FORCE_OPTION },
	.run = run_add,
};

const struct command command_allow = {
	.name = "allow",
	.positional = "PREFIX...",
	.positional_min = 1,
	.positional_max = SIZE_MAX,
	.summary = "add entries to the allow list",
	.description = "As add, without --list if there is only one allow list.",
	.options = { [ADD_LIST] = { "list", "NAME", "the list, if there are several", 0 },
		     COMMON_OPTIONS },
	.run = run_allow,
};

const struct command command_block = {
	.name = "block",
	.positional = "PREFIX...",
	.positional_min = 1,
	.positional_max = SIZE_MAX,
	.summary = "add entries to the block list",
	.description = "As add, without --list if there is only one block list.",
	.options = { [ADD_LIST] = { "list", "NAME", "the list, if there are several", 0 },
		     COMMON_OPTIONS,
		     FORCE_OPTION },
	.run = run_block,
};
