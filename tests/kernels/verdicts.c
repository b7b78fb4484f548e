// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random packets through all three programs, against the oracle of tests/bpf. Looks
 * at verdicts, marks and counters but not at metadata, which test runs give back from
 * Linux 5.15 on only: tests/bpf needs them, this runs on older kernels too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>

#include <bpf/libbpf.h>

#include "../bpf/lib_fixture.h"
#include "../bpf/lib_random.h"
#include "../bpf/lib_scenario.h"
#include "datapath/internal.h"
#include "datapath/simulate.h"
#include "ipwl.skel.h"

#define PACKETS 20000
#define PACKETS_PER_POLICY 50
#define FRAME_BYTES_MIN 14
#define MARK_BEFORE 0x5a5a5a5aU

static void draw_packet(struct random *random, const struct scenario *scenario,
			struct packet *packet)
{
	struct prefix source = scenario_random_source(random, scenario);
	struct recipe recipe =
	    random_recipe(random, &source, scenario->ports, scenario->port_count);

	packet_build(&recipe, packet);
	if (random_chance(random, 30))
		random_mutate(random, packet);
	if (packet->size < FRAME_BYTES_MIN)
		packet->size = FRAME_BYTES_MIN;
}

static void check_xdp(struct fixture *fixture, const struct packet *packet,
		      const struct ruling *ruling)
{
	uint32_t action = ruling->verdict == IPWL_BLOCK ? XDP_DROP : XDP_PASS;
	struct outcome outcome = fixture_run_xdp(fixture, packet);

	fixture_expect(fixture, packet, ruling, 1);
	if (outcome.error || outcome.retval != action) {
		packet_print(packet);
		fail_msg("verdict %d: errno %d, XDP action %u", ruling->verdict, -outcome.error,
			 outcome.retval);
	}
}

/* The test run refuses what is too short for the stack. */
static void check_tc(const struct fixture *fixture, const struct packet *packet,
		     const struct ruling *ruling)
{
	struct outcome outcome = fixture_run_tc(fixture, packet, MARK_BEFORE, 0);
	const struct list *list = fixture_list(fixture, ruling);
	uint32_t mark = MARK_BEFORE;

	if (ruling->verdict != IPWL_ALLOW && ruling->verdict != IPWL_AVERTED)
		list = NULL;
	if (list && list->sets_mark)
		mark = (mark & ~list->mark_mask) | list->mark;
	if (outcome.error == -EINVAL && !list)
		return;
	if (outcome.error || outcome.mark != mark) {
		packet_print(packet);
		fail_msg("verdict %d: errno %d, mark %#x, not %#x", ruling->verdict, -outcome.error,
			 outcome.mark, mark);
	}
}

/* It counts nothing that fixture_check_counters() sees. */
static void check_simulation(struct simulation *simulation, const struct packet *packet,
			     const struct ruling *ruling)
{
	struct simulation_result result;
	int err = simulation_run(simulation, packet->data, packet->size, &result);

	if (err || result.verdict != ruling->verdict) {
		packet_print(packet);
		fail_msg("verdict %d: simulated with errno %d, verdict %d", ruling->verdict, -err,
			 err ? -1 : (int)result.verdict);
	}
}

static void test_random_packets(void **state)
{
	struct fixture *fixture = *state;
	const struct ipwl_bpf *skeleton = fixture->interface->skeleton;
	struct random random = random_start();
	struct scenario scenarios[2] = { { .list_count = 0 } };
	size_t packets = random_rounds(PACKETS);
	size_t seen[IPWL_VERDICT_COUNT] = { 0 };
	char error[DATAPATH_ERROR_BYTES] = "";
	struct simulation *simulation = NULL;
	size_t policy = 0;

	if (simulation_open(fixture->bpffs_dir, &simulation, error))
		fail_msg("%s", error);
	for (size_t i = 0; i < packets; i++) {
		struct packet packet;
		struct ruling ruling;

		if (i % PACKETS_PER_POLICY == 0) {
			struct scenario *next = &scenarios[++policy % 2];

			if (policy > 1)
				fixture_check_counters(fixture);
			scenario_done(next);
			scenario_random(&random, policy > 1 ? fixture->scenario : NULL, next);
			fixture_apply(fixture, next, policy % 4 ? APPLY_CHANGE : APPLY_REBUILD);
			fixture_set_metadata_missing(fixture, true);
		}
		draw_packet(&random, fixture->scenario, &packet);
		ruling = oracle_judge(fixture->scenario, packet.data, packet.size);
		seen[ruling.verdict]++;
		fixture->xdp_fd = bpf_program__fd(i % 2 ? skeleton->progs.ipwl_generic
							: skeleton->progs.ipwl_xdp);
		check_xdp(fixture, &packet, &ruling);
		check_tc(fixture, &packet, &ruling);
		check_simulation(simulation, &packet, &ruling);
	}
	fixture_check_counters(fixture);
	simulation_close(simulation);
	for (int verdict = 0; verdict < IPWL_WOULD_LIMIT; verdict++)
		assert_true(seen[verdict] > 0);
	scenario_done(&scenarios[0]);
	scenario_done(&scenarios[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_packets) };

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
