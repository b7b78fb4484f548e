/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of addresses against an oracle that knows no shortcuts, with random lists and
 * with all that can be wrong at the edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/prefix_set.h"
#include "prefix_set_oracle.h"
#include "random_policy.h"

#define ROUNDS 1500
#define LISTS_MAX 4
#define ENTRIES_MAX 12

/* Make lists from texts like "192.0.2.0/24" and "!192.0.2.1". */
static struct policy *policy_of(const char *const *texts, size_t list_count)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	for (size_t i = 0; i < list_count; i++) {
		struct list *list = policy_add_list(policy, i ? "b" : "a", ACTION_ALLOW);
		struct entry_set *set = entry_set_new();

		for (; *texts; texts++) {
			bool is_hole = **texts == '!';
			struct prefix prefix;

			assert_int_equal(
			    prefix_parse(*texts + is_hole, strlen(*texts + is_hole), &prefix, NULL),
			    PREFIX_OK);
			add_entry(set, SOURCE_FILE, &prefix, is_hole);
		}
		texts++;
		entry_set_finish(set);
		list_replace_set(list, SOURCE_FILE, set);
	}
	return policy;
}

static size_t lists_of(const struct policy *policy, const struct list *lists[])
{
	for (size_t i = 0; i < policy->list_count; i++)
		lists[i] = &policy->lists[i];
	return policy->list_count;
}

static struct prefix_set build(const struct policy *policy)
{
	const struct list *lists[LISTS_MAX];
	struct prefix_set set;

	assert_int_equal(prefix_set_build(lists, lists_of(policy, lists), &set), 0);
	return set;
}

static void assert_text(const struct prefix_set *set, const char *expected)
{
	char text[4096] = "", prefix[PREFIX_TEXT_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < set->count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s", i ? " " : "",
					 set->nodes[i].is_hole ? "!" : "",
					 prefix_format_short(&set->nodes[i].prefix, prefix));
	assert_string_equal(text, expected);
}

/* Three forms of the union of up to two lists, each ended with NULL. */
static void assert_forms(const char *const *texts, size_t list_count, const char *built,
			 const char *aggregated, const char *split)
{
	struct policy *policy = policy_of(texts, list_count);
	struct prefix_set set = build(policy), flat;

	assert_text(&set, built);
	assert_int_equal(prefix_set_split(&set, true, &flat), 0);
	assert_text(&flat, split);
	prefix_set_done(&flat);
	assert_int_equal(prefix_set_aggregate(&set), 0);
	assert_text(&set, aggregated);
	prefix_set_done(&set);
	policy_free(policy);
}

#define FORMS(list_count, built, aggregated, split, ...)                                           \
	assert_forms((const char *const[]) { __VA_ARGS__ }, list_count, built, aggregated, split)

static void test_forms(void **state)
{
	(void)state;
	FORMS(1, "", "", "", NULL);
	FORMS(1, "192.0.2.0/24 !192.0.2.128/25", "192.0.2.0/24 !192.0.2.128/25", "192.0.2.0/25",
	      "192.0.2.0/24", "!192.0.2.128/25", NULL);
	/* What is excluded from nothing, or again, is not there. */
	FORMS(1, "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "!198.51.100.0/24",
	      "!198.51.100.7", NULL);
	FORMS(1, "10.0.0.0/28 !10.0.0.4/30 10.0.0.5", "10.0.0.0/28 !10.0.0.4/30 10.0.0.5",
	      "10.0.0.0/30 10.0.0.5 10.0.0.8/29", "10.0.0.0/28", "!10.0.0.4/30", "10.0.0.5",
	      "!10.0.0.6/31", NULL);
	/* Neighbours, and what is covered. */
	FORMS(1, "192.0.2.0/25 192.0.2.3 192.0.2.128/25 192.0.3.0/24", "192.0.2.0/23",
	      "192.0.2.0/23", "192.0.2.128/25", "192.0.2.0/25", "192.0.3.0/24", "192.0.2.3", NULL);
	/* Holes merge, too, and may take away all there was. */
	FORMS(1, "192.0.2.0/30 !192.0.2.0/31 !192.0.2.2/31 192.0.2.3", "192.0.2.3", "192.0.2.3",
	      "192.0.2.0/30", "!192.0.2.0/31", "!192.0.2.2/31", "192.0.2.3", NULL);
	/* At the same prefix the hole holds. */
	FORMS(1, "", "", "", "192.0.2.0/24", "!192.0.2.0/24", NULL);
}

static void test_a_hole_is_of_its_own_list(void **state)
{
	(void)state;
	FORMS(2, "10.0.0.0/28 10.0.0.4/30 !10.0.0.4 !10.0.0.8/30",
	      "10.0.0.0/28 !10.0.0.4 !10.0.0.8/30", "10.0.0.0/30 10.0.0.5 10.0.0.6/31 10.0.0.12/30",
	      "10.0.0.0/28", "!10.0.0.4/30", "!10.0.0.8/30", NULL, "10.0.0.4/30", "!10.0.0.4",
	      NULL);
	FORMS(2, "10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24", "!10.0.0.0/24", NULL,
	      "10.0.0.0/24", "!10.0.1.0/24", NULL);
}

static void test_ends_of_the_address_space(void **state)
{
	static const char last[] = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

	(void)state;
	FORMS(1, "0.0.0.0/0 !128.0.0.0/1 255.255.255.255", "0.0.0.0/0 !128.0.0.0/1 255.255.255.255",
	      "0.0.0.0/1 255.255.255.255", "0.0.0.0/0", "!128.0.0.0/1", "255.255.255.255", NULL);
	FORMS(1, "::/0 !8000::/1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	      "::/0 !8000::/1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	      "::/1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0", "!8000::/1", last, NULL);
	FORMS(1, "0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1", "0.0.0.0/0 ::/0", "0.0.0.0/0 ::/0",
	      "128.0.0.0/1", "0.0.0.0/1", "8000::/1", "::/1", NULL);
	/* Families do not touch. */
	FORMS(1,
	      "255.255.255.255 ::", "255.255.255.255 ::", "255.255.255.255 ::", "255.255.255.255",
	      "::", NULL);
}

/* Read again, ::ffff:0:0/96 would be all of IPv4. */
static void test_no_part_means_ipv4(void **state)
{
	(void)state;
	FORMS(1, "::fffe:0:0/95 !::fffe:0:0/96", "::fffe:0:0/95 !::fffe:0:0/96", "",
	      "::fffe:0:0/95", "!::fffe:0:0/96", NULL);
}

/* ---- random lists -------------------------------------------------------- */

struct forms {
	const struct list *lists[LISTS_MAX];
	size_t list_count;
	struct prefix_set built, aggregated, parts, flat;
};

static void check_probe(const struct prefix *address, void *context)
{
	const struct forms *forms = context;
	bool expected = oracle_lists_hold(forms->lists, forms->list_count, address);

	assert_int_equal(oracle_set_holds(&forms->built, address), expected);
	assert_int_equal(oracle_set_holds(&forms->aggregated, address), expected);
	assert_int_equal(oracle_set_holds(&forms->parts, address), expected);
	assert_int_equal(oracle_set_holds(&forms->flat, address), expected);
}

static void check_order(const struct prefix_set *set)
{
	for (size_t i = 1; i < set->count; i++)
		assert_true(prefix_compare(&set->nodes[i - 1].prefix, &set->nodes[i].prefix) < 0);
}

static void check_shape(const struct forms *forms)
{
	check_order(&forms->built);
	check_order(&forms->aggregated);
	check_order(&forms->parts);
	check_order(&forms->flat);
	assert_true(forms->aggregated.count <= forms->built.count);
	assert_true(forms->flat.count <= forms->parts.count);
	for (size_t i = 0; i < forms->built.count; i++) {
		const struct prefix_node *outer = oracle_outer(&forms->built, i);

		assert_true(!forms->built.nodes[i].is_hole || (outer && !outer->is_hole));
	}
	/* An aggregated node differs from the node around it, and has no second half. */
	for (size_t i = 0; i < forms->aggregated.count; i++) {
		const struct prefix_node *node = &forms->aggregated.nodes[i];
		const struct prefix_node *outer = oracle_outer(&forms->aggregated, i);

		assert_int_equal(node->is_hole, outer && !outer->is_hole);
		for (size_t j = 0; j < i; j++)
			assert_false(
			    oracle_are_halves(&forms->aggregated.nodes[j].prefix, &node->prefix));
	}
	for (size_t i = 0; i < forms->parts.count; i++)
		assert_true(!forms->parts.nodes[i].is_hole && !oracle_outer(&forms->parts, i));
	/* The fewest prefixes there are: none nests, and no two make one. */
	for (size_t i = 0; i < forms->flat.count; i++) {
		assert_true(!forms->flat.nodes[i].is_hole && !oracle_outer(&forms->flat, i));
		for (size_t j = 0; j < i; j++)
			assert_false(oracle_are_halves(&forms->flat.nodes[j].prefix,
						       &forms->flat.nodes[i].prefix));
	}
}

static void test_random_lists(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *policy = random_policy(LISTS_MAX, ENTRIES_MAX);
		struct forms forms;

		number_alone(policy);
		forms.list_count = lists_of(policy, forms.lists);
		forms.built = build(policy);
		forms.aggregated = build(policy);
		assert_int_equal(prefix_set_aggregate(&forms.aggregated), 0);
		assert_int_equal(prefix_set_split(&forms.built, false, &forms.parts), 0);
		assert_int_equal(prefix_set_split(&forms.built, true, &forms.flat), 0);
		check_shape(&forms);
		for_each_probe(policy, check_probe, &forms);
		prefix_set_done(&forms.built);
		prefix_set_done(&forms.aggregated);
		prefix_set_done(&forms.parts);
		prefix_set_done(&forms.flat);
		policy_free(policy);
	}
}

/* All addresses of a small network, so that no boundary can be missed. */
static void test_every_address_of_a_small_network(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *policy = policy_new();
		struct forms forms = { 0 };

		for (unsigned int i = 0; i <= random_below(LISTS_MAX - 1); i++) {
			struct list *list = policy_add_list(policy, "l", ACTION_ALLOW);
			struct entry_set *set = entry_set_new();

			for (unsigned int j = random_below(ENTRIES_MAX); j > 0; j--) {
				struct prefix prefix = { { 192, 0, 2, (uint8_t)random_below(32) },
							 FAMILY_IPV4,
							 32 };

				prefix = prefix_truncate(&prefix, (uint8_t)(27 + random_below(6)));
				add_entry(set, SOURCE_FILE, &prefix, random_chance(40));
			}
			entry_set_finish(set);
			list_replace_set(list, SOURCE_FILE, set);
		}
		forms.list_count = lists_of(policy, forms.lists);
		forms.built = build(policy);
		forms.aggregated = build(policy);
		assert_int_equal(prefix_set_aggregate(&forms.aggregated), 0);
		assert_int_equal(prefix_set_split(&forms.aggregated, false, &forms.parts), 0);
		assert_int_equal(prefix_set_split(&forms.aggregated, true, &forms.flat), 0);
		check_order(&forms.flat);
		for (unsigned int i = 0; i < 34; i++) {
			struct prefix address = { { 192, 0, 2, (uint8_t)(i + 255) },
						  FAMILY_IPV4,
						  32 };

			check_probe(&address, &forms);
		}
		prefix_set_done(&forms.built);
		prefix_set_done(&forms.aggregated);
		prefix_set_done(&forms.parts);
		prefix_set_done(&forms.flat);
		policy_free(policy);
	}
}

/* ---- the difference ------------------------------------------------------------ */

struct difference {
	struct prefix_set from, what, rest;
};

static void check_difference(const struct prefix *address, void *context)
{
	const struct difference *difference = context;
	struct prefix part;
	const bool expected = oracle_set_holds(&difference->from, address) &&
			      !oracle_set_holds(&difference->what, address);

	assert_int_equal(oracle_set_holds(&difference->rest, address), expected);
	assert_int_equal(prefix_set_overlap(&difference->rest, address, &part), expected);
	if (expected)
		assert_true(oracle_equal(&part, address));
}

/* The first part of a prefix that is in the set; none only if no node meets it. */
static void check_overlap(const struct prefix_set *set, const struct prefix *prefix)
{
	struct prefix part = { 0 };
	bool expected = false;

	for (size_t i = 0; i < set->count; i++)
		expected |= oracle_covers(&set->nodes[i].prefix, prefix) ||
			    oracle_covers(prefix, &set->nodes[i].prefix);
	assert_int_equal(prefix_set_overlap(set, prefix, &part), expected);
	if (!expected)
		return;
	assert_true(oracle_covers(prefix, &part));
	part = oracle_end(&part, random_chance(50));
	assert_true(oracle_set_holds(set, &part));
}

static struct prefix_set flat_of(const struct policy *policy)
{
	struct prefix_set set = build(policy), flat;

	assert_int_equal(prefix_set_split(&set, random_chance(50), &flat), 0);
	prefix_set_done(&set);
	return flat;
}

static void test_random_differences(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *from = random_policy(LISTS_MAX, ENTRIES_MAX);
		struct policy *what = random_policy(LISTS_MAX, ENTRIES_MAX);
		struct difference difference = { flat_of(from), flat_of(what), { 0 } };

		assert_int_equal(
		    prefix_set_subtract(&difference.from, &difference.what, &difference.rest), 0);
		check_order(&difference.rest);
		for (size_t i = 0; i < difference.rest.count; i++)
			assert_true(!difference.rest.nodes[i].is_hole &&
				    !oracle_outer(&difference.rest, i));
		number_alone(from);
		number_alone(what);
		for_each_probe(from, check_difference, &difference);
		for_each_probe(what, check_difference, &difference);
		for (size_t i = 0; i < what->list_count; i++)
			for (size_t j = 0; j < what->lists[i].rule_count; j++)
				check_overlap(&difference.rest,
					      &rule_array_at(what->lists[i].rules, j)->prefix);
		prefix_set_done(&difference.from);
		prefix_set_done(&difference.what);
		prefix_set_done(&difference.rest);
		policy_free(from);
		policy_free(what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_a_hole_is_of_its_own_list),
		cmocka_unit_test(test_ends_of_the_address_space),
		cmocka_unit_test(test_no_part_means_ipv4),
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_every_address_of_a_small_network),
		cmocka_unit_test(test_random_differences),
	};

	random_start("test_prefix_set");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
