/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was changed, and taking it back. */
#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/number.h"
#include "core/prefix_error.h"
#include "http/http.h"
#include "runtime/runtime.h"
#include "store/history_read.h"

#define PAGE_RECORDS_MAX 1000

/* ---- history -------------------------------------------------------------- */

static void finish_history(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);

	(void)runtime;
	if (!control_job_failed(request, job))
		http_reply(request, json_incref(job->answer));
}

/* A whole number from 0 to @max; NULL leaves @ret_number as it is. */
static int read_number(struct evhttp_request *request, const char *name, const char *text,
		       int64_t max, int64_t *ret_number)
{
	if (!text || number_parse(text, 0, max, ret_number))
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID, "%s is not a number from 0 to %lld", name,
			  (long long)max);
	return -EINVAL;
}

static int read_prefix(struct evhttp_request *request, const char *text,
		       struct history_filter *filter)
{
	char message[PREFIX_MESSAGE_BYTES];
	enum prefix_error error;

	if (!text)
		return 0;
	error = prefix_parse(text, strlen(text), &filter->prefix, NULL);
	filter->has_prefix = error == PREFIX_OK;
	if (filter->has_prefix)
		return 0;
	prefix_error_message(error, text, strlen(text), message);
	http_reply_errorf(request, OUTCOME_INVALID, "%s", message);
	return -EINVAL;
}

/* A list that is gone by now has its history. */
static int read_list(struct evhttp_request *request, const char *text,
		     struct history_filter *filter)
{
	size_t bytes = text ? strlen(text) : 0;

	if (bytes >= sizeof(filter->list)) {
		http_reply_errorf(request, OUTCOME_INVALID, "the name of the list is too long");
		return -EINVAL;
	}
	if (bytes)
		memcpy(filter->list, text, bytes + 1);
	return 0;
}

static int read_filter(struct evhttp_request *request, const char *const *values,
		       struct history_filter *ret_filter)
{
	int64_t limit = PAGE_RECORDS_MAX;

	if (read_prefix(request, values[0], ret_filter) ||
	    read_list(request, values[1], ret_filter) ||
	    read_number(request, "since", values[2], INT64_MAX, &ret_filter->since_sec) ||
	    read_number(request, "before", values[3], INT64_MAX, &ret_filter->before_id) ||
	    read_number(request, "limit", values[4], PAGE_RECORDS_MAX, &limit))
		return -EINVAL;
	ret_filter->limit = (size_t)limit;
	return 0;
}

void control_history(struct runtime *runtime, struct evhttp_request *request)
{
	static const char *const known[] = { "prefix", "list", "since", "before", "limit", NULL };
	const char *values[sizeof(known) / sizeof(*known)];
	struct history_filter filter = { 0 };
	struct evkeyvalq parameters;
	struct job *job = NULL;

	if (http_read_query(request, known, values, &parameters))
		return;
	if (!read_filter(request, values, &filter))
		job = control_job_new(runtime, request, JOB_HISTORY, finish_history);
	evhttp_clear_headers(&parameters);
	if (!job)
		return;
	job->filter = malloc(sizeof(filter));
	if (job->filter) {
		*job->filter = filter;
		runtime_submit_job(runtime, job);
		return;
	}
	control_job_end(job);
	job_free(job);
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
}

/* ---- undo ----------------------------------------------------------------- */

static void finish_undo(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);

	(void)runtime;
	if (!job->outcome && !job->is_dry_run)
		log_info("control", "%s undid record %lld of the history", job->author,
			 (long long)json_integer_value(
			     json_object_get(json_object_get(job->answer, "undone"), "id")));
	if (!control_job_failed(request, job))
		http_reply(request, json_incref(job->answer));
}

struct undo_request {
	json_int_t id; /* 0: the last change */
	int is_dry_run;
	const char *reason;
	const char *sudo_user;
};

static int read_undo(struct evhttp_request *request, json_t *body, struct undo_request *ret_undo)
{
	json_t *id = NULL, *reason = NULL, *sudo_user = NULL;
	json_error_t error;

	if (json_unpack_ex(body, &error, JSON_STRICT, "{s?o,s?b,s?o,s?o}", "id", &id, "dry_run",
			   &ret_undo->is_dry_run, "reason", &reason, "sudo_user", &sudo_user)) {
		http_reply_errorf(request, OUTCOME_INVALID, "%s", error.text);
		return -EINVAL;
	}
	if ((id && !json_is_null(id) && (!json_is_integer(id) || json_integer_value(id) < 1)) ||
	    (reason && !json_is_null(reason) && !json_is_string(reason)) ||
	    (sudo_user && !json_is_null(sudo_user) && !json_is_string(sudo_user))) {
		http_reply_errorf(request, OUTCOME_INVALID,
				  "id is the number of a record, reason and sudo_user are strings; "
				  "each may be null");
		return -EINVAL;
	}
	ret_undo->id = json_integer_value(id);
	ret_undo->reason = json_string_value(reason);
	ret_undo->sudo_user = json_string_value(sudo_user);
	return 0;
}

void control_undo(struct runtime *runtime, struct evhttp_request *request)
{
	json_t *body = http_read_body(request);
	struct undo_request undo = { 0 };
	struct job *job = NULL;

	if (!body)
		return;
	if (!read_undo(request, body, &undo))
		job = control_job_new(runtime, request, JOB_UNDO, finish_undo);
	if (job && !control_job_name(job, request, NULL, NULL, undo.reason, undo.sudo_user)) {
		job->record_id = undo.id;
		job->is_dry_run = undo.is_dry_run != 0;
		runtime_submit_job(runtime, job);
	}
	json_decref(body);
}
