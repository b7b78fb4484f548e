/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The alarm goes off at its time, and when the clock is set, however the kernel reports that. */
#include "runtime/alarm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

static int fake_fd = -1;
static int read_error, arm_error; /* of the next call; 0: none */
static int64_t armed_sec;
static int armed_flags;

/* ---- these stand before libc's --------------------------------------------- */

/* Its names of the parameters are reserved to it.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,
 *             readability-non-const-parameter) */

int timerfd_create(clockid_t clock, int flags)
{
	assert_int_equal(clock, CLOCK_REALTIME);
	assert_int_equal(flags, TFD_CLOEXEC | TFD_NONBLOCK);
	fake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return fake_fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *time, struct itimerspec *old)
{
	assert_int_equal(fd, fake_fd);
	assert_null(old);
	armed_flags = flags;
	armed_sec = time->it_value.tv_sec;
	errno = arm_error;
	arm_error = 0;
	return errno ? -1 : 0;
}

ssize_t read(int fd, void *buffer, size_t count)
{
	ssize_t bytes = syscall(SYS_read, fd, buffer, count);

	if (fd != fake_fd || !read_error)
		return bytes;
	errno = read_error;
	read_error = 0;
	return -1;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name,
 *           readability-non-const-parameter) */

/* ---- tests ------------------------------------------------------------------ */

static size_t due_count;

static void count_due(void *context)
{
	(void)context;
	due_count++;
}

/* Have the kernel say something, let the loop look, and return how often it was due. */
static size_t due_after_event(struct event_base *base, int error)
{
	const uint64_t one = 1;

	due_count = 0;
	read_error = error;
	assert_int_equal(write(fake_fd, &one, sizeof(one)), sizeof(one));
	event_base_loop(base, EVLOOP_NONBLOCK);
	return due_count;
}

static void test_alarm(void **state)
{
	struct event_base *base = event_base_new();
	struct alarm *alarm = NULL;

	(void)state;
	assert_non_null(base);
	assert_int_equal(alarm_open(base, count_due, NULL, &alarm), 0);
	alarm_arm(alarm, 4711);
	assert_int_equal(armed_sec, 4711);
	assert_int_equal(armed_flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	assert_int_equal(due_after_event(base, 0), 1);
	assert_int_equal(due_after_event(base, ECANCELED), 1);
	assert_int_equal(due_after_event(base, EAGAIN), 0);
	/* One that is not armed is told nothing. */
	alarm_arm(alarm, 0);
	assert_true(armed_sec > 4711 && armed_sec < INT64_MAX / 1000000000);
	assert_int_equal(due_after_event(base, ECANCELED), 1);
	/* The clock was set before it was armed anew. */
	due_count = 0;
	arm_error = ECANCELED;
	alarm_arm(alarm, 4712);
	assert_int_equal(armed_sec, 4712);
	assert_int_equal(due_count, 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(due_count, 1);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(due_count, 1);
	alarm_close(alarm);
	event_base_free(base);
	libevent_global_shutdown();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_alarm) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
