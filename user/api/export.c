/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/export: lists as text in a format. A thread makes the text. It is sent as fast as the
 * client reads. */
#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/exchange.h"
#include "api/routes.h"
#include "exports/run.h"
#include "exports/schedule.h"
#include "http/http.h"
#include "runtime/runtime.h"

struct export_task {
	struct task task;
	struct exchange *exchange; /* the waiting client */
	struct snapshot *snapshot; /* holds the lists */
	struct export_query query;
	int err;
};

/* ---- the answer ---------------------------------------------------------- */

static void free_text(const void *data, size_t bytes, void *context)
{
	(void)data;
	(void)bytes;
	free(context);
}

static void export_send_text(struct evhttp_request *request, struct export_query *query)
{
	struct evbuffer *buffer = evhttp_request_get_output_buffer(request);

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  query->export.format == EXPORT_JSON ||
				  query->export.format == EXPORT_JSON_ENTRIES
			      ? "application/json"
			      : "text/plain; charset=utf-8");
	/* Do not copy the text, because it may be large. */
	if (evbuffer_add_reference(buffer, query->text, query->bytes, free_text, query->text)) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return;
	}
	query->text = NULL;
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

/* ---- the task ------------------------------------------------------------ */

static void export_task_run(struct task *base, void *context)
{
	struct export_task *task = (struct export_task *)base;

	(void)context;
	task->err = export_run_query(task->snapshot->policy, &task->query);
}

static void export_task_finish(struct task *base, void *context)
{
	struct export_task *task = (struct export_task *)base;
	struct evhttp_request *request = exchange_end(task->exchange);

	(void)context;
	if (request && task->err)
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(-task->err));
	else if (request)
		export_send_text(request, &task->query);
}

static void export_task_free(struct task *base)
{
	struct export_task *task = (struct export_task *)base;

	snapshot_unref(task->snapshot);
	export_query_done(&task->query);
	free(task);
}

static struct export_task *export_task_new(void)
{
	struct export_task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->task.run = export_task_run;
	task->task.finish = export_task_finish;
	task->task.free = export_task_free;
	return task;
}

/* ---- the query ----------------------------------------------------------- */

/* "plain, postfix-cidr, ... and csv" */
static void name_formats(char *text, size_t text_bytes)
{
	size_t bytes = 0;

	*text = '\0';
	for (int format = 0; format < EXPORT_FORMAT_COUNT && bytes < text_bytes; format++)
		bytes += (size_t)snprintf(text + bytes, text_bytes - bytes, "%s%s",
					  format == 0			      ? ""
					  : format == EXPORT_FORMAT_COUNT - 1 ? " and "
									      : ", ",
					  export_format_names[format]);
}

static int export_read_format(struct evhttp_request *request, const char *text,
			      struct export *export)
{
	char names[512];

	for (int format = 0; format < EXPORT_FORMAT_COUNT; format++) {
		if (strcmp(text, export_format_names[format]))
			continue;
		export->format = (enum export_format)format;
		return 0;
	}
	name_formats(names, sizeof(names));
	http_reply_errorf(request, OUTCOME_INVALID, "unknown format \"%s\": the formats are %s",
			  text, names);
	return -EINVAL;
}

static int export_read_family(struct evhttp_request *request, const char *text,
			      struct export *export)
{
	if (!text && export_has_two_texts(export->format)) {
		http_reply_errorf(request, OUTCOME_INVALID,
				  "a file of format %s has only one family: choose family 4 or 6",
				  export_format_names[export->format]);
		return -EINVAL;
	}
	if (text && strcmp(text, "4") && strcmp(text, "6")) {
		http_reply_errorf(request, OUTCOME_INVALID, "family must be 4 or 6");
		return -EINVAL;
	}
	export->families = !text ? EXPORT_BOTH : *text == '4' ? EXPORT_IPV4 : EXPORT_IPV6;
	return 0;
}

static int export_add_list(struct evhttp_request *request, const struct list *list,
			   struct export_query *query)
{
	char *name = strdup(list->name);

	if (query->name_count && list->action != query->export.action) {
		http_reply_errorf(request, OUTCOME_INVALID,
				  "lists %s and %s have different actions: export them separately",
				  list->name, query->names[0]);
		free(name);
		return -EINVAL;
	}
	if (!name) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return -EINVAL;
	}
	query->export.action = list->action;
	query->names[query->name_count++] = name;
	return 0;
}

/* Read names that are separated by commas. */
static int export_read_names(struct evhttp_request *request, const char *text,
			     const struct policy *policy, struct export_query *query)
{
	char *names = strdup(text), *rest = names, *name;
	int err = 0;

	if (!names) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return -EINVAL;
	}
	while (!err && (name = strsep(&rest, ","))) {
		const struct list *list = policy_find_list(policy, name);

		for (size_t i = 0; list && i < query->name_count; i++) {
			if (!strcmp(query->names[i], name)) {
				http_reply_errorf(request, OUTCOME_INVALID,
						  "list %s is named more than once", name);
				err = -EINVAL;
			}
		}
		if (err)
			break;
		if (!list) {
			http_reply_errorf(request, OUTCOME_NOT_FOUND, "there is no list \"%s\"",
					  name);
			err = -EINVAL;
		} else {
			err = export_add_list(request, list, query);
		}
	}
	free(names);
	return err;
}

static int export_read_lists(struct evhttp_request *request, const char *text,
			     const struct policy *policy, struct export_query *query)
{
	const char *refusal;
	int err = 0;

	query->name_count = 0;
	query->names = calloc(policy->list_count + 1, sizeof(*query->names));
	if (!query->names) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return -EINVAL;
	}
	if (text)
		err = export_read_names(request, text, policy, query);
	for (size_t i = 0; !text && !err && i < policy->list_count; i++) {
		if (policy->lists[i].action == ACTION_ALLOW)
			err = export_add_list(request, &policy->lists[i], query);
	}
	refusal = export_refuse(query->export.format, query->export.action, query->name_count);
	if (!err && !query->name_count)
		refusal = "no allow list is configured: name the lists to export";
	if (!err && refusal) {
		http_reply_errorf(request, OUTCOME_INVALID, "%s", refusal);
		err = -EINVAL;
	}
	return err;
}

static int export_read(struct evhttp_request *request, const struct policy *policy,
		       struct export_query *query)
{
	char *format = NULL, *lists = NULL, *family = NULL;
	const struct argument arguments[] = {
		{ .name = "format", .is_needed = true, .ret_text = &format },
		{ .name = "lists", .ret_text = &lists },
		{ .name = "aggregate", .ret_flag = &query->export.is_aggregated },
		{ .name = "family", .ret_text = &family },
	};
	int err;

	query->export.is_aggregated = true;
	err = arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));
	if (!err)
		err = export_read_format(request, format, &query->export);
	if (!err)
		err = export_read_family(request, family, &query->export);
	if (!err)
		err = export_read_lists(request, lists, policy, query);
	free(format);
	free(lists);
	free(family);
	return err;
}

/* Takes over the task. */
static void export_submit(struct runtime *runtime, struct evhttp_request *request,
			  struct export_task *task)
{
	task->exchange = exchange_new(request);
	if (!task->exchange) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		export_task_free(&task->task);
		return;
	}
	task->snapshot = snapshot_ref(runtime->snapshot);
	exports_submit_text(runtime->exports, &task->task);
}

void control_export(struct runtime *runtime, struct evhttp_request *request)
{
	struct export_task *task = export_task_new();

	if (!task)
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
	else if (export_read(request, runtime->snapshot->policy, &task->query))
		export_task_free(&task->task);
	else
		export_submit(runtime, request, task);
}
