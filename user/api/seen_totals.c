/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/seen/totals: sums of attempts by allow entry and by block list. */
#include <stdlib.h>

#include "api/arguments.h"
#include "api/entry.h"
#include "api/request.h"
#include "api/routes.h"
#include "api/seen_json.h"
#include "core/provenance.h"
#include "engine/seen.h"
#include "http/http.h"

#define SOURCES_MAX 100
#define SOURCES_DEFAULT 10

struct totals_task {
	struct api_task task;
	int64_t since_sec;
	int64_t entries_max;
	int64_t sources_max;
};

static int totals_read_request(struct api_task *base, struct runtime *runtime,
			       struct evhttp_request *request)
{
	struct totals_task *task = (struct totals_task *)base;
	const struct argument arguments[] = {
		{ .name = "since", .ret_number = &task->since_sec, .max = INT64_MAX },
		ARGUMENT_LIMIT(&task->entries_max, 1, SEEN_ANSWER_MAX),
		{ .name = "sources",
		  .ret_number = &task->sources_max,
		  .min = 1,
		  .max = SOURCES_MAX },
	};

	(void)runtime;
	task->entries_max = SEEN_ANSWER_MAX;
	task->sources_max = SOURCES_DEFAULT;
	return arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));
}

/* The first entry in force with the prefix that matched, or null. */
static json_t *totals_entry_json(struct engine *engine, const struct seen_match *match)
{
	const struct list *list = policy_find_list(engine_snapshot(engine)->policy, match->list);
	const struct entry *entry;
	struct entry_cursor cursor;
	json_t *object;
	char *origin;

	if (!list || !match->has_entry)
		return json_null();
	entry_cursor_init(&cursor, list, &match->entry);
	do
		entry = entry_cursor_next(&cursor);
	while (entry && entry->is_exclusion && !prefix_compare(&entry->prefix, &match->entry));
	if (!entry || prefix_compare(&entry->prefix, &match->entry) != 0)
		return json_null();
	origin = holders_origin(entry);
	object = json_pack("{s:s,s:o,s:o,s:o}", "source", source_names[entry->source], "origin",
			   json_text(origin), "author", json_text(entry->about->author), "reason",
			   json_text(entry->reason));
	free(origin);
	return object;
}

static json_t *averted_sums_json(struct engine *engine, const struct seen_totals *totals)
{
	json_t *array = json_array();

	for (size_t i = 0; i < totals->averted_count; i++) {
		const struct seen_averted *sum = &totals->averted[i];

		json_array_append_new(
		    array,
		    json_pack("{s:o,s:o,s:o,s:o,s:o}", "allow", seen_match_json(&sum->allow),
			      "block_list", json_text(*sum->block_list ? sum->block_list : NULL),
			      "attempts", json_count(sum->attempts), "source_count",
			      json_count(sum->source_count), "entry",
			      totals_entry_json(engine, &sum->allow)));
	}
	return array;
}

static json_t *source_sums_json(const struct seen_list_sum *list)
{
	json_t *array = json_array();
	char address[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < list->count; i++) {
		const struct seen_row *sum = &list->sources[i].sum;

		json_array_append_new(array, json_pack("{s:s,s:o,s:o,s:o}", "source",
						       prefix_format_short(&sum->source, address),
						       "attempts", json_count(sum->attempts),
						       "first_at", json_time(sum->first_sec),
						       "last_at", json_time(sum->last_sec)));
	}
	return array;
}

static json_t *list_sums_json(const struct seen_totals *totals)
{
	json_t *array = json_array();

	for (size_t i = 0; i < totals->list_count; i++) {
		const struct seen_list_sum *list = &totals->lists[i];

		json_array_append_new(
		    array,
		    json_pack("{s:o,s:o,s:o,s:o}", "list",
			      json_text(*list->list ? list->list : NULL), "attempts_by_verdict",
			      attempts_by_verdict_json(list->of), "source_count",
			      json_count(list->source_count), "sources", source_sums_json(list)));
	}
	return array;
}

json_t *seen_totals_json(struct engine *engine, int64_t since_sec, size_t entries_max,
			 size_t sources_max, struct refusal *refusal)
{
	struct seen_totals totals;
	json_t *answer;

	if (engine_sum_seen(engine, since_sec, entries_max, sources_max, &totals, refusal))
		return NULL;
	answer = json_pack(
	    "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "attempts_by_verdict",
	    attempts_by_verdict_json(totals.of), "source_count", json_count(totals.source_count),
	    "averted", averted_sums_json(engine, &totals), "averted_count",
	    json_count(totals.averted_match_count), "lists", list_sums_json(&totals), "since",
	    json_time(totals.since_sec), "remembered_since", json_time(totals.remembered_since_sec),
	    "left_out", left_out_json(&totals.left_out), "error",
	    json_text(engine_seen_error(engine)));
	seen_totals_done(&totals);
	return answer;
}

static void totals_run(struct api_task *base, struct engine *engine)
{
	const struct totals_task *task = (const struct totals_task *)base;

	base->answer = seen_totals_json(engine, task->since_sec, (size_t)task->entries_max,
					(size_t)task->sources_max, &base->refusal);
}

const struct api_command seen_totals_command = {
	.task_bytes = sizeof(struct totals_task),
	.read = totals_read_request,
	.run = totals_run,
};
