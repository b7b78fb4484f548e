/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole path of a packet on one core: made, sent over a veth pair, judged and
 * dropped. All receivers have the same list and get the same sources in turns.
 */
#include <stdio.h>

#include "../bpf/lib_packet.h"
#include "bench.h"
#include "machine.h"
#include "receiver.h"
#include "report.h"

#define RUNS 5
#define MIB (1024.0 * 1024)
#define PACKETS 200000
#define PACKETS_QUICK 20000
#define PACKETS_CHECKED 100000

/* xdp-filter over ipwl, with as many addresses as its authors measured. */
#define GOAL_XDP_FILTER 1.1
#define XDP_FILTER_SIZE 10000

#define RECEIVERS_MAX 6

/* The goals at a size. 0: none. */
struct goals {
	double listed;		   /* ipwl, times the XDP program that drops all */
	double unlisted;	   /* ipwl, times the one that passes all */
	double listed_of_peers[2]; /* listed sources: nftables and ipset, times ipwl */
	double others_of_peers;	   /* xdp-filter, times ipwl, for all sources */
};

static const struct trial {
	size_t size;
	struct goals goals;
} trials[] = {
	{ 1000, { .listed = 1.5, .listed_of_peers = { 5.5, 4 } } },
	{ 30000, { .listed = 2, .listed_of_peers = { 6, 3.5 } } },
	{ 1000000, { .listed = 4.5, .unlisted = 1.3, .listed_of_peers = { 9, 3.5 } } },
};

struct race {
	const struct bench_options *options;
	struct receiver_list list;
	struct receiver receivers[RECEIVERS_MAX];
	size_t count;
	const struct goals *goals;
};

/* Places in the race; peers come after. */
enum { DROP, PASS, IPWL, READ, FIRST_PEER };

/* What is sent. ipwl also has to recognise attempts among SYNs; its peers do not, so their goals
 * are for SYNs: what costs ipwl most. */
static const struct stream {
	const char *name;
	enum source_kind kind;
	uint8_t flags;
} streams[] = {
	{ "listed sources", SOURCE_KIND_LISTED, TCP_SYN },
	{ "listed sources, data", SOURCE_KIND_LISTED, TCP_ACK },
	{ "unlisted sources", SOURCE_KIND_UNLISTED, TCP_SYN },
	{ "near unlisted sources", SOURCE_KIND_NEAR_UNLISTED, TCP_SYN },
};

static void open_race(struct race *race, const struct receiver_kind *const kinds_of[], size_t count)
{
	size_t packets = race->options->is_quick ? PACKETS_QUICK : PACKETS_CHECKED;

	race->count = count;
	for (size_t i = 0; i < count; i++) {
		double start = now_sec();

		progress("%s: setting up", kinds_of[i]->name);
		receiver_open(&race->receivers[i], kinds_of[i], &race->list);
		progress("%s: set up in %.1f s; checking that it drops what is listed, and no more",
			 kinds_of[i]->name, now_sec() - start);
		receiver_check(&race->receivers[i], race->list.list, packets);
	}
}

static void close_race(struct race *race)
{
	for (size_t i = 0; i < race->count; i++)
		receiver_close(&race->receivers[i]);
}

/* Nanoseconds a packet at each receiver: medians of runs in turns. */
static void run_race(const struct race *race, bool is_listed, double ret_ns[RECEIVERS_MAX])
{
	size_t packets = race->options->is_quick ? PACKETS_QUICK : PACKETS;
	double times[RECEIVERS_MAX][RUNS];

	for (size_t i = 0; i < race->count; i++)
		receiver_send(&race->receivers[i], packets / 4, is_listed);
	for (size_t run = 0; run < RUNS; run++)
		for (size_t i = 0; i < race->count; i++)
			times[i][run] = receiver_send(&race->receivers[i], packets, is_listed);
	for (size_t i = 0; i < race->count; i++)
		ret_ns[i] = median(times[i], RUNS);
}

static struct goal goal_of(enum goal_kind kind, double limit)
{
	return limit > 0 ? (struct goal) { .kind = kind, .limit = limit } : NO_GOAL;
}

static double goal_of_peer(const struct goals *goals, bool is_listed, size_t peer)
{
	if (goals->others_of_peers > 0)
		return goals->others_of_peers;
	return is_listed ? goals->listed_of_peers[peer] : 0;
}

/* Say so if the goal is missed because no cache holds what a lookup may read. */
static void explain_miss(double index_bytes)
{
	double cache_bytes = (double)machine_cache_bytes();

	if (cache_bytes > 0 && index_bytes > cache_bytes)
		report_note("the index takes %.1f MiB, more than the last-level cache",
			    index_bytes / MIB);
}

static void report_listed(const char *name, const double ns[RECEIVERS_MAX], bool is_missed)
{
	double index_bytes = (double)floor_index_bytes();
	char what[96];

	if (is_missed)
		explain_miss(index_bytes);
	snprintf(what, sizeof(what), "%s: one read in the index's %.1f MiB, times that", name,
		 index_bytes / MIB);
	report_ratio(what, ns[READ], ns[DROP], "ns", NO_GOAL);
	snprintf(what, sizeof(what), "%s: ipwl, times one read", name);
	report_ratio(what, ns[IPWL], ns[READ], "ns", NO_GOAL);
}

static void report_race(const struct race *race, const struct stream *stream)
{
	static const struct goals none;
	const struct goals *goals = stream->flags == TCP_SYN ? race->goals : &none;
	bool is_listed = stream->kind == SOURCE_KIND_LISTED;
	const struct receiver *floor = &race->receivers[is_listed ? DROP : PASS];
	double ns[RECEIVERS_MAX] = { 0 }, floor_ns, limit;
	char what[96];

	run_race(race, is_listed, ns);
	floor_ns = ns[is_listed ? DROP : PASS];
	limit = is_listed ? goals->listed : goals->unlisted;
	snprintf(what, sizeof(what), "%s: %s", stream->name, floor->kind->name);
	report_value(what, floor_ns, "ns", NO_GOAL);
	snprintf(what, sizeof(what), "%s: ipwl, times that", stream->name);
	report_ratio(what, ns[IPWL], floor_ns, "ns", goal_of(GOAL_AT_MOST, limit));
	if (is_listed)
		report_listed(stream->name, ns, limit > 0 && ns[IPWL] / floor_ns > limit);
	for (size_t i = FIRST_PEER; i < race->count; i++) {
		snprintf(what, sizeof(what), "%s: %s, times ipwl", stream->name,
			 race->receivers[i].kind->name);
		report_ratio(
		    what, ns[i], ns[IPWL], "ns",
		    goal_of(GOAL_AT_LEAST, goal_of_peer(goals, is_listed, i - FIRST_PEER)));
	}
}

static void run(struct race *race, enum distribution distribution, size_t size,
		const struct receiver_kind *const kinds_of[], size_t count)
{
	struct prefix_list list = { .count = 0 };
	char title[96];

	snprintf(title, sizeof(title), "packets over veth, %zu prefixes, %s", size,
		 distribution_names[distribution]);
	report_section(title, "        ns        of     times");
	lists_append(&list, FAMILY_IPV4, distribution, size, 0);
	lists_index(&list);
	lists_write(&list, NULL, 0, &race->list.files);
	race->list.list = &list;
	open_race(race, kinds_of, count);
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		wire_draw(streams[i].kind, &list);
		wire_set_flags(streams[i].flags);
		report_race(race, &streams[i]);
	}
	close_race(race);
	lists_remove(&race->list.files);
	lists_done(&list);
}

void path_measure(const struct bench_options *options)
{
	static const struct receiver_kind *const filters[] = {
		&receiver_drop, &receiver_pass,	    &receiver_ipwl,
		&receiver_read, &receiver_nftables, &receiver_ipset,
	};
	static const struct receiver_kind *const exact[] = { &receiver_drop, &receiver_pass,
							     &receiver_ipwl, &receiver_read,
							     &receiver_xdp_filter };
	static const struct goals exact_goals = { .others_of_peers = GOAL_XDP_FILTER };

	receiver_need(&receiver_nftables);
	receiver_need(&receiver_ipset);
	receiver_need(&receiver_xdp_filter);
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		for (enum distribution of = 0; of < DISTRIBUTION_COUNT; of++) {
			struct race race = { .options = options, .goals = &trials[i].goals };

			if (trials[i].size <= options->size_max)
				run(&race, of, trials[i].size, filters, RECEIVERS_MAX);
		}
	}
	if (XDP_FILTER_SIZE <= options->size_max || options->is_quick) {
		struct race race = { .options = options, .goals = &exact_goals };
		size_t size =
		    XDP_FILTER_SIZE < options->size_max ? XDP_FILTER_SIZE : options->size_max;

		run(&race, DISTRIBUTION_ADDRESSES, size, exact, 5);
	}
	wire_done();
}
