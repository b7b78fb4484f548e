/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/undo: reverts a record of the history (engine/undo.c). */
#include "engine/undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/record.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "http/http.h"
#include "store/history_read.h"
#include "store/state.h"

/* Records that an answer describes. */
#define RECORDS_SHOWN_MAX 100

struct undo_task {
	struct api_task task;
	int64_t id; /* 0: the last change */
	int64_t since_sec;
	bool has_since; /* all changes since that time, in place of one */
	char *author;
	int64_t through_id;
	bool is_dry_run;
};

static int undo_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct undo_task *task = (struct undo_task *)base;
	const struct argument arguments[] = {
		{ .name = "id", .ret_number = &task->id, .min = 1, .max = INT64_MAX },
		{ .name = "since",
		  .ret_number = &task->since_sec,
		  .max = INT64_MAX,
		  .ret_is_given = &task->has_since },
		{ .name = "by", .ret_text = &task->author },
		{ .name = "through",
		  .ret_number = &task->through_id,
		  .min = 1,
		  .max = INT64_MAX - 1 },
		{ .name = "dry_run", .ret_flag = &task->is_dry_run },
		ARGUMENT_REASON(&base->reason),
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};

	int err = arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	if (!err && (task->id || !task->has_since) &&
	    (task->author || task->through_id || task->has_since)) {
		http_reply_errorf(request, OUTCOME_INVALID,
				  task->id ? "id and since exclude each other"
					   : "by and through need since");
		return -EINVAL;
	}
	return err;
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

/* The records to be undone, the newest first. Return: 0 or -ECANCELED. */
static int undo_find(const struct undo_task *task, struct engine *engine,
		     struct undo_records *records, struct refusal *refusal)
{
	const struct undo_span span = { .since_sec = task->since_sec,
					.author = task->author,
					.through_id = task->through_id };
	int err;

	if (task->has_since)
		return engine_find_span(engine, &span, records, refusal);
	records->ids = calloc(1, sizeof(*records->ids));
	if (!records->ids)
		return refusal_set_memory(refusal);
	records->count = 1;
	err = engine_find_undoable(engine, task->id, records->ids, refusal);
	if (err)
		undo_records_done(records);
	return err;
}

/* Describe the first of them. NULL: they cannot be read. */
static json_t *undo_records_json(struct engine *engine, const struct undo_records *records,
				 struct refusal *refusal)
{
	json_t *array = json_array();

	for (size_t i = 0; i < records->count && i < RECORDS_SHOWN_MAX; i++) {
		json_t *record = undo_record_json(engine, records->ids[i], refusal);

		if (!record) {
			json_decref(array);
			return NULL;
		}
		json_array_append_new(array, record);
	}
	return array;
}

static void undo_log(const struct undo_task *task, const struct undo_records *records)
{
	if (records->count > 1)
		log_info("control", "%s undid %zu records of the history, %lld to %lld",
			 task->task.by.author, records->count,
			 (long long)records->ids[records->count - 1], (long long)records->ids[0]);
	else
		log_info("control", "%s undid record %lld of the history", task->task.by.author,
			 (long long)records->ids[0]);
}

static void undo_run(struct api_task *base, struct engine *engine)
{
	struct undo_task *task = (struct undo_task *)base;
	struct undo_records records = { 0 };
	struct undo_result result;
	json_t *shown = NULL, *undone;

	if (undo_find(task, engine, &records, &base->refusal))
		return;
	shown = undo_records_json(engine, &records, &base->refusal);
	if (!shown ||
	    engine_undo(engine, &base->by, &records, task->is_dry_run, &result, &base->refusal)) {
		json_decref(shown);
		undo_records_done(&records);
		return;
	}
	if (!task->is_dry_run)
		undo_log(task, &records);
	undone = records.count == 1 ? json_incref(json_array_get(shown, 0)) : json_null();
	base->answer = json_pack(
	    "{s:o,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:b}", "undone", undone, "records", shown,
	    "record_count", json_count(records.count), "dry_run", task->is_dry_run, "record",
	    task->is_dry_run ? json_null() : json_integer(result.record_id), "added",
	    json_count(result.added_count), "removed", json_count(result.removed_count), "skipped",
	    json_count(result.skipped_count), "removes_allow", result.removes_allow);
	undo_records_done(&records);
}

static void undo_free(struct api_task *base)
{
	struct undo_task *task = (struct undo_task *)base;

	free(task->author);
}

const struct api_command undo_command = {
	.task_bytes = sizeof(struct undo_task),
	.read = undo_read,
	.run = undo_run,
	.free = undo_free,
};
