/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reviews step by step. The next step is requested when one is done, so that other tasks of the
 * worker can run in between. */
#include "runtime/learner.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>

#include "engine/fleet.h"
#include "engine/learned.h"
#include "feeds/schedule.h"
#include "runtime/runtime.h"

/* New evidence is reviewed after a short time, so that much of it is reviewed at once. */
#define SOON_SEC 2
#define INTERVAL_SEC 60

struct learner {
	struct runtime *runtime;
	struct event *timer;
	bool is_reviewing; /* a task is with the worker */
	bool is_woken;
};

static void learner_arm(struct learner *learner, int64_t delay_sec)
{
	const struct timeval delay = { .tv_sec = delay_sec };

	evtimer_add(learner->timer, &delay);
}

/* A step of the review, in the worker. */
struct review_task {
	struct engine_task task;
	bool is_complete;
	bool has_domains;
	bool has_said; /* something to the fleet */
	struct feed_reports domains;
};

static void review_task_run(struct engine_task *base, struct engine *engine)
{
	struct review_task *task = (struct review_task *)base;

	task->is_complete = engine_review_learned(engine);
	task->has_said = engine_fleet_has_said(engine);
	task->has_domains = engine_take_domains(engine, &task->domains);
}

static void review_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct review_task *task = (struct review_task *)base;
	struct learner *learner = runtime->learner;
	const bool is_woken = learner->is_woken;

	if (task->has_domains)
		learner_follow_domains(runtime, &task->domains);
	if (task->has_said && runtime->changed)
		runtime->changed(runtime);
	learner->is_reviewing = learner->is_woken = false;
	learner_arm(learner, !task->is_complete ? 0 : is_woken ? SOON_SEC : INTERVAL_SEC);
}

static void review_task_free(struct engine_task *base)
{
	struct review_task *task = (struct review_task *)base;

	feed_reports_done(&task->domains);
	free(task);
}

void learner_follow_domains(struct runtime *runtime, struct feed_reports *reports)
{
	feeds_follow(runtime->feeds[FEED_OF_DOMAIN], runtime->snapshot, reports);
}

static void learner_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct learner *learner = context;
	struct review_task *task;

	(void)fd;
	(void)what;
	if (learner->runtime->is_stopping || learner->is_reviewing)
		return;
	if (!learner->runtime->snapshot->config->learn.is_on) {
		learner_arm(learner, INTERVAL_SEC);
		return;
	}
	task = calloc(1, sizeof(*task));
	if (!task) {
		learner_arm(learner, INTERVAL_SEC);
		return;
	}
	task->task.run = review_task_run;
	task->task.finish = review_task_finish;
	task->task.free = review_task_free;
	learner->is_reviewing = true;
	runtime_submit(learner->runtime, &task->task);
}

int learner_open(struct runtime *runtime, struct learner **ret_learner)
{
	struct learner *learner = calloc(1, sizeof(*learner));

	if (!learner)
		return -ENOMEM;
	learner->runtime = runtime;
	learner->timer = evtimer_new(runtime->base, learner_on_timer, learner);
	if (!learner->timer) {
		free(learner);
		return -ENOMEM;
	}
	learner_arm(learner, 0);
	*ret_learner = learner;
	return 0;
}

void learner_close(struct learner *learner)
{
	if (!learner)
		return;
	event_free(learner->timer);
	free(learner);
}

/* A stream of evidence must not put the review off. */
static bool is_due_soon(const struct learner *learner)
{
	struct timeval due, now;

	if (!evtimer_pending(learner->timer, &due))
		return false;
	event_base_gettimeofday_cached(learner->runtime->base, &now);
	return due.tv_sec <= now.tv_sec + SOON_SEC;
}

void learner_wake(struct learner *learner)
{
	if (learner->is_reviewing)
		learner->is_woken = true;
	else if (!is_due_soon(learner))
		learner_arm(learner, SOON_SEC);
}
