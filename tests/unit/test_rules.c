/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule ids over sequences of policies: a rule keeps its id, and no other rule gets it while it
 * may still be in use. */
#include "core/rules.h"

#include <errno.h>

#include "random_policy.h"

/* Big enough for the policies here, small enough to come round. */
#define IDS_LIMIT 3000

/* The state of each id after the policies that were committed. */
enum id_state { ID_FREE, ID_IN_USE };

struct history {
	struct rule_ids ids;
	struct policy *policy; /* in force */
	enum id_state states[IDS_LIMIT];
};

static bool lists_match(const struct list *a, const struct list *b)
{
	return a->action == b->action && !strcmp(a->name, b->name);
}

/* The id of (list, prefix) in another policy, or 0. */
static uint32_t id_in(const struct policy *policy, const struct list *list,
		      const struct prefix *prefix)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		if (lists_match(&policy->lists[i], list))
			return oracle_rule_id(&policy->lists[i], prefix);
	}
	return 0;
}

/* The rules are the distinct prefixes of the entries, in order. */
static void check_rules(const struct list *list)
{
	size_t index = 0;
	const struct entry *entry;
	struct entry_cursor cursor;

	entry_cursor_init(&cursor, list, NULL);
	for (entry = entry_cursor_next(&cursor); entry; entry = entry_cursor_next(&cursor)) {
		const struct rule *rule;

		if (index == 0 ||
		    !oracle_equal(&rule_array_at(list->rules, index - 1)->prefix, &entry->prefix))
			index++;
		assert_true(index <= list->rule_count);
		rule = rule_array_at(list->rules, index - 1);
		assert_true(oracle_equal(&rule->prefix, &entry->prefix));
		assert_int_equal(rule->id == 0, list_has(list, &entry->prefix, true));
	}
	assert_int_equal(index, list->rule_count);
}

static size_t count_of(const uint32_t *ids, size_t count, uint32_t id)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += ids[i] == id;
	return found;
}

/* Against the policy in force, which @next is to replace. */
static void check_next(const struct history *history, const struct policy *next,
		       const struct rules_change *change)
{
	bool is_taken[IDS_LIMIT] = { false };
	size_t added = 0;
	size_t removed = 0;

	for (size_t i = 0; i < next->list_count; i++) {
		const struct list *list = &next->lists[i];

		check_rules(list);
		for (size_t j = 0; j < list->rule_count; j++) {
			const struct rule *rule = rule_array_at(list->rules, j);
			uint32_t old_id = id_in(history->policy, list, &rule->prefix);

			if (!rule->id)
				continue;
			assert_true(rule->id < IDS_LIMIT && !is_taken[rule->id]);
			is_taken[rule->id] = true;
			if (old_id) {
				assert_int_equal(rule->id, old_id);
				continue;
			}
			assert_int_equal(history->states[rule->id], ID_FREE);
			assert_int_equal(count_of(change->added, change->added_count, rule->id), 1);
			added++;
		}
	}
	assert_int_equal(change->added_count, added);
	for (uint32_t id = 1; id < IDS_LIMIT; id++) {
		bool is_removed = history->states[id] == ID_IN_USE && !is_taken[id];

		assert_int_equal(count_of(change->removed, change->removed_count, id), is_removed);
		removed += is_removed;
	}
	assert_int_equal(change->removed_count, removed);
	for (size_t i = 0; i < removed; i++) {
		const struct removed_rule *rule = &change->removed_rules[i];

		assert_int_equal(rule->rule->id, change->removed[i]);
		assert_ptr_equal(list_find_rule(rule->list, &rule->rule->prefix), rule->rule);
	}
}

static void commit(struct history *history, struct policy *next, const struct rules_change *change)
{
	assert_int_equal(rules_commit(&history->ids, change), 0);
	for (size_t i = 0; i < change->removed_count; i++)
		history->states[change->removed[i]] = ID_FREE;
	for (size_t i = 0; i < change->added_count; i++)
		history->states[change->added[i]] = ID_IN_USE;
	policy_free(history->policy);
	history->policy = next;
}

/* Ids that are neither in use nor to be had are lost. */
static void check_none_lost(const struct history *history)
{
	size_t used = 0;

	for (uint32_t id = 1; id < IDS_LIMIT; id++)
		used += history->states[id] == ID_IN_USE;
	assert_int_equal(history->ids.next - 1, used + history->ids.free_count);
}

static void test_random_sequences(void **state)
{
	(void)state;
	random_start("rules");
	for (int round = 0; round < 20; round++) {
		struct history history = { .policy = policy_new() };

		rule_ids_init(&history.ids, IDS_LIMIT);
		for (int reload = 0; reload < 30; reload++) {
			struct policy *next = random_chance(80) && history.policy->list_count
						  ? random_successor(history.policy, 15)
						  : random_policy(5, 15);
			struct rules_change change;

			assert_int_equal(rules_number(next, history.policy, &history.ids, &change),
					 0);
			check_next(&history, next, &change);
			if (random_chance(25)) {
				assert_int_equal(rules_rollback(&history.ids, &change), 0);
				policy_free(next);
			} else {
				commit(&history, next, &change);
			}
			check_none_lost(&history);
			rules_change_done(&change);
		}
		policy_free(history.policy);
		rule_ids_done(&history.ids);
	}
}

static struct policy *policy_of_addresses(uint8_t first, unsigned int count)
{
	struct policy *policy = policy_new();
	struct list *list = policy_add_list(policy, "a", ACTION_ALLOW);
	struct entry_set *set = entry_set_new();

	for (unsigned int i = 0; i < count; i++) {
		struct prefix prefix = { .addr = { 10, 0, 0, (uint8_t)(first + i) }, .len = 32 };

		add_entry(set, SOURCE_FEED, &prefix, false);
	}
	entry_set_finish(set);
	list_replace_set(list, SOURCE_FEED, set);
	return policy;
}

static void test_ids_run_out(void **state)
{
	struct policy *full = policy_of_addresses(0, 10);
	struct policy *too_many = policy_of_addresses(5, 10);
	struct policy *fewer = policy_of_addresses(5, 5);
	struct policy *others = policy_of_addresses(5, 10);
	struct rules_change change, untouched;
	struct rule_ids ids;

	(void)state;
	rule_ids_init(&ids, 11);
	assert_int_equal(rules_number(full, NULL, &ids, &change), 0);
	assert_int_equal(change.added_count, 10);
	assert_int_equal(change.removed_count, 0);
	rules_change_done(&change);

	/* Half of the ids go, but not before the new policy is in force. */
	memset(&untouched, 0xa5, sizeof(untouched));
	change = untouched;
	assert_int_equal(rules_number(too_many, full, &ids, &change), -ENOSPC);
	assert_memory_equal(&change, &untouched, sizeof(change));
	assert_int_equal(ids.next, 11);
	assert_int_equal(ids.free_count, 0);
	policy_free(too_many);

	assert_int_equal(rules_number(fewer, full, &ids, &change), 0);
	assert_int_equal(change.removed_count, 5);
	assert_int_equal(rules_commit(&ids, &change), 0);
	rules_change_done(&change);
	assert_int_equal(rules_number(others, fewer, &ids, &change), 0);
	assert_int_equal(change.added_count, 5);
	rules_change_done(&change);
	policy_free(full);
	policy_free(fewer);
	policy_free(others);
	rule_ids_done(&ids);
}

/* On an error in the middle, ids that came from the free ones are free again. */
static void test_error_gives_ids_back(void **state)
{
	struct policy *policy = policy_of_addresses(0, 4);
	struct policy *too_many = policy_of_addresses(100, 10);
	struct rules_change change;
	struct rule_ids ids;

	(void)state;
	rule_ids_init(&ids, 8);
	assert_int_equal(rules_number(policy, NULL, &ids, &change), 0);
	assert_int_equal(rules_rollback(&ids, &change), 0);
	rules_change_done(&change);
	assert_int_equal(ids.free_count, 4);
	assert_int_equal(rules_number(too_many, NULL, &ids, &change), -ENOSPC);
	assert_int_equal(ids.free_count, 4);
	assert_int_equal(ids.next, 5);
	for (uint32_t id = 1; id < 5; id++)
		assert_int_equal(count_of(ids.free_ids, ids.free_count, id), 1);
	policy_free(policy);
	policy_free(too_many);
	rule_ids_done(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_sequences),
		cmocka_unit_test(test_ids_run_out),
		cmocka_unit_test(test_error_gives_ids_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
