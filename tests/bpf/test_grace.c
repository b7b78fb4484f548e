/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change in place that also changes the mode or the ports: packets that are on their way
 * through the programs must not take what is old of one with what is new of the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"
#include "lib_fixture.h"
#include "lib_scenario.h"

/* What a policy may be; the block list has 10.1.2.3 too unless it is allowed. */
struct state {
	bool enforce;
	const char *allow;
	uint16_t ports[2];
	size_t port_count;
};

static void apply_state(struct fixture *fixture, const struct state *state, enum apply_way way)
{
	static struct scenario scenarios[2];
	static unsigned int turn;
	struct scenario *scenario = &scenarios[turn++ % 2];

	scenario_done(scenario);
	*scenario = (struct scenario) { .enforce = state->enforce,
					.ports = { state->ports[0], state->ports[1] },
					.port_count = state->port_count };
	scenario_add(scenario, "good", ACTION_ALLOW, state->allow);
	scenario_add(scenario, "bad", ACTION_BLOCK, "10.1.0.0/16");
	fixture_apply(fixture, scenario, way);
}

/* Changes with each time that user space waited for packets. */
static uint32_t barrier_id(const struct fixture *fixture)
{
	const uint32_t slot = 0;
	uint32_t id = 0;

	assert_int_equal(
	    bpf_map_lookup_elem(bpf_map__fd(fixture->datapath->shared->maps.barrier), &slot, &id),
	    0);
	return id;
}

static void expect_waits(struct fixture *fixture, const struct state *from, const struct state *to,
			 bool waits)
{
	uint32_t generation, before;

	apply_state(fixture, from, APPLY_REBUILD);
	generation = generation_in_force(fixture->datapath);
	before = barrier_id(fixture);
	apply_state(fixture, to, APPLY_CHANGE);
	assert_int_equal(generation_in_force(fixture->datapath), generation);
	assert_int_equal(barrier_id(fixture) != before, waits);
}

static void test_mode_and_entries(void **state)
{
	const struct state monitor = { false, "", { 25 }, 1 };
	const struct state enforce = { true, "10.1.2.3", { 25 }, 1 };

	expect_waits(*state, &monitor, &enforce, true);
	expect_waits(*state, &enforce, &monitor, true);
}

static void test_ports_and_entries(void **state)
{
	const struct state one = { true, "", { 25 }, 1 };
	const struct state two = { true, "10.1.2.3", { 25, 587 }, 2 };
	const struct state other = { true, "10.1.2.3", { 587 }, 1 };

	expect_waits(*state, &one, &two, true);
	expect_waits(*state, &two, &one, true);
	expect_waits(*state, &one, &other, true);
}

/* An add costs no grace period. */
static void test_entries_alone(void **state)
{
	const struct state before = { true, "", { 25 }, 1 };
	const struct state after = { true, "10.1.2.3", { 25 }, 1 };

	expect_waits(*state, &before, &after, false);
	expect_waits(*state, &after, &before, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode_and_entries),
		cmocka_unit_test(test_ports_and_entries),
		cmocka_unit_test(test_entries_alone),
	};

	return cmocka_run_group_tests_name("grace", tests, fixture_setup, fixture_teardown);
}
