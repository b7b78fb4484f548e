/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards against a look at every address, and their words. */
#include "core/hazard.h"

#include "random_policy.h"

#define ROUNDS 2000
#define ENTRIES_MAX 8
/* The random lists lie in 5.6.7.0/27, which is nobody's reserved space. */
#define ADDRESSES 32

static struct prefix address_of(unsigned int last)
{
	return (struct prefix) { { 5, 6, 7, (uint8_t)last }, FAMILY_IPV4, 32 };
}

static struct prefix random_inside(void)
{
	struct prefix address = address_of(random_below(ADDRESSES));

	return prefix_truncate(&address, (uint8_t)(27 + random_below(6)));
}

static bool oracle_is_hazard(const struct list *list, const struct entry *entry,
			     const struct prefix *space)
{
	for (unsigned int i = 0; i < ADDRESSES; i++) {
		const struct prefix address = address_of(i);
		const struct entry *match = oracle_list_match(list, &address);

		if (oracle_covers(&entry->prefix, &address) && oracle_covers(space, &address) &&
		    match && !match->is_exclusion)
			return true;
	}
	return false;
}

struct found {
	const struct list *list;
	const struct hazard_spaces *spaces;
	size_t count;
};

static void take_hazard(const struct hazard *hazard, void *context)
{
	struct found *found = context;

	assert_ptr_equal(hazard->list, found->list);
	assert_false(hazard->entry->is_exclusion);
	assert_true(hazard->kind == HAZARD_OWN || hazard->kind == HAZARD_PROTECTED);
	assert_true(oracle_is_hazard(hazard->list, hazard->entry, &hazard->space));
	found->count++;
}

static size_t oracle_count(const struct list *list, const struct prefix *space)
{
	size_t count = 0;

	for (int source = 0; source < SOURCE_COUNT; source++)
		for (size_t i = 0; list->sets[source] && i < list->sets[source]->count; i++) {
			const struct entry *entry = &list->sets[source]->entries[i];

			count += !entry->is_exclusion && oracle_is_hazard(list, entry, space);
		}
	return count;
}

static void test_random_lists(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *policy = policy_new();
		struct list *list = policy_add_list(policy, "l", ACTION_BLOCK);
		const struct prefix own = address_of(random_below(ADDRESSES));
		const struct prefix protected = random_inside();
		const struct hazard_spaces spaces = { PREFIX_ARRAY(&own, 1),
						      PREFIX_ARRAY(&protected, 1) };
		struct found found = { list, &spaces, 0 };

		for (int source = 0; source < SOURCE_COUNT; source++) {
			struct entry_set *set = entry_set_new();

			for (unsigned int i = random_below(ENTRIES_MAX / 2); i > 0; i--) {
				struct prefix prefix = random_inside();

				add_entry(set, (enum source)source, &prefix, random_chance(40));
			}
			entry_set_finish(set);
			list_replace_set(list, (enum source)source, set);
		}
		assert_int_equal(hazards_find(list, &spaces, take_hazard, &found), 0);
		assert_int_equal(found.count,
				 oracle_count(list, &own) + oracle_count(list, &protected));
		list->action = ACTION_ALLOW;
		found.count = 0;
		assert_int_equal(hazards_find(list, &spaces, take_hazard, &found), 0);
		assert_int_equal(found.count, 0);
		policy_free(policy);
	}
}

static void collect_text(const struct hazard *hazard, void *context)
{
	char prefix[PREFIX_TEXT_BYTES], text[HAZARD_TEXT_BYTES];
	char *all = context;
	size_t used = strlen(all);

	snprintf(all + used, 1024 - used, "%s %s\n",
		 prefix_format_short(&hazard->entry->prefix, prefix),
		 hazard_describe(hazard, text));
}

static void test_words(void **state)
{
	const struct prefix own = { { 5, 5, 5, 5 }, FAMILY_IPV4, 32 };
	const struct prefix protected = { { 7, 7 }, FAMILY_IPV4, 16 };
	const struct hazard_spaces spaces = { PREFIX_ARRAY(&own, 1), PREFIX_ARRAY(&protected, 1) };
	static const char *const prefixes[] = { "128.0.0.0/1", "10.1.2.3", "2000::/3", "5.5.0.0/16",
						"7.7.7.7",     "8.8.8.8",  "fe80::1" };
	struct policy *policy = policy_new();
	struct list *list = policy_add_list(policy, "l", ACTION_BLOCK);
	struct entry_set *set = entry_set_new();
	char all[1024] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct prefix prefix;

		assert_int_equal(prefix_parse(prefixes[i], strlen(prefixes[i]), &prefix, NULL), 0);
		add_entry(set, SOURCE_FILE, &prefix, false);
	}
	entry_set_finish(set);
	list_replace_set(list, SOURCE_FILE, set);
	assert_int_equal(hazards_find(list, &spaces, collect_text, all), 0);
	assert_string_equal(all, "10.1.2.3 is private space, 10.0.0.0/8\n"
				 "128.0.0.0/1 is link-local space, 169.254.0.0/16\n"
				 "128.0.0.0/1 is private space, 172.16.0.0/12\n"
				 "128.0.0.0/1 is reserved space, 192.0.0.0/24\n"
				 "128.0.0.0/1 is documentation space, 192.0.2.0/24\n"
				 "128.0.0.0/1 is private space, 192.168.0.0/16\n"
				 "128.0.0.0/1 is benchmarking space, 198.18.0.0/15\n"
				 "128.0.0.0/1 is documentation space, 198.51.100.0/24\n"
				 "128.0.0.0/1 is documentation space, 203.0.113.0/24\n"
				 "128.0.0.0/1 is multicast space, 224.0.0.0/4\n"
				 "128.0.0.0/1 is reserved space, 240.0.0.0/4\n"
				 "2000::/3 is documentation space, 2001:db8::/32\n"
				 "2000::/3 is documentation space, 3fff::/20\n"
				 "fe80::1 is link-local space, fe80::/10\n"
				 "5.5.0.0/16 would block this host's own address 5.5.5.5\n"
				 "7.7.7.7 would block the protected 7.7.0.0/16\n");
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_words),
	};

	random_start("test_hazard");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
