/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision with its counts costs, and the whole XDP program around it, by the
 * size and kind of the list and of the sources. Net: less the same harness that draws
 * the source but looks nothing up.
 */
#include <stdio.h>

#include <bpf/libbpf.h>

#include "decide.skel.h"
#include "driver.skel.h"
#include "machine.h"
#include "report.h"
#include "sources.h"
#include "sources_abi.h"
#include "tables.h"
#include "testrun.h"

/* One in so many prefixes is allowed, the others are blocked. */
#define ALLOW_EVERY 10

struct trial {
	enum family family;
	size_t size;
	double goal_ns; /* of the decision, net */
};

static const struct trial trials[] = {
	{ FAMILY_IPV4, 1000, 15 }, { FAMILY_IPV4, 30000, 25 },	{ FAMILY_IPV4, 1000000, 110 },
	{ FAMILY_IPV6, 1000, 40 }, { FAMILY_IPV6, 100000, 90 },
};

/* The sources whose decisions the goals are for, by family. Those for listed IPv4 sources are for
 * packets on the wire. */
static const bool has_goal[FAMILY_COUNT][SOURCE_KIND_COUNT] = {
	[FAMILY_IPV4] = { [SOURCE_KIND_ANY] = true },
	[FAMILY_IPV6] = { [SOURCE_KIND_NEAR] = true },
};

struct harness {
	const struct bench_options *options;
	const struct trial *trial;
	struct bench_datapath bench;
	struct driver_bpf *driver; /* draws and hands on to a whole program */
	struct decide_bpf *decide; /* draws and decides */
};

static void open_harness(struct harness *harness)
{
	struct bpf_program *program = NULL;

	bench_datapath_open(&harness->bench, "decision");
	harness->driver = driver_bpf__open();
	harness->decide = decide_bpf__open();
	if (!harness->driver || !harness->decide)
		die("cannot open the harness");
	/* A tail call wants both programs with frags or both without. */
	while ((program = bpf_object__next_program(harness->driver->obj, program)))
		bpf_program__set_flags(program, bench_datapath_program_flags(&harness->bench));
	if (driver_bpf__load(harness->driver))
		die("cannot load the driver");
	bench_datapath_share(&harness->bench, harness->decide->obj);
	if (bpf_map__reuse_fd(harness->decide->maps.sources,
			      bpf_map__fd(harness->driver->maps.sources)) ||
	    decide_bpf__load(harness->decide))
		die("cannot load the decision");
}

static void close_harness(struct harness *harness)
{
	decide_bpf__destroy(harness->decide);
	driver_bpf__destroy(harness->driver);
	bench_datapath_close(&harness->bench);
}

/* The runners: the decision and its baseline, the whole program and its baseline. */
static void fill_runners(const struct harness *harness, struct runner runners[4])
{
	bool is4 = harness->trial->family == FAMILY_IPV4;
	const struct decide_bpf *decide = harness->decide;
	const struct driver_bpf *driver = harness->driver;
	int draw = bpf_program__fd(is4 ? driver->progs.draw4 : driver->progs.draw6);
	int tails = bpf_map__fd(driver->maps.next);

	runners[0].program = bpf_program__fd(is4 ? decide->progs.decide4 : decide->progs.decide6);
	runners[1].program = bpf_program__fd(is4 ? decide->progs.pick4 : decide->progs.pick6);
	runners[2] = (struct runner) { draw, bench_datapath_program(&harness->bench), tails };
	runners[3] = (struct runner) { draw, bpf_program__fd(driver->progs.empty), tails };
}

/* Walk through all sources once: as many must be unlisted as are. */
static void check_verdicts(const struct harness *harness, const struct runner *decide,
			   const struct packet *packet, double listed)
{
	size_t count = harness->trial->family == FAMILY_IPV4 ? SOURCES4 : SOURCES6;
	const uint64_t *verdicts = (const uint64_t *)harness->decide->bss->verdicts;
	size_t expected = count - (size_t)(listed * (double)count + 0.5);
	uint64_t before = verdicts[IPWL_UNLISTED];

	testrun(decide, packet, count);
	if (verdicts[IPWL_UNLISTED] - before != expected)
		die("of %zu sources %zu are unlisted, but ipwl takes %llu for that", count,
		    expected, (unsigned long long)(verdicts[IPWL_UNLISTED] - before));
}

static void measure_kind(const struct harness *harness, const struct prefix_list *list,
			 enum source_kind kind)
{
	bool is4 = harness->trial->family == FAMILY_IPV4;
	struct packet packet =
	    testrun_packet(is4 ? "192.0.2.1" : "2001:db8::1", 25, TCP_SYN, false);
	struct goal goal =
	    has_goal[harness->trial->family][kind] ? AT_MOST(harness->trial->goal_ns) : NO_GOAL;
	struct runner runners[4] = { { .program = -1 } };
	char what[80];
	double ns[4], listed;

	listed = sources_fill(harness->driver->maps.sources, harness->trial->family, kind, list);
	fill_runners(harness, runners);
	check_verdicts(harness, &runners[0], &packet, listed);
	testrun_compare(harness->options, runners, 4, &packet, ns);
	snprintf(what, sizeof(what), "decision, %s sources (%.1f %% listed)",
		 source_kind_names[kind], listed * 100);
	report_net(what, ns[0], ns[1], goal);
	snprintf(what, sizeof(what), "whole program, %s sources", source_kind_names[kind]);
	report_net(what, ns[2], ns[3], NO_GOAL);
}

static void measure_trial(struct harness *harness, enum distribution distribution)
{
	const struct trial *trial = harness->trial;
	struct prefix_list list = { .count = 0 };
	struct policy *loaded;
	struct load_times times;
	struct list_files files;
	char title[96];

	snprintf(title, sizeof(title), "IPv%d, %zu prefixes, %s",
		 trial->family == FAMILY_IPV4 ? 4 : 6, trial->size,
		 distribution_names[distribution]);
	report_section(title, "   ipwl ns   draw ns    net ns");
	lists_append(&list, trial->family, distribution, trial->size, 0);
	lists_index(&list);
	lists_write(&list, NULL, ALLOW_EVERY, &files);
	open_harness(harness);
	bench_policy_load(&harness->bench, files.allow, files.block, NULL, &loaded, &times);
	if (trial->family == FAMILY_IPV4)
		measure_kind(harness, &list, SOURCE_KIND_ANY);
	measure_kind(harness, &list, SOURCE_KIND_LISTED);
	measure_kind(harness, &list, SOURCE_KIND_NEAR);
	policy_free(loaded);
	close_harness(harness);
	lists_remove(&files);
	lists_done(&list);
}

void decision_measure(const struct bench_options *options)
{
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		struct harness harness = { .options = options, .trial = &trials[i] };

		if (trials[i].size > options->size_max)
			continue;
		for (enum distribution of = 0; of < DISTRIBUTION_COUNT; of++)
			measure_trial(&harness, of);
	}
}
