/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shield against floods of SYNs: when it is on, what it answers, and how. Each answer is read
 * by a parser of its own. Random packets show that nothing else is ever answered. That the stack
 * accepts the cookies is shown by tests/e2e/test_flood.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "datapath/internal.h"
#include "lib_flood.h"
#include "lib_random.h"
#include "lib_scenario.h"

#define ROUNDS 20000

static struct scenario scenario;

static void make_scenario(bool enforce)
{
	struct scenario_list *list;

	scenario_done(&scenario);
	scenario =
	    (struct scenario) { .enforce = enforce, .port_count = 3, .ports = { 25, 587, 2525 } };
	scenario_add(&scenario, "good", ACTION_ALLOW, "192.0.2.1 2001:db8::1");
	scenario_add(&scenario, "bad", ACTION_BLOCK, "192.0.2.1 192.0.2.2 2001:db8::2");
	list = scenario_add(&scenario, "watches", ACTION_BLOCK, "192.0.2.3 2001:db8::3");
	list->is_monitor = true;
}

/* ---- the shield ----------------------------------------------------------------- */

#define HOUR_NS (3600 * 1000000000ULL)

static void apply(struct fixture *fixture, enum ipwl_flood_mode mode, bool enforce)
{
	make_scenario(enforce);
	fixture->flood = (struct flood) { .mode = mode, .threshold = 1000, .quiet_sec = 60 };
	fixture_apply(fixture, &scenario, APPLY_CHANGE);
}

/* As in a flood. */
static void begin(struct fixture *fixture, enum ipwl_flood_mode mode, bool enforce)
{
	shield_set_cookies("2");
	apply(fixture, mode, enforce);
	fixture->datapath->flood->until_ns = shield_boot_ns() + HOUR_NS;
}

static int setup(void **state)
{
	struct fixture *fixture;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	shield_raise_loopback();
	shield_listen(25);
	shield_listen(587);
	shield_set_cookies("2");
	fixture_setup(state);
	fixture = *state;
	make_scenario(true);
	fixture_apply(fixture, &scenario, APPLY_REBUILD);
	shield_set_addresses(fixture, true);
	return 0;
}

static int teardown(void **state)
{
	fixture_teardown(state);
	scenario_done(&scenario);
	return 0;
}

/* ---- tests: what is answered ------------------------------------------------------ */

static void test_who_is_answered(void **state)
{
	static const char *const sources[][2] = { { "192.0.2.1", "2001:db8::1" },
						  { "192.0.2.2", "2001:db8::2" },
						  { "192.0.2.3", "2001:db8::3" },
						  { "192.0.2.5", "2001:db8::5" } };
	static const uint32_t expected[] = { XDP_PASS, XDP_DROP, XDP_TX, XDP_TX };
	struct fixture *fixture = *state;
	uint64_t before;

	begin(fixture, IPWL_FLOOD_ENFORCE, true);
	before = shield_outcome(fixture, IPWL_FLOOD_ANSWERED);
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		for (int family = 0; family < 2; family++)
			if (shield_ask_source(fixture, sources[i][family]) != expected[i])
				fail_msg("%s", sources[i][family]);
	assert_int_equal(shield_outcome(fixture, IPWL_FLOOD_ANSWERED) - before, 4);
}

static void test_what_is_answered(void **state)
{
	static const struct {
		struct recipe recipe;
		uint32_t expected;
	} rows[] = {
		{ { .flags = TCP_SYN }, XDP_TX },
		{ { .flags = TCP_SYN | 0x40 | 0x80 }, XDP_TX },
		{ { .flags = TCP_SYN, .tcp_option_words = 1 }, XDP_TX },
		{ { .flags = TCP_SYN, .tcp_option_words = 10 }, XDP_TX },
		{ { .flags = TCP_SYN, .padding_bytes = 20 }, XDP_TX },
		{ { .flags = TCP_SYN, .vlans = { ETHERTYPE_8021Q } }, XDP_TX },
		{ { .flags = TCP_SYN, .vlans = { ETHERTYPE_8021AD, ETHERTYPE_8021Q } }, XDP_TX },
		{ { .flags = TCP_SYN, .payload_bytes = 4 }, XDP_PASS },
		{ { .flags = TCP_SYN, .payload_bytes = 1400 }, XDP_PASS },
		{ { .flags = 0 }, XDP_PASS },
		{ { .flags = TCP_ACK }, XDP_PASS },
		{ { .flags = TCP_RST }, XDP_PASS },
		{ { .flags = TCP_RST | TCP_ACK }, XDP_PASS },
		{ { .flags = TCP_SYN | TCP_ACK }, XDP_PASS },
		{ { .flags = TCP_SYN | TCP_FIN }, XDP_PASS },
		{ { .flags = TCP_SYN | TCP_RST }, XDP_PASS },
		{ { .flags = TCP_SYN | TCP_PSH }, XDP_PASS },
		{ { .flags = TCP_SYN | TCP_URG }, XDP_PASS },
		{ { .flags = TCP_SYN, .has_more_fragments = true }, XDP_PASS },
		{ { .flags = TCP_SYN, .tcp_option_words = 5, .cut_bytes = 4 }, XDP_PASS },
		{ { .flags = TCP_SYN, .tcp_option_words = 5, .length_error = -4 }, XDP_PASS },
		{ { .flags = TCP_SYN, .tcp_option_words = 5, .doff_error = -1 }, XDP_PASS },
		{ { .flags = TCP_SYN, .tcp_option_words = 5, .doff_error = 1 }, XDP_PASS },
	};

	begin(*state, IPWL_FLOOD_ENFORCE, true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int family = 0; family < 2; family++) {
			struct recipe recipe = rows[i].recipe;

			recipe.source = prefix_of(family ? "2001:db8::5" : "192.0.2.5");
			recipe.port_to = 587;
			if (recipe.has_more_fragments && family) {
				recipe.extensions[0] = PROTOCOL_FRAGMENT;
				recipe.extension_count = 1;
			}
			if (shield_ask(*state, &recipe) != rows[i].expected)
				fail_msg("row %zu, family %d", i, family);
		}
}

static void test_no_host(void **state)
{
	static const char *const sources[] = { "240.0.0.1", "255.255.255.255",
					       "127.0.0.1", "0.0.0.0",
					       "224.0.0.1", "203.0.113.25",
					       "ff02::1",   "::1" };

	begin(*state, IPWL_FLOOD_ENFORCE, true);
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (shield_ask_source(*state, sources[i]) != XDP_PASS)
			fail_msg("%s", sources[i]);
}

/* A packet that arrived damaged, and one to a group of hosts. */
static void test_damaged(void **state)
{
	static const size_t places[] = { 0, 14 + 11, 14 + 12, 14 + 20 + 5, 14 + 20 + 17, 14 + 41 };
	const struct recipe recipe = shield_syn_from("192.0.2.5");

	begin(*state, IPWL_FLOOD_ENFORCE, true);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct packet packet = shield_build(&recipe);

		packet.data[places[i]] ^= 1;
		if (shield_ask_packet(*state, &packet) != XDP_PASS)
			fail_msg("place %zu", places[i]);
	}
}

/* The cookie depends on both ends, and a listener that has just given one is not asked again: its
 * cookies are the same either way. */
static void test_cookie(void **state)
{
	const struct recipe recipe = shield_syn_from("192.0.2.5"),
			    other = shield_syn_from("192.0.2.6");
	struct packet packet = shield_build(&recipe), other_packet = shield_build(&other);
	uint32_t first, second, others;

	begin(*state, IPWL_FLOOD_ENFORCE, true);
	memcpy(other_packet.data + 14 + 24, packet.data + 14 + 24, 4);
	shield_set_checksum(&other_packet);
	fixture_forget_listeners(*state);
	first = answer_number_at(answer_run(*state, &packet).data + 14 + 24);
	second = answer_number_at(answer_run(*state, &packet).data + 14 + 24);
	others = answer_number_at(answer_run(*state, &other_packet).data + 14 + 24);
	/* They differ only if a minute has passed in between, in the bits that count minutes. */
	assert_int_equal(first & 0xffffff, second & 0xffffff);
	assert_int_not_equal(first, others);
}

/* ---- tests: what stands in the way ------------------------------------------------- */

static void expect_refused(const struct fixture *fixture, const char *source, uint16_t port)
{
	const uint64_t before = shield_outcome(fixture, IPWL_FLOOD_REFUSED);
	struct recipe recipe = shield_syn_from(source);

	recipe.port_to = port;
	assert_int_equal(shield_ask(fixture, &recipe), XDP_PASS);
	assert_int_equal(shield_outcome(fixture, IPWL_FLOOD_REFUSED) - before, 1);
}

static void test_no_listener(void **state)
{
	begin(*state, IPWL_FLOOD_ENFORCE, true);
	expect_refused(*state, "192.0.2.5", 2525);
	expect_refused(*state, "2001:db8::5", 2525);
}

/* A listener for any address would otherwise answer for a host behind this one. */
static void test_other_host(void **state)
{
	begin(*state, IPWL_FLOOD_ENFORCE, true);
	shield_set_addresses(*state, false);
	fixture_forget_listeners(*state);
	expect_refused(*state, "192.0.2.5", 25);
	assert_int_equal(shield_ask_source(*state, "2001:db8::5"), XDP_TX);
	shield_set_addresses(*state, true);
	assert_int_equal(shield_ask_source(*state, "192.0.2.5"), XDP_TX);
}

static void test_no_cookies(void **state)
{
	const struct fixture *fixture = *state;

	begin(*state, IPWL_FLOOD_ENFORCE, true);
	assert_int_equal(datapath_probe_cookies(fixture->datapath), FLOOD_COOKIES_ALWAYS);
	for (int value = 0; value < 2; value++) {
		shield_set_cookies(value ? "1" : "0");
		fixture_forget_listeners(*state);
		assert_int_equal(datapath_probe_cookies(fixture->datapath),
				 value ? FLOOD_COOKIES_WHEN_FULL : FLOOD_COOKIES_NEVER);
		expect_refused(*state, "192.0.2.5", 25);
		expect_refused(*state, "2001:db8::5", 25);
	}
	shield_set_cookies("2");
	assert_int_equal(shield_ask_source(*state, "192.0.2.5"), XDP_TX);
}

/* ---- tests: modes and the bucket --------------------------------------------------- */

static void test_modes(void **state)
{
	struct fixture *fixture = *state;
	uint64_t before;

	begin(fixture, IPWL_FLOOD_MONITOR, true);
	before = shield_outcome(fixture, IPWL_FLOOD_WOULD_ANSWER);
	assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_PASS);
	begin(fixture, IPWL_FLOOD_ENFORCE, false);
	assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_PASS);
	assert_int_equal(shield_ask_source(fixture, "192.0.2.1"), XDP_PASS);
	assert_int_equal(shield_outcome(fixture, IPWL_FLOOD_WOULD_ANSWER) - before, 2);
	begin(fixture, IPWL_FLOOD_OFF, true);
	assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_PASS);
	assert_int_equal(shield_outcome(fixture, IPWL_FLOOD_WOULD_ANSWER) - before, 2);
	/* A flood that began before it was switched off is over. */
	begin(fixture, IPWL_FLOOD_ENFORCE, true);
	apply(fixture, IPWL_FLOOD_OFF, true);
	apply(fixture, IPWL_FLOOD_ENFORCE, true);
	assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_PASS);
	begin(fixture, IPWL_FLOOD_ENFORCE, true);
	assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_TX);
	fixture_restart(fixture);
	assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_TX);
}

/* Run SYNs until one is answered. Return: how many were not; @max: none was. */
static uint32_t syns_until_on(const struct fixture *fixture, uint32_t max)
{
	const struct recipe recipe = shield_syn_from("192.0.2.5");
	struct packet packet = shield_build(&recipe);

	for (uint32_t i = 0; i < max; i++) {
		packet_begin_attempt(&packet);
		shield_set_checksum(&packet);
		if (answer_run(fixture, &packet).retval == XDP_TX)
			return i;
	}
	return max;
}

/* The bucket is set, not waited for: a second has a place in it for each SYN of the threshold. */
static void test_bucket(void **state)
{
	struct fixture *fixture = *state;
	struct ipwl_flood *flood;
	struct flood_state now;

	apply(fixture, IPWL_FLOOD_OFF, true);
	/* One SYN in 10 ms is below it, however slow this machine is. */
	fixture->flood =
	    (struct flood) { .mode = IPWL_FLOOD_ENFORCE, .threshold = 100, .quiet_sec = 3600 };
	fixture_apply(fixture, &scenario, APPLY_CHANGE);
	flood = fixture->datapath->flood;
	flood->due_ns = flood->since_ns = 0;
	assert_int_equal(datapath_read_flood(fixture->datapath, &now), 0);
	assert_false(now.is_on);
	assert_int_equal(now.since_ns, 0);
	/* A bucket that loses nothing for an hour: the 101st is one too many, and CPUs add them in
	 * batches. */
	flood->interval_ns = HOUR_NS;
	flood->low_interval_ns = 2 * HOUR_NS;
	assert_true(syns_until_on(fixture, 1000) <= 2 * IPWL_FLOOD_BATCH);
	assert_int_equal(datapath_read_flood(fixture->datapath, &now), 0);
	assert_true(now.is_on);
	assert_true(now.since_ns > 0);
	/* Once on, SYNs keep it on, and it is not fuller than full. */
	assert_true(flood->due_ns <= shield_boot_ns() + IPWL_FLOOD_BURST_NS);
	assert_true(flood->until_ns > shield_boot_ns() + HOUR_NS / 2);
	/* Quiet has passed. The bucket is empty, and a few SYNs do not fill it. */
	flood->until_ns = flood->due_ns = 0;
	flood->interval_ns = 1;
	assert_int_equal(syns_until_on(fixture, 1000), 1000);
	assert_int_equal(datapath_read_flood(fixture->datapath, &now), 0);
	assert_false(now.is_on);
	assert_true(now.since_ns > 0);
}

/* The bucket loses half as many while the shield is on. */
static void test_hysteresis(void **state)
{
	struct fixture *fixture = *state;
	struct ipwl_flood *flood = fixture->datapath->flood;
	uint64_t until_ns;

	begin(fixture, IPWL_FLOOD_ENFORCE, true);
	flood = fixture->datapath->flood;
	assert_int_equal(flood->interval_ns, 1000000);
	assert_int_equal(flood->low_interval_ns, 2000000);
	assert_int_equal(flood->quiet_ns, 60000000000);
	/* The high one would fill it, the low one does not. */
	flood->interval_ns = HOUR_NS;
	flood->low_interval_ns = 1;
	flood->due_ns = 0;
	until_ns = flood->until_ns;
	syns_until_on(fixture, 1);
	for (int i = 0; i < 200; i++)
		assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_TX);
	assert_int_equal(flood->until_ns, until_ns);
	/* Now the low one does. */
	flood->low_interval_ns = HOUR_NS;
	for (int i = 0; i < 200; i++)
		assert_int_equal(shield_ask_source(fixture, "192.0.2.5"), XDP_TX);
	assert_int_not_equal(flood->until_ns, until_ns);
}

/* ---- tests: random packets ---------------------------------------------------------- */

/* Whatever comes, an answer is right, and only for a source that would pass and is not allowed. */
static void test_random(void **state)
{
	static const char *const sources[] = { "192.0.2.1",   "192.0.2.2",   "192.0.2.3",
					       "192.0.2.5",   "2001:db8::1", "2001:db8::2",
					       "2001:db8::5", "2001:db8::3", "8.8.8.8" };
	struct random random = random_start();
	const size_t rounds = random_rounds(ROUNDS);
	size_t answered = 0;

	begin(*state, IPWL_FLOOD_ENFORCE, true);
	for (size_t i = 0; i < rounds; i++) {
		struct prefix source = prefix_of(sources[random_below(&random, 9)]);
		struct recipe recipe =
		    random_recipe(&random, &source, scenario.ports, scenario.port_count);
		struct packet packet;
		struct answer answer;
		struct ruling ruling;

		if (random_chance(&random, 50))
			recipe.flags = TCP_SYN;
		packet_build(&recipe, &packet);
		if (random_chance(&random, 90))
			answer_set_checksum(&packet);
		if (random_chance(&random, 90))
			shield_set_checksum(&packet);
		if (random_chance(&random, 30))
			random_mutate(&random, &packet);
		answer = answer_run(*state, &packet);
		if (answer.retval != XDP_TX)
			continue;
		answered++;
		ruling = oracle_judge(&scenario, packet.data, packet.size);
		assert_true(ruling.verdict == IPWL_UNLISTED || ruling.verdict == IPWL_WOULD_BLOCK);
		assert_true(ruling.is_connection);
		shield_check_answer(*state, &packet, &answer);
	}
	fprintf(stderr, "%zu of %zu packets were answered\n", answered, rounds);
	assert_true(answered > rounds / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_answered), cmocka_unit_test(test_what_is_answered),
		cmocka_unit_test(test_no_host),		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_cookie),		cmocka_unit_test(test_no_listener),
		cmocka_unit_test(test_other_host),	cmocka_unit_test(test_no_cookies),
		cmocka_unit_test(test_modes),		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_hysteresis),	cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
