/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timer of the wall clock: setting that clock moves the time at which it goes off. */
#ifndef RUNTIME_ALARM_H
#define RUNTIME_ALARM_H

#include <event2/event.h>
#include <stdint.h>

struct alarm;

/* Call @on_due in the loop of @base each time the alarm goes off, and each time somebody sets
 * the clock. Return: 0 or -errno. */
int alarm_open(struct event_base *base, void (*on_due)(void *context), void *context,
	       struct alarm **ret_alarm);
/* NULL is fine. */
void alarm_close(struct alarm *alarm);

/* Go off at that time, in seconds since 1970; 0: never, unless the clock is set. */
void alarm_arm(struct alarm *alarm, int64_t at_sec);

#endif
