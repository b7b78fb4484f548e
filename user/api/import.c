/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/import: adds a list in any format as manual entries (engine/import.c). Its bytes
 * reach the worker without a copy. */
#include "engine/import.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/import.h"
#include "api/read_result.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "config/config.h"
#include "http/http.h"

#define NAME_BYTES_MAX 4096
/* Maximum number of prefixes in the answer to a dry run. */
#define PREFIXES_MAX 10000

struct import_task {
	struct api_task task;
	struct import import;
	struct import_progress progress;
	struct import_result result;
	double started_sec;    /* monotonic; 0: not yet */
	struct evbuffer *body; /* the list; the worker empties it */
	char *name;	       /* for diagnostics */
};

/* ---- the request ---------------------------------------------------------- */

/* Choose what happens to bad lines. @name NULL: the default. Return: 0; -EINVAL: an error was
 * sent. */
static int import_choose_skip(struct evhttp_request *request, const char *name, bool *ret_skips)
{
	for (size_t i = 0; name && i < 2; i++) {
		if (strcmp(on_error_names[i], name) != 0)
			continue;
		*ret_skips = i == 1;
		return 0;
	}
	if (name)
		http_reply_errorf(request, OUTCOME_INVALID, "on_error=%s: write fail or skip",
				  name);
	return name ? -EINVAL : 0;
}

static int import_choose_format(struct evhttp_request *request, const char *name,
				enum format *ret_format)
{
	int err = name && !format_find(name, ret_format) ? -EINVAL : 0;

	if (err)
		http_reply_errorf(request, OUTCOME_INVALID, "unknown format \"%s\"", name);
	return err;
}

static int import_read_query(struct import_task *task, struct evhttp_request *request)
{
	struct import *import = &task->import;
	char *format = NULL, *on_error = NULL;
	const struct argument arguments[] = {
		ARGUMENT_LIST(&import->list),
		{ .name = "format", .ret_text = &format },
		{ .name = "on_error", .ret_text = &on_error },
		{ .name = "name", .ret_text = &task->name, .bytes_max = NAME_BYTES_MAX },
		ARGUMENT_REASON(&task->task.reason),
		ARGUMENT_TTL(&import->ttl_sec),
		{ .name = "dry_run", .ret_flag = &import->is_dry_run },
		{ .name = "force", .ret_flag = &import->is_forced },
		ARGUMENT_SUDO_USER(&task->task.sudo_user),
	};
	int err = arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));

	if (!err)
		err = import_choose_skip(request, on_error, &import->input.skips_bad_lines);
	if (!err)
		err = import_choose_format(request, format, &import->input.format);
	free(on_error);
	free(format);
	return err;
}

/* Read the next bytes of the list, in the worker. */
static ssize_t import_read_body(void *context, char *buffer, size_t size)
{
	const struct import_task *task = context;
	int bytes = evbuffer_remove(task->body, buffer, size);

	return bytes < 0 ? -ENOMEM : bytes;
}

static int import_take_body(struct import_task *task, struct evhttp_request *request)
{
	struct format_input *input = &task->import.input;

	task->body = evbuffer_new();
	if (!task->body ||
	    evbuffer_add_buffer(task->body, evhttp_request_get_input_buffer(request))) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	input->name = task->name ? task->name : "the request's body";
	input->read = import_read_body;
	input->read_context = task;
	return 0;
}

static int import_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	struct import_task *task = (struct import_task *)base;
	const size_t bytes = evbuffer_get_length(evhttp_request_get_input_buffer(request));

	(void)runtime;
	task->import.input.format = FORMAT_AUTO;
	if (import_read_query(task, request))
		return -EINVAL;
	if (bytes > IMPORT_BYTES_MAX) {
		http_reply_errorf(request, OUTCOME_TOO_LARGE,
				  "the list is larger than %u MiB: add it to the files of a list "
				  "in the configuration",
				  IMPORT_BYTES_MAX >> 20);
		return -EFBIG;
	}
	if (task->name && !*task->name) {
		http_reply_errorf(request, OUTCOME_INVALID, "the name is empty");
		return -EINVAL;
	}
	/* An empty reason means none. */
	if (base->reason && !*base->reason) {
		free(base->reason);
		base->reason = NULL;
	}
	return import_take_body(task, request);
}

/* ---- the answer ----------------------------------------------------------- */

/* Add the prefixes that a dry run would put in force, and the skipped records. */
static void import_add_details(const struct import_result *result, json_t *answer)
{
	json_t *prefixes = json_array();
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; result->entries && i < result->entries->count && i < PREFIXES_MAX; i++)
		json_array_append_new(prefixes, json_string(prefix_format(
						    &result->entries->entries[i].prefix, text)));
	json_object_set_new(answer, "prefixes", prefixes);
	json_object_set_new(answer, "skipped_records", json_lines(&result->skipped));
}

static json_t *import_json(const struct import_task *task, double seconds)
{
	const struct import *import = &task->import;
	const struct import_result *result = &task->result;

	return json_pack("{s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:f}", "list", import->list, "dry_run",
			 import->is_dry_run, "added", json_count(result->added_count), "replaced",
			 json_count(result->replaced_count), "read", format_json(&result->read),
			 "expires_at", json_time(result->expires_at_sec), "warnings",
			 json_lines(&task->task.warnings), "seconds", seconds);
}

static void import_run(struct api_task *base, struct engine *engine)
{
	struct import_task *task = (struct import_task *)base;
	const struct import_result *result = &task->result;
	const char *reason = base->by.reason;
	int more;

	if (task->started_sec <= 0)
		task->started_sec = time_monotonic_sec();
	more = engine_import_step(engine, &base->by, &task->import, &task->progress, &task->result,
				  &base->warnings, &base->refusal);
	base->task.task.is_unfinished = more > 0;
	if (more)
		return;
	if (!task->import.is_dry_run)
		log_info("control", "%s imported %s into list %s: %zu added, %zu replaced%s%s",
			 base->by.author, task->import.input.name, task->import.list,
			 result->added_count, result->replaced_count, reason ? ": " : "",
			 reason ? reason : "");
	api_warn_detached(base, engine);
	base->answer = import_json(task, time_monotonic_sec() - task->started_sec);
	if (task->import.is_dry_run)
		import_add_details(result, base->answer);
}

static void import_free(struct api_task *base)
{
	struct import_task *task = (struct import_task *)base;

	if (task->body)
		evbuffer_free(task->body);
	import_progress_done(&task->progress);
	import_result_done(&task->result);
	free(task->import.list);
	free(task->name);
}

const struct api_command import_command = {
	.task_bytes = sizeof(struct import_task),
	.read = import_read,
	.run = import_run,
	.free = import_free,
};
