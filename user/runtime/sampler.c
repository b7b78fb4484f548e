/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads hits step by step. The next step is requested when one is done, so that other tasks of
 * the worker can run in between. */
#include "runtime/sampler.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "engine/expiring.h"
#include "engine/sample.h"
#include "runtime/runtime.h"

struct sampler {
	struct runtime *runtime;
	struct event *timer;
	bool is_looking; /* a task is with the worker */
};

static void sampler_arm(struct sampler *sampler, int64_t delay_sec)
{
	const struct timeval delay = { .tv_sec = delay_sec };

	evtimer_add(sampler->timer, &delay);
}

static int64_t sampler_interval_sec(const struct sampler *sampler)
{
	return sampler->runtime->snapshot->config->history.sample_sec;
}

/* A step of the look, in the worker. */
struct sample_task {
	struct engine_task task;
	bool is_complete;
	struct expiring expiring;
};

static void sample_task_run(struct engine_task *base, struct engine *engine)
{
	struct sample_task *task = (struct sample_task *)base;

	task->is_complete = engine_sample(engine);
	if (task->is_complete)
		engine_find_expiring(engine, EXPIRING_SEC, &task->expiring);
}

static void sample_task_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct sample_task *task = (const struct sample_task *)base;
	struct sampler *sampler = runtime->sampler;

	sampler->is_looking = false;
	if (task->is_complete)
		runtime->expiring = task->expiring;
	sampler_arm(sampler, task->is_complete ? sampler_interval_sec(sampler) : 0);
}

static void sample_task_free(struct engine_task *task)
{
	free(task);
}

static void sampler_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct sampler *sampler = context;
	struct sample_task *task;

	(void)fd;
	(void)what;
	if (sampler->runtime->is_stopping || sampler->is_looking)
		return;
	task = calloc(1, sizeof(*task));
	if (!task) {
		sampler_arm(sampler, sampler_interval_sec(sampler));
		return;
	}
	task->task.run = sample_task_run;
	task->task.finish = sample_task_finish;
	task->task.free = sample_task_free;
	sampler->is_looking = true;
	runtime_submit(sampler->runtime, &task->task);
}

int sampler_open(struct runtime *runtime, struct sampler **ret_sampler)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));

	if (!sampler)
		return -ENOMEM;
	sampler->runtime = runtime;
	sampler->timer = evtimer_new(runtime->base, sampler_on_timer, sampler);
	if (!sampler->timer) {
		free(sampler);
		return -ENOMEM;
	}
	sampler_arm(sampler, 0);
	*ret_sampler = sampler;
	return 0;
}

void sampler_close(struct sampler *sampler)
{
	if (!sampler)
		return;
	event_free(sampler->timer);
	free(sampler);
}

void sampler_reconfigure(struct sampler *sampler)
{
	if (!sampler->is_looking)
		sampler_arm(sampler, sampler_interval_sec(sampler));
}
