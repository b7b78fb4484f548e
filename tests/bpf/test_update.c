/* SPDX-License-Identifier: GPL-2.0-or-later */
/* While the tables change, each source is treated as before the change or as after
 * it, never in a third way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "lib_fixture.h"
#include "lib_random.h"
#include "lib_scenario.h"

/* Changes go on until enough has been seen, on a slow machine too. */
#define CHANGES 150
#define CHANGES_MAX (200 * CHANGES)
#define ENOUGH_RUNS 10000
#define PROBES 24

enum treatment { PASSED, MARKED, DROPPED };

/* A source that is watched during a change. */
struct probe {
	struct packet packet;
	enum treatment before, after;
};

/* Shared with the watching thread. Changed only while `generation` is odd; what was
 * read is good if it did not move meanwhile. */
struct watch {
	pthread_t thread;
	const struct fixture *fixture;
	struct probe probes[PROBES];
	atomic_uint generation;
	atomic_bool is_over;

	/* Counted by the watching thread, looked at meanwhile. */
	atomic_size_t runs, allowed_runs, dropped_runs; /* of those that must not change */

	/* The watching thread's. */
	size_t failed_runs;
	struct probe wrong_probe;
	enum treatment wrong;
	size_t wrong_runs;
};

static enum treatment treatment_of(const struct ruling *ruling)
{
	if (ruling->verdict == IPWL_BLOCK)
		return DROPPED;
	return ruling->verdict == IPWL_ALLOW || ruling->verdict == IPWL_AVERTED ? MARKED : PASSED;
}

static void watch_probe(struct watch *watch, size_t i)
{
	unsigned int generation = atomic_load(&watch->generation);
	struct probe probe = watch->probes[i];
	struct outcome outcome;
	enum treatment treatment;

	if (generation % 2) {
		sched_yield();
		return;
	}
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load(&watch->generation) != generation)
		return;
	outcome = fixture_run_xdp(watch->fixture, &probe.packet);
	if (atomic_load(&watch->generation) != generation)
		return;
	watch->runs++;
	watch->failed_runs += outcome.error != 0;
	treatment = outcome.retval == XDP_DROP ? DROPPED : outcome.has_metadata ? MARKED : PASSED;
	if (probe.before == probe.after) {
		watch->allowed_runs += treatment == MARKED;
		watch->dropped_runs += treatment == DROPPED;
	}
	if (treatment == probe.before || treatment == probe.after)
		return;
	watch->wrong_runs++;
	/* A drop is the worst of them. */
	if (watch->wrong == DROPPED)
		return;
	watch->wrong_probe = probe;
	watch->wrong = treatment;
}

static void *watch_probes(void *argument)
{
	struct watch *watch = argument;

	while (!atomic_load(&watch->is_over)) {
		for (size_t i = 0; i < PROBES; i++)
			watch_probe(watch, i);
	}
	return NULL;
}

/* Watch these sources from now on. */
static void set_probes(struct watch *watch, const struct prefix sources[PROBES],
		       const struct scenario *from, const struct scenario *to)
{
	atomic_store(&watch->generation, atomic_load(&watch->generation) | 1);
	for (size_t i = 0; i < PROBES; i++) {
		struct probe *probe = &watch->probes[i];
		struct recipe recipe = { .source = sources[i], .port_to = 25, .flags = TCP_SYN };
		struct ruling before = oracle_judge_source(from, 25, &sources[i]);
		struct ruling after = oracle_judge_source(to, 25, &sources[i]);

		packet_build(&recipe, &probe->packet);
		probe->before = treatment_of(&before);
		probe->after = treatment_of(&after);
	}
	atomic_fetch_add(&watch->generation, 1);
}

static void start_watch(struct watch *watch, const struct fixture *fixture)
{
	*watch = (struct watch) { .fixture = fixture, .generation = 1 }; /* no probes yet */
	assert_int_equal(pthread_create(&watch->thread, NULL, watch_probes, watch), 0);
}

static bool watch_has_seen_enough(const struct watch *watch)
{
	return atomic_load(&watch->runs) > ENOUGH_RUNS &&
	       atomic_load(&watch->allowed_runs) > ENOUGH_RUNS &&
	       atomic_load(&watch->dropped_runs) > ENOUGH_RUNS;
}

static void end_watch(struct watch *watch)
{
	static const char *const names[] = { "passed", "marked", "dropped" };

	atomic_store(&watch->is_over, true);
	assert_int_equal(pthread_join(watch->thread, NULL), 0);

	fprintf(stderr, "%zu runs, of always allowed sources %zu, of always blocked ones %zu\n",
		atomic_load(&watch->runs), atomic_load(&watch->allowed_runs),
		atomic_load(&watch->dropped_runs));
	assert_int_equal(watch->failed_runs, 0);
	if (watch->wrong_runs) {
		packet_print(&watch->wrong_probe.packet);
		fail_msg("%zu runs were wrong: %s, but %s before the change and %s after",
			 watch->wrong_runs, names[watch->wrong], names[watch->wrong_probe.before],
			 names[watch->wrong_probe.after]);
	}
}

static void draw_enforcing(struct random *random, const struct scenario *near,
			   struct scenario *scenario)
{
	scenario_done(scenario);
	scenario_random(random, near, scenario);
	scenario->enforce = true;
	scenario->port_count = 1;
}

/* In place and by rebuilding, which switches all at once, and from index to tries and
 * back. */
static void test_random_changes(void **state)
{
	struct fixture *fixture = *state;
	const bool uses_index = fixture->uses_index;
	struct random random = random_start();
	struct scenario scenarios[2] = { { .list_count = 0 } };
	struct watch watch;

	draw_enforcing(&random, NULL, &scenarios[0]);
	fixture_apply(*state, &scenarios[0], APPLY_REBUILD);
	start_watch(&watch, *state);
	for (size_t i = 1; i <= CHANGES || !watch_has_seen_enough(&watch); i++) {
		const struct scenario *from = &scenarios[(i + 1) % 2];
		struct scenario *to = &scenarios[i % 2];
		struct prefix sources[PROBES];

		assert_true(i <= CHANGES_MAX);
		draw_enforcing(&random, from, to);
		for (size_t j = 0; j < PROBES; j++)
			sources[j] = scenario_random_source(&random, j % 2 ? from : to);
		set_probes(&watch, sources, from, to);
		if (i % 10 == 0)
			fixture->uses_index = !fixture->uses_index;
		fixture_apply(*state, to, i % 8 ? APPLY_CHANGE : APPLY_REBUILD);
	}
	end_watch(&watch);
	fixture->uses_index = uses_index;
	scenario_done(&scenarios[0]);
	scenario_done(&scenarios[1]);
}

/* Block-list entries far from the probes: kept ones, so that the change is made in
 * place, and some that come and go, so that it takes its time. */
static void add_bulk(struct scenario_list *list, uint8_t first_byte, uint32_t count)
{
	struct prefix prefix = { .family = FAMILY_IPV4, .len = 32 };

	for (uint32_t i = 0; i < count; i++) {
		prefix.addr[0] = first_byte;
		prefix.addr[2] = (uint8_t)(i / 256);
		prefix.addr[3] = (uint8_t)i;
		scenario_add_entry(list, &prefix, false);
	}
}

/* The allow list changes with the block list, by entries and by exclusions: what
 * neither policy drops must not drop on the way. */
static void test_both_actions_change(void **state)
{
	static const struct {
		const char *allow, *block;
	} policies[] = {
		{ "10.1.0.0/16", "10.1.2.0/24" }, /* averted */
		{ "10.1.0.0/16 !10.1.2.0/24", "" },
		{ "", "10.1.2.0/24" },
		{ "10.1.0.0/16", "" },
		{ "10.1.0.0/16 !10.1.2.0/24", "10.1.2.0/24" },
		{ "10.1.2.3", "" },
		{ "10.1.0.0/16 !10.1.2.0/24", "10.1.2.0/24 !10.1.2.3" },
	};
	enum { POLICIES = sizeof(policies) / sizeof(policies[0]) };
	struct scenario scenarios[POLICIES];
	struct prefix sources[PROBES];
	struct watch watch;

	for (size_t i = 0; i < POLICIES; i++) {
		scenarios[i] =
		    (struct scenario) { .ports = { 25 }, .port_count = 1, .enforce = true };
		scenario_add(&scenarios[i], "good", ACTION_ALLOW, policies[i].allow);
		scenario_add(&scenarios[i], "bad", ACTION_BLOCK, policies[i].block);
		add_bulk(&scenarios[i].lists[1], 20, 4000);
		add_bulk(&scenarios[i].lists[1], (uint8_t)(30 + i), 300);
	}
	for (size_t i = 0; i < PROBES; i++)
		sources[i] = prefix_of("10.1.2.3");
	fixture_apply(*state, &scenarios[0], APPLY_REBUILD);
	start_watch(&watch, *state);
	for (size_t i = 0; i < POLICIES * POLICIES || atomic_load(&watch.runs) <= ENOUGH_RUNS;
	     i++) {
		const struct scenario *one = &scenarios[i / POLICIES % POLICIES];
		const struct scenario *other = &scenarios[i % POLICIES];

		assert_true(i <= CHANGES_MAX);
		set_probes(&watch, sources, ((struct fixture *)*state)->scenario, one);
		fixture_apply(*state, one, APPLY_CHANGE);
		set_probes(&watch, sources, one, other);
		fixture_apply(*state, other, APPLY_CHANGE);
	}
	end_watch(&watch);
	for (size_t i = 0; i < POLICIES; i++)
		scenario_done(&scenarios[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_both_actions_change),
	};

	return cmocka_run_group_tests_name("index", tests, fixture_setup, fixture_teardown) +
	       cmocka_run_group_tests_name("tries", tests, fixture_setup_without_index,
					   fixture_teardown);
}
