/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/diff: what a reload would change. Does everything that a reload does
 * (engine/reload.h), except the switch. */
#include <stdlib.h>

#include "api/arguments.h"
#include "api/changes.h"
#include "api/request.h"
#include "api/routes.h"
#include "engine/guard.h"
#include "engine/reload.h"
#include "http/http.h"

#define DIFF_ENTRIES 1000
#define DIFF_ENTRIES_MAX 10000

struct diff_task {
	struct api_task task;
	char *path;    /* another configuration to compare with, or NULL */
	int64_t limit; /* maximum number of entries in the answer */
};

/* Error messages quote the configuration, so it must not be read for a caller who may not read
 * it. Return: 0; -EINVAL: an error was sent. */
static int diff_check_path(const struct diff_task *task, struct evhttp_request *request)
{
	if (!task->path)
		return 0;
	if (*task->path != '/') {
		http_reply_errorf(request, OUTCOME_INVALID, "config must be an absolute path");
		return -EINVAL;
	}
	if (peer_is_root(&task->task.peer))
		return 0;
	http_reply_errorf(request, OUTCOME_FORBIDDEN,
			  "only root may compare another configuration");
	return -EINVAL;
}

static int diff_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct diff_task *task = (struct diff_task *)base;
	const struct argument arguments[] = {
		{ .name = "config", .ret_text = &task->path },
		ARGUMENT_LIMIT(&task->limit, 0, DIFF_ENTRIES_MAX),
	};
	int err;

	(void)runtime;
	task->limit = DIFF_ENTRIES;
	err = arguments_read_body(request, arguments, 2);
	return err ? err : diff_check_path(task, request);
}

static json_t *diff_json(const struct diff_task *task, const char *path,
			 const struct snapshot_diff *diff, const struct changed_entries *entries,
			 const char *held, const struct lines *removed)
{
	return json_pack("{s:o,s:b,s:o,s:o,s:o,s:o,s:O,s:o,s:o,s:o,s:o}", "config", json_text(path),
			 "differs", diff->is_any, "added", json_count(diff->added_count), "removed",
			 json_count(diff->removed_count), "settings",
			 changes_settings_json(&diff->settings), "lists", changes_lists_json(diff),
			 "entries", entries->array, "entries_left_out",
			 json_count(entries->left_out), "held", json_text(held), "removed_in_use",
			 json_lines(removed), "warnings", json_lines(&task->task.warnings));
}

/* If memory runs out, the answer stays NULL. */
static void diff_compare(struct diff_task *task, const struct engine *engine,
			 const struct snapshot *next)
{
	const char *path = task->path ? task->path : engine_config_path(engine);
	struct changed_entries entries = { .array = json_array(), .limit = (size_t)task->limit };
	struct lines removed = { 0 };
	struct snapshot_diff diff;
	char *held = NULL;

	if (!snapshot_diff(engine_snapshot(engine), next, changes_collect_entry, &entries, &diff)) {
		if (!engine_guard(engine, next, &held, &removed))
			task->task.answer = diff_json(task, path, &diff, &entries, held, &removed);
		snapshot_diff_done(&diff);
	}
	json_decref(entries.array);
	lines_done(&removed);
	free(held);
}

static void diff_run(struct api_task *base, struct engine *engine)
{
	struct diff_task *task = (struct diff_task *)base;
	struct snapshot *next;

	if (engine_prepare(engine, task->path, true, &base->warnings, &next, &base->refusal))
		return;
	diff_compare(task, engine, next);
	engine_abandon(engine, next);
}

static void diff_free(struct api_task *base)
{
	struct diff_task *task = (struct diff_task *)base;

	free(task->path);
}

const struct api_command diff_command = {
	.task_bytes = sizeof(struct diff_task),
	.read = diff_read,
	.run = diff_run,
	.free = diff_free,
};
