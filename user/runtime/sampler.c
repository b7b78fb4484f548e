/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at hits step by step: the next step is asked for when one is done, so that
 * what else the worker has to do comes between. */
#include "runtime/sampler.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "runtime/runtime.h"

struct sampler {
	struct runtime *runtime;
	struct event *timer;
	bool is_looking; /* a job is with the worker */
};

static void arm(struct sampler *sampler, int64_t delay_sec)
{
	const struct timeval delay = { .tv_sec = delay_sec };

	evtimer_add(sampler->timer, &delay);
}

static int64_t interval_sec(const struct sampler *sampler)
{
	return sampler->runtime->snapshot->config->history.sample_sec;
}

static void finish_step(struct runtime *runtime, struct job *job)
{
	struct sampler *sampler = job->context;

	(void)runtime;
	sampler->is_looking = false;
	arm(sampler, job->is_incomplete ? 0 : interval_sec(sampler));
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct sampler *sampler = context;
	struct job *job;

	(void)fd;
	(void)what;
	if (sampler->runtime->is_stopping || sampler->is_looking)
		return;
	job = job_new(JOB_SAMPLE, finish_step, sampler);
	if (!job) {
		arm(sampler, interval_sec(sampler));
		return;
	}
	sampler->is_looking = true;
	runtime_submit_job(sampler->runtime, job);
}

int sampler_open(struct runtime *runtime, struct sampler **ret_sampler)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));

	if (!sampler)
		return -ENOMEM;
	sampler->runtime = runtime;
	sampler->timer = evtimer_new(runtime->base, on_timer, sampler);
	if (!sampler->timer) {
		free(sampler);
		return -ENOMEM;
	}
	arm(sampler, 0);
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
		arm(sampler, interval_sec(sampler));
}
