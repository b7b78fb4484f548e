/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy that feeds/schedule.c has fetched is a task for engine/feeds.c. */
#include "runtime/copies.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/feeds.h"
#include "feeds/schedule.h"
#include "runtime/runtime.h"

struct copy_task {
	struct engine_task task;
	struct feed_arrival arrival;
};

static void copy_task_run(struct engine_task *base, struct engine *engine)
{
	struct copy_task *task = (struct copy_task *)base;

	engine_take_copy(engine, &task->arrival);
}

static void copy_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct copy_task *task = (struct copy_task *)base;

	if (feeds_finish(runtime->feeds[task->arrival.kind], &task->arrival))
		runtime_notify_ready(runtime);
}

static void copy_task_free(struct engine_task *base)
{
	struct copy_task *task = (struct copy_task *)base;

	feed_arrival_done(&task->arrival);
	free(task);
}

int copies_take(void *context, struct feed_arrival *arrival)
{
	struct runtime *runtime = context;
	struct copy_task *task = calloc(1, sizeof(*task));

	if (!task)
		return -ENOMEM;
	task->task.run = copy_task_run;
	task->task.finish = copy_task_finish;
	task->task.free = copy_task_free;
	task->arrival = *arrival;
	runtime_submit(runtime, &task->task);
	return 0;
}
