/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which exclusions are overruled, compared with an oracle that looks at each one separately. */
#include "core/overrule.h"

#include "random_policy.h"

#define ROUNDS 2000
#define PROTECTED_MAX 6
#define ENTRIES_MAX 20

struct protected
{
	struct prefix prefixes[PROTECTED_MAX];
	size_t count;
};

static int compare(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

static struct protected random_protected(void)
{
	struct protected protected = { .count = random_below(PROTECTED_MAX + 1) };

	for (size_t i = 0; i < protected.count; i++) {
		struct prefix *prefix = &protected.prefixes[i];

		*prefix = random_prefix_any();
	}
	qsort(protected.prefixes, protected.count, sizeof(*protected.prefixes), compare);
	return protected;
}

static bool oracle_is_overruled(const struct entry *entry, const struct protected *protected)
{
	if (!entry->is_exclusion ||
	    (entry->source != SOURCE_FEED && entry->source != SOURCE_LEARNED))
		return false;
	for (size_t i = 0; i < protected->count; i++)
		if (oracle_covers(&protected->prefixes[i], &entry->prefix))
			return true;
	return false;
}

static size_t count_of(const struct entry_set *set, const struct entry *entry)
{
	size_t count = 0;

	for (size_t i = 0; set && i < set->count; i++)
		count += oracle_equal(&set->entries[i].prefix, &entry->prefix) &&
			 set->entries[i].is_exclusion == entry->is_exclusion;
	return count;
}

/* Each of @all must be where the oracle wants it, and nothing else be there. */
static void check(const struct policy *all, const struct list *list,
		  const struct protected *protected)
{
	const struct list *whole = policy_find_list(all, list->name);

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = whole->sets[source];
		const struct entry_set *in_force = list->sets[source];
		const struct entry_set *overruled = list->overruled[source];

		assert_int_equal(set ? set->count : 0, (in_force ? in_force->count : 0) +
							   (overruled ? overruled->count : 0));
		for (size_t i = 0; set && i < set->count; i++) {
			const struct entry *entry = &set->entries[i];
			bool is_overruled = oracle_is_overruled(entry, protected);

			assert_int_equal(count_of(in_force, entry),
					 is_overruled ? 0 : count_of(set, entry));
			assert_int_equal(count_of(overruled, entry),
					 is_overruled ? count_of(set, entry) : 0);
		}
	}
}

static void overrule(struct policy *policy, const struct policy *all,
		     const struct protected *protected)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		struct list *list = &policy->lists[i];

		assert_int_equal(
		    list_overrule(list, PREFIX_ARRAY(protected->prefixes, protected->count)), 0);
		check(all, list, protected);
	}
}

/* Protections change: the result depends only on the present ones. */
static void test_random_lists(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *all = random_policy(3, ENTRIES_MAX);
		struct policy *policy = policy_copy(all);
		const struct protected none = { .count = 0 };

		for (int i = 0; i < 3; i++) {
			struct protected protected = random_protected();
			struct policy *copy;

			overrule(policy, all, &protected);
			copy = policy_copy(policy);
			for (size_t j = 0; j < copy->list_count; j++)
				check(all, &copy->lists[j], &protected);
			policy_free(copy);
		}
		overrule(policy, all, &none);
		policy_free(policy);
		policy_free(all);
	}
}

struct found {
	const struct prefix *address;
	size_t count;
};

static void take_found(const struct list *list, const struct entry *exclusion, void *context)
{
	struct found *found = context;

	(void)list;
	assert_true(exclusion->is_exclusion);
	assert_true(oracle_covers(&exclusion->prefix, found->address));
	found->count++;
}

static void test_overruled_around_an_address(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *policy = random_policy(3, ENTRIES_MAX);
		struct protected protected = random_protected();
		struct prefix address = random_address(FAMILY_IPV4);
		struct found found = { .address = &address };
		size_t expected = 0;

		for (size_t i = 0; i < policy->list_count; i++)
			for (int source = 0; source < SOURCE_COUNT; source++) {
				const struct entry_set *set = policy->lists[i].sets[source];

				for (size_t j = 0; set && j < set->count; j++)
					expected +=
					    oracle_is_overruled(&set->entries[j], &protected) &&
					    oracle_covers(&set->entries[j].prefix, &address);
			}
		for (size_t i = 0; i < policy->list_count; i++)
			assert_int_equal(
			    list_overrule(&policy->lists[i],
					  PREFIX_ARRAY(protected.prefixes, protected.count)),
			    0);
		policy_overruled(policy, &address, take_found, &found);
		assert_int_equal(found.count, expected);
		policy_free(policy);
	}
}

/* Other entries of the list have nothing to do with the ones that are put in place. */
static void test_replaced_set(void **state)
{
	struct policy *policy = policy_new();
	struct list *list = policy_add_list(policy, "a", ACTION_ALLOW);
	struct entry_set *set = entry_set_new();
	struct prefix prefix = { { 9, 9, 9, 9 }, FAMILY_IPV4, 32 };

	(void)state;
	add_entry(set, SOURCE_FEED, &prefix, true);
	entry_set_finish(set);
	list_replace_set(list, SOURCE_FEED, set);
	assert_int_equal(list_overrule(list, PREFIX_ARRAY(&prefix, 1)), 0);
	assert_non_null(list->overruled[SOURCE_FEED]);
	assert_false(list_has(list, &prefix, true));
	list_replace_set(list, SOURCE_FEED, NULL);
	assert_null(list->overruled[SOURCE_FEED]);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_overruled_around_an_address),
		cmocka_unit_test(test_replaced_set),
	};

	random_start("test_overrule");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
