/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/import: a list in any format as manual entries. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "api/read_result.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/number.h"
#include "http/http.h"
#include "runtime/runtime.h"

#define TTL_SEC_MAX (100LL * 366 * 86400)
#define REASON_BYTES_MAX 1024
#define NAME_BYTES_MAX 4096

enum parameter {
	IMPORT_LIST,
	IMPORT_FORMAT,
	IMPORT_NAME,
	IMPORT_REASON,
	IMPORT_TTL,
	IMPORT_DRY_RUN,
	IMPORT_SUDO_USER,
	IMPORT_PARAMETER_COUNT,
};

static const char *const parameter_names[IMPORT_PARAMETER_COUNT + 1] = {
	[IMPORT_LIST] = "list",		  [IMPORT_FORMAT] = "format",
	[IMPORT_NAME] = "name",		  [IMPORT_REASON] = "reason",
	[IMPORT_TTL] = "ttl_seconds",	  [IMPORT_DRY_RUN] = "dry_run",
	[IMPORT_SUDO_USER] = "sudo_user",
};

/* What is asked; strings are the request's. */
struct order {
	const char *values[IMPORT_PARAMETER_COUNT];
	enum format format;
	int64_t ttl_sec;
	bool is_dry_run;
};

/* ---- the answer ---------------------------------------------------------------- */

static json_t *answer_json(const struct job *job)
{
	const struct import *import = job->import;

	return json_pack("{s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:f}", "list", job->list_name, "dry_run",
			 import->is_dry_run, "added", json_count(import->added_count), "replaced",
			 json_count(import->replaced_count), "read", format_json(&import->result),
			 "expires_at", json_time(import->expires_at_sec), "warnings",
			 json_lines(&job->warnings), "seconds", job->seconds);
}

static void finish_import(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);
	const struct import *import = job->import;

	if (!job->outcome && !import->is_dry_run)
		log_info("control", "%s imported %s into list %s: %zu added, %zu replaced%s%s",
			 job->author, import->name, job->list_name, import->added_count,
			 import->replaced_count, job->reason ? ": " : "",
			 job->reason ? job->reason : "");
	if (runtime->is_detached)
		lines_add(&job->warnings, "ipwl is detached: nothing is judged until a reload");
	if (!control_job_failed(request, job))
		http_reply(request, answer_json(job));
}

/* ---- the request --------------------------------------------------------------- */

static int refuse(struct evhttp_request *request, const char *message)
{
	http_reply_errorf(request, OUTCOME_INVALID, "%s", message);
	return -EINVAL;
}

/* Return: 0; -EINVAL: an error was sent. */
static int read_order(struct evhttp_request *request, struct order *order)
{
	const char *format = order->values[IMPORT_FORMAT];
	const char *name = order->values[IMPORT_NAME];
	const char *reason = order->values[IMPORT_REASON];
	const char *ttl = order->values[IMPORT_TTL];
	const char *dry_run = order->values[IMPORT_DRY_RUN];

	if (!order->values[IMPORT_LIST])
		return refuse(request, "the parameter list is needed");
	if (format && !format_find(format, &order->format)) {
		http_reply_errorf(request, OUTCOME_INVALID, "there is no format \"%s\"", format);
		return -EINVAL;
	}
	if (name && (!*name || strlen(name) > NAME_BYTES_MAX))
		return refuse(request, "the name is empty or too long");
	if (reason && strlen(reason) > REASON_BYTES_MAX)
		return refuse(request, "the reason is over 1024 bytes");
	if (ttl && !number_parse(ttl, 1, TTL_SEC_MAX, &order->ttl_sec))
		return refuse(request, "ttl_seconds is not a whole number from 1 to 100 years");
	if (dry_run && strcmp(dry_run, "true") != 0 && strcmp(dry_run, "false") != 0)
		return refuse(request, "dry_run is true or false");
	order->is_dry_run = dry_run && !strcmp(dry_run, "true");
	return 0;
}

static void submit(struct runtime *runtime, struct evhttp_request *request,
		   const struct order *order)
{
	const char *name = order->values[IMPORT_NAME];
	const char *reason = order->values[IMPORT_REASON];
	struct job *job = control_job_new(runtime, request, JOB_IMPORT, finish_import);

	if (!job ||
	    control_job_name(job, request, order->values[IMPORT_LIST], NULL,
			     reason && *reason ? reason : NULL, order->values[IMPORT_SUDO_USER]))
		return;
	job->ttl_sec = order->ttl_sec;
	job->import = import_new(evhttp_request_get_input_buffer(request),
				 name ? name : "the request's body");
	if (!job->import) {
		control_job_end(job);
		job_free(job);
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return;
	}
	job->import->format = order->format;
	job->import->is_dry_run = order->is_dry_run;
	runtime_submit_job(runtime, job);
}

void control_import(struct runtime *runtime, struct evhttp_request *request)
{
	size_t bytes = evbuffer_get_length(evhttp_request_get_input_buffer(request));
	struct order order = { .format = FORMAT_AUTO };
	struct evkeyvalq parameters;

	if (http_read_query(request, parameter_names, order.values, &parameters))
		return;
	if (bytes > IMPORT_BYTES_MAX)
		http_reply_errorf(request, OUTCOME_TOO_LARGE,
				  "the list is over %u MiB: name it in the configuration, below "
				  "files: of a list",
				  IMPORT_BYTES_MAX >> 20);
	else if (!read_order(request, &order))
		submit(runtime, request, &order);
	evhttp_clear_headers(&parameters);
}
