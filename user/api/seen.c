/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/seen, GET /v1/blocked, GET /v1/limits and POST /v1/seen/forget: attempts that block lists
 * match, or that are over a limit. */
#include "engine/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/request.h"
#include "api/routes.h"
#include "api/seen_json.h"
#include "base/log.h"
#include "base/plural.h"
#include "datapath/limits.h"
#include "datapath/names.h"
#include "http/http.h"

struct seen_task {
	struct api_task task;
	struct seen_query query;
	char *list;
};

/* ---- the request ---------------------------------------------------------------- */

/* Choose the order. NULL: by attempts. */
static int seen_choose_sort(struct evhttp_request *request, const char *name,
			    enum seen_sort *ret_sort)
{
	for (int sort = 0; name && sort < SEEN_SORT_COUNT; sort++) {
		if (strcmp(name, seen_sort_names[sort]) != 0)
			continue;
		*ret_sort = (enum seen_sort)sort;
		return 0;
	}
	if (!name)
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID,
			  "unknown order \"%s\": write attempts, last or first", name);
	return -EINVAL;
}

static int seen_read_query(struct seen_task *task, struct evhttp_request *request, bool has_sort)
{
	struct seen_query *query = &task->query;
	int64_t limit = SEEN_ANSWER_MAX;
	char *sort = NULL;
	const struct argument arguments[] = {
		{ .name = "prefix",
		  .ret_prefix = &query->prefix,
		  .ret_is_given = &query->has_prefix },
		{ .name = "since", .ret_number = &query->since_sec, .max = INT64_MAX },
		ARGUMENT_LIMIT(&limit, 1, SEEN_ANSWER_MAX),
		{ .name = "list", .ret_text = &task->list },
		{ .name = "sort", .ret_text = &sort },
	};
	const size_t count = sizeof(arguments) / sizeof(*arguments);
	int err = arguments_read_query(request, arguments, has_sort ? count : count - 1);

	if (!err)
		err = seen_choose_sort(request, sort, &query->sort);
	query->list = task->list;
	query->limit = (size_t)limit;
	free(sort);
	return err;
}

static int seen_read_request(struct api_task *base, struct runtime *runtime,
			     struct evhttp_request *request)
{
	(void)runtime;
	return seen_read_query((struct seen_task *)base, request, false);
}

static int blocked_read_request(struct api_task *base, struct runtime *runtime,
				struct evhttp_request *request)
{
	(void)runtime;
	return seen_read_query((struct seen_task *)base, request, true);
}

static void seen_free_task(struct api_task *base)
{
	free(((struct seen_task *)base)->list);
}

/* ---- the answer ------------------------------------------------------------------ */

/* How the kernel's tables decide about the source now, at the same port. */
static json_t *decision_json(struct engine *engine, const struct prefix *source, uint16_t port)
{
	struct ipwl_decision decision;
	const struct list *list = NULL;

	if (datapath_decide(engine_datapath(engine), source, port, &decision))
		return json_null();
	if (decision.rule)
		list = snapshot_find_slot(engine_snapshot(engine), decision.list);
	return json_pack("{s:s,s:o}", "verdict", verdict_names[decision.verdict], "list",
			 json_text(list ? list->name : NULL));
}

static json_t *seen_row_json(struct engine *engine, const struct seen_row *row)
{
	const bool is_averted = row->verdict == IPWL_AVERTED;
	char source[PREFIX_TEXT_BYTES];

	return json_pack("{s:s,s:i,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "source",
			 prefix_format_short(&row->source, source), "port", (int)row->port,
			 "verdict", verdict_names[row->verdict], "block",
			 seen_match_json(is_averted ? &row->beaten : &row->decided), "allow",
			 is_averted ? seen_match_json(&row->decided) : json_null(), "attempts",
			 json_count(row->attempts + row->left_out), "left_out",
			 json_count(row->left_out), "first_at", json_time(row->first_sec),
			 "last_at", json_time(row->last_sec), "now",
			 decision_json(engine, &row->source, row->port));
}

/* Takes over @array. */
static json_t *seen_answer_json(const struct engine *engine, const char *key, json_t *array,
				const struct seen_answer *answer)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", key, array, "match_count",
			 json_count(answer->match_count), "attempt_count",
			 json_count(answer->attempt_count), "since", json_time(answer->since_sec),
			 "remembered_since", json_time(answer->remembered_since_sec), "left_out",
			 left_out_json(&answer->left_out), "error",
			 json_text(engine_seen_error(engine)));
}

static void seen_run(struct api_task *base, struct engine *engine)
{
	const struct seen_query *query = &((struct seen_task *)base)->query;
	struct seen_answer answer;
	json_t *array;

	if (engine_find_seen(engine, query, &answer, &base->refusal))
		return;
	array = json_array();
	for (size_t i = 0; i < answer.count; i++)
		json_array_append_new(array, seen_row_json(engine, &answer.rows[i]));
	base->answer = seen_answer_json(engine, "attempts", array, &answer);
	seen_answer_done(&answer);
}

const struct api_command seen_command = {
	.task_bytes = sizeof(struct seen_task),
	.read = seen_read_request,
	.run = seen_run,
	.free = seen_free_task,
};

static json_t *seen_source_json(struct engine *engine, const struct seen_source *source)
{
	json_t *object = seen_row_json(engine, &source->sum);

	if (json_object_set_new(object, "attempts_by_verdict",
				attempts_by_verdict_json(source->of))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static void blocked_run(struct api_task *base, struct engine *engine)
{
	const struct seen_query *query = &((struct seen_task *)base)->query;
	struct seen_answer answer;
	json_t *array;

	if (engine_find_blocked(engine, query, &answer, &base->refusal))
		return;
	array = json_array();
	for (size_t i = 0; i < answer.count; i++)
		json_array_append_new(array, seen_source_json(engine, &answer.sources[i]));
	base->answer = seen_answer_json(engine, "sources", array, &answer);
	seen_answer_done(&answer);
}

const struct api_command blocked_command = {
	.task_bytes = sizeof(struct seen_task),
	.read = blocked_read_request,
	.run = blocked_run,
	.free = seen_free_task,
};

/* ---- networks --------------------------------------------------------------------- */

static int limited_read_request(struct api_task *base, struct runtime *runtime,
				struct evhttp_request *request)
{
	struct seen_query *query = &((struct seen_task *)base)->query;
	int64_t limit = SEEN_ANSWER_MAX;
	const struct argument arguments[] = {
		{ .name = "prefix",
		  .ret_prefix = &query->prefix,
		  .ret_is_given = &query->has_prefix },
		{ .name = "since", .ret_number = &query->since_sec, .max = INT64_MAX },
		ARGUMENT_LIMIT(&limit, 1, SEEN_ANSWER_MAX),
	};
	int err = arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	query->limit = (size_t)limit;
	return err;
}

/* What the limit leaves to the network now; null: there is none. */
static json_t *left_json(struct engine *engine, const struct prefix *network)
{
	const struct limit_state state =
	    datapath_read_limit(engine_datapath(engine), IPWL_LIMIT_NETWORK, network);

	if (!state.has_limit)
		return json_null();
	return json_count(state.left);
}

static json_t *network_json(struct engine *engine, const struct seen_network *network)
{
	char text[PREFIX_TEXT_BYTES];

	return json_pack(
	    "{s:s,s:o,s:o,s:{s:o,s:o},s:o,s:o,s:o,s:o}", "network",
	    prefix_format(&network->network, text), "sources", json_count(network->source_count),
	    "attempts", json_count(network->attempts), "attempts_by_verdict", "would_limit",
	    json_count(network->of[IPWL_WOULD_LIMIT]), "limited",
	    json_count(network->of[IPWL_LIMITED]), "left_out", json_count(network->left_out),
	    "first_at", json_time(network->first_sec), "last_at", json_time(network->last_sec),
	    "left", left_json(engine, &network->network));
}

static void limited_run(struct api_task *base, struct engine *engine)
{
	const struct seen_query *query = &((struct seen_task *)base)->query;
	struct seen_answer answer;
	json_t *array;

	if (engine_find_limited(engine, query, &answer, &base->refusal))
		return;
	array = json_array();
	for (size_t i = 0; i < answer.count; i++)
		json_array_append_new(array, network_json(engine, &answer.networks[i]));
	base->answer = seen_answer_json(engine, "networks", array, &answer);
	seen_answer_done(&answer);
}

const struct api_command limited_command = {
	.task_bytes = sizeof(struct seen_task),
	.read = limited_read_request,
	.run = limited_run,
	.free = seen_free_task,
};

/* ---- forget ---------------------------------------------------------------------- */

struct forget_task {
	struct api_task task;
	struct prefix prefix;
};

static int forget_read_request(struct api_task *base, struct runtime *runtime,
			       struct evhttp_request *request)
{
	struct forget_task *task = (struct forget_task *)base;
	const struct argument arguments[] = {
		{ .name = "prefix", .is_needed = true, .ret_prefix = &task->prefix },
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};

	(void)runtime;
	return arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));
}

static void forget_run(struct api_task *base, struct engine *engine)
{
	const struct prefix *prefix = &((struct forget_task *)base)->prefix;
	char text[PREFIX_TEXT_BYTES];
	uint64_t count;

	if (engine_forget_seen(engine, prefix, &count, &base->refusal))
		return;
	/* Without the address: it is to be forgotten. */
	log_info("seen", "%s has deleted %llu %s of attempts", base->author,
		 (unsigned long long)count, plural(count, "row", "rows"));
	base->answer = json_pack("{s:s,s:o}", "prefix", prefix_format_short(prefix, text),
				 "deleted", json_count(count));
}

const struct api_command forget_seen_command = {
	.task_bytes = sizeof(struct forget_task),
	.read = forget_read_request,
	.run = forget_run,
};
