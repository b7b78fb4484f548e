/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index answers for each address as the oracle does, whatever the policy looks
 * like: random ones whose prefixes meet, dense and deep ones, and after changes.
 */
#include <endian.h>
#include <errno.h>

#include "compile/index.h"
#include "ipwl_verdict.h"
#include "random_policy.h"
#include "table_lookup.h"

#define REGIONS_ALLOWED 8

struct built {
	struct index_space space;		  /* first */
	unsigned char *hidden[IPWL_REGION_SLOTS]; /* regions that are not needed at present */
	bool finds_nothing;
	struct averted_classes averted;
	struct ipwl_class classes[IPWL_CLASSES_MAX];
	struct ipwl_block_set sets[IPWL_AVERTED_MAX];
	uint32_t words[FAMILY_COUNT][IPWL_ROOT_WORDS];
	uint32_t filter[IPWL_FILTER_WORDS];
	bool has_filter;
};

static struct index_root root_of(const struct built *built, enum family family)
{
	return (struct index_root) {
		.words = (uint32_t *)(uintptr_t)built->words[family],
		.filter = family == FAMILY_IPV4 && built->has_filter
			      ? (uint32_t *)(uintptr_t)built->filter
			      : NULL,
	};
}

static int regions_allowed = REGIONS_ALLOWED;

static struct built *built_of(struct index_space *space)
{
	return (struct built *)(void *)space;
}

static int add_region(struct index_space *space)
{
	for (int i = 0; i < regions_allowed; i++) {
		if (space->regions[i] || built_of(space)->hidden[i])
			continue;
		space->regions[i] = calloc(1, IPWL_REGION_BYTES);
		assert_non_null(space->regions[i]);
		return i;
	}
	return -ENOSPC;
}

static int find_region(struct index_space *space, uint32_t slot)
{
	struct built *built = built_of(space);

	if (built->finds_nothing)
		return -ENOMEM;
	assert_null(space->regions[slot]);
	space->regions[slot] = built->hidden[slot];
	built->hidden[slot] = NULL;
	return 0;
}

static void hide_regions(struct built *built, bool is_filling)
{
	for (uint32_t slot = 0; slot < REGIONS_ALLOWED; slot++) {
		if (!built->space.regions[slot] ||
		    (is_filling && index_space_fills(&built->space, slot)))
			continue;
		built->hidden[slot] = built->space.regions[slot];
		built->space.regions[slot] = NULL;
	}
}

/* Have the regions that are to be filled. */
static void find_regions(struct built *built)
{
	for (uint32_t slot = 0; slot < REGIONS_ALLOWED; slot++)
		if (!built->space.regions[slot] && index_space_fills(&built->space, slot))
			find_region(&built->space, slot);
}

static struct built *built_new(void)
{
	struct built *built = calloc(1, sizeof(*built));

	assert_non_null(built);
	index_space_init(&built->space, 0, add_region);
	built->space.find_region = find_region;
	built->averted.classes = built->classes;
	built->averted.sets = built->sets;
	built->has_filter = random_chance(50);
	return built;
}

static void built_free(struct built *built)
{
	for (int i = 0; i < REGIONS_ALLOWED; i++) {
		free(built->space.regions[i]);
		free(built->hidden[i]);
	}
	free(built);
}

static int build_range(struct built *built, const struct policy *policy, uint32_t split_above,
		       const struct prefix *range)
{
	struct index_builder *builder =
	    index_builder_new(policy, 0, 0, &built->space, &built->averted, split_above);
	const struct index_root root = root_of(built, range->family);
	int error;

	assert_non_null(builder);
	find_regions(built);
	error = index_builder_run(builder, range, &root);
	hide_regions(built, random_chance(50));
	index_builder_free(builder);
	return error;
}

static int build_all(struct built *built, const struct policy *policy, uint32_t split_above)
{
	int error = 0;

	for (int family = 0; family < FAMILY_COUNT && !error; family++) {
		const struct prefix all = { .family = (uint8_t)family };

		error = build_range(built, policy, split_above, &all);
	}
	return error;
}

struct check {
	const struct policy *policy;
	struct built *built;
	size_t count;
};

static struct ipwl_match oracle_match(const struct policy *policy, enum action action,
				      const struct prefix *address)
{
	struct oracle_decision decision = oracle_decide(policy, action, address);

	return (struct ipwl_match) {
		.rule = decision.rule,
		.class = decision.list | (decision.flags & NODE_MONITOR ? IPWL_CLASS_SECOND : 0),
	};
}

/* The block lists that contain an address. */
static struct ipwl_block_set oracle_set(const struct policy *policy, const struct prefix *address)
{
	struct ipwl_block_set set = { .words = { 0 } };

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		const struct entry *match = oracle_list_match(list, address);

		if (list->action == ACTION_BLOCK && match && !match->is_exclusion)
			set.words[list->slot / 64] |= 1ULL << list->slot % 64;
	}
	return set;
}

/* A class of its own says the same as the allow list's second class, and the block lists. */
static bool is_class(const struct built *built, const struct policy *policy,
		     const struct prefix *address, uint16_t is, uint16_t should)
{
	size_t index = (size_t)is - IPWL_CLASS_AVERTED;
	struct ipwl_block_set set;

	if (is < IPWL_CLASS_AVERTED)
		return is == should &&
		       (!(is & IPWL_CLASS_SECOND) ||
			policy_find_slot(policy, is % IPWL_LISTS_MAX)->action == ACTION_BLOCK);
	if (is >= IPWL_CLASSES_MAX)
		return false;
	set = oracle_set(policy, address);
	return built->classes[is].verdict == IPWL_AVERTED &&
	       (built->classes[is].list | IPWL_CLASS_SECOND) == should &&
	       !memcmp(&built->sets[index], &set, sizeof(set));
}

static void check_match(const struct policy *policy, const struct prefix *address,
			const struct ipwl_match *expected, struct built *built)
{
	const struct index_root root = root_of(built, address->family);
	struct ipwl_match match;
	char text[PREFIX_TEXT_BYTES];

	assert_int_equal(index_lookup(&root, &built->space, address, &match), 0);
	if (match.rule == expected->rule &&
	    (!match.rule || is_class(built, policy, address, match.class, expected->class)))
		return;
	fail_msg("%s: rule %u class %u instead of %u %u", prefix_format(address, text), match.rule,
		 match.class, expected->rule, expected->class);
}

static void check_address(const struct prefix *address, void *context)
{
	struct check *check = context;
	struct ipwl_match allow = oracle_match(check->policy, ACTION_ALLOW, address);
	struct ipwl_match block = oracle_match(check->policy, ACTION_BLOCK, address);
	struct ipwl_match expected = ipwl_merge(&allow, &block);

	check_match(check->policy, address, &expected, check->built);
	check->count++;
}

static void check_policy(const struct policy *policy, struct built *built)
{
	struct check check = { .policy = policy, .built = built };

	for_each_probe(policy, check_address, &check);
	for (int i = 0; i < 20; i++) {
		struct prefix address = random_address(i % 2 ? FAMILY_IPV4 : FAMILY_IPV6);

		check_address(&address, &check);
	}
}

static uint32_t random_split(void)
{
	static const uint32_t splits[] = { 1, 3, 31, 32, 33, INDEX_SPLIT_ABOVE };

	return splits[random_below(sizeof(splits) / sizeof(splits[0]))];
}

static void test_random_policies(void **state)
{
	(void)state;
	random_start("index of random policies");
	for (int round = 0; round < 400; round++) {
		struct policy *policy = random_policy(5, 12);
		struct built *built = built_new();

		number_alone(policy);
		assert_int_equal(build_all(built, policy, random_split()), 0);
		check_policy(policy, built);
		built_free(built);
		policy_free(policy);
	}
}

/* Hundreds of entries below a few bits, in both families, so that blocks of all sizes,
 * nodes and passed-over bits come up. */
static struct policy *dense_policy(void)
{
	struct policy *policy = policy_new();

	for (unsigned int i = 0; i < 3; i++) {
		struct entry_set *set = entry_set_new();
		enum family family = random_chance(50) ? FAMILY_IPV4 : FAMILY_IPV6;
		unsigned int max_len = prefix_max_len(family);
		struct prefix near = random_address(family);
		unsigned int shared = random_below(max_len - 3);
		unsigned int count = random_below(random_chance(30) ? 700 : 90);
		struct list *list = policy_add_list(policy, i ? i > 1 ? "b" : "a" : "c",
						    i == 1 ? ACTION_ALLOW : ACTION_BLOCK);

		list->slot = (uint16_t)(1023 - i);
		list->is_monitor = i == 2;
		for (unsigned int j = 0; j < count; j++) {
			struct prefix prefix = near;

			for (unsigned int bit = shared; bit < max_len; bit++)
				if (random_chance(50))
					prefix.addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			prefix = prefix_truncate(
			    &prefix,
			    (uint8_t)(max_len -
				      random_below(random_chance(80) ? 3 : max_len - shared)));
			add_entry(set, SOURCE_FILE, &prefix, random_chance(10));
		}
		entry_set_finish(set);
		list_replace_set(list, SOURCE_FILE, set);
	}
	return policy;
}

/* As test_random_policies(), but too large for the oracle: the compiled tables, which
 * have tests of their own, are. */
static void check_by_tables(const struct policy *policy, const struct tables *tables,
			    struct built *built, const struct prefix *address)
{
	struct ipwl_match matches[ACTION_COUNT] = { 0 };
	struct ipwl_match expected;

	for (int action = 0; action < ACTION_COUNT; action++) {
		const struct node *node =
		    table_lookup(&tables->of[action][address->family], address);

		if (node)
			matches[action] = match_of_node(node);
	}
	expected = ipwl_merge(&matches[ACTION_ALLOW], &matches[ACTION_BLOCK]);
	check_match(policy, address, &expected, built);
}

static void test_dense_policies(void **state)
{
	(void)state;
	random_start("index of dense policies");
	for (int round = 0; round < 150; round++) {
		struct policy *policy = dense_policy();
		struct built *built = built_new();
		struct tables tables;

		number_alone(policy);
		assert_int_equal(tables_compile(policy, 0, &tables), 0);
		assert_int_equal(build_all(built, policy, random_split()), 0);
		for (size_t i = 0; i < policy->list_count; i++)
			for (size_t j = 0; j < policy->lists[i].rule_count; j++) {
				struct prefix probes[ORACLE_PROBES_PER_PREFIX];

				oracle_probes(&rule_array_at(policy->lists[i].rules, j)->prefix,
					      probes);
				for (int k = 0; k < ORACLE_PROBES_PER_PREFIX; k++)
					check_by_tables(policy, &tables, built, &probes[k]);
			}
		tables_done(&tables);
		built_free(built);
		policy_free(policy);
	}
}

/* After a change only the slots that it touches are built anew. */
static void test_changed_ranges(void **state)
{
	(void)state;
	random_start("changes of an index");
	for (int round = 0; round < 60; round++) {
		struct policy *policy = random_policy(4, 10);
		struct built *built = built_new();
		struct rules_change change;
		struct rule_ids ids;

		rule_ids_init(&ids, UINT32_MAX);
		assert_int_equal(rules_number(policy, NULL, &ids, &change), 0);
		rules_change_done(&change);
		assert_int_equal(build_all(built, policy, 3), 0);
		for (int step = 0; step < 4; step++) {
			struct policy *next = policy_copy(policy);
			struct prefix prefix = random_prefix_any();
			struct prefix range = prefix;

			for (size_t i = 0; i < next->list_count; i++) {
				struct entry_set *set = entry_set_new();

				add_entry(set, SOURCE_MANUAL, &prefix, random_chance(30));
				entry_set_finish(set);
				if (random_chance(50))
					list_replace_set(&next->lists[i], SOURCE_MANUAL, set);
				else
					entry_set_unref(set);
			}
			assert_int_equal(rules_number(next, policy, &ids, &change), 0);
			/* What was manual before is gone. */
			for (size_t i = 0; i < change.changed_count; i++) {
				range = change.changed[i];
				if (range.len > IPWL_ROOT_BITS)
					range = prefix_truncate(&range, IPWL_ROOT_BITS);
				assert_int_equal(build_range(built, next, 3, &range), 0);
			}
			rules_change_done(&change);
			check_policy(next, built);
			policy_free(policy);
			policy = next;
		}
		rule_ids_done(&ids);
		built_free(built);
		policy_free(policy);
	}
}

/* No space left is an error, and the words written before still hold. */
static void test_no_space(void **state)
{
	struct policy *policy = policy_new();
	struct built *built = built_new();
	struct entry_set *set = entry_set_new();

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct prefix prefix = { .family = FAMILY_IPV4, .len = 32 };
		/* The upper half varies least, so many are in one /16. */
		uint32_t bits = htole32(i * 2654435761U);

		memcpy(prefix.addr, &bits, sizeof(bits));
		add_entry(set, SOURCE_FILE, &prefix, false);
	}
	entry_set_finish(set);
	list_replace_set(policy_add_list(policy, "block", ACTION_BLOCK), SOURCE_FILE, set);
	policy->lists[0].slot = 0;
	number_alone(policy);
	regions_allowed = 1;
	assert_int_equal(build_all(built, policy, INDEX_SPLIT_ABOVE), -ENOSPC);
	regions_allowed = REGIONS_ALLOWED;
	index_space_init(&built->space, 0, add_region);
	assert_int_equal(build_all(built, policy, INDEX_SPLIT_ABOVE), 0);
	built_free(built);
	policy_free(policy);
}

/* A region that cannot be found does not make an address unlisted in silence. */
static void test_lost_region(void **state)
{
	const struct prefix listed = { .addr = { 10 }, .family = FAMILY_IPV4, .len = 32 };
	struct policy *policy = policy_new();
	struct built *built = built_new();
	struct entry_set *set = entry_set_new();
	struct index_root root;
	struct ipwl_match match;

	(void)state;
	add_entry(set, SOURCE_FILE, &listed, false);
	entry_set_finish(set);
	list_replace_set(policy_add_list(policy, "block", ACTION_BLOCK), SOURCE_FILE, set);
	policy->lists[0].slot = 0;
	number_alone(policy);
	assert_int_equal(build_all(built, policy, INDEX_SPLIT_ABOVE), 0);
	root = root_of(built, FAMILY_IPV4);
	hide_regions(built, false);
	built->finds_nothing = true;
	assert_int_equal(index_lookup(&root, &built->space, &listed, &match), -ENOMEM);
	built->finds_nothing = false;
	assert_int_equal(index_lookup(&root, &built->space, &listed, &match), 0);
	assert_int_equal(match.rule, 1);
	built_free(built);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_policies), cmocka_unit_test(test_dense_policies),
		cmocka_unit_test(test_changed_ranges),	cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_lost_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
