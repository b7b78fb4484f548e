/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passes tasks to the worker and back. The main loop has the new snapshot of a task before it
 * calls the task's finish(). */
#include "runtime/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/progress.h"
#include "exports/schedule.h"
#include "runtime/alarm.h"
#include "runtime/notify.h"

/* ---- in the worker -------------------------------------------------------- */

static void runtime_run_task(struct task *base, void *context)
{
	struct engine_task *task = (struct engine_task *)base;
	struct engine *engine = context;
	const struct snapshot *before = engine_snapshot(engine);
	const double started_sec = time_monotonic_sec();

	task->run(task, engine);
	progress_end();
	task->has_switched |= engine_snapshot(engine) != before;
	task->seconds += time_monotonic_sec() - started_sec;
	/* Other tasks run in between, so only the last snapshot is newer than theirs. */
	if (base->is_unfinished)
		return;
	if (task->has_switched)
		task->snapshot = snapshot_ref(engine_snapshot(engine));
	task->state_error = text_copy(engine_state_error(engine));
}

static void runtime_free_task(struct task *base)
{
	struct engine_task *task = (struct engine_task *)base;

	snapshot_unref(task->snapshot);
	free(task->state_error);
	task->free(task);
}

/* ---- in the main loop ----------------------------------------------------- */

/* The old snapshot goes into the task, and with it: the worker frees it. */
static void runtime_take_snapshot(struct runtime *runtime, struct snapshot **snapshot)
{
	struct snapshot *old = runtime->snapshot;

	if (!*snapshot)
		return;
	runtime->snapshot = *snapshot;
	*snapshot = old;
	alarm_arm(runtime->expiry, runtime->snapshot->next_expiry_sec);
	exports_update(runtime->exports, runtime->snapshot);
	if (runtime->changed)
		runtime->changed(runtime);
}

static void runtime_take_state_error(struct runtime *runtime, char **error)
{
	free(runtime->state_error);
	runtime->state_error = *error;
	*error = NULL;
}

static void runtime_finish_task(struct task *base, void *context)
{
	struct engine_task *task = (struct engine_task *)base;
	struct runtime *runtime = context;

	runtime->task_count--;
	runtime_take_snapshot(runtime, &task->snapshot);
	/* A task that did not run has no information about the state. */
	if (base->run)
		runtime_take_state_error(runtime, &task->state_error);
	task->finish(task, runtime);
}

void runtime_submit(struct runtime *runtime, struct engine_task *task)
{
	task->task.run = task->run ? runtime_run_task : NULL;
	task->task.finish = runtime_finish_task;
	task->task.free = runtime_free_task;
	runtime->task_count++;
	worker_submit(runtime->worker, &task->task);
}

void runtime_finish_tasks(struct runtime *runtime)
{
	worker_finish(runtime->worker, runtime);
}

void runtime_done(struct runtime *runtime)
{
	snapshot_unref(runtime->snapshot);
	lines_done(&runtime->reload.errors);
	lines_done(&runtime->reload.warnings);
	free(runtime->reload.held);
	free(runtime->state_path);
	free(runtime->state_error);
}

void runtime_notify_ready(const struct runtime *runtime)
{
	const struct snapshot *snapshot = runtime->snapshot;
	size_t i, entry_count = 0;

	for (i = 0; i < snapshot->policy->list_count; i++)
		entry_count += snapshot->entry_counts[i].of[FAMILY_IPV4] +
			       snapshot->entry_counts[i].of[FAMILY_IPV6];
	notify_manager("READY=1\nSTATUS=%s, %zu %s, %zu %s, %zu of %zu %s attached",
		       snapshot->suspension		? "enforcement suspended"
		       : snapshot->config->is_enforcing ? "enforcing"
							: "monitoring",
		       snapshot->policy->list_count,
		       plural(snapshot->policy->list_count, "list", "lists"), entry_count,
		       plural(entry_count, "entry", "entries"),
		       interfaces_count_attached(&runtime->interfaces), runtime->interfaces.count,
		       plural(runtime->interfaces.count, "interface", "interfaces"));
}
