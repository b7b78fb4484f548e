/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/entries/hit: the entries that are hit most, or were hit last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/entry.h"
#include "api/request.h"
#include "api/routes.h"
#include "engine/hit_rank.h"
#include "http/http.h"

struct hit_task {
	struct api_task task;
	struct hit_query query;
	char *list;
};

/* Choose the order. NULL: by hits. */
static int hit_choose_sort(struct evhttp_request *request, const char *name,
			   enum hit_sort *ret_sort)
{
	for (int sort = 0; name && sort < HIT_SORT_COUNT; sort++) {
		if (strcmp(name, hit_sort_names[sort]) != 0)
			continue;
		*ret_sort = (enum hit_sort)sort;
		return 0;
	}
	if (!name)
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID,
			  "unknown order \"%s\": write hits, connections, averted or last_hit",
			  name);
	return -EINVAL;
}

static int hit_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct hit_task *task = (struct hit_task *)base;
	struct hit_query *query = &task->query;
	int64_t limit = HIT_RANK_MAX;
	char *source = NULL, *sort = NULL;
	const struct argument arguments[] = {
		{ .name = "list", .ret_text = &task->list },
		{ .name = "source", .ret_text = &source },
		{ .name = "prefix",
		  .ret_prefix = &query->prefix,
		  .ret_is_given = &query->has_prefix },
		{ .name = "sort", .ret_text = &sort },
		{ .name = "since", .ret_number = &query->since_sec, .max = INT64_MAX },
		ARGUMENT_LIMIT(&limit, 1, HIT_RANK_MAX),
	};
	int err = arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	if (!err)
		err = entry_choose_source(request, source, &query->has_source, &query->source);
	if (!err)
		err = hit_choose_sort(request, sort, &query->sort);
	query->list = task->list;
	query->limit = (size_t)limit;
	free(source);
	free(sort);
	return err;
}

static json_t *hit_json(const struct entry_view *view, const struct hit_ranked *ranked)
{
	json_t *object = entry_json(view, ranked->list, ranked->entry, ranked->rule);
	json_t *recent = json_pack("{s:o,s:o,s:o}", "packets", json_count(ranked->counts.packets),
				   "connections", json_count(ranked->counts.connections),
				   "averted_packets", json_count(ranked->counts.averted_packets));

	if (json_object_set_new(object, "recent", recent)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static void hit_run(struct api_task *base, struct engine *engine)
{
	const struct hit_task *task = (const struct hit_task *)base;
	const struct entry_view view = engine_view(engine);
	struct hit_ranking ranking;
	json_t *entries;

	if (engine_rank_hits(engine, &task->query, &ranking, &base->refusal))
		return;
	entries = json_array();
	for (size_t i = 0; i < ranking.count; i++)
		json_array_append_new(entries, hit_json(&view, &ranking.items[i]));
	base->answer = json_pack("{s:o,s:I,s:o}", "entries", entries, "match_count",
				 (json_int_t)ranking.match_count, "counted_from",
				 json_time(ranking.counted_from_sec));
	hit_ranking_done(&ranking);
}

static void hit_free(struct api_task *base)
{
	free(((struct hit_task *)base)->list);
}

const struct api_command hit_entries_command = {
	.task_bytes = sizeof(struct hit_task),
	.read = hit_read,
	.run = hit_run,
	.free = hit_free,
};
