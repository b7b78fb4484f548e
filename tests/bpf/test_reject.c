/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of blocked sources that XDP lets pass for ipwl-reject: which, and in what form. Random
 * packets show that nothing else of a blocked source passes, and that a source in an allow list is
 * never rejected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "datapath/events.h"
#include "lib_fixture.h"
#include "lib_random.h"
#include "lib_scenario.h"

#define ROUNDS 20000
#define VERSION_BITS 0xf0

static struct scenario scenario;

static void make_scenario(bool enforce)
{
	const uint16_t ports[] = { 25, 587 };

	scenario_done(&scenario);
	scenario = (struct scenario) { .enforce = enforce, .port_count = 2 };
	memcpy(scenario.ports, ports, sizeof(ports));
	scenario_add(&scenario, "good", ACTION_ALLOW, "192.0.2.1 2001:db8::1");
	scenario_add(&scenario, "rejects", ACTION_BLOCK,
		     "192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2")
	    ->on_block = ON_BLOCK_REJECT;
	scenario_add(&scenario, "drops", ACTION_BLOCK, "192.0.2.4 2001:db8::4");
}

static int setup(void **state)
{
	fixture_setup(state);
	make_scenario(true);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	return 0;
}

static int teardown(void **state)
{
	fixture_teardown(state);
	scenario_done(&scenario);
	return 0;
}

static int open_map(const struct fixture *fixture, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/v%d/%s", fixture->bpffs_dir, IPWL_ABI_VERSION, name);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	return fd;
}

/* ---- packets ------------------------------------------------------------------ */

static uint16_t word_at(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Where the IP header begins, behind all tags. */
static size_t ip_at(const struct packet *packet)
{
	size_t at = 12;

	while (at + 4 <= packet->size && (word_at(packet->data + at) == ETHERTYPE_8021Q ||
					  word_at(packet->data + at) == ETHERTYPE_8021AD))
		at += 4;
	return at + 2;
}

/* Where TCP begins, if nothing is between it and IP; 0: there is something. */
static size_t tcp_at(const struct packet *packet)
{
	const size_t at = ip_at(packet);
	const uint8_t *ip = packet->data + at;

	if (at + 40 > packet->size)
		return 0;
	if (ip[0] == 0x45)
		return ip[9] == PROTOCOL_TCP && !(word_at(ip + 6) & 0xbfff) ? at + 20 : 0;
	return ip[0] >> 4 == 6 && ip[6] == PROTOCOL_TCP && at + 60 <= packet->size ? at + 40 : 0;
}

/* Give the options of a SYN the one that every SYN-ACK has. */
static void set_option(struct packet *packet)
{
	static const uint8_t option[] = { 2, 4, 5, 0xb4 };
	const size_t at = tcp_at(packet);

	if (at && at + 24 <= packet->size && packet->data[at + 12] >> 4 > 5)
		memcpy(packet->data + at + 20, option, sizeof(option));
}

static bool is_syn(const struct packet *packet)
{
	const size_t at = tcp_at(packet);
	const uint8_t *tcp = packet->data + at;

	return at && at + 24 <= packet->size && (tcp[13] & 0x3f) == TCP_SYN && !(tcp[12] & 1) &&
	       tcp[12] >> 4 > 5 && tcp[20] == 2 && tcp[21] == 4;
}

static struct ipwl_reject_flow flow_of(const struct packet *packet)
{
	const uint8_t *ip = packet->data + ip_at(packet), *tcp = packet->data + tcp_at(packet);
	const bool is_ipv6 = ip[0] >> 4 == 6;
	struct ipwl_reject_flow flow = { .port_to = 0 };

	memcpy(flow.source, ip + (is_ipv6 ? 8 : 12), is_ipv6 ? 16 : 4);
	memcpy(flow.destination, ip + (is_ipv6 ? 24 : 16), is_ipv6 ? 16 : 4);
	memcpy(&flow.port_from, tcp, 2);
	memcpy(&flow.port_to, tcp + 2, 2);
	return flow;
}

/* Note the connection of a packet as one that was handed over, until @sec from now. */
static void remember(const struct fixture *fixture, const struct packet *packet, int sec)
{
	const struct ipwl_reject_flow flow = flow_of(packet);
	struct timespec now;
	uint32_t until_sec;
	int fd = open_map(fixture, "rejected");

	clock_gettime(CLOCK_BOOTTIME, &now);
	until_sec = (uint32_t)(now.tv_sec + sec);
	assert_int_equal(bpf_map_update_elem(fd, &flow, &until_sec, BPF_ANY), 0);
	close(fd);
}

static void forget(const struct fixture *fixture, const struct packet *packet)
{
	const struct ipwl_reject_flow flow = flow_of(packet);
	int fd = open_map(fixture, "rejected");

	bpf_map_delete_elem(fd, &flow);
	close(fd);
}

/* Run the packet. If it passes with metadata, check that nothing but the version differs, and that
 * the list is the one that rejects. */
static uint32_t run(const struct fixture *fixture, const struct packet *packet,
		    bool *ret_is_changed)
{
	uint8_t data[PACKET_BYTES_MAX + 64];
	const size_t ip = ip_at(packet);
	struct ipwl_meta meta;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->size, .data_out = data,
		    .data_size_out = sizeof(data), .repeat = 1);

	*ret_is_changed = false;
	if (bpf_prog_test_run_opts(fixture->xdp_fd, &options))
		return XDP_ABORTED;
	if (options.retval != XDP_PASS || options.data_size_out != packet->size + sizeof(meta))
		return options.retval;
	memcpy(&meta, data, sizeof(meta));
	memmove(data, data + sizeof(meta), packet->size);
	if (!memcmp(data, packet->data, packet->size))
		return options.retval;
	*ret_is_changed = true;
	assert_int_equal(meta.owner, fixture->meta_owner);
	assert_int_equal(meta.list, policy_find_list(fixture->policy, "rejects")->slot);
	assert_int_equal(data[ip] ^ packet->data[ip], VERSION_BITS);
	data[ip] ^= VERSION_BITS;
	assert_memory_equal(data, packet->data, packet->size);
	return options.retval;
}

/* Whether the packet passes for ipwl-reject. */
static bool passes(const struct fixture *fixture, const struct packet *packet)
{
	bool is_changed;
	uint32_t retval = run(fixture, packet, &is_changed);

	assert_true(retval == XDP_DROP || (retval == XDP_PASS && is_changed));
	return retval == XDP_PASS;
}

static void build(struct packet *packet, struct recipe recipe, const char *source)
{
	recipe.source = prefix_of(source);
	recipe.port_from = 1234;
	recipe.port_to = 587;
	packet_build(&recipe, packet);
	set_option(packet);
}

/* ---- tests -------------------------------------------------------------------- */

static const struct recipe usual_syn = { .flags = TCP_SYN, .tcp_option_words = 5 };

static void test_second_syn_passes(void **state)
{
	static const char *const sources[] = { "192.0.2.2", "2001:db8::2" };
	struct packet packet;

	for (int family = 0; family < 2; family++) {
		build(&packet, usual_syn, sources[family]);
		assert_false(passes(*state, &packet));
		assert_true(passes(*state, &packet));
		/* ipwl_tc drops the others. */
		assert_true(passes(*state, &packet));
		packet_begin_attempt(&packet);
		assert_false(passes(*state, &packet));
	}
}

static void test_other_lists(void **state)
{
	static const struct {
		const char *source;
		uint32_t retval;
	} rows[] = { { "192.0.2.1", XDP_PASS },	  { "192.0.2.4", XDP_DROP },
		     { "192.0.2.5", XDP_PASS },	  { "2001:db8::1", XDP_PASS },
		     { "2001:db8::4", XDP_DROP }, { "2001:db8::5", XDP_PASS } };
	struct packet packet;
	bool is_changed;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		build(&packet, usual_syn, rows[i].source);
		for (int times = 0; times < 3; times++) {
			assert_int_equal(run(*state, &packet, &is_changed), rows[i].retval);
			assert_false(is_changed);
		}
	}
}

static void test_which_syns_pass(void **state)
{
	static const struct {
		struct recipe recipe;
		bool passes;
	} rows[] = {
		{ { .flags = TCP_SYN, .tcp_option_words = 1 }, true },
		{ { .flags = TCP_SYN, .tcp_option_words = 10 }, true },
		{ { .flags = TCP_SYN | 0x40 | 0x80, .tcp_option_words = 5 }, true },
		{ { .flags = TCP_SYN, .tcp_option_words = 5, .payload_bytes = 100 }, true },
		{ { .flags = TCP_SYN, .tcp_option_words = 5, .vlans = { ETHERTYPE_8021Q } }, true },
		{ { .flags = TCP_SYN,
		    .tcp_option_words = 5,
		    .vlans = { ETHERTYPE_8021AD, ETHERTYPE_8021Q } },
		  false },
		{ { .flags = TCP_SYN }, false },
		{ { .flags = TCP_SYN | TCP_ACK, .tcp_option_words = 5 }, false },
		{ { .flags = TCP_SYN | TCP_FIN, .tcp_option_words = 5 }, false },
		{ { .flags = TCP_SYN | TCP_RST, .tcp_option_words = 5 }, false },
		{ { .flags = TCP_SYN | TCP_PSH, .tcp_option_words = 5 }, false },
		{ { .flags = TCP_SYN | TCP_URG, .tcp_option_words = 5 }, false },
		{ { .flags = TCP_ACK, .tcp_option_words = 5 }, false },
		{ { .flags = TCP_RST }, false },
	};
	struct packet packet;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int family = 0; family < 2; family++) {
			build(&packet, rows[i].recipe, family ? "2001:db8::2" : "192.0.2.2");
			passes(*state, &packet);
			if (passes(*state, &packet) != rows[i].passes)
				fail_msg("row %zu, family %d", i, family);
		}
}

/* Accurate ECN: an answer may have an option that the SYN has not. */
static void test_accurate_ecn(void **state)
{
	struct packet packet;

	build(&packet, usual_syn, "192.0.2.2");
	packet.data[tcp_at(&packet) + 12] |= 1;
	passes(*state, &packet);
	assert_false(passes(*state, &packet));
}

static void test_another_option(void **state)
{
	struct packet packet;

	build(&packet, usual_syn, "192.0.2.2");
	packet.data[tcp_at(&packet) + 20] = 1;
	passes(*state, &packet);
	assert_false(passes(*state, &packet));
}

static void test_connections(void **state)
{
	static const struct recipe recipes[] = { { .flags = TCP_ACK },
						 { .flags = TCP_ACK | TCP_PSH, .payload_bytes = 9 },
						 { .flags = TCP_ACK | TCP_FIN },
						 { .flags = TCP_RST } };
	struct packet packet;

	for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++)
		for (int family = 0; family < 2; family++) {
			build(&packet, recipes[i], family ? "2001:db8::2" : "192.0.2.2");
			forget(*state, &packet);
			assert_false(passes(*state, &packet));
			remember(*state, &packet, 60);
			assert_true(passes(*state, &packet));
			remember(*state, &packet, 0);
			assert_false(passes(*state, &packet));
			forget(*state, &packet);
		}
}

/* The limit is that of the list, whatever the source. */
static void test_limit(void **state)
{
	const struct fixture *fixture = *state;
	uint32_t slot = policy_find_list(fixture->policy, "rejects")->slot;
	uint64_t before[FAMILY_COUNT], after[FAMILY_COUNT];
	struct ipwl_reject reject;
	struct packet packet;
	int fd = open_map(fixture, "rejects");

	assert_int_equal(bpf_map_lookup_elem(fd, &slot, &reject), 0);
	reject.due_ns = UINT64_MAX / 2;
	assert_int_equal(bpf_map_update_elem(fd, &slot, &reject, BPF_ANY), 0);
	datapath_read_rejects(fixture->datapath, (uint16_t)slot, before);
	build(&packet, usual_syn, "2001:db8::2");
	assert_false(passes(fixture, &packet));
	assert_false(passes(fixture, &packet));
	datapath_read_rejects(fixture->datapath, (uint16_t)slot, after);
	assert_int_equal(after[FAMILY_IPV4] - before[FAMILY_IPV4], 0);
	assert_int_equal(after[FAMILY_IPV6] - before[FAMILY_IPV6], 1);
	reject.due_ns = 0;
	assert_int_equal(bpf_map_update_elem(fd, &slot, &reject, BPF_ANY), 0);
	close(fd);
	assert_true(passes(fixture, &packet));
}

static void test_modes(void **state)
{
	struct packet packet;
	bool is_changed;

	build(&packet, usual_syn, "192.0.2.2");
	make_scenario(false);
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	for (int times = 0; times < 2; times++) {
		assert_int_equal(run(*state, &packet, &is_changed), XDP_PASS);
		assert_false(is_changed);
	}
	make_scenario(true);
	scenario.lists[1].on_block = ON_BLOCK_DROP;
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	assert_false(passes(*state, &packet));
	make_scenario(true);
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	assert_true(passes(*state, &packet));
	fixture_restart(*state);
	assert_true(passes(*state, &packet));
}

/* What an independent reader of the packet says, for its second time. */
static bool may_pass(const struct packet *packet, const struct ruling *ruling, bool is_known)
{
	const size_t at = tcp_at(packet);

	if (ruling->verdict != IPWL_BLOCK ||
	    scenario.lists[ruling->list].on_block != ON_BLOCK_REJECT)
		return false;
	if (!at || ip_at(packet) > 18)
		return false;
	return packet->data[at + 13] & TCP_SYN ? is_syn(packet) : is_known;
}

/* SYNs that found no place in the table of attempts. Nobody knows the second one of those. */
static uint64_t crowded(const struct fixture *fixture)
{
	struct event_counts counts;

	assert_int_equal(datapath_read_event_counts(fixture->datapath, &counts), 0);
	return counts.crowded;
}

static void test_random(void **state)
{
	static const char *const sources[] = { "192.0.2.1",   "192.0.2.2",   "192.0.2.4",
					       "2001:db8::1", "2001:db8::2", "2001:db8::5" };
	struct random random = random_start();
	const size_t rounds = random_rounds(ROUNDS);
	size_t passed = 0;

	for (size_t i = 0; i < rounds; i++) {
		struct prefix source = prefix_of(sources[random_below(&random, 6)]);
		struct recipe recipe =
		    random_recipe(&random, &source, scenario.ports, scenario.port_count);
		bool is_known = random_chance(&random, 50), is_changed;
		const uint64_t before = crowded(*state);
		struct packet packet;
		struct ruling ruling;

		if (random_chance(&random, 50))
			recipe.flags = TCP_SYN;
		packet_build(&recipe, &packet);
		if (random_chance(&random, 70))
			set_option(&packet);
		if (random_chance(&random, 30))
			random_mutate(&random, &packet);
		is_known &= tcp_at(&packet) != 0;
		if (is_known)
			remember(*state, &packet, 60);
		ruling = oracle_judge(&scenario, packet.data, packet.size);
		run(*state, &packet, &is_changed);
		if (is_changed && ruling.is_connection)
			fail_msg("round %zu: the first SYN passes", i);
		run(*state, &packet, &is_changed);
		if (is_changed != may_pass(&packet, &ruling, is_known) &&
		    (is_changed || crowded(*state) == before)) {
			packet_print(&packet);
			fail_msg("round %zu: it %s", i, is_changed ? "passes" : "does not pass");
		}
		passed += is_changed;
		if (is_known)
			forget(*state, &packet);
	}
	fprintf(stderr, "%zu of %zu packets passed\n", passed, rounds);
	assert_true(passed > rounds / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_syn_passes),
		cmocka_unit_test(test_other_lists),
		cmocka_unit_test(test_which_syns_pass),
		cmocka_unit_test(test_accurate_ecn),
		cmocka_unit_test(test_another_option),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
