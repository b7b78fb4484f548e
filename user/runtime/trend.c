/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks in the main loop, which has the interfaces; the worker writes to the disk. */
#include "runtime/trend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/look.h"
#include "engine/trend.h"
#include "runtime/alarm.h"
#include "runtime/runtime.h"

#define INTERVAL_SEC 60

struct trend {
	struct runtime *runtime;
	struct alarm *alarm;
	struct samples samples;
	struct look last;
	double last_monotonic_sec; /* 0: the last look was an earlier daemon's */
	int64_t kept_sec;	   /* all samples until then are on the disk */
	bool is_keeping;	   /* a task is with the worker */
};

/* ---- look ------------------------------------------------------------------- */

static void read_interface(const struct attachment *attachment, struct look_interface *interface)
{
	struct ipwl_traffic counters[IPWL_COUNTER_COUNT];

	snprintf(interface->name, sizeof(interface->name), "%s", attachment->name);
	interface->is_read =
	    attachment->interface && !interface_read_counters(attachment->interface, counters);
	if (!interface->is_read)
		return;
	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++) {
		for (int family = 0; family < IPWL_FAMILY_COUNT; family++) {
			const struct ipwl_traffic *traffic =
			    &counters[IPWL_COUNTER(family, verdict)];

			interface->counts[verdict].packets += traffic->packets;
			interface->counts[verdict].connections += traffic->connections;
		}
	}
}

/* Since when the next look counts. Setting the clock makes no time pass. */
static int64_t trend_from_sec(const struct trend *trend, const struct look *next,
			      double monotonic_sec)
{
	const struct look *last = &trend->last;
	const int64_t passed_sec = (int64_t)(monotonic_sec - trend->last_monotonic_sec + 0.5);
	const int64_t wall_sec = next->at_sec - last->at_sec;

	if (trend->last_monotonic_sec > 0)
		return wall_sec >= passed_sec - 1 && wall_sec <= passed_sec + 1
			   ? last->at_sec
			   : next->at_sec - passed_sec;
	/* While ipwld did not run, the programs have counted. */
	return last->cookie == next->cookie && last->at_sec < next->at_sec ? last->at_sec
									   : next->at_sec;
}

static int trend_take(struct trend *trend)
{
	const struct interfaces *interfaces = &trend->runtime->interfaces;
	const double monotonic_sec = time_monotonic_sec();
	struct look next = {
		.at_sec = time_now_sec(),
		.cookie = datapath_cookie(trend->runtime->datapath),
		.interfaces = calloc(interfaces->count + 1, sizeof(*next.interfaces)),
		.interface_count = interfaces->count,
	};

	if (!next.interfaces)
		return -ENOMEM;
	for (size_t i = 0; i < interfaces->count; i++)
		read_interface(&interfaces->items[i], &next.interfaces[i]);
	look_follow(&trend->last, &next, trend_from_sec(trend, &next, monotonic_sec),
		    &trend->samples);
	trend->last_monotonic_sec = monotonic_sec;
	return 0;
}

const struct samples *trend_look(struct trend *trend, int64_t *ret_now_sec)
{
	trend_take(trend);
	*ret_now_sec = trend->last.at_sec;
	return &trend->samples;
}

/* ---- keep ------------------------------------------------------------------- */

struct keep_task {
	struct engine_task task;
	struct placed_sample *samples;
	size_t count;
	struct look last;
	bool is_kept;
};

static void keep_task_run(struct engine_task *base, struct engine *engine)
{
	struct keep_task *task = (struct keep_task *)base;

	task->is_kept = engine_keep_samples(engine, task->samples, task->count, &task->last);
}

static void keep_task_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct keep_task *task = (const struct keep_task *)base;

	runtime->trend->is_keeping = false;
	if (task->is_kept)
		runtime->trend->kept_sec = task->last.at_sec;
}

static void keep_task_free(struct engine_task *base)
{
	struct keep_task *task = (struct keep_task *)base;

	free(task->samples);
	look_done(&task->last);
	free(task);
}

/* What is not on the disk, and the minute before: a look may have added to it. NULL: out of
 * memory. */
static struct keep_task *keep_task_new(const struct trend *trend)
{
	struct keep_task *task = calloc(1, sizeof(*task));
	const int64_t now_sec = trend->last.at_sec;

	if (!task)
		return NULL;
	task->task.run = keep_task_run;
	task->task.finish = keep_task_finish;
	task->task.free = keep_task_free;
	if (!look_copy(&trend->last, &task->last) &&
	    !samples_copy(&trend->samples,
			  (trend->kept_sec < now_sec ? trend->kept_sec : now_sec) - INTERVAL_SEC,
			  now_sec, &task->samples, &task->count))
		return task;
	keep_task_free(&task->task);
	return NULL;
}

static void trend_keep(struct trend *trend)
{
	struct keep_task *task;

	if (trend->is_keeping || trend->runtime->is_stopping)
		return;
	task = keep_task_new(trend);
	if (!task)
		return;
	trend->is_keeping = true;
	runtime_submit(trend->runtime, &task->task);
}

/* ---- each minute ------------------------------------------------------------ */

static void trend_arm(struct trend *trend)
{
	const int64_t now_sec = time_now_sec();

	alarm_arm(trend->alarm, now_sec - now_sec % INTERVAL_SEC + INTERVAL_SEC);
}

/* The minute is over, or somebody has set the clock. */
static void trend_on_alarm(void *context)
{
	struct trend *trend = context;

	if (!trend_take(trend))
		trend_keep(trend);
	trend_arm(trend);
}

/* Keep the first look at once: if ipwld is killed within its first minute, the next one knows from
 * where to count. */
static void trend_begin(struct trend *trend)
{
	struct keep_task *task;

	engine_load_samples(trend->runtime->engine, &trend->samples, &trend->last);
	trend->kept_sec = trend->last.at_sec;
	if (trend_take(trend))
		return;
	task = keep_task_new(trend);
	if (!task)
		return;
	keep_task_run(&task->task, trend->runtime->engine);
	if (task->is_kept)
		trend->kept_sec = task->last.at_sec;
	keep_task_free(&task->task);
}

int trend_open(struct runtime *runtime, struct trend **ret_trend)
{
	struct trend *trend = calloc(1, sizeof(*trend));
	int err;

	if (!trend)
		return -ENOMEM;
	trend->runtime = runtime;
	err = samples_init(&trend->samples);
	if (!err)
		err = alarm_open(runtime->base, trend_on_alarm, trend, &trend->alarm);
	if (err) {
		samples_done(&trend->samples);
		free(trend);
		return err;
	}
	trend_begin(trend);
	trend_arm(trend);
	*ret_trend = trend;
	return 0;
}

void trend_close(struct trend *trend)
{
	struct keep_task *task;

	if (!trend)
		return;
	alarm_close(trend->alarm);
	task = trend_take(trend) ? NULL : keep_task_new(trend);
	if (task) {
		keep_task_run(&task->task, trend->runtime->engine);
		keep_task_free(&task->task);
	}
	look_done(&trend->last);
	samples_done(&trend->samples);
	free(trend);
}
