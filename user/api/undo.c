/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/undo: reverts a record of the history (engine/undo.c). */
#include "engine/undo.h"

#include <errno.h>
#include <string.h>

#include "api/arguments.h"
#include "api/record.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "http/http.h"
#include "store/history_read.h"
#include "store/state.h"

struct undo_task {
	struct api_task task;
	int64_t id; /* 0: the last change */
	bool is_dry_run;
};

static int undo_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct undo_task *task = (struct undo_task *)base;
	const struct argument arguments[] = {
		{ .name = "id", .ret_number = &task->id, .min = 1, .max = INT64_MAX },
		{ .name = "dry_run", .ret_flag = &task->is_dry_run },
		ARGUMENT_REASON(&base->reason),
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};

	(void)runtime;
	return arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));
}

struct record_reading {
	struct state *state;
	json_t *json;
};

static int undo_take_record(const struct history_record *record, void *context)
{
	struct record_reading *reading = context;

	return history_record_json(reading->state, record, NULL, &reading->json);
}

/* Describe the record before it is undone. NULL: it cannot be read. */
static json_t *undo_record_json(struct engine *engine, int64_t id, struct refusal *refusal)
{
	struct record_reading reading = { .state = engine_state(engine) };
	int err = history_find(reading.state, id, undo_take_record, &reading);

	if (err)
		refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed",
			    err == -ENOMEM ? strerror(ENOMEM) : state_error(reading.state));
	return reading.json;
}

static void undo_run(struct api_task *base, struct engine *engine)
{
	struct undo_task *task = (struct undo_task *)base;
	struct undo_result result;
	json_t *record;
	int64_t id;

	if (engine_find_undoable(engine, task->id, &id, &base->refusal))
		return;
	record = undo_record_json(engine, id, &base->refusal);
	if (!record)
		return;
	if (engine_undo(engine, &base->by, id, task->is_dry_run, &result, &base->refusal)) {
		json_decref(record);
		return;
	}
	if (!task->is_dry_run)
		log_info("control", "%s undid record %lld of the history", base->by.author,
			 (long long)id);
	base->answer =
	    json_pack("{s:o,s:b,s:o,s:o,s:o,s:b}", "undone", record, "dry_run", task->is_dry_run,
		      "record", task->is_dry_run ? json_null() : json_integer(result.record_id),
		      "added", json_count(result.added_count), "removed",
		      json_count(result.removed_count), "removes_allow", result.removes_allow);
}

const struct api_command undo_command = {
	.task_bytes = sizeof(struct undo_task),
	.read = undo_read,
	.run = undo_run,
};
