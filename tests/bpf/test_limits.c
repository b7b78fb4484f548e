/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits for unlisted sources, against a leaky bucket of its own. Time is set in the cells, not
 * waited for: an attempt a minute, so what passes during the test does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "datapath/limits.h"
#include "ipwl.skel.h"
#include "lib_attempts.h"
#include "lib_cells.h"
#include "lib_random.h"
#include "lib_scenario.h"

#define ADDRESS_BURST 3
#define NETWORK_BURST 8
#define FUZZED_PACKETS 20000

static void begin(struct fixture *fixture, enum ipwl_limit_mode mode, bool enforce)
{
	fixture->limits = (struct limits) {
		.mode = mode,
		.of = { [IPWL_LIMIT_ADDRESS] = { .per_minute = 1, .burst = ADDRESS_BURST },
			[IPWL_LIMIT_NETWORK] = { .per_minute = 1, .burst = NETWORK_BURST } },
	};
	attempts_scenario.enforce = enforce;
	attempts_begin(fixture, attempts_all_events);
	cells_pass_minutes(fixture, UINT64_MAX / MINUTE_NS);
}

/* Run the packet as it is, and expect the verdict. */
static void expect(struct fixture *fixture, const struct packet *packet, enum ipwl_verdict verdict,
		   bool begins)
{
	struct ruling ruling = oracle_judge(fixture->scenario, packet->data, packet->size);
	struct outcome outcome = fixture_run_xdp_again(fixture, packet);

	ruling.verdict = verdict;
	ruling.is_connection &= begins;
	assert_int_equal(outcome.error, 0);
	assert_int_equal(outcome.retval,
			 verdict == IPWL_LIMITED || verdict == IPWL_BLOCK ? XDP_DROP : XDP_PASS);
	assert_false(outcome.is_changed);
	fixture_expect(fixture, packet, &ruling, 1);
}

/* Run @count attempts. Return: the last packet. */
static struct packet attempt(struct fixture *fixture, const char *source, int count,
			     enum ipwl_verdict verdict)
{
	struct packet packet = attempts_build_syn(source, 40000);
	const struct prefix address = prefix_of(source);

	cells_use_source(fixture, &address);
	for (int i = 0; i < count; i++) {
		packet_begin_attempt(&packet);
		expect(fixture, &packet, verdict, true);
	}
	return packet;
}

/* ---- limits ---------------------------------------------------------------------- */

static void test_addresses(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	attempt(fixture, "8.8.8.8", ADDRESS_BURST, IPWL_UNLISTED);
	attempt(fixture, "8.8.8.8", 5, IPWL_LIMITED);
	/* Its neighbours have limits of their own; with those of an IPv6 /64 it is one source. */
	attempt(fixture, "8.8.8.9", ADDRESS_BURST, IPWL_UNLISTED);
	attempt(fixture, "2a00:1:2:3::1", 1, IPWL_UNLISTED);
	attempt(fixture, "2a00:1:2:3:ffff::1", ADDRESS_BURST - 1, IPWL_UNLISTED);
	attempt(fixture, "2a00:1:2:3::2", 1, IPWL_LIMITED);
	attempt(fixture, "2a00:1:2:4::1", ADDRESS_BURST, IPWL_UNLISTED);
	/* One more each minute. What is limited is not counted. */
	cells_pass_minutes(fixture, 1);
	attempt(fixture, "8.8.8.8", 1, IPWL_UNLISTED);
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	attempt(fixture, "2a00:1:2:3::3", 1, IPWL_UNLISTED);
	attempt(fixture, "2a00:1:2:3::3", 1, IPWL_LIMITED);
	fixture_check_counters(fixture);
}

static void test_networks(void **state)
{
	struct fixture *fixture = *state;
	char source[32];

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	for (int i = 0; i < 2 * NETWORK_BURST; i++) {
		enum ipwl_verdict verdict = i < NETWORK_BURST ? IPWL_UNLISTED : IPWL_LIMITED;

		snprintf(source, sizeof(source), "8.8.8.%d", i);
		attempt(fixture, source, 1, verdict);
		snprintf(source, sizeof(source), "2a00:1:2:%x::1", i);
		attempt(fixture, source, 1, verdict);
	}
	attempt(fixture, "8.8.9.1", 1, IPWL_UNLISTED);
	attempt(fixture, "2a00:1:3::1", 1, IPWL_UNLISTED);
	/* Nor does it count for the address. */
	cells_pass_minutes(fixture, 2);
	attempt(fixture, "8.8.8.9", 2, IPWL_UNLISTED);
	attempt(fixture, "8.8.8.9", 1, IPWL_LIMITED);
	fixture_check_counters(fixture);
}

/* Listed sources, packets that begin nothing, and other ports have no limit. */
static void test_exempt(void **state)
{
	static const struct {
		const char *source;
		enum ipwl_verdict verdict;
	} listed[] = {
		{ "192.0.2.1", IPWL_ALLOW },	     { "192.0.2.77", IPWL_AVERTED },
		{ "2001:db8::1", IPWL_ALLOW },	     { "2001:db8:f::1", IPWL_AVERTED },
		{ "198.51.100.1", IPWL_BLOCK },	     { "2400::1:2:3:4:5", IPWL_BLOCK },
		{ "203.0.113.9", IPWL_WOULD_BLOCK },
	};
	static const uint8_t flags[] = { TCP_ACK, TCP_SYN | TCP_ACK, TCP_RST, TCP_FIN | TCP_ACK,
					 0 };
	struct fixture *fixture = *state;
	struct recipe recipe = { .source = prefix_of("8.8.8.8"), .port_from = 40000 };
	struct packet packet;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	for (size_t i = 0; i < sizeof(listed) / sizeof(*listed); i++)
		attempt(fixture, listed[i].source, 50, listed[i].verdict);
	attempt(fixture, "8.8.8.8", ADDRESS_BURST, IPWL_UNLISTED);
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	for (size_t i = 0; i < sizeof(flags); i++) {
		recipe.port_to = 25;
		recipe.flags = flags[i];
		packet_build(&recipe, &packet);
		for (int again = 0; again < 20; again++)
			expect(fixture, &packet, IPWL_UNLISTED, true);
	}
	recipe.port_to = 80;
	recipe.flags = TCP_SYN;
	packet_build(&recipe, &packet);
	for (int again = 0; again < 20; again++)
		expect(fixture, &packet, IPWL_OTHER, true);
	fixture_check_counters(fixture);
}

/* A limit drops only if it enforces and ipwl enforces. */
static void test_modes(void **state)
{
	static const struct {
		enum ipwl_limit_mode mode;
		bool enforce;
		enum ipwl_verdict verdict;
	} cases[] = {
		{ IPWL_LIMITS_OFF, true, IPWL_UNLISTED },
		{ IPWL_LIMITS_MONITOR, true, IPWL_WOULD_LIMIT },
		{ IPWL_LIMITS_ENFORCE, false, IPWL_WOULD_LIMIT },
		{ IPWL_LIMITS_ENFORCE, true, IPWL_LIMITED },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(fixture, cases[i].mode, cases[i].enforce);
		attempt(fixture, "8.8.8.8", ADDRESS_BURST, IPWL_UNLISTED);
		attempt(fixture, "8.8.8.8", 10, cases[i].verdict);
	}
	/* Suspended. */
	datapath_set_enforce(fixture->datapath, false);
	attempt(fixture, "8.8.8.8", 1, IPWL_WOULD_LIMIT);
	fixture_check_counters(fixture);
}

/* One limit without the other. */
static void test_one_limit(void **state)
{
	struct fixture *fixture = *state;
	char source[32];

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	fixture->limits.of[IPWL_LIMIT_NETWORK] = (struct limit) { .per_minute = 0 };
	fixture_apply(fixture, &attempts_scenario, APPLY_CHANGE);
	for (int i = 0; i < 250; i++) {
		snprintf(source, sizeof(source), "8.8.8.%d", i);
		attempt(fixture, source, ADDRESS_BURST, IPWL_UNLISTED);
		attempt(fixture, source, 1, IPWL_LIMITED);
	}
	fixture->limits.of[IPWL_LIMIT_NETWORK] =
	    (struct limit) { .per_minute = 1, .burst = NETWORK_BURST };
	fixture->limits.of[IPWL_LIMIT_ADDRESS] = (struct limit) { .per_minute = 0 };
	fixture_apply(fixture, &attempts_scenario, APPLY_CHANGE);
	attempt(fixture, "8.8.8.8", NETWORK_BURST, IPWL_UNLISTED);
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	fixture_check_counters(fixture);
}

/* A limit that changes starts anew; all else leaves it as it is. */
static void test_changes(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	attempt(fixture, "8.8.8.8", ADDRESS_BURST, IPWL_UNLISTED);
	for (enum ipwl_limit_mode mode = IPWL_LIMITS_OFF; mode <= IPWL_LIMITS_ENFORCE; mode++) {
		fixture->limits.mode = mode;
		fixture_apply(fixture, &attempts_scenario,
			      mode == IPWL_LIMITS_MONITOR ? APPLY_CHANGE : APPLY_REBUILD);
	}
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	fixture->limits.of[IPWL_LIMIT_ADDRESS].burst = 1;
	fixture_apply(fixture, &attempts_scenario, APPLY_CHANGE);
	attempt(fixture, "8.8.8.8", 1, IPWL_UNLISTED);
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	fixture_check_counters(fixture);
}

/* ---- SYNs that are sent again ------------------------------------------------------ */

/* Of an admitted attempt: it passes and counts for no limit, until it has been sent too often. */
static void test_repeated_of_admitted(void **state)
{
	struct fixture *fixture = *state;
	struct packet packet;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	packet = attempt(fixture, "8.8.8.8", 1, IPWL_UNLISTED);
	for (int again = 0; again < IPWL_ATTEMPT_REPEATS_MAX; again++)
		expect(fixture, &packet, IPWL_UNLISTED, false);
	attempt(fixture, "8.8.8.8", ADDRESS_BURST - 2, IPWL_UNLISTED);
	expect(fixture, &packet, IPWL_UNLISTED, false);
	expect(fixture, &packet, IPWL_LIMITED, false);
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	fixture_check_counters(fixture);
}

/* Of one that was limited: it is judged again, and is admitted as soon as the limit allows. */
static void test_repeated_of_limited(void **state)
{
	struct fixture *fixture = *state;
	struct packet packet;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	attempt(fixture, "2a00::1", ADDRESS_BURST, IPWL_UNLISTED);
	packet = attempt(fixture, "2a00::1", 1, IPWL_LIMITED);
	for (int again = 0; again < 3; again++)
		expect(fixture, &packet, IPWL_LIMITED, false);
	cells_pass_minutes(fixture, 1);
	expect(fixture, &packet, IPWL_UNLISTED, false);
	/* From now on it belongs to an admitted attempt. */
	expect(fixture, &packet, IPWL_UNLISTED, false);
	attempt(fixture, "2a00::1", 1, IPWL_LIMITED);
	fixture_check_counters(fixture);
}

/* ---- what is reported and read ------------------------------------------------------ */

static void test_events(void **state)
{
	struct fixture *fixture = *state;
	struct packet packet;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	attempt(fixture, "8.8.8.8", ADDRESS_BURST, IPWL_UNLISTED);
	packet = attempt(fixture, "8.8.8.8", 2, IPWL_LIMITED);
	expect(fixture, &packet, IPWL_LIMITED, false);
	attempts_take_events(fixture, TAKEN_MAX);
	assert_int_equal(taken.count, 2);
	for (size_t i = 0; i < taken.count; i++) {
		assert_int_equal(taken.events[i].verdict, IPWL_LIMITED);
		assert_int_equal(taken.events[i].rule, 0);
		assert_int_equal(taken.events[i].port_to, 25);
		assert_memory_equal(taken.events[i].source, "\x08\x08\x08\x08", 4);
	}
	/* Without events, limits hold all the same. */
	attempts_begin(fixture, (struct event_limits) { .is_on = false });
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	attempts_take_events(fixture, TAKEN_MAX);
	assert_int_equal(taken.count, 0);
}

static void check_left(const struct fixture *fixture, const char *source, uint32_t address,
		       uint32_t network)
{
	const struct prefix prefix = prefix_of(source);
	const uint32_t expected[IPWL_LIMIT_COUNT] = { address, network };

	for (int limit = 0; limit < IPWL_LIMIT_COUNT; limit++) {
		const struct limit_state limits =
		    datapath_read_limit(fixture->datapath, (enum ipwl_limit)limit, &prefix);

		assert_true(limits.has_limit);
		assert_int_equal(limits.left, expected[limit]);
		assert_int_equal(limits.wait_ns != 0, limits.left == 0);
		assert_true(limits.wait_ns <= MINUTE_NS);
	}
}

/* User space and the programs know the same cells, also after a restart. */
static void test_read(void **state)
{
	struct fixture *fixture = *state;
	struct limits limits;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	check_left(fixture, "8.8.8.8", ADDRESS_BURST, NETWORK_BURST);
	attempt(fixture, "8.8.8.8", 2, IPWL_UNLISTED);
	attempt(fixture, "2a00:1:2:3::1", 1, IPWL_UNLISTED);
	cells_restart_in_no_time(fixture);
	check_left(fixture, "8.8.8.8", ADDRESS_BURST - 2, NETWORK_BURST - 2);
	check_left(fixture, "8.8.8.9", ADDRESS_BURST, NETWORK_BURST - 2);
	check_left(fixture, "8.8.9.8", ADDRESS_BURST, NETWORK_BURST);
	check_left(fixture, "2a00:1:2:3::2", ADDRESS_BURST - 1, NETWORK_BURST - 1);
	check_left(fixture, "2a00:1:2:4::2", ADDRESS_BURST, NETWORK_BURST - 1);
	attempt(fixture, "8.8.8.8", ADDRESS_BURST - 2, IPWL_UNLISTED);
	attempt(fixture, "8.8.8.8", 1, IPWL_LIMITED);
	check_left(fixture, "8.8.8.8", 0, NETWORK_BURST - ADDRESS_BURST);
	datapath_read_limits(fixture->datapath, &limits);
	assert_int_equal(limits.mode, fixture->limits.mode);
	assert_memory_equal(limits.of, fixture->limits.of, sizeof(limits.of));
}

/* ---- random ------------------------------------------------------------------------- */

#define NETWORKS 6
#define ADDRESSES 6
#define STEPS 3000

/* A leaky bucket: what is in it, in attempts. One leaks each minute. */
struct bucket {
	uint64_t level;
};

static bool has_room(const struct bucket *bucket, uint64_t burst)
{
	return bucket->level < burst;
}

static void leak(struct bucket *bucket, uint64_t minutes)
{
	bucket->level -= bucket->level < minutes ? bucket->level : minutes;
}

static void test_random(void **state)
{
	static struct bucket networks[2 * NETWORKS], addresses[2 * NETWORKS][ADDRESSES];
	struct random random = random_start();
	struct fixture *fixture = *state;
	size_t limited = 0;
	char source[64];

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	for (int step = 0; step < STEPS; step++) {
		uint32_t network = random_below(&random, 2 * NETWORKS);
		uint32_t address = random_below(&random, ADDRESSES);
		struct bucket *of_network = &networks[network];
		struct bucket *of_address = &addresses[network][address];
		bool is_admitted =
		    has_room(of_network, NETWORK_BURST) && has_room(of_address, ADDRESS_BURST);

		if (random_chance(&random, 2)) {
			uint64_t minutes = 1 + random_below(&random, 3);

			cells_pass_minutes(fixture, minutes);
			for (int i = 0; i < 2 * NETWORKS; i++) {
				leak(&networks[i], minutes);
				for (int j = 0; j < ADDRESSES; j++)
					leak(&addresses[i][j], minutes);
			}
			continue;
		}
		if (network < NETWORKS)
			snprintf(source, sizeof(source), "8.%u.1.%u", network, address);
		else
			snprintf(source, sizeof(source), "2a00:%x:1:%x::%x", network, address,
				 1 + random_below(&random, 1000));
		attempt(fixture, source, 1, is_admitted ? IPWL_UNLISTED : IPWL_LIMITED);
		of_network->level += is_admitted;
		of_address->level += is_admitted;
		limited += !is_admitted;
	}
	assert_true(limited > STEPS / 20 && limited < STEPS / 20 * 19);
	fixture_check_counters(fixture);
}

/* Whatever a packet looks like: only an unlisted SYN to a mail port is limited, and only passed or
 * dropped, never changed. */
static void test_fuzzed(void **state)
{
	struct random random = random_start();
	struct fixture *fixture = *state;
	size_t limited = 0;

	begin(fixture, IPWL_LIMITS_ENFORCE, true);
	for (size_t i = 0; i < random_rounds(FUZZED_PACKETS); i++) {
		struct prefix source = scenario_random_source(&random, &attempts_scenario);
		struct recipe recipe = random_recipe(&random, &source, attempts_scenario.ports, 1);
		struct packet packet;
		struct ruling ruling;
		struct outcome outcome;

		recipe.flags |= random_chance(&random, 50) ? TCP_SYN : 0;
		packet_build(&recipe, &packet);
		if (random_chance(&random, 40))
			random_mutate(&random, &packet);
		if (packet.size < 14)
			packet.size = 14;
		ruling = oracle_judge(&attempts_scenario, packet.data, packet.size);
		outcome = fixture_run_xdp(fixture, &packet);
		assert_int_equal(outcome.error, 0);
		assert_false(outcome.is_changed);
		if (ruling.verdict == IPWL_UNLISTED && ruling.is_connection) {
			limited += outcome.retval == XDP_DROP;
			continue;
		}
		assert_int_equal(outcome.retval,
				 ruling.verdict == IPWL_BLOCK ? XDP_DROP : XDP_PASS);
	}
	assert_true(limited > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_exempt),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_one_limit),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_repeated_of_admitted),
		cmocka_unit_test(test_repeated_of_limited),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_fuzzed), /* the last one: it does not follow the counters */
	};
	int failed_count;

	attempts_fill_scenario();
	failed_count = cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
	scenario_done(&attempts_scenario);
	return failed_count;
}
