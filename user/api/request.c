/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a request a task of the worker, and waits for it. */
#include "api/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "http/http.h"

static void api_free_task(struct engine_task *base)
{
	struct api_task *task = (struct api_task *)base;

	if (task->command->free)
		task->command->free(task);
	free(task->sudo_user);
	free(task->reason);
	free(task->author);
	refusal_done(&task->refusal);
	lines_done(&task->warnings);
	json_decref(task->answer);
	free(task->raw);
	free(task);
}

/* Looking up a name may take long (LDAP). It is done here, where only this client waits for it. */
static int api_find_author(struct api_task *task)
{
	task->author = peer_author(&task->peer, task->sudo_user);
	if (!task->author)
		return refusal_set_memory(&task->refusal);
	task->by = (struct deed) { .author = task->author,
				   .is_sudo = peer_is_sudo(&task->peer, task->sudo_user),
				   .reason = task->reason };
	return 0;
}

static void api_run_task(struct engine_task *base, struct engine *engine)
{
	struct api_task *task = (struct api_task *)base;

	if (!task->author && api_find_author(task))
		return;
	task->command->run(task, engine);
	if (base->task.is_unfinished)
		return;
	if (!task->answer && !task->raw && !task->refusal.outcome)
		refusal_set_memory(&task->refusal);
}

static void api_finish_task(struct engine_task *base, struct runtime *runtime)
{
	struct api_task *task = (struct api_task *)base;
	struct evhttp_request *request;

	if (task->command->finish)
		task->command->finish(task, runtime);
	request = exchange_end(task->exchange);
	if (!request)
		return;
	if (task->refusal.outcome) {
		http_reply_error(request, task->refusal.outcome, task->refusal.message,
				 &task->refusal.details);
		return;
	}
	if (task->raw) {
		http_reply_bytes(request, task->raw, task->raw_bytes);
		task->raw = NULL;
		return;
	}
	http_reply(request, task->answer);
	task->answer = NULL;
}

static struct api_task *api_new_task(const struct api_command *command,
				     struct evhttp_request *request)
{
	struct api_task *task = calloc(1, command->task_bytes);

	if (!task)
		return NULL;
	task->command = command;
	task->task.run = command->run ? api_run_task : NULL;
	task->task.finish = api_finish_task;
	task->task.free = api_free_task;
	task->peer = peer_of(request);
	return task;
}

void api_serve(const struct api_command *command, struct runtime *runtime,
	       struct evhttp_request *request)
{
	struct api_task *task;

	if (runtime->is_stopping) {
		http_reply_errorf(request, OUTCOME_UNAVAILABLE, "ipwld is stopping");
		return;
	}
	task = api_new_task(command, request);
	if (!task) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return;
	}
	if (command->read && command->read(task, runtime, request)) {
		api_free_task(&task->task);
		return;
	}
	task->exchange = exchange_new(request);
	if (!task->exchange) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		api_free_task(&task->task);
		return;
	}
	runtime_submit(runtime, &task->task);
}

void api_warn_detached(struct api_task *task, const struct engine *engine)
{
	if (engine_is_detached(engine))
		lines_add(&task->warnings, "ipwl is detached: nothing is filtered until a reload");
}
