/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that ought to wake up in time. */
#include "stall.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "report.h"
#include "stall.skel.h"
#include "stall_abi.h"

#define INTERVAL_NS 200000
#define PRIORITY 10

struct watcher {
	pthread_t thread;
	double longest_ns; /* read when the thread has ended */
	struct stall_before before;
};

static struct stall_bpf *notes;
static struct watcher *watchers;
static long count;
static atomic_bool must_stop;

static double ns_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) * 1e9 + (double)(to->tv_nsec - from->tv_nsec);
}

static void note(struct watcher *watcher, uint32_t thread, double late_ns)
{
	if (late_ns <= watcher->longest_ns)
		return;
	watcher->longest_ns = late_ns;
	if (bpf_map_lookup_elem(bpf_map__fd(notes->maps.before), &thread, &watcher->before))
		die("cannot read who ran before: %m");
}

static void *watch(void *context)
{
	struct watcher *watcher = context;
	uint32_t thread = (uint32_t)gettid();
	struct timespec due, now;

	if (bpf_map_update_elem(bpf_map__fd(notes->maps.before), &thread, &watcher->before, 0))
		die("cannot note who runs: %m");

	clock_gettime(CLOCK_MONOTONIC, &due);
	while (!atomic_load(&must_stop)) {
		due.tv_nsec += INTERVAL_NS;
		due.tv_sec += due.tv_nsec / 1000000000;
		due.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		note(watcher, thread, ns_between(&due, &now));
		clock_gettime(CLOCK_MONOTONIC, &due);
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

static void load_notes(void)
{
	notes = stall_bpf__open_and_load();
	if (!notes)
		die("cannot load what notes the threads that run");
	notes->bss->watcher_tgid = (uint32_t)getpid();
	if (stall_bpf__attach(notes))
		die("cannot note the threads that run: %m");
}

void stall_start(void)
{
	load_notes();
	count = sysconf(_SC_NPROCESSORS_ONLN);
	watchers = calloc((size_t)count, sizeof(watchers[0]));
	if (!watchers || count > STALL_CPUS_MAX)
		die("cannot watch %ld CPUs", count);
	atomic_store(&must_stop, false);
	for (long cpu = 0; cpu < count; cpu++)
		start_watcher(&watchers[cpu], cpu);
}

void stall_stop(const char *what, struct goal goal)
{
	const struct watcher *latest = watchers;
	char text[128];

	atomic_store(&must_stop, true);
	for (long cpu = 0; cpu < count; cpu++) {
		pthread_join(watchers[cpu].thread, NULL);
		if (watchers[cpu].longest_ns > latest->longest_ns)
			latest = &watchers[cpu];
	}
	snprintf(text, sizeof(text), "%s (%s)", what, latest->before.name);
	report_value(text, latest->longest_ns / 1e6, "ms", goal);
	stall_bpf__destroy(notes);
	free(watchers);
}
