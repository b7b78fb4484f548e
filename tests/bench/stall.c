/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that ought to wake up in time. */
#include "stall.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

#define INTERVAL_NS 200000
#define PRIORITY 10

struct watcher {
	pthread_t thread;
	double longest_ns; /* read when the thread has ended */
};

static struct watcher *watchers;
static long count;
static atomic_bool must_stop;

static double ns_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) * 1e9 + (double)(to->tv_nsec - from->tv_nsec);
}

static void *watch(void *context)
{
	struct watcher *watcher = context;
	struct timespec due, now;

	clock_gettime(CLOCK_MONOTONIC, &due);
	while (!atomic_load(&must_stop)) {
		double late_ns;

		due.tv_nsec += INTERVAL_NS;
		due.tv_sec += due.tv_nsec / 1000000000;
		due.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		late_ns = ns_between(&due, &now);
		if (late_ns > watcher->longest_ns)
			watcher->longest_ns = late_ns;
		due = now;
	}
	return NULL;
}

static void start_watcher(struct watcher *watcher, long cpu)
{
	struct sched_param priority = { .sched_priority = PRIORITY };
	pthread_attr_t attributes;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &priority);
	errno = pthread_create(&watcher->thread, &attributes, watch, watcher);
	if (errno)
		die("cannot watch CPU %ld with real-time priority: %m", cpu);
	pthread_attr_destroy(&attributes);
}

void stall_start(void)
{
	count = sysconf(_SC_NPROCESSORS_ONLN);
	watchers = calloc((size_t)count, sizeof(watchers[0]));
	if (!watchers)
		die("out of memory");
	atomic_store(&must_stop, false);
	for (long cpu = 0; cpu < count; cpu++)
		start_watcher(&watchers[cpu], cpu);
}

double stall_stop_ms(void)
{
	double longest_ns = 0;

	atomic_store(&must_stop, true);
	for (long cpu = 0; cpu < count; cpu++) {
		pthread_join(watchers[cpu].thread, NULL);
		if (watchers[cpu].longest_ns > longest_ns)
			longest_ns = watchers[cpu].longest_ns;
	}
	free(watchers);
	return longest_ns / 1e6;
}
