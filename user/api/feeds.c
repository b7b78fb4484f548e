/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/feeds: shows the state of feeds, fetches them now, and shows or accepts copies that
 * guards hold back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/exchange.h"
#include "api/request.h"
#include "api/routes.h"
#include "api/status.h"
#include "base/log.h"
#include "base/plural.h"
#include "engine/feeds.h"
#include "feeds/schedule.h"
#include "feeds/waits.h"
#include "http/http.h"
#include "runtime/runtime.h"

/* ---- a feed as JSON ----------------------------------------------------- */

static json_t *fetch_result_json(const struct feed_state *state)
{
	if (!state->has_result)
		return json_null();
	return json_pack("{s:o,s:s,s:o,s:o}", "at", json_time(state->result_at_sec), "result",
			 feed_result_names[state->result], "message", json_text(state->message),
			 "from", json_text(state->from));
}

static json_t *held_json(const struct feed_report *report)
{
	if (!report->is_held)
		return json_null();
	return json_pack("{s:o,s:o,s:o}", "at", json_time(report->held_at_sec), "entries",
			 json_count(report->held_entry_count), "reasons",
			 json_lines(&report->held_reasons));
}

static json_t *cut_json(const struct feed_report *report)
{
	json_t *object = json_object();

	for (int space = 0; space < FEED_SPACE_COUNT; space++)
		json_object_set_new(object, feed_space_names[space],
				    json_count(report->cut_counts[space]));
	return object;
}

static json_t *age_json(const struct feed_report *report)
{
	const int64_t age_sec = time_now_sec() - report->checked_at_sec;

	return report->has_copy ? json_count(age_sec > 0 ? (uint64_t)age_sec : 0) : json_null();
}

/* Count the exclusions of the feed that are not in force because of protected entries. */
static size_t count_overruled(const struct policy *policy, const struct feed_config *feed)
{
	const struct list *list = policy_find_list(policy, feed->list_name);
	const struct entry_set *set = list ? list->overruled[SOURCE_FEED] : NULL;
	size_t count = 0;

	for (size_t i = 0; set && i < set->count; i++)
		count += set->entries[i].about->origin &&
			 !strcmp(set->entries[i].about->origin, feed->name);
	return count;
}

/* What only feeds by URL have. */
static void feed_add_url(const struct runtime *runtime, const struct feed_config *feed,
			 const struct feed_report *report, json_t *object)
{
	json_object_set_new(object, "url", json_text(feed->url));
	json_object_set_new(object, "copy_url", json_text(report->url));
	json_object_set_new(object, "format", json_text(report->format));
	json_object_set_new(object, "skipped_lines", json_count(report->skipped_count));
	json_object_set_new(object, "cut_entries", cut_json(report));
	json_object_set_new(object, "overruled_exclusions",
			    json_count(count_overruled(runtime->snapshot->policy, feed)));
}

/* What only domains have. */
static void feed_add_domain(const struct feed_config *feed, const struct feed_report *report,
			    json_t *object)
{
	json_object_set_new(object, "origin", json_string(feed->is_learned ? "learned" : "config"));
	json_object_set_new(object, "in_force", json_boolean(!feed->is_silent));
	json_object_set_new(object, "missing", json_lines(&report->notes));
	json_object_set_new(object, "gone_since", json_time(report->gone_since_sec));
}

static json_t *feed_json(const struct runtime *runtime, enum feed_kind kind,
			 const struct feed_state *state)
{
	const struct feed_report *report = &state->report;
	const struct feed_config *feed =
	    feed_config_find(snapshot_feeds(runtime->snapshot, kind), report->name);
	const bool is_fetching = state->process || state->is_judged || state->is_shared;
	json_t *object;

	if (!feed)
		return NULL;
	object = json_pack(
	    "{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o}", "name", feed->name, "list",
	    feed->list_name, "action", action_names[feed->action], "entries",
	    json_count(report->entry_count), "fetched_at", json_time(report->fetched_at_sec),
	    "checked_at", json_time(report->checked_at_sec), "age_seconds", age_json(report),
	    "last_fetch", fetch_result_json(state), "next_fetch_at",
	    is_fetching ? json_null() : json_time(state->next_at_sec), "fetching", is_fetching,
	    "held", held_json(report), "trouble", json_text(report->trouble));
	if (kind == FEED_OF_DOMAIN)
		feed_add_domain(feed, report, object);
	else
		feed_add_url(runtime, feed, report, object);
	return object;
}

json_t *feed_states_json(const struct runtime *runtime, enum feed_kind kind)
{
	const struct feeds *feeds = runtime->feeds[kind];
	json_t *array = json_array();

	for (size_t i = 0; i < feeds_count(feeds); i++)
		json_array_append_new(array, feed_json(runtime, kind, feeds_at(feeds, i)));
	return array;
}

static void show_feeds(struct runtime *runtime, struct evhttp_request *request, enum feed_kind kind)
{
	if (!arguments_read_query(request, NULL, 0))
		http_reply(request, json_pack("{s:o}", feed_kinds[kind].plural,
					      feed_states_json(runtime, kind)));
}

void control_feeds(struct runtime *runtime, struct evhttp_request *request)
{
	show_feeds(runtime, request, FEED_OF_URL);
}

void control_domains(struct runtime *runtime, struct evhttp_request *request)
{
	show_feeds(runtime, request, FEED_OF_DOMAIN);
}

/* ---- refresh ------------------------------------------------------------ */

/* A client that waits for fetches. */
struct refresh {
	struct runtime *runtime;
	enum feed_kind kind;
	struct exchange *exchange;
};

static void refresh_finish(const struct feed_wait *wait)
{
	struct refresh *refresh = wait->context;
	const struct runtime *runtime = refresh->runtime;
	const enum feed_kind kind = refresh->kind;
	struct evhttp_request *request = exchange_end(refresh->exchange);
	json_t *array;

	free(refresh);
	if (!request)
		return;
	array = json_array();
	for (size_t i = 0; i < wait->count; i++) {
		const struct feed_state *state =
		    feeds_find_state(runtime->feeds[kind], wait->feeds[i].name);

		if (state)
			json_array_append_new(array, feed_json(runtime, kind, state));
	}
	http_reply(request, json_pack("{s:o}", feed_kinds[kind].plural, array));
}

/* NULL: out of memory. */
static struct refresh *refresh_new(struct runtime *runtime, enum feed_kind kind,
				   struct evhttp_request *request)
{
	struct refresh *refresh = malloc(sizeof(*refresh));

	if (!refresh)
		return NULL;
	refresh->runtime = runtime;
	refresh->kind = kind;
	refresh->exchange = exchange_new(request);
	if (refresh->exchange)
		return refresh;
	free(refresh);
	return NULL;
}

/* Fetch the feed @name of that kind. NULL: all. */
static void refresh_begin(struct runtime *runtime, struct evhttp_request *request,
			  enum feed_kind kind, const char *name)
{
	struct refresh *refresh;
	int err;

	if (runtime->is_stopping) {
		http_reply_errorf(request, OUTCOME_UNAVAILABLE, "ipwld is stopping");
		return;
	}
	if (name && !feeds_find_state(runtime->feeds[kind], name)) {
		http_reply_errorf(request, OUTCOME_NOT_FOUND, "there is no %s \"%s\"",
				  feed_kinds[kind].word, name);
		return;
	}
	refresh = refresh_new(runtime, kind, request);
	err =
	    refresh ? feeds_refresh(runtime->feeds[kind], name, refresh_finish, refresh) : -ENOMEM;
	if (!err)
		return;
	if (refresh)
		exchange_end(refresh->exchange);
	free(refresh);
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(-err));
}

static void refresh_read(struct runtime *runtime, struct evhttp_request *request,
			 enum feed_kind kind)
{
	char *name = NULL;
	const struct argument arguments[] = { { .name = "name", .ret_text = &name } };

	if (!arguments_read_body(request, arguments, 1))
		refresh_begin(runtime, request, kind, name);
	free(name);
}

void control_refresh_feeds(struct runtime *runtime, struct evhttp_request *request)
{
	refresh_read(runtime, request, FEED_OF_URL);
}

void control_refresh_domains(struct runtime *runtime, struct evhttp_request *request)
{
	refresh_read(runtime, request, FEED_OF_DOMAIN);
}

/* ---- what is held back -------------------------------------------------- */

struct copy_request {
	struct api_task task;
	enum feed_kind kind;
	char *name; /* of the feed */
	struct feed_arrival arrival;
};

static int accept_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	struct copy_request *task = (struct copy_request *)base;
	const struct argument arguments[] = {
		{ .name = "name", .is_needed = true, .ret_text = &task->name },
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};

	(void)runtime;
	return arguments_read_body(request, arguments, 2);
}

static int diff_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct copy_request *task = (struct copy_request *)base;
	const struct argument arguments[] = {
		{ .name = "name", .is_needed = true, .ret_text = &task->name },
	};

	(void)runtime;
	return arguments_read_query(request, arguments, 1);
}

/* Move the refusal to the task. Return: whether there is one. */
static bool copy_take_refusal(struct copy_request *task)
{
	task->task.refusal = task->arrival.refusal;
	task->arrival.refusal = (struct refusal) { 0 };
	return task->task.refusal.outcome != OUTCOME_OK;
}

static void accept_run(struct api_task *base, struct engine *engine)
{
	struct copy_request *task = (struct copy_request *)base;
	const struct feed_arrival *arrival = &task->arrival;

	if (feed_arrival_init(&task->arrival, task->kind, task->name))
		return;
	engine_accept_copy(engine, &base->by, &task->arrival);
	if (copy_take_refusal(task))
		return;
	log_info(feed_kinds[task->kind].plural,
		 "%s: %s accepted it: %zu %s, %zu added, %zu removed", task->name, base->by.author,
		 arrival->report.entry_count,
		 plural(arrival->report.entry_count, "entry", "entries"), arrival->diff.added_count,
		 arrival->diff.removed_count);
	base->answer = json_pack("{s:o,s:o}", "added", json_count(arrival->diff.added_count),
				 "removed", json_count(arrival->diff.removed_count));
}

/* Add the feed's state in the main loop to the answer. */
static void accept_finish(struct api_task *base, struct runtime *runtime)
{
	struct copy_request *task = (struct copy_request *)base;
	const struct feed_state *state;

	if (!task->arrival.report.name || base->refusal.outcome)
		return;
	feeds_take_report(runtime->feeds[task->kind], &task->arrival.report);
	runtime_notify_ready(runtime);
	state = feeds_find_state(runtime->feeds[task->kind], task->name);
	json_object_set_new(base->answer, feed_kinds[task->kind].word,
			    state ? feed_json(runtime, task->kind, state) : json_null());
}

static void diff_run(struct api_task *base, struct engine *engine)
{
	struct copy_request *task = (struct copy_request *)base;
	const struct feed_arrival *arrival = &task->arrival;

	if (feed_arrival_init(&task->arrival, task->kind, task->name))
		return;
	engine_diff_copy(engine, &task->arrival);
	if (copy_take_refusal(task))
		return;
	base->answer = json_pack(
	    "{s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "name", task->name, "held",
	    held_json(&arrival->report), "entries", json_count(arrival->report.entry_count),
	    "added_count", json_count(arrival->diff.added_count), "removed_count",
	    json_count(arrival->diff.removed_count), "added", json_lines(&arrival->diff.added),
	    "removed", json_lines(&arrival->diff.removed));
}

static void copy_request_free(struct api_task *base)
{
	struct copy_request *task = (struct copy_request *)base;

	/* There is an arrival only if the task has run. */
	if (task->arrival.name)
		feed_arrival_done(&task->arrival);
	free(task->name);
}

static int accept_read_domain(struct api_task *base, struct runtime *runtime,
			      struct evhttp_request *request)
{
	((struct copy_request *)base)->kind = FEED_OF_DOMAIN;
	return accept_read(base, runtime, request);
}

static int diff_read_domain(struct api_task *base, struct runtime *runtime,
			    struct evhttp_request *request)
{
	((struct copy_request *)base)->kind = FEED_OF_DOMAIN;
	return diff_read(base, runtime, request);
}

const struct api_command accept_copy_command = {
	.task_bytes = sizeof(struct copy_request),
	.read = accept_read,
	.run = accept_run,
	.finish = accept_finish,
	.free = copy_request_free,
};

const struct api_command diff_copy_command = {
	.task_bytes = sizeof(struct copy_request),
	.read = diff_read,
	.run = diff_run,
	.free = copy_request_free,
};

const struct api_command accept_domain_command = {
	.task_bytes = sizeof(struct copy_request),
	.read = accept_read_domain,
	.run = accept_run,
	.finish = accept_finish,
	.free = copy_request_free,
};

const struct api_command diff_domain_command = {
	.task_bytes = sizeof(struct copy_request),
	.read = diff_read_domain,
	.run = diff_run,
	.free = copy_request_free,
};
