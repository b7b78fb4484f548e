/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/lint and POST /v1/diff: requests that the worker answers and that change
 * nothing. */
#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "api/peer.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/number.h"
#include "daemon/lint_query.h"
#include "http/http.h"
#include "runtime/runtime.h"

#define DIFF_ENTRIES 1000
#define DIFF_ENTRIES_MAX 10000

/* The worker has made the answer: there may be much of it. */
static void finish(struct runtime *runtime, struct job *job)
{
	struct evhttp_request *request = control_job_end(job);

	(void)runtime;
	if (control_job_failed(request, job))
		return;
	http_reply(request, job->answer);
	job->answer = NULL;
}

static void give_up(struct evhttp_request *request, struct job *job)
{
	control_job_end(job);
	job_free(job);
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
}

/* ---- lint ---------------------------------------------------------------- */

enum parameter {
	PARAMETER_LIST,
	PARAMETER_CHECK,
	PARAMETER_UNUSED,
	PARAMETER_EXPIRING,
	PARAMETER_MIN_LEN_IPV4,
	PARAMETER_MIN_LEN_IPV6,
	PARAMETER_LIMIT,
	PARAMETER_COUNT,
};

static const char *const parameters[PARAMETER_COUNT + 1] = {
	[PARAMETER_LIST] = "list",
	[PARAMETER_CHECK] = "check",
	[PARAMETER_UNUSED] = "unused_seconds",
	[PARAMETER_EXPIRING] = "expiring_seconds",
	[PARAMETER_MIN_LEN_IPV4] = "ipv4_length",
	[PARAMETER_MIN_LEN_IPV6] = "ipv6_length",
	[PARAMETER_LIMIT] = "limit",
};

/* Return: 0; -EINVAL: an error was sent. */
static int read_number(struct evhttp_request *request, enum parameter parameter, const char *text,
		       int64_t max, int64_t *value)
{
	if (!text || number_parse(text, 0, max, value))
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID, "%s is not a number from 0 to %lld",
			  parameters[parameter], (long long)max);
	return -EINVAL;
}

static int read_checks(struct evhttp_request *request, const char *text, bool *checks)
{
	bool is_known = !text;

	for (int check = 0; check < LINT_CHECK_COUNT; check++) {
		checks[check] = !text || !strcmp(text, lint_check_names[check]);
		is_known |= checks[check];
	}
	if (is_known)
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID,
			  "there is no check \"%s\": redundant, conflict, unused, expiring or wide",
			  text);
	return -EINVAL;
}

static int read_list_name(struct evhttp_request *request, const char *text,
			  struct lint_query *query)
{
	if (!text)
		return 0;
	if (!*text || strlen(text) > POLICY_NAME_MAX) {
		http_reply_errorf(request, OUTCOME_NOT_FOUND, "there is no list \"%s\"", text);
		return -EINVAL;
	}
	memcpy(query->list_name, text, strlen(text) + 1);
	return 0;
}

static int read_lint(struct evhttp_request *request, const char *const *values,
		     struct lint_query *query)
{
	struct lint_options *options = &query->options;
	int64_t limit = LINT_FINDINGS, ipv4 = LINT_MIN_LEN_IPV4, ipv6 = LINT_MIN_LEN_IPV6;

	options->unused_sec = LINT_UNUSED_SEC;
	options->expiring_sec = LINT_EXPIRING_SEC;
	if (read_list_name(request, values[PARAMETER_LIST], query) ||
	    read_checks(request, values[PARAMETER_CHECK], options->checks) ||
	    read_number(request, PARAMETER_UNUSED, values[PARAMETER_UNUSED], UINT32_MAX,
			&options->unused_sec) ||
	    read_number(request, PARAMETER_EXPIRING, values[PARAMETER_EXPIRING], UINT32_MAX,
			&options->expiring_sec) ||
	    read_number(request, PARAMETER_MIN_LEN_IPV4, values[PARAMETER_MIN_LEN_IPV4], 32,
			&ipv4) ||
	    read_number(request, PARAMETER_MIN_LEN_IPV6, values[PARAMETER_MIN_LEN_IPV6], 128,
			&ipv6) ||
	    read_number(request, PARAMETER_LIMIT, values[PARAMETER_LIMIT], LINT_FINDINGS_MAX,
			&limit))
		return -EINVAL;
	options->min_len[FAMILY_IPV4] = (uint8_t)ipv4;
	options->min_len[FAMILY_IPV6] = (uint8_t)ipv6;
	options->limit = (size_t)limit;
	return 0;
}

static void submit_lint(struct runtime *runtime, struct evhttp_request *request,
			const struct lint_query *query)
{
	struct job *job = control_job_new(runtime, request, JOB_LINT, finish);

	if (!job)
		return;
	job->lint = malloc(sizeof(*job->lint));
	if (!job->lint) {
		give_up(request, job);
		return;
	}
	*job->lint = *query;
	job->lint->options.counted_since_sec = runtime->started_at_sec;
	runtime_submit_job(runtime, job);
}

void control_lint(struct runtime *runtime, struct evhttp_request *request)
{
	const char *values[PARAMETER_COUNT + 1];
	struct lint_query query = { 0 };
	struct evkeyvalq found;

	if (http_read_query(request, parameters, values, &found))
		return;
	if (!read_lint(request, values, &query))
		submit_lint(runtime, request, &query);
	evhttp_clear_headers(&found);
}

/* ---- diff ---------------------------------------------------------------- */

/* Errors of a configuration quote it, so a file that the caller may not read must not
 * be read for him. Return: 0; -EINVAL: an error was sent. */
static int check_path(struct evhttp_request *request, const char *path)
{
	if (!path)
		return 0;
	if (*path != '/') {
		http_reply_errorf(request, OUTCOME_INVALID, "config is not an absolute path");
		return -EINVAL;
	}
	if (peer_is_root(request))
		return 0;
	http_reply_errorf(request, OUTCOME_FORBIDDEN,
			  "another configuration is read for root alone");
	return -EINVAL;
}

static void submit_diff(struct runtime *runtime, struct evhttp_request *request, const char *path,
			size_t limit)
{
	struct job *job = control_job_new(runtime, request, JOB_DIFF, finish);

	if (!job)
		return;
	job->limit = limit;
	job->config_path = path ? strdup(path) : NULL;
	if (path && !job->config_path)
		give_up(request, job);
	else
		runtime_submit_job(runtime, job);
}

void control_diff(struct runtime *runtime, struct evhttp_request *request)
{
	json_t *body = http_read_body(request);
	json_int_t limit = DIFF_ENTRIES;
	const char *path = NULL;
	json_error_t error;

	if (!body)
		return;
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s?s,s?I}", "config", &path, "limit",
			   &limit))
		http_reply_errorf(request, OUTCOME_INVALID, "%s", error.text);
	else if (limit < 0 || limit > DIFF_ENTRIES_MAX)
		http_reply_errorf(request, OUTCOME_INVALID, "limit is not a number from 0 to %d",
				  DIFF_ENTRIES_MAX);
	else if (!check_path(request, path))
		submit_diff(runtime, request, path, (size_t)limit);
	json_decref(body);
}
