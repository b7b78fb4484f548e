/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timerfd of the wall clock in the main loop, which also tells when that clock is set. */
#include "runtime/alarm.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Without a time to wait for, the clock may be set all the same: in the year 2242. */
#define NEVER_SEC (1LL << 33)

struct alarm {
	int fd;
	bool was_set; /* the clock, which nobody has been told */
	struct event *event;
	void (*on_due)(void *context);
	void *context;
};

void alarm_arm(struct alarm *alarm, int64_t at_sec)
{
	const struct itimerspec time = { .it_value = { .tv_sec = at_sec ? at_sec : NEVER_SEC } };

	/* It is armed in any case, but a clock that was set before is told here alone. */
	if (!timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &time, NULL) ||
	    errno != ECANCELED)
		return;
	alarm->was_set = true;
	event_active(alarm->event, EV_READ, 0);
}

static void alarm_on_event(evutil_socket_t fd, short what, void *context)
{
	struct alarm *alarm = context;
	bool was_set = alarm->was_set;
	uint64_t count;

	(void)what;
	alarm->was_set = false;
	/* ECANCELED: the clock was set, so anything may be due, or not be any more. */
	if (read(fd, &count, sizeof(count)) >= 0 || errno == ECANCELED || was_set)
		alarm->on_due(alarm->context);
}

static int alarm_watch(struct alarm *alarm, struct event_base *base)
{
	alarm->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (alarm->fd < 0)
		return -errno;
	alarm->event = event_new(base, alarm->fd, EV_READ | EV_PERSIST, alarm_on_event, alarm);
	return alarm->event && !event_add(alarm->event, NULL) ? 0 : -ENOMEM;
}

int alarm_open(struct event_base *base, void (*on_due)(void *context), void *context,
	       struct alarm **ret_alarm)
{
	struct alarm *alarm = calloc(1, sizeof(*alarm));
	int err;

	if (!alarm)
		return -ENOMEM;
	alarm->on_due = on_due;
	alarm->context = context;
	err = alarm_watch(alarm, base);
	if (err) {
		alarm_close(alarm);
		return err;
	}
	*ret_alarm = alarm;
	return 0;
}

void alarm_close(struct alarm *alarm)
{
	if (!alarm)
		return;
	if (alarm->event)
		event_free(alarm->event);
	if (alarm->fd >= 0)
		close(alarm->fd);
	free(alarm);
}
