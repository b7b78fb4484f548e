/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of packet is taken for: a table of packets and their verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "lib_fixture.h"
#include "lib_scenario.h"
#include "lib_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* The least that a test run of the kernel takes: an Ethernet header. */
#define FRAME_BYTES_MIN 14

static struct scenario scenario;

static int setup(void **state)
{
	const uint16_t ports[] = { 25, 465, 587, 1, 65535 };
	struct scenario_list *good;

	scenario.enforce = true;
	memcpy(scenario.ports, ports, sizeof(ports));
	scenario.port_count = COUNT(ports);
	good = scenario_add(&scenario, "good", ACTION_ALLOW,
			    "192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2");
	good->sets_mark = good->sets_priority = true;
	good->mark = 0x1;
	good->mark_mask = 0xff;
	good->priority = 6;
	scenario_add(&scenario, "bad", ACTION_BLOCK, "192.0.2.2 192.0.2.3 2001:db8::2 2001:db8::3");
	fixture_setup(state);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	return 0;
}

static int teardown(void **state)
{
	fixture_teardown(state);
	scenario_done(&scenario);
	return 0;
}

/* A row in one of its families. */
struct example {
	const char *name;
	struct recipe recipe;
	struct packet packet;
	struct ruling ruling; /* as the table has it */
};

static struct example make_example(const struct row *row, enum family family)
{
	struct example example = {
		.name = row->name,
		.recipe = row->recipe,
		.ruling = { .verdict = row->verdict,
			    .is_connection = row->is_connection,
			    .list = -1 },
	};
	struct prefix *source = &example.recipe.source;

	*source = prefix_of(family == FAMILY_IPV4 ? "192.0.2.0" : "2001:db8::");
	source->addr[family == FAMILY_IPV4 ? 3 : 15] = (uint8_t)row->sender;
	packet_build(&example.recipe, &example.packet);
	example.ruling.prefix = *source;
	if (!(row->families & ROW_NOT_IP))
		example.ruling.family = family == FAMILY_IPV4 ? IPWL_FAMILY_IPV4 : IPWL_FAMILY_IPV6;
	if (row->verdict == IPWL_ALLOW || row->verdict == IPWL_AVERTED)
		example.ruling.list = 0;
	else if (row->verdict == IPWL_BLOCK)
		example.ruling.list = 1;
	return example;
}

static void for_each_example(struct fixture *fixture,
			     void (*visit)(struct fixture *fixture, struct example *example))
{
	for (size_t i = 0; i < verdict_row_count; i++) {
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			struct example example;

			if (!(verdict_rows[i].families & (1U << family)))
				continue;
			example = make_example(&verdict_rows[i], family);
			visit(fixture, &example);
		}
	}
	fixture_check_counters(fixture);
}

static void check_example(struct fixture *fixture, struct example *example)
{
	fixture_check(fixture, example->name, &example->packet, &example->ruling);
}

static void test_table(void **state)
{
	for_each_example(*state, check_example);
}

static void check_oracle(struct fixture *fixture, struct example *example)
{
	const struct ruling *should = &example->ruling;
	struct ruling is = oracle_judge(&scenario, example->packet.data, example->packet.size);

	(void)fixture;
	if (is.verdict != should->verdict || is.family != should->family ||
	    is.is_connection != should->is_connection || is.list != should->list)
		fail_msg("%s: the oracle says verdict %d, family %d, connection %d", example->name,
			 is.verdict, is.family, is.is_connection);
}

/* What judges the random packets must know the table as well. */
static void test_oracle_knows_table(void **state)
{
	for_each_example(*state, check_oracle);
}

/* Every byte off the end, but for the middle of large packets, which is all the same. */
static size_t next_cut(size_t cut, size_t size)
{
	const size_t edge = 100;

	return cut + (cut > edge && cut + edge < size ? 61 : 1);
}

static bool has_true_length(const struct recipe *recipe)
{
	return !recipe->length_error && !recipe->has_no_length && !recipe->padding_bytes;
}

static void cut_frame(struct fixture *fixture, struct example *example)
{
	struct packet *packet = &example->packet;
	const size_t size = packet->size;

	for (size_t cut = 1; size - cut >= FRAME_BYTES_MIN; cut = next_cut(cut, size)) {
		struct ruling ruling;

		packet->size = size - cut;
		ruling = oracle_judge(&scenario, packet->data, packet->size);
		if (has_true_length(&example->recipe))
			assert_int_not_equal(ruling.verdict, IPWL_BLOCK);
		fixture_check(fixture, example->name, packet, &ruling);
	}
}

/* A frame that is cut off, wherever, never drops. */
static void test_frames_cut_anywhere(void **state)
{
	for_each_example(*state, cut_frame);
}

static void end_packet(struct fixture *fixture, struct example *example)
{
	struct recipe recipe = example->recipe;
	size_t size = example->packet.size;

	for (size_t cut = 1; size - cut >= FRAME_BYTES_MIN; cut = next_cut(cut, size)) {
		struct ruling ruling;
		struct packet packet;

		recipe.cut_bytes = (uint16_t)(example->recipe.cut_bytes + cut);
		recipe.length_error = example->recipe.length_error - (int)cut;
		packet_build(&recipe, &packet);
		ruling = oracle_judge(&scenario, packet.data, packet.size);
		fixture_check(fixture, example->name, &packet, &ruling);
	}
}

/* The same with IP lengths that are right for what is left: the ends of the inner
 * headers are met. */
static void test_packets_ending_anywhere(void **state)
{
	for_each_example(*state, end_packet);
}

static struct ruling blocked(const struct recipe *recipe)
{
	return (struct ruling) {
		.verdict = IPWL_BLOCK,
		.family =
		    recipe->source.family == FAMILY_IPV4 ? IPWL_FAMILY_IPV4 : IPWL_FAMILY_IPV6,
		.list = 1,
		.prefix = recipe->source,
	};
}

/* A connection is a packet with SYN and without ACK, whatever else is set. */
static void test_all_flags(void **state)
{
	const char *const sources[] = { "192.0.2.3", "2001:db8::3" };

	for (unsigned int i = 0; i < 2 * 256; i++) {
		struct recipe recipe = { .source = prefix_of(sources[i / 256]),
					 .port_to = 25,
					 .flags = (uint8_t)i };
		struct ruling ruling = blocked(&recipe);
		struct packet packet;
		char name[32];

		snprintf(name, sizeof(name), "flags %#x", i % 256);
		ruling.is_connection = (i & TCP_SYN) && !(i & TCP_ACK);
		packet_build(&recipe, &packet);
		fixture_check(*state, name, &packet, &ruling);
	}
}

static bool is_mail_port(uint32_t port)
{
	for (size_t i = 0; i < scenario.port_count; i++) {
		if (scenario.ports[i] == port)
			return true;
	}
	return false;
}

/* Each destination port there is; the source port, 25 throughout, never counts. */
static void test_all_ports(void **state)
{
	struct fixture *fixture = *state;
	size_t dropped = 0;

	for (uint32_t port = 0; port < 65536; port++) {
		struct recipe recipe = { .source = prefix_of("192.0.2.3"),
					 .port_from = 25,
					 .port_to = (uint16_t)port };
		struct ruling ruling = { .verdict = IPWL_OTHER,
					 .family = IPWL_FAMILY_IPV4,
					 .list = -1 };
		struct outcome outcome;
		struct packet packet;

		packet_build(&recipe, &packet);
		if (is_mail_port(port))
			ruling = blocked(&recipe);
		outcome = fixture_run_xdp(fixture, &packet);
		fixture_expect(fixture, &packet, &ruling, 1);
		if (outcome.error || (outcome.retval == XDP_DROP) != is_mail_port(port))
			fail_msg("port %u: action %u", port, outcome.retval);
		dropped += outcome.retval == XDP_DROP;
	}
	assert_int_equal(dropped, scenario.port_count);
	fixture_check_counters(fixture);
}

static void test_full_sized_frame(void **state)
{
	struct recipe recipe = { .source = prefix_of("192.0.2.3"),
				 .port_to = 25,
				 .payload_bytes = 1460 };
	struct ruling ruling = blocked(&recipe);
	struct packet packet;

	packet_build(&recipe, &packet);
	assert_int_equal(packet.size, 1514);
	fixture_check(*state, "full-sized segment", &packet, &ruling);
}

/* The ethertype says what the header is to be. */
static void test_ethertype_of_other_family(void **state)
{
	struct recipe recipe = { .source = prefix_of("192.0.2.3"),
				 .ethertype = ETHERTYPE_IPV6,
				 .port_to = 25,
				 .payload_bytes = 40 };
	struct ruling ruling = { .verdict = IPWL_MALFORMED,
				 .family = IPWL_FAMILY_IPV6,
				 .list = -1 };
	struct packet packet;

	packet_build(&recipe, &packet);
	fixture_check(*state, "IPv4 called IPv6", &packet, &ruling);

	recipe.source = prefix_of("2001:db8::3");
	recipe.ethertype = ETHERTYPE_IPV4;
	ruling.family = IPWL_FAMILY_IPV4;
	packet_build(&recipe, &packet);
	fixture_check(*state, "IPv6 called IPv4", &packet, &ruling);
}

/* Then it is tc that finds the mark, by looking at the packet itself. */
static void test_metadata_missing(void **state)
{
	fixture_set_metadata_missing(*state, true);
	test_table(state);
	test_packets_ending_anywhere(state);
	fixture_set_metadata_missing(*state, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_oracle_knows_table),
		cmocka_unit_test(test_frames_cut_anywhere),
		cmocka_unit_test(test_packets_ending_anywhere),
		cmocka_unit_test(test_all_flags),
		cmocka_unit_test(test_all_ports),
		cmocka_unit_test(test_full_sized_frame),
		cmocka_unit_test(test_ethertype_of_other_family),
		cmocka_unit_test(test_metadata_missing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
