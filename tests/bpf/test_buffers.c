/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of several buffers: the verdict is that of the whole frame, wherever a buffer ends
 * and however far back the ports are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "lib_fixture.h"
#include "lib_scenario.h"
#include "lib_table.h"

static struct scenario scenario;

static int setup(void **state)
{
	scenario.enforce = true;
	scenario.ports[0] = 25;
	scenario.port_count = 1;
	scenario_add(&scenario, "good", ACTION_ALLOW,
		     "192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2");
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

static void build(struct recipe *recipe, enum family family, enum sender sender,
		  struct packet *ret_packet)
{
	recipe->source = prefix_of(family == FAMILY_IPV4 ? "192.0.2.0" : "2001:db8::");
	recipe->source.addr[family == FAMILY_IPV4 ? 3 : 15] = (uint8_t)sender;
	packet_build(recipe, ret_packet);
}

/* Whether the kernel took the frame; if so, it was judged and counted as the oracle says. */
static bool check_split(struct fixture *fixture, const char *name, const struct packet *packet,
			size_t first_bytes)
{
	struct ruling ruling = oracle_judge(&scenario, packet->data, packet->size);
	struct outcome outcome = fixture_run_xdp_split(fixture, packet, first_bytes);

	if (outcome.error == -EINVAL)
		return false;
	assert_int_equal(outcome.error, 0);
	fixture_expect(fixture, packet, &ruling, 1);
	if ((outcome.retval == XDP_DROP) == (ruling.verdict == IPWL_BLOCK) && !outcome.is_changed)
		return true;
	packet_print(packet);
	fail_msg("%s, %zu bytes in the first buffer: action %u, not of verdict %d", name,
		 first_bytes, outcome.retval, ruling.verdict);
	return false;
}

/* Bytes behind the end of IP, in another buffer, are not counted: to ask how many there are
 * costs as much as judging the packet does. */
static bool is_counted_whole(const struct row *row)
{
	return row->verdict == IPWL_MALFORMED ||
	       (!row->recipe.padding_bytes && row->recipe.length_error >= 0);
}

/* Each packet of the table with its first buffer ending at every byte, down to one that
 * holds nothing: so some drivers hand over jumbo frames. */
static void test_buffer_ends_anywhere(void **state)
{
	size_t runs = 0;

	for (size_t i = 0; i < verdict_row_count; i++) {
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			const struct row *row = &verdict_rows[i];
			struct recipe recipe = row->recipe;
			struct packet packet;

			if (!(row->families & (1U << family)) || !is_counted_whole(row))
				continue;
			build(&recipe, family, row->sender, &packet);
			for (size_t first = 0; first < packet.size && first < 200; first++)
				runs += check_split(*state, row->name, &packet, first);
		}
	}
	fixture_check_counters(*state);
	/* Before Linux 6.18 the first buffer is as large as can be. */
	print_message("%zu frames of several buffers\n", runs);
}

struct far_row {
	const char *name;
	enum family family;
	struct recipe recipe;
};

#define SYN .port_from = 40000, .port_to = 25, .flags = TCP_SYN

static const struct far_row far_rows[] = {
	{ "4 KiB of extension headers", FAMILY_IPV6, { SYN, .more_options = 512 } },
	{ "8 KiB of extension headers", FAMILY_IPV6, { SYN, .more_options = 1024 } },
	{ "8 KiB of extension headers to another port",
	  FAMILY_IPV6,
	  { .port_to = 80, .flags = TCP_SYN, .more_options = 1024 } },
	{ "extension headers of 2 KiB each",
	  FAMILY_IPV6,
	  { SYN, .extensions = { PROTOCOL_HOP_BY_HOP, PROTOCOL_ROUTING, PROTOCOL_DESTINATION },
	    .extension_count = 3, .extension_units = 250 } },
	{ "8 KiB of tags", FAMILY_IPV4, { SYN, .more_vlans = 2048 } },
	{ "8 KiB of tags, IPv6", FAMILY_IPV6, { SYN, .more_vlans = 2048 } },
	{ "4 KiB of tags, 4 KiB of extension headers",
	  FAMILY_IPV6,
	  { SYN, .more_vlans = 1024, .more_options = 512 } },
	{ "4 KiB of extension headers, nothing behind",
	  FAMILY_IPV6,
	  { .is_not_tcp = true, .protocol = PROTOCOL_TCP, .more_options = 512 } },
	{ "much data", FAMILY_IPV4, { SYN, .payload_bytes = 8000 } },
};

/* What a driver with pages of 4 KiB hands over. */
static void test_ports_in_another_buffer(void **state)
{
	static const size_t firsts[] = { 0, 14, 64, 1024, 3000 };
	size_t runs = 0;

	for (size_t i = 0; i < sizeof(far_rows) / sizeof(far_rows[0]); i++) {
		for (enum sender sender = ALLOWED; sender <= UNKNOWN; sender++) {
			const struct far_row *row = &far_rows[i];
			struct recipe recipe = row->recipe;
			struct ruling ruling;
			struct packet packet;
			struct outcome outcome;

			build(&recipe, row->family, sender, &packet);
			ruling = oracle_judge(&scenario, packet.data, packet.size);
			outcome = fixture_run_xdp(*state, &packet);
			if (outcome.error == -EINVAL)
				continue;
			assert_int_equal(outcome.error, 0);
			fixture_expect(*state, &packet, &ruling, 1);
			if ((outcome.retval == XDP_DROP) != (ruling.verdict == IPWL_BLOCK))
				fail_msg("%s, sender %d: action %u", row->name, sender,
					 outcome.retval);
			for (size_t j = 0; j < sizeof(firsts) / sizeof(firsts[0]); j++)
				runs += check_split(*state, row->name, &packet, firsts[j]);
		}
	}
	fixture_check_counters(*state);
	print_message("%zu far frames with a short first buffer\n", runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer_ends_anywhere),
		cmocka_unit_test(test_ports_in_another_buffer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
