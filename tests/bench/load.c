/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lists take without a daemon: each step of loading and changing them, the
 * kernel's memory, and how long the kernel holds a CPU for it, until all of what was
 * there before is freed.
 */
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "machine.h"
#include "memory.h"
#include "report.h"
#include "stall.h"
#include "tables.h"

/* At a million prefixes. */
#define GOAL_SIZE 1000000
#define GOAL_LOAD_MS 2000
#define GOAL_CHANGE_MS 300
#define GOAL_BYTES 48
#define GOAL_HELD_MS 10

#define IDLE_SEC 2

static void report_times(const struct load_times *times, const char *apply, bool has_goal,
			 double goal_ms)
{
	report_value("read the list files", times->read * 1000, "ms", NO_GOAL);
	report_value("number the rules", times->number * 1000, "ms", NO_GOAL);
	report_value(apply, times->apply * 1000, "ms", NO_GOAL);
	report_value("from list files to in force", load_times_sum(times) * 1000, "ms",
		     has_goal ? AT_MOST(goal_ms) : NO_GOAL);
}

/* The larger of the two is judged. */
static void report_memory(const struct memory *before, const struct memory *after, size_t count,
			  bool has_goal)
{
	double kernel = (after->kernel - before->kernel) / (double)count;
	double maps = after->maps / (double)count;
	double others = (after->used - before->used - (after->own - before->own)) / (double)count;
	struct goal goal = has_goal ? AT_MOST(GOAL_BYTES) : NO_GOAL;

	report_value("growth of slab, percpu and vmalloc, a prefix", kernel, "bytes",
		     kernel >= maps ? goal : NO_GOAL);
	report_value("maps by the kernel's account, a prefix", maps, "bytes",
		     kernel >= maps ? NO_GOAL : goal);
	report_value("growth of what is not available, less ipwl's own, a prefix", others, "bytes",
		     NO_GOAL);
	report_value("maps that were made", after->count, "", NO_GOAL);
}

/* Go on watching until the kernel has freed what was replaced. */
static void stop_watching(const char *what, struct goal goal)
{
	memory_now(0);
	stall_stop(what, goal);
}

static void measure_size(size_t size)
{
	bool has_goal = size == GOAL_SIZE;
	struct goal goal_held = has_goal ? AT_MOST(GOAL_HELD_MS) : NO_GOAL;
	struct bench_datapath bench = { .bpffs_dir = "" };
	struct policy *loaded, *changed, *again;
	struct prefix_list list = { .count = 0 };
	struct memory before, after;
	struct list_files files;
	struct load_times times;
	char title[96];
	size_t count;

	lists_make(size, &list, &files);
	count = list.count;
	lists_done(&list);
	bench_datapath_open(&bench, "load");
	before = memory_now(0);

	snprintf(title, sizeof(title), "load %zu prefixes", size);
	report_section(title, "");
	stall_start();
	bench_policy_load(&bench, files.allow, files.block, NULL, &loaded, &times);
	report_times(&times, "fill the kernel's tables", has_goal, GOAL_LOAD_MS);
	stop_watching("longest time a CPU was held", NO_GOAL);
	after = memory_now(before.last);
	report_memory(&before, &after, count, has_goal);

	snprintf(title, sizeof(title), "change 1 %% of %zu prefixes", size);
	report_section(title, "");
	stall_start();
	bench_policy_load(&bench, files.allow, files.changed_block, loaded, &changed, &times);
	report_times(&times, "change the kernel's tables", has_goal, GOAL_CHANGE_MS);
	stop_watching("longest time a CPU was held", goal_held);
	policy_free(loaded);

	/* As after a restart, when it is not known what the kernel holds. */
	snprintf(title, sizeof(title), "replace all of %zu prefixes, and release them", size);
	report_section(title, "");
	stall_start();
	bench_policy_replace(&bench, files.allow, files.block, changed, &again, &times);
	report_value("from list files to in force", load_times_sum(&times) * 1000, "ms", NO_GOAL);
	stop_watching("longest time a CPU was held, replacing", goal_held);
	stall_start();
	bench_datapath_close(&bench);
	stop_watching("longest time a CPU was held, releasing", goal_held);
	policy_free(changed);
	policy_free(again);
	lists_remove(&files);
}

void load_measure(const struct bench_options *options)
{
	static const size_t sizes[] = { 1000, 30000, GOAL_SIZE };

	machine_unpin();
	report_section("nothing at all", "");
	stall_start();
	sleep(options->is_quick ? 1 : IDLE_SEC);
	stall_stop("longest time a CPU was held", NO_GOAL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i] <= options->size_max)
			measure_size(sizes[i]);
}
