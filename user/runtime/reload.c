/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reloads: runs the steps of the engine (engine/reload.h), then updates what depends on the
 * configuration. */
#include "runtime/reload.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/plural.h"
#include "base/progress.h"
#include "engine/reload.h"
#include "feeds/schedule.h"
#include "runtime/fleet.h"
#include "runtime/learner.h"
#include "runtime/maillog.h"
#include "runtime/notify.h"
#include "runtime/rescue.h"
#include "runtime/sampler.h"
#include "runtime/sessions.h"

#define LOGGED_ERRORS_MAX 20
#define LOGGED_CHANGES_MAX 50

/* ---- in the worker -------------------------------------------------------- */

/* Compare the new snapshot with the one in force. */
static int reload_show(struct reload *reload, const struct engine *engine,
		       const struct snapshot *next,
		       void (*show)(const struct snapshot_diff *diff, void *context), void *context)
{
	struct snapshot_diff diff;

	if (snapshot_diff(engine_snapshot(engine), next, NULL, NULL, &diff))
		return refusal_set_memory(&reload->refusal);
	reload->added_count = diff.added_count;
	reload->removed_count = diff.removed_count;
	snapshot_diff_describe(&diff, &reload->changes);
	if (show)
		show(&diff, context);
	snapshot_diff_done(&diff);
	return 0;
}

static void reload_try(struct reload *reload, struct engine *engine, const struct deed *by,
		       void (*show)(const struct snapshot_diff *diff, void *context), void *context)
{
	struct snapshot *next;
	int err;

	reload->refusal.outcome = OUTCOME_OK;
	if (engine_prepare(engine, NULL, false, &reload->warnings, &next, &reload->refusal))
		return;
	err = reload->accepts_removals ? 0
				       : engine_hold(engine, by, next, &reload->warnings,
						     &reload->held, &reload->refusal);
	if (!err)
		err = reload_show(reload, engine, next, show, context);
	if (err)
		engine_abandon(engine, next);
	else
		engine_commit(engine, by, next, &reload->warnings, &reload->reports,
			      &reload->refusal);
}

void reload_run(struct reload *reload, struct engine *engine, const struct deed *by,
		void (*show)(const struct snapshot_diff *diff, void *context), void *context)
{
	notify_reloading();
	progress_watch(notify_of_reload, NULL);
	reload_try(reload, engine, by, show, context);
	progress_watch(NULL, NULL);
}

/* ---- in the main loop ----------------------------------------------------- */

static void reload_log_changes(const struct reload *reload)
{
	const struct lines *lines = &reload->changes;
	size_t i;

	log_info("reload", "entries: %zu added, %zu removed", reload->added_count,
		 reload->removed_count);
	for (i = 0; i < lines->count && i < LOGGED_CHANGES_MAX; i++)
		log_info("reload", "%s", lines->items[i]);
	if (lines->count > i)
		log_info("reload", "and %zu more %s", lines->count - i,
			 plural(lines->count - i, "change", "changes"));
}

static void reload_log(const struct reload *reload)
{
	const struct refusal *refusal = &reload->refusal;
	size_t i;

	for (i = 0; i < reload->warnings.count && i < LOGGED_ERRORS_MAX; i++)
		log_warning("reload", "%s", reload->warnings.items[i]);
	for (i = 0; i < refusal->details.count && i < LOGGED_ERRORS_MAX; i++)
		log_error("reload", "%s", refusal->details.items[i]);
	if (refusal->details.count > i)
		log_error("reload", "and %zu more %s", refusal->details.count - i,
			  plural(refusal->details.count - i, "error", "errors"));
	if (refusal->outcome)
		log_error("reload", "%s", refusal->message ? refusal->message : strerror(ENOMEM));
	else
		reload_log_changes(reload);
}

static void reload_follow_config(struct reload *reload, struct runtime *runtime)
{
	const struct config *config = runtime->snapshot->config;

	runtime->is_detached = false;
	sampler_reconfigure(runtime->sampler);
	learner_wake(runtime->learner);
	maillog_configure(runtime->maillog, &config->learn);
	fleet_link_configure(runtime->fleet, &config->fleet);
	session_watch_wake(runtime->sessions);
	rescue_configure(runtime->rescue);
	if (interfaces_configure(&runtime->interfaces, config))
		lines_add(&reload->warnings, "the interfaces have not changed: out of memory");
	runtime->follow(runtime->follow_context, config, &reload->warnings);
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++)
		feeds_follow(runtime->feeds[kind], runtime->snapshot, &reload->reports.feeds[kind]);
}

static void reload_keep_report(struct reload *reload, struct reload_report *report)
{
	const struct refusal *refusal = &reload->refusal;

	report->at_sec = time_now_sec();
	report->successful = !refusal->outcome;
	if (report->successful)
		report->succeeded_at_sec = report->at_sec;
	lines_done(&report->errors);
	lines_done(&report->warnings);
	lines_copy(&report->errors, &refusal->details, RELOAD_LINES_MAX);
	lines_copy(&report->warnings, &reload->warnings, RELOAD_LINES_MAX);
	if (refusal->outcome && (reload->held || !report->errors.count))
		lines_add(&report->errors, "%s",
			  refusal->message ? refusal->message : strerror(ENOMEM));
	free(report->held);
	report->held = reload->held;
	reload->held = NULL;
}

void reload_finish(struct reload *reload, struct runtime *runtime)
{
	if (!reload->refusal.outcome)
		reload_follow_config(reload, runtime);
	reload_log(reload);
	reload_keep_report(reload, &runtime->reload);
	runtime_notify_ready(runtime);
}

void reload_done(struct reload *reload)
{
	refusal_done(&reload->refusal);
	lines_done(&reload->warnings);
	lines_done(&reload->changes);
	free(reload->held);
	source_reports_done(&reload->reports);
	*reload = (struct reload) { 0 };
	/* The old policy was freed before. Its rules were in small pieces, which would stay with
	 * the process. */
	malloc_trim(0);
}

/* ---- by a signal ---------------------------------------------------------- */

struct reload_task {
	struct engine_task task;
	struct reload reload;
	void (*done)(void *context);
	void *context;
};

static void reload_task_run(struct engine_task *base, struct engine *engine)
{
	static const struct deed nobody;
	struct reload_task *task = (struct reload_task *)base;

	reload_run(&task->reload, engine, &nobody, NULL, NULL);
}

static void reload_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct reload_task *task = (struct reload_task *)base;

	reload_finish(&task->reload, runtime);
	task->done(task->context);
}

static void reload_task_free(struct engine_task *base)
{
	struct reload_task *task = (struct reload_task *)base;

	reload_done(&task->reload);
	free(task);
}

int reload_submit(struct runtime *runtime, void (*done)(void *context), void *context)
{
	struct reload_task *task = calloc(1, sizeof(*task));

	if (!task)
		return -ENOMEM;
	task->task.run = reload_task_run;
	task->task.finish = reload_task_finish;
	task->task.free = reload_task_free;
	task->done = done;
	task->context = context;
	runtime_submit(runtime, &task->task);
	return 0;
}
