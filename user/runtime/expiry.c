/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timerfd of the wall clock: setting that clock moves the time of expiry. */
#include "runtime/expiry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "runtime/runtime.h"

/* How soon an expiry that failed is tried again. */
#define RETRY_SEC 5

struct expiry {
	struct runtime *runtime;
	int fd;
	struct event *event;
	bool is_expiring; /* a task is with the worker */
};

void expiry_arm(const struct expiry *expiry, int64_t at_sec)
{
	const struct itimerspec time = { .it_value = { .tv_sec = at_sec } };

	timerfd_settime(expiry->fd, TFD_TIMER_ABSTIME, &time, NULL);
}

static void expiry_finish(struct runtime *runtime, struct job *job)
{
	struct expiry *expiry = runtime->expiry;

	expiry->is_expiring = false;
	if (!job->outcome)
		return;
	log_error("engine", "%s", job->message);
	expiry_arm(expiry, time_now_sec() + RETRY_SEC);
}

static void expiry_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct expiry *expiry = context;
	uint64_t count;
	struct job *job;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0 || expiry->is_expiring)
		return;
	job = job_new(JOB_EXPIRE, expiry_finish, NULL);
	if (!job) {
		expiry_arm(expiry, time_now_sec() + RETRY_SEC);
		return;
	}
	expiry->is_expiring = true;
	runtime_submit_job(expiry->runtime, job);
}

static int expiry_watch(struct expiry *expiry)
{
	expiry->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (expiry->fd < 0)
		return -errno;
	expiry->event = event_new(expiry->runtime->base, expiry->fd, EV_READ | EV_PERSIST,
				  expiry_on_timer, expiry);
	return expiry->event && !event_add(expiry->event, NULL) ? 0 : -ENOMEM;
}

int expiry_open(struct runtime *runtime, struct expiry **ret_expiry)
{
	struct expiry *expiry = calloc(1, sizeof(*expiry));
	int err;

	if (!expiry)
		return -ENOMEM;
	expiry->runtime = runtime;
	err = expiry_watch(expiry);
	if (err) {
		expiry_close(expiry);
		return err;
	}
	expiry_arm(expiry, runtime->snapshot->next_expiry_sec);
	*ret_expiry = expiry;
	return 0;
}

void expiry_close(struct expiry *expiry)
{
	if (!expiry)
		return;
	if (expiry->event)
		event_free(expiry->event);
	if (expiry->fd >= 0)
		close(expiry->fd);
	free(expiry);
}
