/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ten million decisions: index and tries of the kernel against an oracle that looks at
 * all prefixes one by one. Sets are random and adversarial: chains of all lengths,
 * neighbours that merge, holes in holes, both ends of the address space, allow and
 * block on the same prefix.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib_fixture.h"
#include "lib_random.h"
#include "lib_scenario.h"

#define DECISIONS 10000000
#define DECISIONS_A_SET 100000
/* Of the decisions, one in so many by packets through the programs as well. */
#define PACKETS_SHARE 500

typedef unsigned __int128 wide;

/* An entry, ready to be compared with an address. */
struct mask {
	wide net, mask;
	enum family family;
	uint8_t len;
	bool is_exclusion;
};

struct oracle_list {
	const struct scenario_list *list;
	struct mask *masks;
};

static wide wide_of(const struct prefix *prefix)
{
	wide number = 0;

	for (int i = 0; i < 16; i++)
		number = number << 8 | prefix->addr[i];
	return number;
}

static struct oracle_list oracle_list_new(const struct scenario_list *list)
{
	struct oracle_list oracle = {
		.list = list,
		.masks = calloc(list->entry_count + 1, sizeof(*oracle.masks)),
	};

	assert_non_null(oracle.masks);
	for (size_t i = 0; i < list->entry_count; i++) {
		const struct prefix *prefix = &list->entries[i].prefix;

		oracle.masks[i] = (struct mask) {
			.net = wide_of(prefix),
			.mask = prefix->len ? ~(wide)0 << (128 - prefix->len) : 0,
			.family = prefix->family,
			.len = prefix->len,
			.is_exclusion = list->entries[i].is_exclusion,
		};
	}
	return oracle;
}

/* The list's longest entry or exclusion for the address; -1: none, or an exclusion. */
static int longest_entry(const struct oracle_list *oracle, enum family family, wide address)
{
	int best = -1;
	bool is_excluded = false;

	for (size_t i = 0; i < oracle->list->entry_count; i++) {
		const struct mask *mask = &oracle->masks[i];

		if (mask->family != family || (address & mask->mask) != mask->net)
			continue;
		if (mask->len > best) {
			best = mask->len;
			is_excluded = mask->is_exclusion;
		} else if (mask->len == best) {
			is_excluded |= mask->is_exclusion;
		}
	}
	return is_excluded ? -1 : best;
}

struct choice {
	int list; /* -1: none */
	int len;
};

/* Among allow lists the longest, then the first; among block lists an enforcing one
 * before that. */
static struct choice choose(const struct oracle_list *lists, size_t count, enum action action,
			    enum family family, wide address)
{
	struct choice best = { .list = -1, .len = -1 };

	for (size_t i = 0; i < count; i++) {
		int len = lists[i].list->action == action
			      ? longest_entry(&lists[i], family, address)
			      : -1;
		bool is_monitor = action == ACTION_BLOCK && lists[i].list->is_monitor;
		bool was_monitor =
		    best.list >= 0 && action == ACTION_BLOCK && lists[best.list].list->is_monitor;

		if (len < 0)
			continue;
		if (best.list < 0 || (was_monitor && !is_monitor) ||
		    (was_monitor == is_monitor && len > best.len))
			best = (struct choice) { .list = (int)i, .len = len };
	}
	return best;
}

struct world {
	struct fixture *index, *tries;
	struct oracle_list lists[SCENARIO_LISTS_MAX];
	const struct scenario *scenario;
	size_t verdicts[IPWL_VERDICT_COUNT];
};

static struct ruling judge(const struct world *world, const struct prefix *address)
{
	const size_t count = world->scenario->list_count;
	wide bits = wide_of(address);
	struct choice allow = choose(world->lists, count, ACTION_ALLOW, address->family, bits);
	struct choice block = choose(world->lists, count, ACTION_BLOCK, address->family, bits);
	struct choice chosen = allow.list >= 0 ? allow : block;
	struct ruling ruling = {
		.family = address->family == FAMILY_IPV4 ? IPWL_FAMILY_IPV4 : IPWL_FAMILY_IPV6,
		.is_connection = true,
		.list = chosen.list,
	};

	if (chosen.list < 0)
		return ruling.verdict = IPWL_UNLISTED, ruling;
	ruling.prefix = prefix_truncate(address, (uint8_t)chosen.len);
	if (allow.list >= 0)
		ruling.verdict = block.list >= 0 ? IPWL_AVERTED : IPWL_ALLOW;
	else if (world->scenario->enforce && !world->lists[block.list].list->is_monitor)
		ruling.verdict = IPWL_BLOCK;
	else
		ruling.verdict = IPWL_WOULD_BLOCK;
	return ruling;
}

static void check_decision(const struct fixture *fixture, const char *by,
			   const struct prefix *address, const struct ruling *ruling)
{
	struct ipwl_decision decision;
	char text[PREFIX_TEXT_BYTES];

	assert_int_equal(datapath_decide(fixture->datapath, address, 0, &decision), 0);
	if (decision.verdict == ruling->verdict && decision.rule == fixture_rule(fixture, ruling) &&
	    (!decision.rule || decision.list == fixture_list(fixture, ruling)->slot))
		return;
	fail_msg("%s: %s decides %d by rule %u in slot %u, not %d", prefix_format(address, text),
		 by, decision.verdict, decision.rule, decision.list, ruling->verdict);
}

static void check_address(struct world *world, const struct prefix *address, bool has_packet)
{
	struct ruling ruling = judge(world, address);
	struct recipe recipe = { .source = *address, .port_to = 25, .flags = TCP_SYN };
	struct packet packet;

	world->verdicts[ruling.verdict]++;
	check_decision(world->index, "the index", address, &ruling);
	check_decision(world->tries, "the tries", address, &ruling);
	if (!has_packet)
		return;
	packet_build(&recipe, &packet);
	fixture_check(world->index, "index", &packet, &ruling);
	fixture_check(world->tries, "tries", &packet, &ruling);
}

/* Every length of one address, with holes: in holes, in holes. */
static void add_chain(struct random *random, struct scenario_list *list)
{
	struct prefix address = { .family = (uint8_t)random_below(random, 2) };
	static const uint8_t ends[] = { 0x00, 0xff, 0x20 };
	uint8_t end = ends[random_below(random, 3)];

	address.len = address.family == FAMILY_IPV4 ? 32 : 128;
	for (int i = 0; i < address.len / 8; i++)
		address.addr[i] = end;
	for (int len = list->action == ACTION_BLOCK; len <= address.len; len++) {
		struct prefix prefix = prefix_truncate(&address, (uint8_t)len);

		scenario_add_entry(list, &prefix, random_chance(random, 40));
	}
}

/* Runs of neighbours of one length, around a boundary of the index. */
static void add_neighbours(struct random *random, struct scenario_list *list)
{
	static const uint8_t lens4[] = { 15, 16, 17, 23, 24, 25, 31, 32 };
	static const uint8_t lens6[] = { 16, 32, 48, 63, 64, 65, 127, 128 };
	struct prefix prefix = { .family = (uint8_t)random_below(random, 2) };
	wide number = (wide)random_next(random) << 64 | random_next(random);
	uint32_t count = 1 + random_below(random, 60);

	prefix.len = (prefix.family == FAMILY_IPV4 ? lens4 : lens6)[random_below(random, 8)];
	/* Few bits differ, so that lists meet. */
	number = number >> 100 << 100 | (wide)0x2001 << 112;
	for (uint32_t i = 0; i < count; i++) {
		wide bits = number + ((wide)i << (128 - prefix.len));

		for (int byte = 0; byte < 16; byte++)
			prefix.addr[byte] = byte * 8 < (prefix.family == FAMILY_IPV4 ? 32 : 128)
						? (uint8_t)(bits >> (120 - 8 * byte))
						: 0;
		prefix = prefix_truncate(&prefix, prefix.len);
		scenario_add_entry(list, &prefix, random_chance(random, 10));
	}
}

static void draw_scenario(struct random *random, struct scenario *scenario)
{
	scenario_random(random, NULL, scenario);
	scenario->enforce = random_chance(random, 80);
	scenario->ports[0] = 25;
	scenario->port_count = 1;
	for (size_t i = 0; i < scenario->list_count; i++) {
		scenario->lists[i].port_count = 0;
		if (random_chance(random, 30))
			add_chain(random, &scenario->lists[i]);
		for (uint32_t run = random_below(random, 4); run > 0; run--)
			add_neighbours(random, &scenario->lists[i]);
	}
}

/* Near an entry, at the ends of the address space, or anywhere. */
static struct prefix draw_address(struct random *random, const struct scenario *scenario)
{
	struct prefix address = { .family = (uint8_t)random_below(random, 2) };
	uint32_t kind = random_below(random, 20);
	int bytes = address.family == FAMILY_IPV4 ? 4 : 16;

	if (kind > 3)
		return scenario_random_source(random, scenario);
	address.len = (uint8_t)(8 * bytes);
	for (int i = 0; i < bytes; i++)
		address.addr[i] = kind == 0   ? 0x00
				  : kind == 1 ? 0xff
					      : (uint8_t)random_next(random);
	return address;
}

static void check_set(struct world *world, struct random *random, size_t decisions)
{
	const struct scenario *scenario = world->scenario;

	for (size_t i = 0; i < scenario->list_count; i++)
		world->lists[i] = oracle_list_new(&scenario->lists[i]);
	for (size_t i = 0; i < decisions; i++) {
		struct prefix address = draw_address(random, scenario);

		check_address(world, &address, i % PACKETS_SHARE == 0);
	}
	for (size_t i = 0; i < scenario->list_count; i++)
		free(world->lists[i].masks);
}

static void test_ten_million(void **state)
{
	struct random random = random_start();
	const size_t decisions = random_rounds(DECISIONS);
	struct scenario scenarios[2] = { { .list_count = 0 } };
	struct world world = { .index = state[0] };
	void *tries;
	size_t done = 0;

	fixture_setup_without_index(&tries);
	world.tries = tries;
	for (int round = 0; done < decisions; round++) {
		struct scenario *scenario = &scenarios[round % 2];

		scenario_done(scenario);
		draw_scenario(&random, scenario);
		fixture_apply(world.index, scenario, APPLY_CHANGE);
		fixture_apply(world.tries, scenario, APPLY_CHANGE);
		world.scenario = scenario;
		check_set(&world, &random, DECISIONS_A_SET);
		done += DECISIONS_A_SET;
	}
	fixture_teardown(&tries);
	scenario_done(&scenarios[0]);
	scenario_done(&scenarios[1]);
	fprintf(stderr,
		"%zu decisions by each: %zu unlisted, %zu allow, %zu averted, %zu would "
		"block, %zu block\n",
		done, world.verdicts[IPWL_UNLISTED], world.verdicts[IPWL_ALLOW],
		world.verdicts[IPWL_AVERTED], world.verdicts[IPWL_WOULD_BLOCK],
		world.verdicts[IPWL_BLOCK]);
	for (int verdict = IPWL_UNLISTED; verdict < IPWL_WOULD_LIMIT; verdict++)
		assert_true(world.verdicts[verdict] > done / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_million),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
