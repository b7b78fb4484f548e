/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/feeds: how feeds are, fetching them now, and what guards hold back. */
#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "feeds/schedule.h"
#include "http/http.h"
#include "runtime/runtime.h"

/* ---- a feed as JSON ----------------------------------------------------- */

static json_t *result_json(const struct feed_state *state)
{
	if (!state->has_result)
		return json_null();
	return json_pack("{s:o,s:s,s:o}", "at", json_time(state->result_at_sec), "result",
			 feed_result_names[state->result], "message", json_text(state->message));
}

static json_t *held_json(const struct feed_report *report)
{
	if (!report->is_held)
		return json_null();
	return json_pack("{s:o,s:o,s:o}", "at", json_time(report->held_at_sec), "entries",
			 json_count(report->held_entry_count), "reasons",
			 json_lines(&report->held_reasons));
}

static json_t *age_json(const struct feed_report *report)
{
	const int64_t age_sec = time_now_sec() - report->checked_at_sec;

	return report->has_copy ? json_count(age_sec > 0 ? (uint64_t)age_sec : 0) : json_null();
}

static json_t *feed_json(const struct runtime *runtime, const struct feed_state *state)
{
	const struct config *config = runtime->snapshot->config;
	const struct feed_report *report = &state->report;
	const struct feed_config *feed =
	    feed_config_find(config->feeds, config->feed_count, report->name);
	const bool is_fetching = state->process || state->is_judged;

	if (!feed)
		return NULL;
	return json_pack(
	    "{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o}", "name", feed->name,
	    "list", feed->list_name, "action", action_names[feed->action], "url",
	    json_text(feed->url), "format", json_text(report->format), "entries",
	    json_count(report->entry_count), "skipped_lines", json_count(report->skipped_count),
	    "fetched_at", json_time(report->fetched_at_sec), "checked_at",
	    json_time(report->checked_at_sec), "age_seconds", age_json(report), "last_fetch",
	    result_json(state), "next_fetch_at",
	    is_fetching ? json_null() : json_time(state->next_at_sec), "fetching", is_fetching,
	    "held", held_json(report), "trouble", json_text(report->trouble));
}

void control_feeds(struct runtime *runtime, struct evhttp_request *request)
{
	static const char *const known[] = { NULL };
	json_t *array = json_array();
	struct evkeyvalq parameters;
	const char *none[1];

	if (http_read_query(request, known, none, &parameters)) {
		json_decref(array);
		return;
	}
	evhttp_clear_headers(&parameters);
	for (size_t i = 0; i < feeds_count(runtime->feeds); i++)
		json_array_append_new(array, feed_json(runtime, feeds_at(runtime->feeds, i)));
	http_reply(request, json_pack("{s:o}", "feeds", array));
}

/* ---- refresh ------------------------------------------------------------ */

static void finish_refresh(struct runtime *runtime, struct feed_wait *wait)
{
	struct evhttp_request *request = exchange_end(wait->context);
	json_t *array;

	if (!request)
		return;
	array = json_array();
	for (size_t i = 0; i < wait->count; i++) {
		const struct feed_state *state =
		    feeds_find_state(runtime->feeds, wait->feeds[i].name);

		if (state)
			json_array_append_new(array, feed_json(runtime, state));
	}
	http_reply(request, json_pack("{s:o}", "feeds", array));
}

/* @name: NULL: all. */
static void refresh(struct runtime *runtime, struct evhttp_request *request, const char *name)
{
	struct exchange *exchange;
	int err;

	if (runtime->is_stopping) {
		http_reply_errorf(request, OUTCOME_UNAVAILABLE, "ipwld is stopping");
		return;
	}
	if (name && !feeds_find_state(runtime->feeds, name)) {
		http_reply_errorf(request, OUTCOME_NOT_FOUND, "there is no feed \"%s\"", name);
		return;
	}
	exchange = exchange_new(request);
	err = exchange ? feeds_refresh(runtime->feeds, name, finish_refresh, exchange) : -ENOMEM;
	if (!err)
		return;
	if (exchange)
		exchange_end(exchange);
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(-err));
}

void control_refresh_feeds(struct runtime *runtime, struct evhttp_request *request)
{
	json_t *body = http_read_body(request);
	json_error_t error;
	json_t *name = NULL;

	if (!body)
		return;
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s?o}", "name", &name))
		http_reply_errorf(request, OUTCOME_INVALID, "%s", error.text);
	else if (name && !json_is_null(name) && !json_is_string(name))
		http_reply_errorf(request, OUTCOME_INVALID, "name is a string or null");
	else
		refresh(runtime, request, json_string_value(name));
	json_decref(body);
}

/* ---- what is held back -------------------------------------------------- */

/* A job about a feed; NULL: an error was sent. */
static struct job *new_feed_job(struct runtime *runtime, struct evhttp_request *request,
				enum job_type type, const char *name,
				void (*done)(struct runtime *, struct job *))
{
	struct job *job = control_job_new(runtime, request, type, done);

	if (!job)
		return NULL;
	job->feed = feed_job_new(name);
	if (job->feed)
		return job;
	control_job_end(job);
	job_free(job);
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
	return NULL;
}

static void finish_accept(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);
	const struct feed_job *feed = job->feed;
	const struct feed_state *state;

	if (!job->outcome) {
		log_info("feeds", "%s: %s accepted it: %zu entries, %zu added, %zu removed",
			 feed->name, job->author, feed->report.entry_count, feed->diff.added_count,
			 feed->diff.removed_count);
		feeds_take_report(runtime->feeds, &job->feed->report);
		runtime_notify_ready(runtime);
	}
	if (control_job_failed(request, job))
		return;
	state = feeds_find_state(runtime->feeds, feed->name);
	http_reply(request, json_pack("{s:o,s:o,s:o}", "feed",
				      state ? feed_json(runtime, state) : json_null(), "added",
				      json_count(feed->diff.added_count), "removed",
				      json_count(feed->diff.removed_count)));
}

static void submit_accept(struct runtime *runtime, struct evhttp_request *request, const char *name,
			  const char *sudo_user)
{
	struct job *job = new_feed_job(runtime, request, JOB_FEED_ACCEPT, name, finish_accept);

	if (job && !control_job_name(job, request, NULL, NULL, NULL, sudo_user))
		runtime_submit_job(runtime, job);
}

void control_accept_feed(struct runtime *runtime, struct evhttp_request *request)
{
	json_t *body = http_read_body(request);
	json_t *sudo_user = NULL;
	const char *name;
	json_error_t error;

	if (!body)
		return;
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s:s,s?o}", "name", &name, "sudo_user",
			   &sudo_user))
		http_reply_errorf(request, OUTCOME_INVALID, "%s", error.text);
	else if (sudo_user && !json_is_null(sudo_user) && !json_is_string(sudo_user))
		http_reply_errorf(request, OUTCOME_INVALID, "sudo_user is a string or null");
	else
		submit_accept(runtime, request, name, json_string_value(sudo_user));
	json_decref(body);
}

static void finish_diff(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);
	const struct feed_job *feed = job->feed;

	(void)runtime;
	if (control_job_failed(request, job))
		return;
	http_reply(request, json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "name", feed->name, "held",
				      held_json(&feed->report), "entries",
				      json_count(feed->report.entry_count), "added_count",
				      json_count(feed->diff.added_count), "removed_count",
				      json_count(feed->diff.removed_count), "added",
				      json_lines(&feed->diff.added), "removed",
				      json_lines(&feed->diff.removed)));
}

void control_diff_feed(struct runtime *runtime, struct evhttp_request *request)
{
	static const char *const known[] = { "name", NULL };
	struct evkeyvalq parameters;
	const char *values[2];
	struct job *job;

	if (http_read_query(request, known, values, &parameters))
		return;
	if (!values[0]) {
		http_reply_errorf(request, OUTCOME_INVALID, "the parameter name is missing");
	} else {
		job = new_feed_job(runtime, request, JOB_FEED_DIFF, values[0], finish_diff);
		if (job)
			runtime_submit_job(runtime, job);
	}
	evhttp_clear_headers(&parameters);
}
