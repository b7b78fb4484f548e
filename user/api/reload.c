/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/reload and /v1/detach: read the configuration again (runtime/reload.c), and remove
 * ipwl from the machine. */
#include "runtime/reload.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "api/arguments.h"
#include "api/changes.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "engine/records.h"
#include "http/http.h"

/* ---- reload --------------------------------------------------------------- */

struct reload_request {
	struct api_task task;
	struct reload reload;
};

/* The body is optional. */
static int reload_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	struct reload_request *task = (struct reload_request *)base;
	const struct argument query[] = { ARGUMENT_SUDO_USER(&base->sudo_user) };
	const struct argument body[] = {
		{ .name = "accept", .ret_flag = &task->reload.accepts_removals },
	};
	int err = arguments_read_query(request, query, 1);

	(void)runtime;
	/* This is the outcome until the task has run. */
	task->reload.refusal.outcome = OUTCOME_INTERNAL;
	if (err || !evbuffer_get_length(evhttp_request_get_input_buffer(request)))
		return err;
	return arguments_read_body(request, body, 1);
}

static void reload_show_changes(const struct snapshot_diff *diff, void *context)
{
	struct api_task *task = context;

	task->answer = json_pack("{s:o,s:o}", "settings", changes_settings_json(&diff->settings),
				 "lists", changes_lists_json(diff));
}

static void reload_serve(struct api_task *base, struct engine *engine)
{
	struct reload_request *task = (struct reload_request *)base;

	log_info("reload", "requested by %s", base->by.author);
	reload_run(&task->reload, engine, &base->by, reload_show_changes, base);
	base->refusal = task->reload.refusal;
}

/* The parts that follow the new configuration may add warnings, too. */
static void reload_answer(struct api_task *base, struct runtime *runtime)
{
	struct reload_request *task = (struct reload_request *)base;
	struct reload *reload = &task->reload;
	json_t *counts;

	/* If memory for the answer runs out, the reload has still succeeded. */
	reload_finish(reload, runtime);
	counts = json_pack("{s:o,s:o,s:o,s:f}", "added", json_count(reload->added_count), "removed",
			   json_count(reload->removed_count), "warnings",
			   json_lines(&reload->warnings), "seconds", base->task.seconds);
	if (base->answer)
		json_object_update(base->answer, counts);
	json_decref(counts);
}

static void reload_free(struct api_task *base)
{
	struct reload_request *task = (struct reload_request *)base;

	/* The task owns the refusal. */
	task->reload.refusal = (struct refusal) { 0 };
	reload_done(&task->reload);
}

const struct api_command reload_command = {
	.task_bytes = sizeof(struct reload_request),
	.read = reload_read,
	.run = reload_serve,
	.finish = reload_answer,
	.free = reload_free,
};

/* ---- detach --------------------------------------------------------------- */

/* Once ipwl is detached, the worker finds out by whom: looking up a name may take long. */
struct detach_record {
	struct engine_task task;
	struct peer peer;
	char *sudo_user;
};

static void detach_record_run(struct engine_task *base, struct engine *engine)
{
	const struct detach_record *task = (const struct detach_record *)base;
	char *author = peer_author(&task->peer, task->sudo_user);
	const struct deed by = { .author = author,
				 .is_sudo = peer_is_sudo(&task->peer, task->sudo_user) };

	log_warning("datapath", "%s detached ipwl; a reload attaches the programs again",
		    author ? author : "a user");
	if (engine_record_detach(engine, &by))
		log_warning("datapath", "the history has no record of it: %s",
			    engine_state_error(engine));
	free(author);
}

static void detach_record_finish(struct engine_task *task, struct runtime *runtime)
{
	(void)task;
	(void)runtime;
}

static void detach_record_free(struct engine_task *base)
{
	struct detach_record *task = (struct detach_record *)base;

	free(task->sudo_user);
	free(task);
}

static void detach_note_author(struct api_task *detach, struct runtime *runtime)
{
	struct detach_record *task = calloc(1, sizeof(*task));

	if (!task) {
		log_warning("datapath", "detached; a reload attaches the programs again");
		return;
	}
	task->task.run = detach_record_run;
	task->task.finish = detach_record_finish;
	task->task.free = detach_record_free;
	task->peer = detach->peer;
	task->sudo_user = detach->sudo_user;
	detach->sudo_user = NULL;
	runtime_submit(runtime, &task->task);
}

static int detach_read(struct api_task *task, struct runtime *runtime,
		       struct evhttp_request *request)
{
	const struct argument query[] = { ARGUMENT_SUDO_USER(&task->sudo_user) };

	(void)runtime;
	return arguments_read_query(request, query, 1);
}

/* The worker waits meanwhile. */
static void detach_finish(struct api_task *task, struct runtime *runtime)
{
	const bool was_detached = runtime->is_detached;
	char error[DATAPATH_ERROR_BYTES];
	int err = engine_detach(runtime->engine, error);

	worker_resume(runtime->worker);
	if (err) {
		log_error("datapath", "%s", error);
		refusal_set(&task->refusal, OUTCOME_INTERNAL, "%s", error);
		return;
	}
	interfaces_were_detached(&runtime->interfaces);
	runtime->is_detached = true;
	if (!was_detached)
		detach_note_author(task, runtime);
	task->answer = json_pack("{s:b}", "detached", !was_detached);
}

const struct api_command detach_command = {
	.task_bytes = sizeof(struct api_task),
	.read = detach_read,
	.finish = detach_finish,
};
