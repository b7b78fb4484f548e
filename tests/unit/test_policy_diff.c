/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The comparison of two policies against counting each entry in each. */
#include "core/policy_diff.h"

#include "random_policy.h"

#define VISITS_MAX 20000

struct visit {
	const struct list *list;
	const struct entry *entry;
	bool is_added;
};

struct visits {
	struct visit items[VISITS_MAX];
	size_t count;
};

static void note(const struct list *list, const struct entry *entry, bool is_added, void *context)
{
	struct visits *visits = context;

	assert_true(visits->count < VISITS_MAX);
	visits->items[visits->count++] = (struct visit) { list, entry, is_added };
}

static const struct list *same_list(const struct policy *policy, const struct list *list)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (!strcmp(policy->lists[i].name, list->name) &&
		    policy->lists[i].action == list->action)
			return &policy->lists[i];
	return NULL;
}

/* How often a list has such an entry. */
static size_t count_like(const struct list *list, const struct entry *entry)
{
	const struct entry_set *set = list ? list->sets[entry->source] : NULL;
	size_t count = 0;

	for (size_t i = 0; set && i < set->count; i++)
		count += set->entries[i].is_exclusion == entry->is_exclusion &&
			 oracle_equal(&set->entries[i].prefix, &entry->prefix);
	return count;
}

static size_t count_visits(const struct visits *visits, const struct list *list,
			   const struct entry *entry, bool is_added)
{
	size_t count = 0;

	for (size_t i = 0; i < visits->count; i++) {
		const struct visit *visit = &visits->items[i];

		count += visit->is_added == is_added && visit->list == list &&
			 visit->entry->source == entry->source &&
			 visit->entry->is_exclusion == entry->is_exclusion &&
			 oracle_equal(&visit->entry->prefix, &entry->prefix);
	}
	return count;
}

/* What @one has more of than @other is visited as often. Returns the surplus. */
static size_t check_direction(const struct policy *one, const struct policy *other,
			      const struct visits *visits, bool is_added)
{
	for (size_t i = 0; i < one->list_count; i++) {
		const struct list *list = &one->lists[i];
		struct entry_cursor cursor;
		const struct entry *entry;

		entry_cursor_init(&cursor, list, NULL);
		while ((entry = entry_cursor_next(&cursor))) {
			size_t here = count_like(list, entry);
			size_t there = count_like(same_list(other, list), entry);

			assert_int_equal(count_visits(visits, list, entry, is_added),
					 here > there ? here - there : 0);
		}
	}
	return 0;
}

static void check_lists(const struct policy *from, const struct policy *to,
			const struct policy_diff *diff, const struct visits *visits)
{
	size_t total = 0;
	size_t gone = 0;

	for (size_t i = 0; i < diff->count; i++) {
		const struct list_diff *list = &diff->lists[i];

		if (i < to->list_count) {
			assert_ptr_equal(list->to, &to->lists[i]);
			assert_ptr_equal(list->from, same_list(from, list->to));
		} else {
			assert_null(list->to);
			assert_null(same_list(to, list->from));
			gone++;
		}
		for (int part = 0; part < PART_COUNT; part++)
			total += list->added[part] + list->removed[part];
	}
	assert_int_equal(total, visits->count);
	for (size_t i = 0; i < from->list_count; i++)
		gone -= !same_list(to, &from->lists[i]);
	assert_int_equal(gone, 0);
}

static void test_random_policies(void **state)
{
	static struct visits visits;

	(void)state;
	random_start("policy_diff");
	for (int round = 0; round < 400; round++) {
		struct policy *from = random_policy(5, 12);
		struct policy *to =
		    random_chance(70) ? random_successor(from, 12) : random_policy(5, 12);
		struct policy_diff diff;

		visits.count = 0;
		assert_int_equal(policy_diff(from, to, note, &visits, &diff), 0);
		check_direction(from, to, &visits, false);
		check_direction(to, from, &visits, true);
		check_lists(from, to, &diff, &visits);
		policy_diff_done(&diff);
		policy_free(from);
		policy_free(to);
	}
}

/* Lists by name; upper case: block. */
static struct policy *policy_of(const char *names)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	for (; *names; names++) {
		const char name[] = { *names, '\0' };

		assert_non_null(
		    policy_add_list(policy, name, *names < 'a' ? ACTION_BLOCK : ACTION_ALLOW));
	}
	return policy;
}

static void test_order_of_lists(void **state)
{
	static const struct {
		const char *from, *to, *moved;
	} cases[] = {
		{ "abc", "abc", "" },	   { "abc", "acb", "bc" }, { "abc", "xabyc", "" },
		{ "abc", "ac", "" },	   { "aXbY", "XYab", "" }, { "aXbY", "aYbX", "XY" },
		{ "axbyc", "cab", "abc" }, { "", "ab", "" },	   { "ab", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *from = policy_of(cases[i].from), *to = policy_of(cases[i].to);
		struct policy_diff diff;

		assert_int_equal(policy_diff(from, to, NULL, NULL, &diff), 0);
		for (size_t j = 0; j < diff.count; j++) {
			const struct list *list =
			    diff.lists[j].to ? diff.lists[j].to : diff.lists[j].from;

			assert_int_equal(diff.lists[j].is_moved,
					 strchr(cases[i].moved, list->name[0]) != NULL);
		}
		policy_diff_done(&diff);
		policy_free(from);
		policy_free(to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_policies),
		cmocka_unit_test(test_order_of_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
