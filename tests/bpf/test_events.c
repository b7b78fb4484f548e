/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first SYN of an attempt that a block list matches is reported, within the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "datapath/internal.h"
#include "lib_attempts.h"
#include "lib_scenario.h"

/* ---- events --------------------------------------------------------------------- */

static void check_event(const struct fixture *fixture, const struct ipwl_event *event,
			const struct packet *packet, uint16_t ip_offset)
{
	struct ruling ruling = oracle_judge(fixture->scenario, packet->data, packet->size);
	struct reading reading = oracle_read(fixture->scenario, packet->data, packet->size);
	size_t bytes =
	    packet->size < IPWL_EVENT_PACKET_BYTES ? packet->size : IPWL_EVENT_PACKET_BYTES;

	assert_int_equal(event->verdict, ruling.verdict);
	assert_int_equal(event->family, ruling.family);
	assert_int_equal(event->rule, fixture_rule(fixture, &ruling));
	assert_int_equal(event->list, fixture_list(fixture, &ruling)->slot);
	assert_memory_equal(event->source, reading.source.addr, sizeof(event->source));
	assert_int_equal(event->port_from, 40000);
	assert_int_equal(event->port_to, 25);
	assert_int_equal(event->bytes, packet->size);
	assert_int_equal(event->left_out, 0);
	assert_int_equal(event->ip_offset, ip_offset);
	assert_int_equal(event->ifindex, 1);
	assert_true(attempts_boot_sec() - event->time_ns / 1000000000 < 3600);
	assert_int_equal(event->packet_bytes, bytes);
	assert_memory_equal(event->packet, packet->data, bytes);
}

/* All who are reported, with their headers behind tags and in front of data. */
static void test_events(void **state)
{
	struct fixture *fixture = *state;

	attempts_begin(fixture, attempts_all_events);
	for (size_t i = 0; i < SENDERS; i++) {
		for (int variant = 0; variant < 3; variant++) {
			struct recipe recipe = {
				.source = prefix_of(senders[i].source),
				.port_from = 40000,
				.port_to = 25,
				.flags = TCP_SYN,
				.vlans = { variant == 1 ? ETHERTYPE_8021AD : 0,
					   variant == 1 ? ETHERTYPE_8021Q : 0 },
				.payload_bytes = variant == 2 ? 500 : 0,
			};
			struct packet packet;

			packet_build(&recipe, &packet);
			attempts_run(fixture, &packet, true);
			attempts_take_events(fixture, TAKEN_MAX);
			assert_int_equal(taken.count, senders[i].is_reported);
			if (taken.count)
				check_event(fixture, &taken.events[0], &packet,
					    variant == 1 ? 22 : 14);
		}
	}
	fixture_check_counters(fixture);
}

/* The bytes are the same if the headers are in another buffer of the frame. */
static void test_event_of_buffers(void **state)
{
	struct fixture *fixture = *state;
	struct recipe recipe = { .source = prefix_of("2400::1"),
				 .port_from = 40000,
				 .port_to = 25,
				 .flags = TCP_SYN,
				 .payload_bytes = 5000 };
	struct packet packet;
	struct outcome outcome;

	attempts_begin(fixture, attempts_all_events);
	packet_build(&recipe, &packet);
	outcome = fixture_run_xdp_split(fixture, &packet, 40);
	if (outcome.error == -EINVAL)
		skip();
	assert_int_equal(outcome.error, 0);
	attempts_take_events(fixture, TAKEN_MAX);
	assert_int_equal(taken.count, 1);
	assert_int_equal(taken.events[0].bytes, packet.size);
	assert_int_equal(taken.events[0].packet_bytes, IPWL_EVENT_PACKET_BYTES);
	memcpy(packet.data + packet.sequence_at, taken.events[0].packet + packet.sequence_at, 4);
	assert_memory_equal(taken.events[0].packet, packet.data, IPWL_EVENT_PACKET_BYTES);
}

static void test_off(void **state)
{
	struct event_counts before, after;
	struct packet packet = attempts_build_syn("198.51.100.1", 40000);

	attempts_begin(*state, (struct event_limits) { .is_on = false, .per_second = 10 });
	before = attempts_read_counts(*state);
	for (int i = 0; i < 10; i++)
		fixture_run_xdp(*state, &packet);
	after = attempts_read_counts(*state);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* ---- limits ---------------------------------------------------------------------- */

static void test_limit_of_all(void **state)
{
	const struct event_limits limits = { true, 25, 1000 };
	struct event_counts before, after;
	uint32_t start = attempts_boot_sec();
	uint64_t reported, left_out;

	attempts_begin(*state, limits);
	before = attempts_read_counts(*state);
	attempts_run_sources(*state, 1000, 1);
	after = attempts_read_counts(*state);
	reported = after.fates[IPWL_FATE_REPORTED] - before.fates[IPWL_FATE_REPORTED];
	left_out = after.fates[IPWL_FATE_LIMIT] - before.fates[IPWL_FATE_LIMIT];
	assert_int_equal(reported + left_out, 1000);
	assert_true(reported >= 100 && reported <= 100 + 25 * (attempts_boot_sec() - start + 1));
	attempts_take_events(*state, TAKEN_MAX);
	assert_int_equal(taken.count, reported);
}

/* @sources belong together: ten attempts, of which three are reported. */
static void check_source_limit(struct fixture *fixture, const char *const sources[2])
{
	struct event_counts before, after;
	struct packet packet;

	attempts_begin(fixture, (struct event_limits) { true, 1000, 3 });
	before = attempts_read_counts(fixture);
	for (int i = 0; i < 10; i++) {
		packet = attempts_build_syn(sources[i % 2], 40000);
		assert_int_equal(fixture_run_xdp(fixture, &packet).error, 0);
	}
	after = attempts_read_counts(fixture);
	assert_int_equal(after.fates[IPWL_FATE_REPORTED] - before.fates[IPWL_FATE_REPORTED], 3);
	assert_int_equal(after.fates[IPWL_FATE_SOURCE_LIMIT] - before.fates[IPWL_FATE_SOURCE_LIMIT],
			 7);
	attempts_make_sources_due(fixture);
	assert_int_equal(fixture_run_xdp(fixture, &packet).error, 0);
	attempts_take_events(fixture, TAKEN_MAX);
	assert_int_equal(taken.count, 4);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(taken.events[i].left_out, 0);
	assert_int_equal(taken.events[3].left_out, 7);
}

/* The burst is a minute's worth, so a loaded machine would need 20 s to see a fourth one. */
static void test_limit_of_source(void **state)
{
	static const char *const same[] = { "198.51.100.1", "198.51.100.1" };
	static const char *const network[] = { "2400::1", "2400::2" };

	check_source_limit(*state, same);
	check_source_limit(*state, network);
}

/* Other sources are not affected by the limit of one. */
static void test_limits_are_apart(void **state)
{
	struct packet packet = attempts_build_syn("2400:0:0:1::1", 40000);

	attempts_begin(*state, (struct event_limits) { true, 1000, 1 });
	for (int i = 0; i < 5; i++)
		fixture_run_xdp(*state, &packet);
	packet = attempts_build_syn("2400:0:0:2::1", 40000);
	fixture_run_xdp(*state, &packet);
	packet = attempts_build_syn("198.51.100.2", 40000);
	fixture_run_xdp(*state, &packet);
	attempts_take_events(*state, TAKEN_MAX);
	assert_int_equal(taken.count, 3);
}

/* Events that nobody reads are counted, and stay for the daemon after this one. */
static void test_full_ring(void **state)
{
	struct fixture *fixture = *state;
	struct event_counts before, after;
	uint64_t reported, left_out, unread;

	attempts_begin(fixture, attempts_all_events);
	before = attempts_read_counts(fixture);
	attempts_run_sources(fixture, 6000, 1);
	after = attempts_read_counts(fixture);
	reported = after.fates[IPWL_FATE_REPORTED] - before.fates[IPWL_FATE_REPORTED];
	left_out = after.fates[IPWL_FATE_RING_FULL] - before.fates[IPWL_FATE_RING_FULL];
	assert_int_equal(reported + left_out, 6000);
	assert_true(reported > 4000 && left_out > 1000);
	fixture_restart(fixture);
	assert_int_equal(datapath_count_unread_events(fixture->datapath, &unread), 0);
	assert_int_equal(unread, reported);
	attempts_take_events(fixture, 7);
	assert_int_equal(taken.count, reported);
	/* In order, from the first one on. */
	for (size_t i = 0; i < taken.count; i++)
		assert_int_equal(taken.events[i].source[2] << 8 | taken.events[i].source[3], i);
	assert_int_equal(datapath_count_unread_events(fixture->datapath, &unread), 0);
	assert_int_equal(unread, 0);
	attempts_run_sources(fixture, 1, 1);
	attempts_take_events(fixture, TAKEN_MAX);
	assert_int_equal(taken.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_event_of_buffers),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_limit_of_all),
		cmocka_unit_test(test_limit_of_source),
		cmocka_unit_test(test_limits_are_apart),
		cmocka_unit_test(test_full_ring),
	};
	int failed_count;

	attempts_fill_scenario();
	failed_count = cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
	scenario_done(&attempts_scenario);
	return failed_count;
}
