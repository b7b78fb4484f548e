/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real ipwld with lists: its start, its memory, /metrics, single entries added and deleted
 * through the control socket, and reloads during which /metrics is scraped.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "http.h"
#include "ipwld.h"
#include "machine.h"
#include "memory.h"
#include "report.h"
#include "scrape.h"
#include "stall.h"

#define MEGABYTE 1e6

#define CHANGES 20
#define RELOADS 6
#define SCRAPES 50

/* By size: megabytes; milliseconds where a million is loaded. */
#define GOAL_SMALL_MB 15
#define GOAL_LARGE_MB 200
#define GOAL_ADD_MS 50
#define GOAL_RELOAD_MS 300
#define GOAL_SCRAPE_MS 50
#define GOAL_BUSY_SCRAPE_MS 100
#define GOAL_HELD_MS 10
#define GOAL_SIZE 1000000
/* Ten million: seconds, megabytes. */
#define LARGE_SIZE 10000000
#define GOAL_LARGE_START_MS 12000
#define GOAL_LARGE_KERNEL_MB 480

struct trial {
	size_t size;
	double memory_goal; /* 0: none */
};

static const struct trial large = { LARGE_SIZE, 0 };

static const struct trial trials[] = { { 1000, GOAL_SMALL_MB },
				       { 30000, 0 },
				       { GOAL_SIZE, GOAL_LARGE_MB } };

static struct goal at_most_if(bool has_goal, double limit)
{
	return has_goal ? AT_MOST(limit) : NO_GOAL;
}

static void report_memory(const struct ipwld *ipwld, const struct trial *trial)
{
	sleep(1);
	report_value("resident memory", memory_of_process(ipwld->pid, "VmRSS:") / MEGABYTE, "MB",
		     at_most_if(trial->memory_goal > 0, trial->memory_goal));
	report_value("most resident memory", memory_of_process(ipwld->pid, "VmHWM:") / MEGABYTE,
		     "MB", NO_GOAL);
}

static void measure_scrapes(bool has_goal)
{
	double times[SCRAPES];

	for (size_t i = 0; i < SCRAPES; i++) {
		double start = now_sec();

		if (!http_get(IPWLD_METRICS_PORT, "/metrics"))
			die("/metrics is empty");
		times[i] = (now_sec() - start) * 1000;
	}
	report_value("scrape of /metrics, longest of 50", largest(times, SCRAPES), "ms",
		     at_most_if(has_goal, GOAL_SCRAPE_MS));
	report_value("scrape of /metrics, median", median(times, SCRAPES), "ms", NO_GOAL);
}

/* ---- single entries ------------------------------------------------------ */

static void check_verdict(const struct ipwld *ipwld, const char *address, const char *expected)
{
	json_t *answer = http_control(ipwld->socket, "POST", "/v1/test",
				      json_pack("{s:[s]}", "addresses", address));
	const char *verdict = NULL;

	if (json_unpack(answer, "{s:[{s:s}]}", "results", "verdict", &verdict) ||
	    strcmp(verdict, expected))
		die("%s should be %s, but ipwld has it as %s", address, expected,
		    verdict ? verdict : "nothing");
	json_decref(answer);
}

static double add_ms(const struct ipwld *ipwld, const char *address)
{
	double start = now_sec();

	json_decref(http_control(ipwld->socket, "POST", "/v1/entries",
				 json_pack("{s:s, s:s, s:s}", "list", "block", "prefix", address,
					   "reason", "benchmark")));
	return (now_sec() - start) * 1000;
}

static double delete_ms(const struct ipwld *ipwld, const char *address)
{
	char target[128];
	double start;

	snprintf(target, sizeof(target), "/v1/entries?list=block&prefix=%s", address);
	start = now_sec();
	json_decref(http_control(ipwld->socket, "DELETE", target, NULL));
	return (now_sec() - start) * 1000;
}

/* @others: prefixes that are in no list. */
static void measure_entries(const struct ipwld *ipwld, const struct prefix_list *list,
			    bool has_goal)
{
	double added[CHANGES], deleted[CHANGES];

	for (size_t i = 0; i < CHANGES; i++) {
		/* In 240.0.0.0/4, where nothing is listed. */
		struct prefix address = { .family = FAMILY_IPV4, .len = 32 };
		char text[PREFIX_TEXT_BYTES];

		prefix_set_number(&address, 0xf0000001U + (i << 16));
		if (lists_covers(list, &address))
			die("%s is listed", prefix_format_short(&address, text));
		prefix_format_short(&address, text);
		added[i] = add_ms(ipwld, text);
		check_verdict(ipwld, text, "block");
		deleted[i] = delete_ms(ipwld, text);
		check_verdict(ipwld, text, "unlisted");
	}
	report_value("add an entry, longest of 20", largest(added, CHANGES), "ms", NO_GOAL);
	report_value("add an entry, median", median(added, CHANGES), "ms",
		     at_most_if(has_goal, GOAL_ADD_MS));
	report_value("delete an entry, longest of 20", largest(deleted, CHANGES), "ms", NO_GOAL);
	report_value("delete an entry, median", median(deleted, CHANGES), "ms",
		     at_most_if(has_goal, GOAL_ADD_MS));
}

/* ---- reloads ------------------------------------------------------------- */

/* @changed: how many entries, at least, the reload has to add and to remove. */
static double reload_ms(const struct ipwld *ipwld, const char *block, long long changed)
{
	double start = now_sec(), ms;
	json_int_t added = 0, removed = 0;
	json_t *answer;

	ipwld_use_block_list(block);
	answer = http_control(ipwld->socket, "POST", "/v1/reload", NULL);
	ms = (now_sec() - start) * 1000;
	if (json_unpack(answer, "{s:I, s:I}", "added", &added, "removed", &removed) ||
	    added < changed || removed < changed)
		die("a reload should change %lld entries, but changed %lld and %lld", changed,
		    (long long)added, (long long)removed);
	json_decref(answer);
	return ms;
}

static void measure_reloads(const struct ipwld *ipwld, const struct list_files *files,
			    size_t prefix_count, bool has_goal)
{
	/* One in a hundred, but for those of them that would be in the allow list. */
	long long changed = (long long)prefix_count / 100;
	double times[RELOADS], longest_ms;
	size_t scrapes;

	scrape_start(IPWLD_METRICS_PORT);
	stall_start();
	for (size_t i = 0; i < RELOADS; i++)
		times[i] = reload_ms(ipwld, i % 2 ? files->block : files->changed_block, changed);
	longest_ms = scrape_stop_ms(&scrapes);
	stall_stop("longest time a CPU was held meanwhile", at_most_if(has_goal, GOAL_HELD_MS));
	report_value("reload that changes 1 %, longest", largest(times, RELOADS), "ms", NO_GOAL);
	report_value("reload that changes 1 %, median", median(times, RELOADS), "ms",
		     at_most_if(has_goal, GOAL_RELOAD_MS));
	report_value("longest scrape of /metrics meanwhile", longest_ms, "ms",
		     at_most_if(has_goal, GOAL_BUSY_SCRAPE_MS));
	report_value("scrapes meanwhile", (double)scrapes, "", NO_GOAL);
}

/* Start ipwld, and say what it needs for that. */
static void measure_start(const struct bench_options *options, const struct trial *trial,
			  const struct list_files *files, struct ipwld *ret_ipwld)
{
	const struct memory before = memory_now(0);
	const bool is_large = trial->size == LARGE_SIZE;
	struct memory after;

	ipwld_start(options->ipwld, files, ret_ipwld);
	after = memory_now(before.last);
	report_value("until it is ready", ret_ipwld->ready_sec * 1000, "ms",
		     at_most_if(is_large, GOAL_LARGE_START_MS));
	report_value("kernel memory, maps by the kernel's account", after.maps / MEGABYTE, "MB",
		     at_most_if(is_large, GOAL_LARGE_KERNEL_MB));
	report_memory(ret_ipwld, trial);
}

static void measure_trial(const struct bench_options *options, const struct trial *trial)
{
	bool has_goal = trial->size == GOAL_SIZE;
	struct prefix_list list = { .count = 0 };
	struct list_files files;
	struct ipwld ipwld = { .pid = 0 };
	char title[96];

	snprintf(title, sizeof(title), "ipwld with %zu prefixes", trial->size);
	report_section(title, "");
	lists_make(trial->size, &list, &files);
	lists_index(&list);
	measure_start(options, trial, &files, &ipwld);
	measure_scrapes(has_goal);
	measure_entries(&ipwld, &list, has_goal);
	measure_reloads(&ipwld, &files, list.count, has_goal);
	sleep(1);
	report_value("resident memory after the reloads",
		     memory_of_process(ipwld.pid, "VmRSS:") / MEGABYTE, "MB",
		     at_most_if(trial->memory_goal > 0, trial->memory_goal));
	report_value("most resident memory in the end",
		     memory_of_process(ipwld.pid, "VmHWM:") / MEGABYTE, "MB", NO_GOAL);
	ipwld_stop(&ipwld);
	lists_remove(&files);
	lists_done(&list);
}

static void prepare(const struct bench_options *options)
{
	if (!options->ipwld)
		die("say where ipwld is: --ipwld PROGRAM");
	machine_unpin();
}

void large_measure(const struct bench_options *options)
{
	prepare(options);
	/* Shows in a test that the section works. */
	measure_trial(options, options->is_quick ? &trials[0] : &large);
}

void daemon_measure(const struct bench_options *options)
{
	prepare(options);
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++)
		if (trials[i].size <= options->size_max)
			measure_trial(options, &trials[i]);
}
