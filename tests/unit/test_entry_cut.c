/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries without address space, against a look at every address. */
#include "core/entry_cut.h"

#include "random_policy.h"

#define ROUNDS 2000
#define SPACES_MAX 5
#define ENTRIES_MAX 8
/* All lies in 192.0.2.0/27. */
#define ADDRESSES 32

static int compare(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

static struct prefix address_of(unsigned int last)
{
	return (struct prefix) { { 192, 0, 2, (uint8_t)last }, FAMILY_IPV4, 32 };
}

static struct prefix random_inside(void)
{
	struct prefix address = address_of(random_below(ADDRESSES));

	return prefix_truncate(&address, (uint8_t)(26 + random_below(7)));
}

/* Whether an entry, or an exclusion, covers the address. */
static bool is_covered(const struct entry_set *set, const struct prefix *address, bool is_exclusion)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->entries[i].is_exclusion == is_exclusion &&
		    oracle_covers(&set->entries[i].prefix, address))
			return true;
	return false;
}

static bool is_in(const struct prefix *address, const struct prefix spaces[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (oracle_covers(&spaces[i], address))
			return true;
	return false;
}

static size_t count_reaching(const struct entry_set *set, const struct prefix spaces[],
			     size_t space_count)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		bool reaches = false;

		for (size_t j = 0; j < space_count; j++)
			reaches |= oracle_covers(&spaces[j], &set->entries[i].prefix) ||
				   oracle_covers(&set->entries[i].prefix, &spaces[j]);
		count += !set->entries[i].is_exclusion && reaches;
	}
	return count;
}

static void check_addresses(const struct entry_set *set, const struct entry_set *cut,
			    const struct prefix spaces[], size_t space_count)
{
	for (unsigned int i = 0; i < ADDRESSES; i++) {
		const struct prefix address = address_of(i);

		assert_int_equal(is_covered(cut, &address, true), is_covered(set, &address, true));
		assert_int_equal(is_covered(cut, &address, false),
				 !is_in(&address, spaces, space_count) &&
				     is_covered(set, &address, false));
	}
}

static void test_random_sets(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct entry_set *set = entry_set_new(), *cut;
		struct prefix spaces[SPACES_MAX] = { 0 };
		size_t space_count = random_below(SPACES_MAX + 1), count;

		for (size_t i = 0; i < space_count; i++)
			spaces[i] = random_inside();
		qsort(spaces, space_count, sizeof(*spaces), compare);
		for (unsigned int i = random_below(ENTRIES_MAX + 1); i > 0; i--) {
			struct prefix prefix = random_inside();

			add_entry(set, SOURCE_FEED, &prefix, random_chance(30));
		}
		entry_set_finish(set);
		cut = entry_set_cut(set, PREFIX_ARRAY(spaces, space_count), &count);
		assert_non_null(cut);
		assert_int_equal(count, count_reaching(set, spaces, space_count));
		assert_int_equal(entry_set_reaches(set, PREFIX_ARRAY(spaces, space_count)),
				 count > 0);
		check_addresses(set, cut, spaces, space_count);
		entry_set_unref(cut);
		entry_set_unref(set);
	}
}

/* What is left of an entry has all that it had. */
static void test_provenance(void **state)
{
	struct entry_set *set = entry_set_new(), *cut;
	const struct prefix space = { { 224 }, FAMILY_IPV4, 4 };
	const struct provenance about = { .origin = "one" };
	const struct entry entry = { .prefix = { { 192 }, FAMILY_IPV4, 2 },
				     .source = SOURCE_FEED,
				     .line = 7,
				     .reason = "why",
				     .about = &about };
	char text[PREFIX_TEXT_BYTES];
	size_t count;

	(void)state;
	assert_int_equal(entry_set_add(set, &entry), 0);
	entry_set_finish(set);
	cut = entry_set_cut(set, PREFIX_ARRAY(&space, 1), &count);
	assert_non_null(cut);
	assert_int_equal(count, 1);
	assert_int_equal(cut->count, 2);
	assert_string_equal(prefix_format(&cut->entries[0].prefix, text), "192.0.0.0/3");
	assert_string_equal(prefix_format(&cut->entries[1].prefix, text), "240.0.0.0/4");
	assert_int_equal(cut->entries[1].line, 7);
	assert_string_equal(cut->entries[1].about->origin, "one");
	assert_string_equal(cut->entries[1].reason, "why");
	entry_set_unref(cut);
	entry_set_unref(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_sets),
		cmocka_unit_test(test_provenance),
	};

	random_start("test_entry_cut");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
