/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled tables: cases by hand, and random policies against an oracle. */
#include "compile/table.h"

#include "random_policy.h"
#include "table_lookup.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

/* Space-separated prefixes, an exclamation mark before each exclusion. */
static struct list *add_list(struct policy *policy, const char *name, enum action action,
			     bool is_monitor, const char *entries)
{
	struct list *list = policy_add_list(policy, name, action);
	struct entry_set *set = entry_set_new();
	char *copy = strdup(entries);
	char *rest = copy;
	char *word;

	assert_true(list && set && copy);
	list->is_monitor = is_monitor;
	list->slot = (uint16_t)(100 + policy->list_count);
	while ((word = strsep(&rest, " "))) {
		bool is_exclusion = word[0] == '!';
		struct prefix prefix = prefix_of(word + is_exclusion);

		add_entry(set, SOURCE_CONFIG, &prefix, is_exclusion);
	}
	free(copy);
	entry_set_finish(set);
	list_replace_set(list, SOURCE_CONFIG, set);
	return list;
}

/* The list that decides for an address and by which prefix: "NAME PREFIX". */
static void expect(const struct policy *policy, const struct tables *tables, enum action action,
		   const char *address_text, const char *expected)
{
	struct prefix address = prefix_of(address_text);
	const struct node *node = table_lookup(&tables->of[action][address.family], &address);
	char found[128] = "none";

	for (size_t i = 0; node && i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		for (size_t j = 0; j < list->rule_count; j++) {
			char text[PREFIX_TEXT_BYTES];

			if (rule_array_at(list->rules, j)->id != node->rule)
				continue;
			assert_int_equal(node->list, list->slot);
			assert_int_equal(node->flags,
					 list->action == ACTION_BLOCK && list->is_monitor);
			snprintf(found, sizeof(found), "%s %s", list->name,
				 prefix_format(&rule_array_at(list->rules, j)->prefix, text));
		}
	}
	assert_string_equal(found, expected);
}

static void compile(struct policy *policy, struct tables *ret_tables)
{
	number_alone(policy);
	assert_int_equal(tables_compile(policy, 0, ret_tables), 0);
}

static void test_empty(void **state)
{
	struct policy *policy = policy_new();
	struct tables tables;

	(void)state;
	compile(policy, &tables);
	expect(policy, &tables, ACTION_ALLOW, "192.0.2.1", "none");
	expect(policy, &tables, ACTION_BLOCK, "::", "none");
	tables_done(&tables);
	policy_free(policy);
}

static void test_allow_most_specific_then_first(void **state)
{
	struct policy *policy = policy_new();
	struct tables tables;

	(void)state;
	add_list(policy, "a", ACTION_ALLOW, true, "10.0.0.0/8 10.1.1.0/24 2001:db8::/32");
	add_list(policy, "b", ACTION_ALLOW, false, "10.1.0.0/16 10.1.1.0/24 2001:db8::/32");
	add_list(policy, "c", ACTION_BLOCK, false, "10.1.1.1");
	compile(policy, &tables);
	expect(policy, &tables, ACTION_ALLOW, "10.0.0.1", "a 10.0.0.0/8");
	expect(policy, &tables, ACTION_ALLOW, "10.1.0.1", "b 10.1.0.0/16");
	expect(policy, &tables, ACTION_ALLOW, "10.1.1.1", "a 10.1.1.0/24");
	expect(policy, &tables, ACTION_ALLOW, "2001:db8::1", "a 2001:db8::/32");
	expect(policy, &tables, ACTION_BLOCK, "10.1.1.1", "c 10.1.1.1/32");
	expect(policy, &tables, ACTION_BLOCK, "10.1.1.2", "none");
	tables_done(&tables);
	policy_free(policy);
}

static void test_enforcing_before_monitoring(void **state)
{
	struct policy *policy = policy_new();
	struct tables tables;

	(void)state;
	add_list(policy, "shadow", ACTION_BLOCK, true, "10.0.0.0/8 10.1.1.0/24 172.16.0.0/12");
	add_list(policy, "real", ACTION_BLOCK, false, "10.1.0.0/16 !10.1.1.128/25");
	compile(policy, &tables);
	expect(policy, &tables, ACTION_BLOCK, "10.0.0.1", "shadow 10.0.0.0/8");
	expect(policy, &tables, ACTION_BLOCK, "10.1.1.1", "real 10.1.0.0/16");
	expect(policy, &tables, ACTION_BLOCK, "10.1.1.129", "shadow 10.1.1.0/24");
	expect(policy, &tables, ACTION_BLOCK, "172.16.0.1", "shadow 172.16.0.0/12");
	/* 10.1.1.0/24 decides as 10.1.0.0/16 does. */
	assert_int_equal(tables.of[ACTION_BLOCK][FAMILY_IPV4].count, 4);
	tables_done(&tables);
	policy_free(policy);
}

static void test_exclusion_is_a_hole_in_its_list(void **state)
{
	struct policy *policy = policy_new();
	struct tables tables;

	(void)state;
	add_list(policy, "a", ACTION_ALLOW, false,
		 "0.0.0.0/0 !10.0.0.0/8 10.1.0.0/16 !10.1.1.0/24 10.1.1.0/24 10.1.1.1");
	add_list(policy, "b", ACTION_ALLOW, false, "10.1.0.0/20 !192.0.2.0/24");
	compile(policy, &tables);
	expect(policy, &tables, ACTION_ALLOW, "9.255.255.255", "a 0.0.0.0/0");
	expect(policy, &tables, ACTION_ALLOW, "10.0.0.0", "none");
	expect(policy, &tables, ACTION_ALLOW, "10.1.255.255", "a 10.1.0.0/16");
	expect(policy, &tables, ACTION_ALLOW, "10.1.1.0", "b 10.1.0.0/20");
	expect(policy, &tables, ACTION_ALLOW, "10.1.1.1", "a 10.1.1.1/32");
	expect(policy, &tables, ACTION_ALLOW, "192.0.2.1", "a 0.0.0.0/0");
	expect(policy, &tables, ACTION_ALLOW, "255.255.255.255", "a 0.0.0.0/0");
	assert_null(list_find_rule(&policy->lists[0], &(struct prefix) { .len = 1 }));
	tables_done(&tables);
	policy_free(policy);
}

static void test_hole_in_nothing_has_no_node(void **state)
{
	struct policy *policy = policy_new();
	struct tables tables;

	(void)state;
	add_list(policy, "a", ACTION_ALLOW, false, "!10.0.0.0/8 !2001:db8::/32");
	compile(policy, &tables);
	assert_int_equal(tables.of[ACTION_ALLOW][FAMILY_IPV4].count, 0);
	assert_int_equal(tables.of[ACTION_ALLOW][FAMILY_IPV6].count, 0);
	tables_done(&tables);
	policy_free(policy);
}

/* The lists as they are many: each has a hole where the one before it decides. */
static void test_many_lists_at_one_prefix(void **state)
{
	struct policy *policy = policy_new();
	struct tables tables;
	char name[16];

	(void)state;
	for (unsigned int i = 0; i < POLICY_LISTS_MAX; i++) {
		char entries[64];

		snprintf(name, sizeof(name), "l%u", i);
		snprintf(entries, sizeof(entries), "::/0 !2001:db8::%x/128", i);
		add_list(policy, name, ACTION_BLOCK, i % 2, entries);
	}
	compile(policy, &tables);
	expect(policy, &tables, ACTION_BLOCK, "2001:db8::", "l2 ::/0");
	expect(policy, &tables, ACTION_BLOCK, "2001:db8::1", "l0 ::/0");
	expect(policy, &tables, ACTION_BLOCK, "2001:db8::3ff", "l0 ::/0");
	assert_int_equal(tables.of[ACTION_BLOCK][FAMILY_IPV6].count, 2);
	tables_done(&tables);
	policy_free(policy);
}

struct comparison {
	const struct policy *policy;
	const struct tables *tables;
	size_t decided;
};

static void compare_with_oracle(const struct prefix *address, void *context)
{
	struct comparison *comparison = context;

	for (int action = 0; action < ACTION_COUNT; action++) {
		struct oracle_decision expected =
		    oracle_decide(comparison->policy, (enum action)action, address);
		const struct node *node =
		    table_lookup(&comparison->tables->of[action][address->family], address);
		char text[PREFIX_TEXT_BYTES];

		if ((node ? node->rule : 0) != expected.rule)
			print_error("%s %s\n", action_names[action], prefix_format(address, text));
		assert_int_equal(node ? node->rule : 0, expected.rule);
		assert_int_equal(node ? node->list : 0, expected.list);
		assert_int_equal(node ? node->flags : 0, expected.flags);
		comparison->decided += expected.rule != 0;
	}
}

/* Sorted, each prefix once, and no node that could be left out. */
static void check_shape(const struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct node *node = &table->nodes[i];
		const struct node *outer = NULL;

		if (i > 0)
			assert_true(prefix_compare(&node[-1].prefix, &node->prefix) < 0);
		for (size_t j = 0; j < i; j++) {
			if (oracle_covers(&table->nodes[j].prefix, &node->prefix) &&
			    (!outer || table->nodes[j].prefix.len > outer->prefix.len))
				outer = &table->nodes[j];
		}
		assert_int_not_equal(node->rule, outer ? outer->rule : 0);
		if (!node->rule)
			assert_int_equal(node->list | node->flags, 0);
	}
}

static void test_random_policies(void **state)
{
	size_t decided = 0;

	(void)state;
	random_start("table");
	for (int round = 0; round < 400; round++) {
		bool has_many_lists = round % 20 == 0;
		struct policy *policy =
		    random_policy(has_many_lists ? 60 : 6, has_many_lists ? 3 : 12);
		struct tables tables;
		struct comparison comparison = { .policy = policy, .tables = &tables };

		compile(policy, &tables);
		for_each_probe(policy, compare_with_oracle, &comparison);
		for (int i = 0; i < ACTION_COUNT * FAMILY_COUNT; i++)
			check_shape(&tables.of[i / FAMILY_COUNT][i % FAMILY_COUNT]);
		decided += comparison.decided;
		tables_done(&tables);
		policy_free(policy);
	}
	assert_true(decided > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_allow_most_specific_then_first),
		cmocka_unit_test(test_enforcing_before_monitoring),
		cmocka_unit_test(test_exclusion_is_a_hole_in_its_list),
		cmocka_unit_test(test_hole_in_nothing_has_no_node),
		cmocka_unit_test(test_many_lists_at_one_prefix),
		cmocka_unit_test(test_random_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
