/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `history`: who changed what, when and why, the newest first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "base/number.h"
#include "ctl/client.h"
#include "ctl/entries.h"
#include "ctl/memory.h"
#include "ctl/records.h"
#include "ctl/when.h"

#define PAGE_RECORDS 500
#define DEFAULT_LIMIT 100

enum { HISTORY_LIST, HISTORY_SINCE, HISTORY_LIMIT };

/* In text each change is a row. */
static const struct column change_columns[] = {
	{ "id", "RECORD", FORM_NUMBER },
	{ "at", "AT", FORM_TIME | COLUMN_LEAVES(6) },
	{ "author", "WHO", FORM_PLAIN | COLUMN_CUT },
	{ "event", "EVENT", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(3) },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME | COLUMN_LEAVES(4) },
	{ "what", "WHAT", FORM_PLAIN },
	{ "source", "SOURCE", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "origin", "ORIGIN", FORM_PLAIN | COLUMN_CUT_BEFORE | COLUMN_LEAVES(2) },
	{ "reason", "REASON", FORM_PLAIN | COLUMN_CUT | COLUMN_LEAVES(5) },
	{ NULL, NULL, FORM_PLAIN },
};

/* A walk over pages, until there are enough. */
struct walk {
	struct client *client;
	const struct arguments *arguments;
	struct writer writer;
	char since[24];
	char before[24]; /* the page to ask for; "": the first */
	unsigned long left;
	size_t record_count;
	bool has_begun;
};

/* ---- options -------------------------------------------------------------- */

static enum ctl_exit read_since(const char *text, struct walk *walk)
{
	int64_t since;
	enum ctl_exit code = text ? when_parse("since", text, &since) : CTL_DONE;

	if (text && !code)
		snprintf(walk->since, sizeof(walk->since), "%lld", (long long)since);
	return code;
}

static enum ctl_exit read_limit(const char *text, struct walk *walk)
{
	int64_t limit = DEFAULT_LIMIT;

	if (!text || number_parse(text, 1, INT64_MAX, &limit)) {
		walk->left = (unsigned long)limit;
		return CTL_DONE;
	}
	ctl_error("--limit %s: write a number of at least 1", text);
	return CTL_INVALID;
}

/* ---- output --------------------------------------------------------------- */

static void begin_records(struct walk *walk)
{
	if (walk->has_begun)
		return;
	walk->has_begun = true;
	writer_begin(&walk->writer, stdout, walk->arguments->global[GLOBAL_JSON]);
	if (walk->writer.is_json)
		writer_array_begin(&walk->writer, "records");
	else
		writer_table_begin(&walk->writer, NULL, change_columns, "");
}

static json_t *owned_string(char *text)
{
	json_t *string = writer_string(text);

	free(text);
	return string;
}

/* Write one change, or a record without changes. */
static void write_change(struct walk *walk, const json_t *record, const json_t *change, char *what)
{
	json_t *row = ctl_allocated(json_pack(
	    "{s:O?,s:O?,s:o,s:o,s:o,s:o,s:O?,s:O?}", "id", json_object_get(record, "id"), "at",
	    json_object_get(record, "at"), "author", owned_string(record_author(record)), "event",
	    owned_string(record_event(record)), "list",
	    writer_string(json_string_value(json_object_get(change, "list"))), "what",
	    owned_string(what), "origin", json_object_get(record, "origin"), "reason",
	    json_object_get(record, "reason")));

	json_object_set_new(row, "source",
			    writer_string(json_string_value(json_object_get(change, "source"))));
	writer_row(&walk->writer, row);
	json_decref(row);
}

static void write_record(struct walk *walk, const json_t *record)
{
	const json_t *changes = json_object_get(record, "changes");
	long long more = json_integer_value(json_object_get(record, "change_count")) -
			 (long long)json_array_size(changes);
	const json_t *change;
	size_t i;
	char *what;

	if (walk->writer.is_json) {
		writer_object_begin(&walk->writer, NULL);
		writer_members(&walk->writer, record_columns, record);
		writer_object_end(&walk->writer);
		return;
	}
	json_array_foreach(changes, i, change)
	    write_change(walk, record, change, change_text(change));
	/* Such as that of `detach`. */
	if (!json_array_size(changes) && more <= 0)
		write_change(walk, record, NULL, ctl_allocated(strdup("-")));
	if (more > 0 && asprintf(&what, "and %lld more", more) >= 0)
		write_change(walk, record, NULL, what);
}

static void end_records(struct walk *walk, enum ctl_exit code)
{
	/* As with `list`, JSON that was cut short by a failure stays so. */
	if (!walk->has_begun || (code && walk->writer.is_json))
		return;
	if (walk->writer.is_json)
		writer_array_end(&walk->writer);
	else
		writer_table_end(&walk->writer);
	writer_end(&walk->writer);
}

/* ---- pages ---------------------------------------------------------------- */

/* Remember which page is next; "": none. */
static enum ctl_exit advance_records(struct walk *walk, const json_t *page, size_t count)
{
	long long next = json_integer_value(json_object_get(page, "next"));
	int64_t before = 0;

	number_parse(walk->before, 0, INT64_MAX, &before);
	if (next && (!count || (before && next >= before))) {
		ctl_error("no usable answer from ipwld: its pages do not end");
		return CTL_UNREACHABLE;
	}
	walk->before[0] = '\0';
	if (next)
		snprintf(walk->before, sizeof(walk->before), "%lld", next);
	walk->record_count += count;
	walk->left -= count < walk->left ? count : walk->left;
	return CTL_DONE;
}

static enum ctl_exit write_records_page(struct walk *walk)
{
	const struct arguments *arguments = walk->arguments;
	char limit[24];
	const struct parameter query[] = {
		{ "prefix", arguments->positional_count ? arguments->positional[0] : NULL },
		{ "list", arguments->options[HISTORY_LIST] },
		{ "since", walk->since[0] ? walk->since : NULL },
		{ "before", walk->before[0] ? walk->before : NULL },
		{ "limit", limit },
		{ NULL, NULL },
	};
	const struct request request = { .method = "GET",
					 .path = "/v1/history",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC,
					 .is_continuation = walk->has_begun };
	json_t *page = NULL;
	json_t *records;
	const json_t *record;
	enum ctl_exit code;
	size_t i;

	snprintf(limit, sizeof(limit), "%lu",
		 walk->left < PAGE_RECORDS ? walk->left : PAGE_RECORDS);
	code = client_request(walk->client, &request, &page);
	if (!code)
		code = client_array(walk->client, page, "records", &records);
	if (!code) {
		begin_records(walk);
		json_array_foreach(records, i, record) write_record(walk, record);
		code = advance_records(walk, page, json_array_size(records));
	}
	json_decref(page);
	return code;
}

static enum ctl_exit run_history(const struct arguments *arguments)
{
	struct walk walk = { .arguments = arguments };
	bool is_filtered = arguments->options[HISTORY_LIST] || arguments->options[HISTORY_SINCE] ||
			   arguments->positional_count;
	enum ctl_exit code = read_since(arguments->options[HISTORY_SINCE], &walk);

	if (!code)
		code = read_limit(arguments->options[HISTORY_LIMIT], &walk);
	if (code)
		return code;
	walk.client = client_new(arguments);
	do
		code = write_records_page(&walk);
	while (!code && walk.before[0] && walk.left && !ferror(stdout));
	end_records(&walk, code);
	if (!code && !walk.record_count) {
		ctl_error(is_filtered ? "no record matches" : "there are no records");
		code = is_filtered ? CTL_NEGATIVE : CTL_DONE;
	}
	client_free(walk.client);
	return code;
}

const struct command command_history = {
	.name = "history",
	.positional = "[PREFIX]",
	.positional_max = 1,
	.summary = "show who changed what, when and why, newest first",
	.description =
	    "With PREFIX or an address, shows only changes of entries that cover it or lie\n"
	    "inside it.",
	.options = { [HISTORY_LIST] = { "list", "NAME", "show only changes of this list", 0 },
		     [HISTORY_SINCE] = { "since", "TIME",
					 "show changes since 2026-11-24, or since 30d ago", 0 },
		     [HISTORY_LIMIT] = { "limit", "N", "show at most N records (100)", 0 } },
	.run = run_history,
};
