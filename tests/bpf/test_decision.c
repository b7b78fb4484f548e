/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entry of which list decides over a source, in each mode, and what mark it
 * gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib_fixture.h"
#include "lib_scenario.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The lists, in the order of the configuration. */
enum list_index { WIDE, NARROW, LATER, SHADOW, DROP, DROP_LATER, EVERYBODY, NO_LIST = -1 };

static void set_mark(struct scenario_list *list, uint32_t mark, uint32_t mask, uint32_t priority)
{
	list->sets_mark = true;
	list->mark = mark;
	list->mark_mask = mask;
	list->sets_priority = true;
	list->priority = priority;
}

static void add_allow_lists(struct scenario *scenario)
{
	struct scenario_list *list;

	list = scenario_add(scenario, "wide", ACTION_ALLOW,
			    "192.0.2.0/24 !192.0.2.128/25 192.0.2.200 "
			    "198.18.0.0/15 !198.18.5.0/24 "
			    "2001:db8::/32 !2001:db8:8000::/33 2001:db8:8000::25");
	set_mark(list, 0x1, 0xff, 6);
	list = scenario_add(scenario, "narrow", ACTION_ALLOW,
			    "192.0.2.16/28 192.0.2.130 198.18.5.5 2001:db8:1::/48");
	set_mark(list, 0x200, 0xffffffff, 7);
	/* The same prefixes, but named later; sets nothing. */
	scenario_add(scenario, "later", ACTION_ALLOW,
		     "192.0.2.16/28 203.0.113.0/24 2001:db8:1::/48 2001:db8:2::/48");
}

static void add_block_lists(struct scenario *scenario)
{
	scenario_add(scenario, "shadow", ACTION_BLOCK,
		     "198.51.100.7 192.0.0.0/8 100.64.0.0/10 2001:db8:f::1 2001:db8:bad::/48")
	    ->is_monitor = true;
	scenario_add(scenario, "drop", ACTION_BLOCK,
		     "198.51.100.0/24 !198.51.100.64/26 198.51.100.100 192.0.2.16/29 "
		     "2001:db8:f::/48 2400::/12");
	scenario_add(scenario, "drop-later", ACTION_BLOCK,
		     "198.51.100.0/24 198.51.100.9 !198.51.100.200 2400::/12");
}

static void fill_scenario(struct scenario *scenario)
{
	scenario->ports[0] = 25;
	scenario->port_count = 1;
	add_allow_lists(scenario);
	add_block_lists(scenario);
}

struct decision_row {
	const char *source;
	enum ipwl_verdict verdict;
	enum list_index list;
	const char *prefix; /* of the deciding entry */
};

static const struct decision_row decision_rows[] = {
	/* Longest match among the allow lists, then the list named first. */
	{ "192.0.2.1", IPWL_AVERTED, WIDE, "192.0.2.0/24" },
	{ "192.0.2.15", IPWL_AVERTED, WIDE, "192.0.2.0/24" },
	{ "192.0.2.16", IPWL_AVERTED, NARROW, "192.0.2.16/28" },
	{ "192.0.2.31", IPWL_AVERTED, NARROW, "192.0.2.16/28" },
	{ "192.0.2.32", IPWL_AVERTED, WIDE, "192.0.2.0/24" },
	{ "203.0.113.9", IPWL_ALLOW, LATER, "203.0.113.0/24" },
	{ "2001:db8:1::1", IPWL_ALLOW, NARROW, "2001:db8:1::/48" },
	{ "2001:db8:2::1", IPWL_ALLOW, LATER, "2001:db8:2::/48" },
	{ "2001:db8:3::1", IPWL_ALLOW, WIDE, "2001:db8::/32" },

	/* An exclusion is a hole in its own list, and may hold entries again. */
	{ "192.0.2.127", IPWL_AVERTED, WIDE, "192.0.2.0/24" },
	{ "192.0.2.128", IPWL_WOULD_BLOCK, SHADOW, "192.0.0.0/8" },
	{ "192.0.2.130", IPWL_AVERTED, NARROW, "192.0.2.130" },
	{ "192.0.2.200", IPWL_AVERTED, WIDE, "192.0.2.200" },
	{ "198.18.5.4", IPWL_UNLISTED, NO_LIST, NULL },
	{ "198.18.5.5", IPWL_ALLOW, NARROW, "198.18.5.5" },
	{ "198.18.6.0", IPWL_ALLOW, WIDE, "198.18.0.0/15" },
	{ "2001:db8:7fff::1", IPWL_ALLOW, WIDE, "2001:db8::/32" },
	{ "2001:db8:8000::1", IPWL_UNLISTED, NO_LIST, NULL },
	{ "2001:db8:8000::25", IPWL_ALLOW, WIDE, "2001:db8:8000::25" },
	{ "198.51.100.64", IPWL_BLOCK, DROP_LATER, "198.51.100.0/24" },
	{ "198.51.100.100", IPWL_BLOCK, DROP, "198.51.100.100" },
	{ "198.51.100.200", IPWL_BLOCK, DROP, "198.51.100.0/24" },

	/* An allow list beats a block list that is more specific. */
	{ "192.0.2.17", IPWL_AVERTED, NARROW, "192.0.2.16/28" },
	{ "2001:db8:f::1", IPWL_AVERTED, WIDE, "2001:db8::/32" },
	{ "2001:db8:bad::1", IPWL_AVERTED, WIDE, "2001:db8::/32" },

	/* Among block lists the one that enforces, then the longest, then the first. */
	{ "198.51.100.7", IPWL_BLOCK, DROP, "198.51.100.0/24" },
	{ "198.51.100.8", IPWL_BLOCK, DROP, "198.51.100.0/24" },
	{ "198.51.100.9", IPWL_BLOCK, DROP_LATER, "198.51.100.9" },
	{ "2400::1", IPWL_BLOCK, DROP, "2400::/12" },
	{ "100.64.0.1", IPWL_WOULD_BLOCK, SHADOW, "100.64.0.0/10" },

	/* Next to what is listed. */
	{ "198.51.99.255", IPWL_UNLISTED, NO_LIST, NULL },
	{ "198.51.101.0", IPWL_UNLISTED, NO_LIST, NULL },
	{ "2410::1", IPWL_UNLISTED, NO_LIST, NULL },
	{ "0.0.0.0", IPWL_UNLISTED, NO_LIST, NULL },
	{ "255.255.255.255", IPWL_UNLISTED, NO_LIST, NULL },
	{ "::", IPWL_UNLISTED, NO_LIST, NULL },
};

static struct packet mail_from(const char *source)
{
	struct recipe recipe = { .source = prefix_of(source), .port_to = 25, .flags = TCP_SYN };
	struct packet packet;

	packet_build(&recipe, &packet);
	return packet;
}

static struct ruling ruling_of(const struct decision_row *row)
{
	struct ruling ruling = {
		.verdict = row->verdict,
		.family = prefix_of(row->source).family == FAMILY_IPV4 ? IPWL_FAMILY_IPV4
								       : IPWL_FAMILY_IPV6,
		.is_connection = true,
		.list = row->list,
	};

	if (row->prefix)
		ruling.prefix = prefix_of(row->prefix);
	return ruling;
}

/* Also datapath_decide(), which is what `ipwlctl test` shows. */
static void check_source(struct fixture *fixture, const char *source, const struct ruling *ruling)
{
	struct packet packet = mail_from(source);
	struct prefix address = prefix_of(source);
	struct ipwl_decision decision;

	fixture_check(fixture, source, &packet, ruling);
	assert_int_equal(datapath_decide(fixture->datapath, &address, 0, &decision), 0);
	assert_int_equal(decision.verdict, ruling->verdict);
	assert_int_equal(decision.rule, fixture_rule(fixture, ruling));
	if (decision.rule)
		assert_int_equal(decision.list, fixture_list(fixture, ruling)->slot);
}

static void check_rows(struct fixture *fixture)
{
	for (size_t i = 0; i < COUNT(decision_rows); i++) {
		struct ruling ruling = ruling_of(&decision_rows[i]);

		if (ruling.verdict == IPWL_BLOCK && !fixture->scenario->enforce)
			ruling.verdict = IPWL_WOULD_BLOCK;
		check_source(fixture, decision_rows[i].source, &ruling);
	}
	fixture_check_counters(fixture);
}

static void test_enforce(void **state)
{
	struct scenario scenario = { .enforce = true };

	fill_scenario(&scenario);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	check_rows(*state);
	scenario_done(&scenario);
}

/* Nothing is dropped, and the same entries decide. */
static void test_monitor(void **state)
{
	struct scenario scenario = { .enforce = false };

	fill_scenario(&scenario);
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	check_rows(*state);

	datapath_set_enforce(((struct fixture *)*state)->datapath, true);
	scenario.enforce = true;
	check_rows(*state);
	scenario_done(&scenario);
}

/* The tc program gives the list's mark and priority, and keeps what the mask does
 * not cover; check_source() compares both. */
static void test_marks(void **state)
{
	struct fixture *fixture = *state;
	struct scenario scenario = { .enforce = true };
	struct packet packet = mail_from("192.0.2.1");
	struct outcome outcome;

	fill_scenario(&scenario);
	fixture_apply(fixture, &scenario, APPLY_CHANGE);
	fixture_set_metadata_missing(fixture, true);
	check_rows(fixture);
	outcome = fixture_run_tc(fixture, &packet, 0xabcdef12, 1);
	assert_int_equal(outcome.mark, 0xabcdef01);
	assert_int_equal(outcome.priority, 6);
	packet = mail_from("192.0.2.16");
	outcome = fixture_run_tc(fixture, &packet, 0xabcdef12, 1);
	assert_int_equal(outcome.mark, 0x200);
	assert_int_equal(outcome.priority, 7);
	packet = mail_from("203.0.113.1");
	outcome = fixture_run_tc(fixture, &packet, 0xabcdef12, 1);
	assert_int_equal(outcome.mark, 0xabcdef12);
	assert_int_equal(outcome.priority, 1);

	/* A change of the mark alone is a change, too. */
	set_mark(&scenario.lists[WIDE], 0x30, 0xf0, 2);
	scenario.lists[NARROW].sets_priority = false;
	fixture_apply(fixture, &scenario, APPLY_CHANGE);
	packet = mail_from("192.0.2.1");
	outcome = fixture_run_tc(fixture, &packet, 0xabcdef12, 1);
	assert_int_equal(outcome.mark, 0xabcdef32);
	assert_int_equal(outcome.priority, 2);
	check_rows(fixture);
	fixture_set_metadata_missing(fixture, false);
	scenario_done(&scenario);
}

/* The order of the configuration decides between equal prefixes. */
static void test_order_of_lists(void **state)
{
	struct ruling ruling = { .verdict = IPWL_ALLOW,
				 .family = IPWL_FAMILY_IPV4,
				 .is_connection = true,
				 .prefix = prefix_of("192.0.2.0/24") };
	struct scenario ab = { .ports = { 25 }, .port_count = 1, .enforce = true };
	struct scenario ba = ab;

	scenario_add(&ab, "a", ACTION_ALLOW, "192.0.2.0/24");
	scenario_add(&ab, "b", ACTION_ALLOW, "192.0.2.0/24");
	scenario_add(&ba, "b", ACTION_ALLOW, "192.0.2.0/24");
	scenario_add(&ba, "a", ACTION_ALLOW, "192.0.2.0/24");
	for (int i = 0; i < 4; i++) {
		fixture_apply(*state, i % 2 ? &ba : &ab, i < 2 ? APPLY_REBUILD : APPLY_CHANGE);
		check_source(*state, "192.0.2.1", &ruling);
	}
	fixture_check_counters(*state);
	scenario_done(&ab);
	scenario_done(&ba);
}

/* 0.0.0.0/0 and ::/0 allow all there is; block lists are averted everywhere. */
static void test_allow_everybody(void **state)
{
	struct scenario scenario = { .enforce = true };

	fill_scenario(&scenario);
	scenario_add(&scenario, "everybody", ACTION_ALLOW, "0.0.0.0/0 ::/0");
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	for (size_t i = 0; i < COUNT(decision_rows); i++) {
		struct ruling ruling = ruling_of(&decision_rows[i]);

		if (ruling.verdict != IPWL_ALLOW && ruling.verdict != IPWL_AVERTED) {
			ruling.verdict = ruling.list == NO_LIST ? IPWL_ALLOW : IPWL_AVERTED;
			ruling.list = EVERYBODY;
			ruling.prefix =
			    prefix_of(ruling.family == IPWL_FAMILY_IPV4 ? "0.0.0.0/0" : "::/0");
		}
		check_source(*state, decision_rows[i].source, &ruling);
	}
	fixture_check_counters(*state);
	scenario_done(&scenario);
}

/* Without a list, nobody is listed; a list that comes back counts from zero. */
static void test_no_lists(void **state)
{
	struct scenario none = { .ports = { 25 }, .port_count = 1, .enforce = true };
	struct ruling ruling = { .verdict = IPWL_UNLISTED,
				 .family = IPWL_FAMILY_IPV4,
				 .is_connection = true,
				 .list = NO_LIST };

	fixture_apply(*state, &none, APPLY_CHANGE);
	check_source(*state, "198.51.100.9", &ruling);
	fixture_apply(*state, &none, APPLY_REBUILD);
	check_source(*state, "192.0.2.1", &ruling);
	fixture_check_counters(*state);
	test_enforce(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enforce),		cmocka_unit_test(test_monitor),
		cmocka_unit_test(test_marks),		cmocka_unit_test(test_order_of_lists),
		cmocka_unit_test(test_allow_everybody), cmocka_unit_test(test_no_lists),
	};

	return cmocka_run_group_tests_name("index", tests, fixture_setup, fixture_teardown) +
	       cmocka_run_group_tests_name("tries", tests, fixture_setup_without_index,
					   fixture_teardown);
}
