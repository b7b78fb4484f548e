/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that change something: they become jobs, and are answered when those are
 * done. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "api/entry.h"
#include "api/exchange.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "core/prefix_error.h"
#include "http/http.h"
#include "runtime/runtime.h"

#define TTL_SEC_MAX (100LL * 366 * 86400)
#define REASON_BYTES_MAX 1024

/* ---- entries ------------------------------------------------------------ */

/* What add and delete are given; strings are the request's. */
struct change {
	const char *list;
	const char *prefix_text;
	struct prefix prefix;
	const char *reason;
	const char *sudo_user;
	int64_t ttl_sec;
};

/* Return: 0; -EINVAL: an error was sent. */
static int check_change(struct evhttp_request *request, struct change *change)
{
	const char *text = change->prefix_text;
	char message[PREFIX_MESSAGE_BYTES];
	enum prefix_error error = prefix_parse(text, strlen(text), &change->prefix, NULL);

	if (error != PREFIX_OK) {
		prefix_error_message(error, text, strlen(text), message);
		http_reply_errorf(request, OUTCOME_INVALID, "%s", message);
		return -EINVAL;
	}
	if (change->reason && strlen(change->reason) > REASON_BYTES_MAX) {
		http_reply_errorf(request, OUTCOME_INVALID, "the reason is over %d bytes",
				  REASON_BYTES_MAX);
		return -EINVAL;
	}
	return 0;
}

static void submit_change(struct runtime *runtime, struct evhttp_request *request,
			  enum job_type type, struct change *change,
			  void (*done)(struct runtime *, struct job *))
{
	struct job *job;

	if (check_change(request, change))
		return;
	job = control_job_new(runtime, request, type, done);
	if (!job || control_job_name(job, request, change->list, &change->prefix, change->reason,
				     change->sudo_user))
		return;
	job->ttl_sec = change->ttl_sec;
	runtime_submit_job(runtime, job);
}

static void log_change(const char *verb, const struct job *job)
{
	char prefix[PREFIX_TEXT_BYTES];

	if (!job->outcome)
		log_info("control", "%s %s %s, list %s%s%s", job->author, verb,
			 prefix_format(&job->prefix, prefix), job->list_name,
			 job->reason ? ": " : "", job->reason ? job->reason : "");
}

static json_t *changed_entry_json(const struct runtime *runtime, const struct job *job)
{
	const struct list *list = policy_find_list(runtime->snapshot->policy, job->list_name);

	/* A reload that is done by now may have taken the list. */
	return list && job->entry ? entry_json(&runtime->view, list, job->entry, job->rule)
				  : json_null();
}

/* What the worker has written, or null. */
static json_t *answer_json(const struct job *job)
{
	return job->answer ? json_incref(job->answer) : json_null();
}

static void finish_add(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);

	log_change("added", job);
	if (runtime->is_detached)
		lines_add(&job->warnings, "ipwl is detached: nothing is judged until a reload");
	if (!control_job_failed(request, job))
		http_reply(request,
			   json_pack("{s:o,s:o}", "entry", changed_entry_json(runtime, job),
				     "warnings", json_lines(&job->warnings)));
}

static int read_ttl(const json_t *value, int64_t *ret_ttl_sec)
{
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 1 ||
	    json_integer_value(value) > TTL_SEC_MAX)
		return -EINVAL;
	*ret_ttl_sec = json_integer_value(value);
	return 0;
}

static int read_text(const json_t *value, const char **ret_text)
{
	if (!value || json_is_null(value))
		return 0;
	*ret_text = json_string_value(value);
	return *ret_text ? 0 : -EINVAL;
}

void control_add_entry(struct runtime *runtime, struct evhttp_request *request)
{
	json_t *body = http_read_body(request);
	json_t *reason = NULL, *ttl = NULL, *sudo_user = NULL;
	struct change change = { 0 };
	json_error_t error;

	if (!body)
		return;
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s:s,s:s,s?o,s?o,s?o}", "list", &change.list,
			   "prefix", &change.prefix_text, "reason", &reason, "ttl_seconds", &ttl,
			   "sudo_user", &sudo_user))
		http_reply_errorf(request, OUTCOME_INVALID, "%s", error.text);
	else if (read_text(reason, &change.reason) || read_text(sudo_user, &change.sudo_user))
		http_reply_errorf(request, OUTCOME_INVALID,
				  "reason and sudo_user are strings or null");
	else if (read_ttl(ttl, &change.ttl_sec))
		http_reply_errorf(request, OUTCOME_INVALID,
				  "ttl_seconds is not a whole number from 1 to %lld, or null",
				  TTL_SEC_MAX);
	else
		submit_change(runtime, request, JOB_ADD, &change, finish_add);
	json_decref(body);
}

static void finish_delete(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);

	log_change("deleted", job);
	if (!control_job_failed(request, job))
		http_reply(request,
			   json_pack("{s:o,s:o,s:o}", "entry", changed_entry_json(runtime, job),
				     "still_listed_by", json_lines(&job->details), "impact",
				     answer_json(job)));
}

/* A job about one entry that the parameters of the request name. */
static void submit_from_query(struct runtime *runtime, struct evhttp_request *request,
			      enum job_type type, void (*done)(struct runtime *, struct job *))
{
	static const char *const known[] = { "list", "prefix", "reason", "sudo_user", NULL };
	const char *values[sizeof(known) / sizeof(*known)];
	struct evkeyvalq parameters;
	struct change change;

	if (http_read_query(request, known, values, &parameters))
		return;
	change = (struct change) { .list = values[0],
				   .prefix_text = values[1],
				   .reason = values[2],
				   .sudo_user = values[3] };
	if (!change.list || !change.prefix_text)
		http_reply_errorf(request, OUTCOME_INVALID,
				  "the parameters list and prefix are needed");
	else
		submit_change(runtime, request, type, &change, done);
	evhttp_clear_headers(&parameters);
}

void control_delete_entry(struct runtime *runtime, struct evhttp_request *request)
{
	submit_from_query(runtime, request, JOB_DELETE, finish_delete);
}

static void finish_impact(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);

	if (!control_job_failed(request, job))
		http_reply(request,
			   json_pack("{s:o,s:o}", "entry", changed_entry_json(runtime, job),
				     "impact", answer_json(job)));
}

void control_impact(struct runtime *runtime, struct evhttp_request *request)
{
	submit_from_query(runtime, request, JOB_IMPACT, finish_impact);
}

/* ---- protections -------------------------------------------------------- */

static void finish_protect(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);

	log_change(job->type == JOB_PROTECT ? "protected" : "unprotected", job);
	if (!control_job_failed(request, job))
		http_reply(request, json_pack("{s:o}", "entry", changed_entry_json(runtime, job)));
}

void control_protect(struct runtime *runtime, struct evhttp_request *request)
{
	json_t *body = http_read_body(request);
	json_t *reason = NULL, *sudo_user = NULL;
	struct change change = { 0 };
	json_error_t error;

	if (!body)
		return;
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s:s,s:s,s?o,s?o}", "list", &change.list,
			   "prefix", &change.prefix_text, "reason", &reason, "sudo_user",
			   &sudo_user))
		http_reply_errorf(request, OUTCOME_INVALID, "%s", error.text);
	else if (read_text(reason, &change.reason) || read_text(sudo_user, &change.sudo_user))
		http_reply_errorf(request, OUTCOME_INVALID,
				  "reason and sudo_user are strings or null");
	else
		submit_change(runtime, request, JOB_PROTECT, &change, finish_protect);
	json_decref(body);
}

void control_unprotect(struct runtime *runtime, struct evhttp_request *request)
{
	submit_from_query(runtime, request, JOB_UNPROTECT, finish_protect);
}

/* ---- reload and detach -------------------------------------------------- */

static void finish_reload(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);
	json_t *answer;

	(void)runtime;
	if (control_job_failed(request, job))
		return;
	answer = json_pack("{s:o,s:o,s:o,s:f}", "added", json_count(job->added_count), "removed",
			   json_count(job->removed_count), "warnings", json_lines(&job->warnings),
			   "seconds", job->seconds);
	if (answer && job->answer)
		json_object_update(answer, job->answer);
	http_reply(request, answer);
}

static void submit_reload(struct runtime *runtime, struct evhttp_request *request,
			  const char *sudo_user, bool accepts_removals)
{
	struct job *job = control_job_new(runtime, request, JOB_RELOAD, finish_reload);

	if (!job || control_job_name(job, request, NULL, NULL, NULL, sudo_user))
		return;
	job->accepts_removals = accepts_removals;
	runtime_submit_job(runtime, job);
}

/* A body may be left out. Return: 0; -EINVAL: an error was sent. */
static int read_accept(struct evhttp_request *request, bool *ret_accepts)
{
	json_error_t error;
	int accepts = 0, err = 0;
	json_t *body;

	if (!evbuffer_get_length(evhttp_request_get_input_buffer(request)))
		return 0;
	body = http_read_body(request);
	if (!body)
		return -EINVAL;
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s?b}", "accept", &accepts)) {
		http_reply_errorf(request, OUTCOME_INVALID, "%s", error.text);
		err = -EINVAL;
	}
	*ret_accepts = accepts;
	json_decref(body);
	return err;
}

void control_reload(struct runtime *runtime, struct evhttp_request *request)
{
	static const char *const known[] = { "sudo_user", NULL };
	const char *values[sizeof(known) / sizeof(*known)];
	struct evkeyvalq parameters;
	bool accepts_removals = false;

	if (http_read_query(request, known, values, &parameters))
		return;
	if (!read_accept(request, &accepts_removals))
		submit_reload(runtime, request, values[0], accepts_removals);
	evhttp_clear_headers(&parameters);
}

/* The worker is paused. */
static void finish_detach(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);
	bool was_detached = runtime->is_detached;
	char error[DATAPATH_ERROR_BYTES];
	int err;

	err = engine_detach(runtime->engine, error);
	worker_resume(runtime->worker);
	if (err) {
		log_error("datapath", "%s", error);
	} else {
		interfaces_were_detached(&runtime->interfaces);
		runtime->is_detached = true;
		log_info("datapath", "detached; a reload attaches the programs again");
	}
	if (request && err)
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", error);
	else if (request)
		http_reply(request, json_pack("{s:b}", "detached", !was_detached));
}

void control_detach(struct runtime *runtime, struct evhttp_request *request)
{
	struct job *job = control_job_new(runtime, request, JOB_PAUSE, finish_detach);

	if (job)
		runtime_submit_job(runtime, job);
}
