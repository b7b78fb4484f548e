/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `list`: entries, page by page; memory does not grow with their number. */
#include <string.h>

#include "core/prefix_error.h"
#include "ctl/client.h"
#include "ctl/entries.h"
#include "ctl/list_hits.h"
#include "ctl/memory.h"
#include "ctl/stopped.h"

#define PAGE_ENTRIES "1000"

/* A walk over all pages. */
struct walk {
	struct client *client;
	const struct arguments *arguments;
	struct writer writer;
	char *after; /* the page to ask for, or NULL: the first */
	size_t entry_count;
	bool has_begun;
};

/* Remember which page is next; one may be empty and others follow. Returns false for one
 * that would never end. */
static bool advance_entries(struct walk *walk, const json_t *page, size_t count)
{
	const char *next = json_string_value(json_object_get(page, "next"));

	if (next && walk->after && !strcmp(next, walk->after))
		return false;
	free(walk->after);
	walk->after = next ? ctl_allocated(strdup(next)) : NULL;
	walk->entry_count += count;
	return true;
}

static void begin_entries(struct walk *walk)
{
	if (walk->has_begun)
		return;
	walk->has_begun = true;
	writer_begin(&walk->writer, stdout, walk->arguments->global[GLOBAL_JSON]);
	writer_table_begin(&walk->writer, "entries", entry_columns, "");
}

static enum ctl_exit write_entries_page(struct walk *walk)
{
	const struct parameter query[] = {
		{ "list", walk->arguments->options[LIST_LIST] },
		{ "source", walk->arguments->options[LIST_SOURCE] },
		{ "prefix",
		  walk->arguments->positional_count ? walk->arguments->positional[0] : NULL },
		{ "limit", PAGE_ENTRIES },
		{ "after", walk->after },
		{ NULL, NULL },
	};
	const struct request request = { .method = "GET",
					 .path = "/v1/entries",
					 .query = query,
					 .timeout_sec = CLIENT_TIMEOUT_SEC,
					 .is_continuation = walk->has_begun };
	json_t *page = NULL;
	json_t *entries;
	const json_t *entry;
	size_t i;
	enum ctl_exit code = client_request(walk->client, &request, &page);

	if (!code)
		code = client_array(walk->client, page, "entries", &entries);
	if (!code) {
		begin_entries(walk);
		json_array_foreach(entries, i, entry) writer_row(&walk->writer, entry);
		if (!advance_entries(walk, page, json_array_size(entries))) {
			ctl_error("no usable answer from ipwld: its pages do not end");
			code = CTL_UNREACHABLE;
		}
	}
	json_decref(page);
	return code;
}

/* After a failure the JSON text stays incomplete, so that no program takes it for the
 * whole. */
static void end_entries(struct walk *walk, enum ctl_exit code)
{
	if (!walk->has_begun)
		return;
	if (!code || !walk->writer.is_json) {
		writer_table_end(&walk->writer);
		writer_end(&walk->writer);
	}
}

/* ---- without ipwld --------------------------------------------------------- */

static void write_rule(const json_t *entry, void *context)
{
	struct walk *walk = context;

	begin_entries(walk);
	writer_row(&walk->writer, entry);
	walk->entry_count++;
}

/* Return: CTL_DONE; CTL_INVALID after a message. */
static enum ctl_exit read_query(const struct arguments *arguments, struct stopped_query *ret_query)
{
	const char *text = arguments->positional_count ? arguments->positional[0] : NULL;
	struct stopped_query query = { .list = arguments->options[LIST_LIST], .has_prefix = text };
	char message[PREFIX_MESSAGE_BYTES];
	enum prefix_error error = PREFIX_OK;

	if (text)
		error = prefix_parse(text, strlen(text), &query.prefix, NULL);
	if (error) {
		prefix_error_message(error, text, strlen(text), message);
		ctl_error("%s", message);
		return CTL_INVALID;
	}
	*ret_query = query;
	return CTL_DONE;
}

static enum ctl_exit list_stopped(struct walk *walk)
{
	const struct arguments *arguments = walk->arguments;
	struct stopped_query query;
	enum ctl_exit code;

	if (arguments->options[LIST_SOURCE]) {
		ctl_error("only ipwld knows the sources of entries: leave out --source to see what "
			  "the kernel still has");
		return CTL_UNREACHABLE;
	}
	code = read_query(arguments, &query);
	if (!code)
		code = stopped_list(arguments->options[LIST_CONFIG], &query, write_rule, walk);
	if (!code)
		ctl_error("warning: this is what the kernel still has; only ipwld knows the "
			  "source, reason and expiry of an entry, and earlier hits");
	return code;
}

static enum ctl_exit run_list(const struct arguments *arguments)
{
	struct walk walk = { .arguments = arguments };
	bool is_filtered = arguments->options[LIST_LIST] || arguments->options[LIST_SOURCE] ||
			   arguments->positional_count;
	enum ctl_exit code;

	if (arguments->options[LIST_HIT])
		return list_hits(arguments);
	if (arguments->options[LIST_SORT] || arguments->options[LIST_SINCE] ||
	    arguments->options[LIST_LIMIT])
		return ctl_usage_error("list", "--sort, --since and --limit need --hit");
	walk.client = client_new(arguments);
	do
		code = write_entries_page(&walk);
	while (!code && walk.after && !ferror(stdout));
	if (code == CTL_UNREACHABLE && !walk.has_begun)
		code = list_stopped(&walk);
	end_entries(&walk, code);
	if (!code && !walk.entry_count) {
		ctl_error(is_filtered ? "no entry matches" : "there are no entries");
		code = is_filtered ? CTL_NEGATIVE : CTL_DONE;
	}
	free(walk.after);
	client_free(walk.client);
	return code;
}

const struct command command_list = {
	.name = "list",
	.positional = "[PREFIX]",
	.positional_max = 1,
	.summary = "show entries and their hits",
	.description =
	    "With PREFIX, shows only entries that cover it or lie inside it.\n"
	    "--hit shows only entries with hits. With --since, the hits are those of whole\n"
	    "days (UTC) from the given one on.\n"
	    "If ipwld does not run, root sees what the kernel still has.",
	.options = { [LIST_LIST] = { "list", "NAME", "show only entries of this list", 0 },
		     [LIST_SOURCE] = { "source", "S",
				       "one of config, file, feed, domain, manual, learned", 0 },
		     [LIST_HIT] = { "hit", NULL, "show the entries with most hits first", 0 },
		     [LIST_SORT] = { "sort", "KEY",
				     "by hits, connections, averted or last_hit (hits)", 0 },
		     [LIST_SINCE] = { "since", "TIME",
				      "only entries hit since 2026-11-24, or since 24h ago", 0 },
		     [LIST_LIMIT] = { "limit", "N", "show at most N entries (20)", 0 },
		     [LIST_CONFIG] = { "config", "FILE",
				       "without ipwld: the configuration that names bpffs_dir",
				       0 } },
	.run = run_list,
};
