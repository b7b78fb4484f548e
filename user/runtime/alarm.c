/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timerfd of the wall clock in the main loop. */
#include "runtime/alarm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct alarm {
	int fd;
	struct event *event;
	void (*on_due)(void *context);
	void *context;
};

void alarm_arm(const struct alarm *alarm, int64_t at_sec)
{
	const struct itimerspec time = { .it_value = { .tv_sec = at_sec } };

	timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &time, NULL);
}

static void alarm_on_event(evutil_socket_t fd, short what, void *context)
{
	const struct alarm *alarm = context;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) >= 0)
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
