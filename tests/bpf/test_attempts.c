/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SYN that is sent again is no second connection. The time that notes are valid for is set, not
 * waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "datapath/internal.h"
#include "lib_attempts.h"
#include "lib_scenario.h"

#define FLOOD 1000

/* ---- attempts ----------------------------------------------------------------- */

static void test_repeated_syn(void **state)
{
	struct fixture *fixture = *state;

	attempts_begin(fixture, (struct event_limits) { .is_on = false });
	for (size_t i = 0; i < SENDERS; i++) {
		struct packet packet = attempts_build_syn(senders[i].source, 40000);
		struct packet other_port = packet;

		attempts_run(fixture, &packet, true);
		for (int again = 0; again < 7; again++) {
			attempts_set_lives(fixture, LONG_SEC);
			attempts_run(fixture, &packet, false);
		}
		other_port.data[other_port.sequence_at - 4] ^= 1;
		attempts_run(fixture, &other_port, true);
		packet_begin_attempt(&packet);
		attempts_run(fixture, &packet, true);
	}
	fixture_check_counters(fixture);
	attempts_take_events(fixture, TAKEN_MAX);
	assert_int_equal(taken.count, 0);
}

/* To ports that are not for mail, every SYN counts, and none takes a place in the table. */
static void test_other_ports(void **state)
{
	struct recipe recipe = { .source = prefix_of("198.51.100.1"),
				 .port_to = 80,
				 .flags = TCP_SYN };
	struct packet packet;

	attempts_begin(*state, attempts_all_events);
	packet_build(&recipe, &packet);
	attempts_run(*state, &packet, true);
	attempts_run(*state, &packet, true);
	fixture_check_counters(*state);
	assert_int_equal(attempts_set_lives(*state, LONG_SEC), 0);
	attempts_take_events(*state, TAKEN_MAX);
	assert_int_equal(taken.count, 0);
}

/* A note is valid for 4 s after the first SYN, then for 8, 16, 32, 64 and 128 s. */
static void test_lives(void **state)
{
	struct fixture *fixture = *state;
	struct packet packet = attempts_build_syn("198.51.100.1", 40000);

	attempts_begin(fixture, attempts_all_events);
	for (unsigned int repeat = 0; repeat < 9; repeat++) {
		unsigned int shift =
		    repeat < IPWL_ATTEMPT_REPEATS_MAX ? repeat : IPWL_ATTEMPT_REPEATS_MAX;
		uint32_t life = 4U << shift, before = attempts_boot_sec(), after;
		uint16_t until;

		attempts_run(fixture, &packet, repeat == 0);
		after = attempts_boot_sec();
		until = (uint16_t)attempts_set_lives(fixture, LONG_SEC);
		/* The programs read the clock once in each tick. */
		assert_true((uint16_t)(until - (before - 1 + life)) <= after - before + 1);
	}
	attempts_set_lives(fixture, -1);
	attempts_run(fixture, &packet, true);
	fixture_check_counters(fixture);
}

/* ---- floods --------------------------------------------------------------------- */

/* A flood of forged sources fills the table. It does not forget who was there before, and there are
 * no more events than the limit allows. */
static void test_flood(void **state)
{
	struct fixture *fixture = *state;
	struct packet packet = attempts_build_syn("198.51.100.1", 40000);
	struct event_counts before, after;
	uint32_t start;

	attempts_begin(fixture, (struct event_limits) { true, 50, 3 });
	attempts_run(fixture, &packet, true);
	attempts_set_lives(fixture, LONG_SEC);
	attempts_fill(fixture);
	start = attempts_boot_sec();
	before = attempts_read_counts(fixture);
	attempts_run_sources(fixture, FLOOD, 61);
	after = attempts_read_counts(fixture);
	assert_int_equal(after.crowded - before.crowded, FLOOD);
	assert_true(after.fates[IPWL_FATE_REPORTED] - before.fates[IPWL_FATE_REPORTED] <=
		    50 * (4 + attempts_boot_sec() - start + 1));
	attempts_run(fixture, &packet, false);
	fixture_check_counters(fixture);
	attempts_take_events(fixture, 100);
	for (size_t i = 1; i < taken.count; i++)
		assert_int_equal(taken.events[i].source[0], 10);
}

/* ---- seeds ----------------------------------------------------------------------- */

static void test_seeds(void **state)
{
	struct fixture *fixture = *state;
	struct ipwl_attempt_settings before = *fixture->datapath->attempt_settings;
	struct packet packet = attempts_build_syn("198.51.100.1", 40000);
	void *other_state = NULL;
	struct fixture *other;

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < IPWL_HASH_KEYS; j++)
			assert_true(before.keys[i][j] != 0);
	attempts_begin(fixture, attempts_all_events);
	attempts_run(fixture, &packet, true);
	attempts_set_lives(fixture, LONG_SEC);
	/* A restart keeps the seed, and so the attempts. */
	fixture_restart(fixture);
	assert_memory_equal(fixture->datapath->attempt_settings->keys, before.keys,
			    sizeof(before.keys));
	attempts_run(fixture, &packet, false);
	assert_int_equal(fixture_setup(&other_state), 0);
	other = other_state;
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < IPWL_HASH_KEYS; j++)
			assert_true(other->datapath->attempt_settings->keys[i][j] !=
				    before.keys[i][j]);
	fixture_teardown(&other_state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeated_syn), cmocka_unit_test(test_other_ports),
		cmocka_unit_test(test_lives),	     cmocka_unit_test(test_flood),
		cmocka_unit_test(test_seeds),
	};
	int failed_count;

	attempts_fill_scenario();
	failed_count = cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
	scenario_done(&attempts_scenario);
	return failed_count;
}
