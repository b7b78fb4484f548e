/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The task of the worker that drops expired entries, or brings them back, handed over when
 * the alarm goes off or the clock is set. */
#include "runtime/expiry.h"

#include <stdlib.h>

#include "base/log.h"
#include "engine/expiry.h"
#include "runtime/alarm.h"

/* How soon an expiry that failed is tried again. */
#define RETRY_SEC 5

struct expiry_task {
	struct engine_task task;
	int err;
	char error[DATAPATH_ERROR_BYTES];
};

static void expiry_task_run(struct engine_task *base, struct engine *engine)
{
	struct expiry_task *task = (struct expiry_task *)base;

	task->err = engine_expire(engine, task->error);
}

static void expiry_on_due(void *context);

static void expiry_task_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct expiry_task *task = (const struct expiry_task *)base;
	bool is_due = runtime->expires_again;

	runtime->is_expiring = runtime->expires_again = false;
	if (task->err)
		log_error("engine", "expired entries are still in force: %s", task->error);
	if (is_due)
		expiry_on_due(runtime);
	else if (task->err)
		alarm_arm(runtime->expiry, time_now_sec() + RETRY_SEC);
	else
		alarm_arm(runtime->expiry, runtime->snapshot->next_expiry_sec);
}

static void expiry_task_free(struct engine_task *task)
{
	free(task);
}

static void expiry_on_due(void *context)
{
	struct runtime *runtime = context;
	struct expiry_task *task;

	runtime->expires_again = runtime->is_expiring;
	if (runtime->is_expiring)
		return;
	task = calloc(1, sizeof(*task));
	if (!task) {
		alarm_arm(runtime->expiry, time_now_sec() + RETRY_SEC);
		return;
	}
	task->task.run = expiry_task_run;
	task->task.finish = expiry_task_finish;
	task->task.free = expiry_task_free;
	runtime->is_expiring = true;
	runtime_submit(runtime, &task->task);
}

int expiry_open(struct runtime *runtime)
{
	int err = alarm_open(runtime->base, expiry_on_due, runtime, &runtime->expiry);

	if (err)
		return err;
	alarm_arm(runtime->expiry, runtime->snapshot->next_expiry_sec);
	return 0;
}
