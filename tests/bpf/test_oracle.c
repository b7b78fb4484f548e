/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random packets under random policies, against an oracle that shares no code with
 * the programs. IPWL_SEED repeats a run, IPWL_ROUNDS sets the number of packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "lib_fixture.h"
#include "lib_random.h"
#include "lib_scenario.h"

#define PACKETS 120000
#define PACKETS_PER_POLICY 400

/* How often each verdict came up: a test that only ever sees one tests nothing. */
static size_t seen[IPWL_FAMILY_COUNT][IPWL_VERDICT_COUNT];

static void run_packet(struct fixture *fixture, struct random *random, size_t number)
{
	const struct scenario *scenario = fixture->scenario;
	struct prefix source = scenario_random_source(random, scenario);
	struct recipe recipe =
	    random_recipe(random, &source, scenario->ports, scenario->port_count);
	struct packet packet;
	struct ruling ruling;
	char name[64];

	packet_build(&recipe, &packet);
	if (random_chance(random, 40))
		random_mutate(random, &packet);
	if (packet.size < 14)
		packet.size = 14;
	ruling = oracle_judge(scenario, packet.data, packet.size);
	seen[ruling.family][ruling.verdict]++;
	snprintf(name, sizeof(name), "packet %zu", number);
	fixture_check(fixture, name, &packet, &ruling);
}

/* Each address near an entry, asked of the kernel's tables directly. */
static void check_decisions(const struct fixture *fixture, struct random *random)
{
	for (int i = 0; i < 50; i++) {
		struct prefix source = scenario_random_source(random, fixture->scenario);
		const uint32_t chosen =
		    random_below(random, (uint32_t)fixture->scenario->port_count + 1);
		/* The last one: not known. */
		const uint16_t port =
		    chosen < fixture->scenario->port_count ? fixture->scenario->ports[chosen] : 0;
		struct ruling ruling = oracle_judge_source(fixture->scenario, port, &source);
		struct ipwl_decision decision;

		assert_int_equal(datapath_decide(fixture->datapath, &source, port, &decision), 0);
		assert_int_equal(decision.verdict, ruling.verdict);
		assert_int_equal(decision.rule, fixture_rule(fixture, &ruling));
	}
}

static void print_seen(void)
{
	static const char *const names[] = { "other",	    "fragment", "malformed",   "unlisted",
					     "allow",	    "averted",	"would_block", "block",
					     "would_limit", "limited" };

	_Static_assert(sizeof(names) / sizeof(names[0]) == IPWL_VERDICT_COUNT, "all verdicts");
	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++)
		fprintf(stderr, "\t%-12s%8zu no IP%8zu IPv4%8zu IPv6\n", names[verdict],
			seen[IPWL_FAMILY_NONE][verdict], seen[IPWL_FAMILY_IPV4][verdict],
			seen[IPWL_FAMILY_IPV6][verdict]);
}

/* Each verdict must have come up in at least 1 of 1000 packets, except those of limits, which are
 * off. */
static void check_seen(size_t packets)
{
	print_seen();
	for (int family = IPWL_FAMILY_IPV4; family < IPWL_FAMILY_COUNT; family++) {
		for (int verdict = 0; verdict < IPWL_WOULD_LIMIT; verdict++)
			assert_true(packets < PACKETS || seen[family][verdict] > packets / 1000);
	}
}

static void test_random_packets(void **state)
{
	struct random random = random_start();
	size_t packets = random_rounds(PACKETS);
	struct scenario scenarios[2] = { { .list_count = 0 } };
	size_t policy = 0;

	for (size_t i = 0; i < packets; i++) {
		if (i % PACKETS_PER_POLICY == 0) {
			struct scenario *next = &scenarios[++policy % 2];

			scenario_done(next);
			scenario_random(&random, policy > 1 ? &scenarios[(policy + 1) % 2] : NULL,
					next);
			fixture_apply(*state, next,
				      random_chance(&random, 20) ? APPLY_REBUILD : APPLY_CHANGE);
			fixture_set_metadata_missing(*state, random_chance(&random, 70));
			check_decisions(*state, &random);
		}
		run_packet(*state, &random, i);
		if ((i + 1) % PACKETS_PER_POLICY == 0)
			fixture_check_counters(*state);
	}
	fprintf(stderr, "%zu packets under %zu policies\n", packets, policy);
	check_seen(packets);
	scenario_done(&scenarios[0]);
	scenario_done(&scenarios[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_packets),
	};

	return cmocka_run_group_tests_name("index", tests, fixture_setup, fixture_teardown) +
	       cmocka_run_group_tests_name("tries", tests, fixture_setup_without_index,
					   fixture_teardown);
}
