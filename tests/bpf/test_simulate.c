/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulation against the oracle, while policies change under it; nothing that it
 * judges is counted, while what the real programs judge is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "datapath/simulate.h"
#include "lib_fixture.h"
#include "lib_random.h"
#include "lib_scenario.h"

#define PACKETS 40000
#define PACKETS_PER_POLICY 200

/* A scenario in force must stay. */
static const struct scenario empty = { .ports = { 25 }, .port_count = 1 };

static struct simulation *open_simulation(const struct fixture *fixture)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	struct simulation *simulation = NULL;

	if (simulation_open(fixture->bpffs_dir, &simulation, error))
		fail_msg("%s", error);
	return simulation;
}

static void draw_packet(struct random *random, const struct scenario *scenario,
			struct packet *packet)
{
	struct prefix source = scenario_random_source(random, scenario);
	struct recipe recipe =
	    random_recipe(random, &source, scenario->ports, scenario->port_count);

	packet_build(&recipe, packet);
	if (random_chance(random, 30))
		random_mutate(random, packet);
	if (packet->size < 14)
		packet->size = 14;
}

static void check(const struct fixture *fixture, struct simulation *simulation,
		  const struct packet *packet, const struct ruling *ruling)
{
	const struct list *list = fixture_list(fixture, ruling);
	struct simulation_result result;
	const char *name;
	int err = simulation_run(simulation, packet->data, packet->size, &result);

	if (err || result.verdict != ruling->verdict || result.family != ruling->family ||
	    result.is_connection != ruling->is_connection || result.has_list != (list != NULL) ||
	    (list && result.list != list->slot)) {
		packet_print(packet);
		fail_msg("should be verdict %d of family %d: errno %d, verdict %d of family %d",
			 ruling->verdict, ruling->family, -err, result.verdict, result.family);
	}
	if (!list)
		return;
	name = simulation_list_name(simulation, result.list);
	assert_non_null(name);
	assert_string_equal(name, list->name);
}

static void test_random_packets(void **state)
{
	struct fixture *fixture = *state;
	struct random random = random_start();
	struct scenario scenarios[2] = { { .list_count = 0 } };
	size_t packets = random_rounds(PACKETS);
	size_t seen[IPWL_VERDICT_COUNT] = { 0 };
	struct simulation *simulation = open_simulation(fixture);
	size_t policy = 0;

	for (size_t i = 0; i < packets; i++) {
		struct packet packet;
		struct ruling ruling;

		if (i % PACKETS_PER_POLICY == 0) {
			struct scenario *next = &scenarios[++policy % 2];

			scenario_done(next);
			scenario_random(&random, policy > 1 ? fixture->scenario : NULL, next);
			fixture_apply(fixture, next, policy % 4 ? APPLY_CHANGE : APPLY_REBUILD);
		}
		draw_packet(&random, fixture->scenario, &packet);
		ruling = oracle_judge(fixture->scenario, packet.data, packet.size);
		seen[ruling.verdict]++;
		check(fixture, simulation, &packet, &ruling);
		/* Some come by the wire as well: those alone are counted. */
		if (random_chance(&random, 10)) {
			fixture_run_xdp(fixture, &packet);
			fixture_expect(fixture, &packet, &ruling, 1);
		}
		if ((i + 1) % PACKETS_PER_POLICY == 0)
			fixture_check_counters(fixture);
	}
	for (int verdict = 0; verdict < IPWL_WOULD_LIMIT; verdict++)
		assert_true(packets < PACKETS || seen[verdict] > packets / 1000);
	simulation_close(simulation);
	fixture_apply(fixture, &empty, APPLY_CHANGE);
	scenario_done(&scenarios[0]);
	scenario_done(&scenarios[1]);
}

/* Two at a time do not see each other's counters. */
static void test_two_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct random random = random_start();
	struct simulation *simulations[] = { open_simulation(fixture), open_simulation(fixture) };
	struct scenario scenario = { .list_count = 0 };

	scenario_random(&random, NULL, &scenario);
	fixture_apply(fixture, &scenario, APPLY_CHANGE);
	for (int i = 0; i < 2000; i++) {
		struct packet packet;
		struct ruling ruling;

		draw_packet(&random, &scenario, &packet);
		ruling = oracle_judge(&scenario, packet.data, packet.size);
		check(fixture, simulations[random_below(&random, 2)], &packet, &ruling);
	}
	fixture_check_counters(fixture);
	simulation_close(simulations[0]);
	simulation_close(simulations[1]);
	fixture_apply(fixture, &empty, APPLY_CHANGE);
	scenario_done(&scenario);
}

static void test_errors(void **state)
{
	struct fixture *fixture = *state;
	struct simulation *simulation = NULL;
	struct simulation_result result;
	char error[DATAPATH_ERROR_BYTES] = "";
	static const uint8_t frame[1U << 20];

	assert_int_equal(simulation_open("/sys/fs/bpf/no-such-directory", &simulation, error),
			 -ENOENT);
	assert_non_null(strstr(error, "/sys/fs/bpf/no-such-directory"));
	assert_null(simulation);
	simulation_close(NULL);
	simulation = open_simulation(fixture);
	assert_int_equal(simulation_run(simulation, frame, sizeof(frame), &result), -EMSGSIZE);
	assert_int_equal(simulation_run(simulation, frame, 60, &result), 0);
	assert_int_equal(result.verdict, IPWL_OTHER);
	assert_false(result.has_list);
	simulation_close(simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_packets),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
