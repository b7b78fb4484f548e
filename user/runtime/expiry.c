/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timerfd of the wall clock: setting that clock moves the time of expiry. */
#include "runtime/expiry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/expiry.h"
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

static void expiry_task_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct expiry_task *task = (const struct expiry_task *)base;
	struct expiry *expiry = runtime->expiry;

	expiry->is_expiring = false;
	if (!task->err)
		return;
	log_error("engine", "expired entries are still in force: %s", task->error);
	expiry_arm(expiry, time_now_sec() + RETRY_SEC);
}

static void expiry_task_free(struct engine_task *task)
{
	free(task);
}

static void expiry_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct expiry *expiry = context;
	struct expiry_task *task;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0 || expiry->is_expiring)
		return;
	task = calloc(1, sizeof(*task));
	if (!task) {
		expiry_arm(expiry, time_now_sec() + RETRY_SEC);
		return;
	}
	task->task.run = expiry_task_run;
	task->task.finish = expiry_task_finish;
	task->task.free = expiry_task_free;
	expiry->is_expiring = true;
	runtime_submit(expiry->runtime, &task->task);
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
