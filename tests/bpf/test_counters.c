/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters are exact, also when two CPUs count at the same time, and they outlive
 * the policy and the process that made them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"
#include "lib_fixture.h"
#include "lib_scenario.h"

#define THREADS 2
#define ROUNDS 20000

static const char *const sources[] = {
	"192.0.2.1", "192.0.2.77",  "192.0.2.129",   "198.51.100.1",
	"10.0.0.1",  "2001:db8::1", "2001:db8:f::1", "2400::1",
};

#define SOURCES (sizeof(sources) / sizeof(sources[0]))

static void fill_scenario(struct scenario *scenario)
{
	scenario->ports[0] = 25;
	scenario->port_count = 1;
	scenario->enforce = true;
	scenario_add(scenario, "good", ACTION_ALLOW, "192.0.2.0/25 2001:db8::/32");
	scenario_add(scenario, "bad", ACTION_BLOCK,
		     "192.0.2.0/24 198.51.100.0/24 2001:db8:f::/48 2400::/12");
}

struct worker {
	const struct fixture *fixture;
	const struct packet *packets;
	unsigned int cpu;
	size_t failed_count;
};

/* No cmocka here: it cannot jump between threads. */
static void *run_packets(void *argument)
{
	struct worker *worker = argument;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(worker->cpu, &cpus);
	if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus))
		worker->failed_count++;
	for (size_t i = 0; i < ROUNDS; i++) {
		/* All sources, but both CPUs never in step. */
		size_t at = (i * (worker->cpu ? 3 : 1) + i / 64) % SOURCES;

		if (fixture_run_xdp(worker->fixture, &worker->packets[at]).error)
			worker->failed_count++;
	}
	return NULL;
}

/* What run_packets() has run. */
static void expect_packets(struct fixture *fixture, const struct packet *packets, unsigned int cpu)
{
	size_t counts[SOURCES] = { 0 };

	for (size_t i = 0; i < ROUNDS; i++)
		counts[(i * (cpu ? 3 : 1) + i / 64) % SOURCES]++;
	for (size_t i = 0; i < SOURCES; i++) {
		struct ruling ruling =
		    oracle_judge(fixture->scenario, packets[i].data, packets[i].size);

		fixture_expect(fixture, &packets[i], &ruling, counts[i]);
	}
}

static void build_packets(struct packet packets[SOURCES])
{
	for (size_t i = 0; i < SOURCES; i++) {
		struct recipe recipe = {
			.source = prefix_of(sources[i]),
			.port_to = 25,
			.flags = i % 3 ? TCP_SYN : TCP_ACK,
			.payload_bytes = (uint16_t)(i * 10),
		};

		packet_build(&recipe, &packets[i]);
	}
}

static void run_on_all_cpus(struct fixture *fixture, const struct packet *packets)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker) { .fixture = fixture, .packets = packets, .cpu = i };
		assert_int_equal(pthread_create(&threads[i], NULL, run_packets, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(workers[i].failed_count, 0);
		expect_packets(fixture, packets, workers[i].cpu);
	}
	fixture_check_counters(fixture);
}

static void count_in_batches(struct fixture *fixture, bool is_on)
{
	fixture->datapath->settings->batches = is_on;
}

static void test_two_cpus(void **state)
{
	struct packet packets[SOURCES];
	struct scenario scenario = { .list_count = 0 };
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	if (CPU_COUNT(&cpus) < THREADS) {
		print_message("only one CPU here\n");
		skip();
	}
	build_packets(packets);
	fill_scenario(&scenario);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	count_in_batches(*state, true);
	run_on_all_cpus(*state, packets);
	/* All counters go on across both ways to change tables. */
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	run_on_all_cpus(*state, packets);
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	run_on_all_cpus(*state, packets);
	scenario_done(&scenario);
}

/* A rule that goes and comes back is a new one; those that stay go on. */
static void test_rules_come_and_go(void **state)
{
	struct scenario both = { .ports = { 25 }, .port_count = 1, .enforce = true };
	struct scenario one = both;
	struct packet packets[SOURCES];

	build_packets(packets);
	scenario_add(&both, "good", ACTION_ALLOW, "192.0.2.1 192.0.2.77 2001:db8::1");
	scenario_add(&one, "good", ACTION_ALLOW, "192.0.2.77 2001:db8::1");
	for (int round = 0; round < 6; round++) {
		const struct scenario *scenario = round % 2 ? &one : &both;

		fixture_apply(*state, scenario, round < 4 ? APPLY_CHANGE : APPLY_REBUILD);
		for (size_t i = 0; i < SOURCES; i++) {
			struct ruling ruling =
			    oracle_judge(scenario, packets[i].data, packets[i].size);

			fixture_check(*state, sources[i], &packets[i], &ruling);
		}
		fixture_check_counters(*state);
	}
	scenario_done(&both);
	scenario_done(&one);
}

/* ---- pending packets --------------------------------------------------------- */

static void run_once(struct fixture *fixture, const struct packet *packet)
{
	struct ruling ruling = oracle_judge(fixture->scenario, packet->data, packet->size);

	assert_int_equal(fixture_run_xdp(fixture, packet).error, 0);
	fixture_expect(fixture, packet, &ruling, 1);
}

/* Batches of every size, and whoever opens the maps next finds what was pending. */
static void test_pending(void **state)
{
	struct scenario scenario = { .list_count = 0 };
	struct packet packets[SOURCES];

	build_packets(packets);
	fill_scenario(&scenario);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	for (size_t size = 1; size <= IPWL_PENDING_MAX + 2; size++) {
		count_in_batches(*state, size % 8);
		for (size_t i = 0; i < size; i++)
			run_once(*state, &packets[(size + i * i) % SOURCES]);
		if (size % 16 == 3)
			fixture_restart(*state);
		fixture_check_counters(*state);
	}
	scenario_done(&scenario);
}

/* The generation in force has regions of its own, and no others are left. */
static void check_regions(const struct datapath *datapath)
{
	size_t count = 0;

	if (!generation_is_indexed(datapath))
		return;
	for (uint32_t slot = 0; slot < IPWL_REGION_SLOTS; slot++) {
		if (datapath->regions[slot] < 0)
			continue;
		assert_int_equal(slot / IPWL_REGIONS_MAX, generation_in_force(datapath));
		count++;
	}
	assert_true(count > 0);
}

/* A pending packet tells the place of its rule in the index if the rule's block is long. It is
 * counted before that index goes, and not at what is in that place afterwards. */
static void test_pending_of_former_index(void **state)
{
	struct scenario more = { .ports = { 25 }, .port_count = 1, .enforce = true };
	struct scenario fewer = more;
	struct packet packets[SOURCES];

	_Static_assert(IPWL_SHORT_MAX < 9, "the block of 192.0.0.0/16 is long");
	build_packets(packets);
	scenario_add(&more, "bad", ACTION_BLOCK,
		     "10.0.1.1 10.0.1.3 10.0.1.5 10.0.1.7 10.0.1.9 10.0.1.11 10.0.1.13 10.0.1.15 "
		     "10.0.1.17 192.0.2.1 192.0.2.3 192.0.2.5 192.0.2.7 192.0.2.9 192.0.2.77 "
		     "192.0.2.79 192.0.2.81 192.0.2.83 192.0.2.129");
	scenario_add(&fewer, "bad", ACTION_BLOCK,
		     "192.0.2.1 192.0.2.3 192.0.2.5 192.0.2.7 192.0.2.9 192.0.2.77 192.0.2.79 "
		     "192.0.2.81 192.0.2.83 192.0.2.129");
	for (int round = 0; round < 6; round++) {
		fixture_apply(*state, &more, APPLY_REBUILD);
		count_in_batches(*state, true);
		for (size_t i = 0; i < SOURCES; i++)
			run_once(*state, &packets[i]);
		if (round == 3)
			fixture_restart(*state);
		fixture_apply(*state, &fewer, APPLY_REBUILD);
		check_regions(((struct fixture *)*state)->datapath);
		fixture_check_counters(*state);
	}
	scenario_done(&more);
	scenario_done(&fewer);
}

struct settler {
	struct datapath *datapath;
	_Atomic bool is_done;
	size_t failed_count;
};

static void *settle_all_the_time(void *argument)
{
	struct settler *settler = argument;

	while (!settler->is_done)
		settler->failed_count += datapath_settle(settler->datapath) != 0;
	return NULL;
}

static void test_settle_in_between(void **state)
{
	struct fixture *fixture = *state;
	struct settler settler = { .datapath = fixture->datapath };
	struct scenario scenario = { .list_count = 0 };
	struct packet packets[SOURCES];
	pthread_t thread;

	build_packets(packets);
	fill_scenario(&scenario);
	fixture_apply(fixture, &scenario, APPLY_REBUILD);
	count_in_batches(*state, true);
	assert_int_equal(pthread_create(&thread, NULL, settle_all_the_time, &settler), 0);
	run_on_all_cpus(fixture, packets);
	settler.is_done = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(settler.failed_count, 0);
	scenario_done(&scenario);
}

static void stay_on(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}

/* As user space finds the batch of a CPU that went offline, and as the CPU finds it that comes
 * back in the meantime. */
static void test_held_batch(void **state)
{
	struct fixture *fixture = *state;
	struct ipwl_pending *pending = &fixture->datapath->pendings[0];
	__u64 arguments[1] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments,
		    .ctx_size_in = sizeof(arguments));
	int program = bpf_program__fd(fixture->datapath->shared->progs.ipwl_settle);
	struct scenario scenario = { .list_count = 0 };
	struct packet packets[SOURCES];
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	build_packets(packets);
	fill_scenario(&scenario);
	fixture_apply(fixture, &scenario, APPLY_REBUILD);
	count_in_batches(*state, true);
	stay_on(0);
	for (size_t i = 0; i < 5; i++)
		run_once(fixture, &packets[i % 3]);
	assert_true(pending->count > 0);
	pending->holder = IPWL_HELD_BY_USER;
	run_once(fixture, &packets[0]);
	stay_on(1);
	assert_int_equal(bpf_prog_test_run_opts(program, &options), 0);
	assert_int_equal(options.retval, 0);
	assert_int_equal(pending->count, 0);
	assert_int_equal(pending->holder, IPWL_HELD_BY_USER);
	/* The next daemon ends the hold of one that was killed. */
	fixture_restart(fixture);
	fixture_check_counters(fixture);
	pending = &fixture->datapath->pendings[0];
	assert_int_equal(pending->holder, IPWL_HELD_BY_NONE);
	/* A batch that its CPU holds belongs to it alone. */
	pending->holder = IPWL_HELD_BY_CPU;
	program = bpf_program__fd(fixture->datapath->shared->progs.ipwl_settle);
	assert_int_equal(bpf_prog_test_run_opts(program, &options), 0);
	assert_int_equal(options.retval, 1);
	pending->holder = IPWL_HELD_BY_NONE;
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	scenario_done(&scenario);
}

static int64_t last_hit(struct fixture *fixture, const struct packet *packet)
{
	struct ruling ruling = oracle_judge(fixture->scenario, packet->data, packet->size);
	struct ipwl_rule_counters counters;

	assert_int_equal(datapath_settle(fixture->datapath), 0);
	assert_int_equal(
	    datapath_read_rule(fixture->datapath, fixture_rule(fixture, &ruling), &counters), 0);
	return counters.last_hit_sec;
}

/* The second of the packet, not that of asking or of a later packet. */
static void test_last_hit(void **state)
{
	struct scenario scenario = { .list_count = 0 };
	struct packet packets[SOURCES];
	int64_t before, first;

	build_packets(packets);
	fill_scenario(&scenario);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	count_in_batches(*state, true);
	before = time(NULL);
	run_once(*state, &packets[0]);
	usleep(2100000);
	run_once(*state, &packets[3]);
	first = last_hit(*state, &packets[0]);
	/* The clocks' seconds do not begin at the same moment. */
	assert_in_range(first, before - 1, before + 1);
	assert_in_range(last_hit(*state, &packets[3]), first + 1, first + 4);
	usleep(2100000);
	assert_in_range(last_hit(*state, &packets[0]), first - 1, first + 1);
	fixture_check_counters(*state);
	scenario_done(&scenario);
}

#define MANY (IPWL_CHUNK_RULES * 5 / 2)

/* Rules beyond the first chunk of counters; the packets hit all the borders. */
static void test_several_chunks(void **state)
{
	struct scenario scenario = { .ports = { 25 }, .port_count = 1, .enforce = true };
	struct scenario_list *list = scenario_add(&scenario, "many", ACTION_BLOCK, "");
	struct recipe recipe = { .source = prefix_of("10.0.0.0"), .port_to = 25 };

	for (uint32_t i = 0; i < MANY; i++) {
		recipe.source.addr[2] = (uint8_t)(i / 256);
		recipe.source.addr[3] = (uint8_t)i;
		scenario_add_entry(list, &recipe.source, false);
	}
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	for (uint32_t i = 0; i<MANY; i += i % IPWL_CHUNK_RULES> 16 ? 1023 : 1) {
		struct packet packet;
		struct ruling ruling;

		recipe.source = list->entries[i].prefix;
		packet_build(&recipe, &packet);
		ruling = oracle_judge(&scenario, packet.data, packet.size);
		assert_int_equal(ruling.verdict, IPWL_BLOCK);
		fixture_check(*state, "one of many", &packet, &ruling);
	}
	fixture_check_counters(*state);
	scenario_done(&scenario);
}

/* What a daemon that starts again does: the pins are there, the memory is not. */
static void test_restart(void **state)
{
	struct scenario scenario = { .list_count = 0 };
	struct packet packets[SOURCES];
	uint64_t cookie;

	build_packets(packets);
	fill_scenario(&scenario);
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	run_on_all_cpus(*state, packets);
	cookie = datapath_cookie(((struct fixture *)*state)->datapath);
	fixture_restart(*state);
	assert_int_equal(datapath_cookie(((struct fixture *)*state)->datapath), cookie);
	fixture_check_counters(*state);
	run_on_all_cpus(*state, packets);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	run_on_all_cpus(*state, packets);
	scenario_done(&scenario);
}

/* An ipwl with fewer verdicts has pinned smaller counters for the interface: they begin anew. */
static void test_counters_of_another_layout(void **state)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	struct fixture *fixture = *state;
	struct scenario scenario;
	struct packet packets[SOURCES];
	char dir[PATH_MAX], path[PATH_MAX];
	int map = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counters", sizeof(uint32_t),
				 sizeof(struct ipwl_traffic), IPWL_COUNTER_COUNT - 6, &options);

	build_packets(packets);
	fill_scenario(&scenario);
	fixture_apply(fixture, &scenario, APPLY_CHANGE);
	run_on_all_cpus(fixture, packets);
	assert_true(map >= 0);
	assert_int_equal(pins_interface_dir(fixture->bpffs_dir, "test0", dir), 0);
	assert_int_equal(pins_path(path, dir, PIN_COUNTERS, NULL), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(bpf_obj_pin(map, path), 0);
	close(map);
	fixture_restart(fixture);
	memset(fixture->expected->interface, 0, sizeof(fixture->expected->interface));
	fixture_check_counters(fixture);
	run_on_all_cpus(fixture, packets);
	fixture_check_counters(fixture);
	fixture_restart(fixture);
	fixture_check_counters(fixture);
	scenario_done(&scenario);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_cpus),
		cmocka_unit_test(test_rules_come_and_go),
		cmocka_unit_test(test_several_chunks),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_pending_of_former_index),
		cmocka_unit_test(test_settle_in_between),
		cmocka_unit_test(test_held_batch),
		cmocka_unit_test(test_last_hit),
		cmocka_unit_test(test_counters_of_another_layout),
	};

	return cmocka_run_group_tests_name("index", tests, fixture_setup, fixture_teardown) +
	       cmocka_run_group_tests_name("tries", tests, fixture_setup_without_index,
					   fixture_teardown);
}
