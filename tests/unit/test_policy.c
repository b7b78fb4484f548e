/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists, their copies, and the walks over their entries. */
#include "random_policy.h"

static void test_lists(void **state)
{
	struct policy *policy = policy_new();
	struct list *list;

	(void)state;
	assert_null(policy_find_list(policy, "a"));
	assert_non_null(policy_add_list(policy, "a", ACTION_ALLOW));
	list = policy_add_list(policy, "b", ACTION_BLOCK);
	assert_string_equal(action_names[list->action], "block");
	assert_int_equal(list->mark_mask, 0xffffffff);
	assert_int_equal(list->slot, POLICY_NO_SLOT);
	assert_false(list->is_monitor || list->sets_mark || list->sets_priority);
	assert_ptr_equal(policy_find_list(policy, "b"), list);
	assert_ptr_equal(policy_find_list(policy, "a"), &policy->lists[0]);
	assert_null(policy_find_list(policy, "B"));
	policy_free(policy);
	policy_free(NULL);
}

static void test_copy_shares_sets(void **state)
{
	struct policy *policy = policy_new();
	struct list *list = policy_add_list(policy, "a", ACTION_ALLOW);
	struct entry_set *set = entry_set_new();
	struct prefix prefix = { .len = 32 };
	struct policy *copy;

	(void)state;
	add_entry(set, SOURCE_MANUAL, &prefix, false);
	entry_set_finish(set);
	list_replace_set(list, SOURCE_MANUAL, set);
	list->sets_mark = true;
	list->mark = 7;
	list->slot = 9;
	number_alone(policy);
	assert_int_equal(policy->lists[0].rule_count, 1);

	copy = policy_copy(policy);
	assert_non_null(copy);
	assert_int_equal(set->references, 2);
	assert_ptr_equal(copy->lists[0].sets[SOURCE_MANUAL], set);
	assert_ptr_not_equal(copy->lists[0].name, policy->lists[0].name);
	assert_null(copy->lists[0].rules);
	assert_int_equal(copy->lists[0].rule_count, 0);
	assert_int_equal(copy->lists[0].mark, 7);
	assert_int_equal(copy->lists[0].slot, 9);

	list_replace_set(&copy->lists[0], SOURCE_MANUAL, NULL);
	assert_int_equal(set->references, 1);
	policy_free(policy);
	policy_free(copy);
}

/* The entries, or exclusions, of exactly this prefix, counted one by one. */
static size_t count_naively(const struct list *list, const struct prefix *prefix, bool is_exclusion)
{
	size_t count = 0;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];

		for (size_t i = 0; set && i < set->count; i++)
			count += oracle_equal(&set->entries[i].prefix, prefix) &&
				 set->entries[i].is_exclusion == is_exclusion;
	}
	return count;
}

static void check_membership(const struct list *list)
{
	for (int i = 0; i < 50; i++) {
		struct prefix prefix = random_prefix_any();
		size_t entries = count_naively(list, &prefix, false);
		size_t exclusions = count_naively(list, &prefix, true);
		const struct rule *rule = list_find_rule(list, &prefix);

		assert_int_equal(list_has(list, &prefix, false), entries > 0);
		assert_int_equal(list_has(list, &prefix, true), exclusions > 0);
		assert_int_equal(rule != NULL, entries + exclusions > 0);
		if (!rule)
			continue;
		assert_true(oracle_equal(&rule->prefix, &prefix));
		assert_int_equal(rule->id != 0, entries > 0 && exclusions == 0);
	}
}

/* All entries not before @from come, each once, in order. */
static void check_cursor(const struct list *list, const struct prefix *from)
{
	size_t counts[FAMILY_COUNT] = { 0 };
	const struct entry *entry, *before = NULL;
	struct entry_cursor cursor;
	size_t seen = 0;
	size_t expected = 0;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];

		for (size_t i = 0; set && i < set->count; i++)
			expected += !from || prefix_compare(&set->entries[i].prefix, from) >= 0;
	}
	entry_cursor_init(&cursor, list, from);
	while ((entry = entry_cursor_next(&cursor))) {
		int order = before ? prefix_compare(&before->prefix, &entry->prefix) : -1;

		assert_true(order < 0 || (order == 0 && before->source <= entry->source));
		if (order == 0 && before->source == entry->source)
			assert_ptr_equal(entry, before + 1);
		if (from)
			assert_true(prefix_compare(from, &entry->prefix) <= 0);
		counts[entry->prefix.family] += !entry->is_exclusion;
		before = entry;
		seen++;
	}
	assert_int_equal(seen, expected);
	for (int family = 0; !from && family < FAMILY_COUNT; family++)
		assert_int_equal(list_count_entries(list, (enum family)family), counts[family]);
}

static void test_random_walks(void **state)
{
	(void)state;
	random_start("policy");
	for (int round = 0; round < 200; round++) {
		struct policy *policy = random_policy(4, 20);

		number_alone(policy);
		for (size_t i = 0; i < policy->list_count; i++) {
			struct prefix from = random_prefix_any();

			check_membership(&policy->lists[i]);
			check_cursor(&policy->lists[i], NULL);
			check_cursor(&policy->lists[i], &from);
		}
		policy_free(policy);
	}
}

struct visits {
	const struct policy *policy;
	const struct prefix *prefix;
	const struct list *list;
	const struct entry *entry;
	size_t count;
};

static void check_visit(const struct list *list, const struct entry *entry, uint32_t rule_id,
			void *context)
{
	struct visits *visits = context;

	assert_true(list >= visits->policy->lists);
	assert_true(oracle_covers(&entry->prefix, visits->prefix));
	assert_true(!visits->list || list >= visits->list);
	if (visits->list == list) {
		assert_true(entry->prefix.len >= visits->entry->prefix.len);
		assert_ptr_not_equal(entry, visits->entry);
	}
	assert_int_equal(rule_id, entry->is_exclusion ? 0 : oracle_rule_id(list, &entry->prefix));
	visits->list = list;
	visits->entry = entry;
	visits->count++;
}

static size_t count_covering(const struct policy *policy, const struct prefix *prefix)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->list_count; i++) {
		for (int source = 0; source < SOURCE_COUNT; source++) {
			const struct entry_set *set = policy->lists[i].sets[source];

			for (size_t j = 0; set && j < set->count; j++)
				count += oracle_covers(&set->entries[j].prefix, prefix);
		}
	}
	return count;
}

static void set_ports(struct list *list, uint16_t first, uint16_t second)
{
	list->ports = calloc(2, sizeof(*list->ports));
	assert_non_null(list->ports);
	list->ports[0] = first;
	list->ports[1] = second;
	list->port_count = 2;
}

/* Ports are in one group if the same lists are for them, also in a copy of the policy. */
static void test_port_groups(void **state)
{
	static const uint16_t ports[] = { 25, 465, 587, 2525 };
	struct policy *policy = policy_new(), *copy;
	uint16_t firsts[POLICY_PORT_GROUPS_MAX];
	uint8_t groups[4];

	(void)state;
	policy_add_list(policy, "all", ACTION_BLOCK);
	assert_int_equal(policy_group_ports(policy, ports, 4, groups, firsts), 1);
	assert_int_equal(groups[3], 0);
	set_ports(policy_add_list(policy, "submission", ACTION_ALLOW), 587, 465);
	copy = policy_copy(policy);
	policy_free(policy);
	assert_non_null(copy);
	assert_int_equal(policy_group_ports(copy, ports, 4, groups, firsts), 2);
	assert_true(groups[0] == 0 && groups[1] == 1 && groups[2] == 1 && groups[3] == 0);
	assert_true(firsts[0] == 25 && firsts[1] == 465);
	/* Whether two lists are for the same ports does not depend on the order. */
	set_ports(policy_add_list(copy, "other", ACTION_ALLOW), 465, 587);
	assert_true(list_has_same_ports(&copy->lists[1], &copy->lists[2]));
	assert_false(list_has_same_ports(&copy->lists[0], &copy->lists[2]));
	policy_free(copy);
}

static void test_covering(void **state)
{
	size_t seen = 0;

	(void)state;
	random_start("policy");
	for (int round = 0; round < 200; round++) {
		struct policy *policy = random_policy(4, 20);

		number_alone(policy);
		for (int probe = 0; probe < 50; probe++) {
			struct prefix prefix = random_prefix_any();
			struct visits visits = { .policy = policy, .prefix = &prefix };

			policy_covering(policy, &prefix, check_visit, &visits);
			assert_int_equal(visits.count, count_covering(policy, &prefix));
			seen += visits.count;
		}
		policy_free(policy);
	}
	assert_true(seen > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),	     cmocka_unit_test(test_copy_shares_sets),
		cmocka_unit_test(test_random_walks), cmocka_unit_test(test_covering),
		cmocka_unit_test(test_port_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
