/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over two sets against a look at each prefix of either. */
#include "core/entry_pair.h"

#include "random_policy.h"

/* The entries of a set at a prefix, as text: "e" or "x" for each. */
static void describe(const struct entry_set *set, const struct prefix *prefix, char text[512])
{
	size_t length = 0;

	for (size_t i = 0; set && i < set->count; i++)
		if (oracle_equal(&set->entries[i].prefix, prefix) && length < 511)
			text[length++] = set->entries[i].is_exclusion ? 'x' : 'e';
	text[length] = '\0';
}

static bool differ(const struct entry_set *from, const struct entry_set *to,
		   const struct prefix *prefix)
{
	char before[512], after[512];

	describe(from, prefix, before);
	describe(to, prefix, after);
	return strcmp(before, after) != 0;
}

static bool is_behind(const struct prefix *prefix, const struct prefix *last)
{
	return !last || prefix_compare(prefix, last) > 0;
}

/* How many of the prefixes of @one behind @last and before @end (NULL: no end) differ. */
static size_t count_differing(const struct entry_set *one, const struct entry_set *from,
			      const struct entry_set *to, const struct prefix *last,
			      const struct prefix *end)
{
	size_t count = 0;

	for (size_t i = 0; one && i < one->count; i++) {
		const struct prefix *prefix = &one->entries[i].prefix;

		if (is_behind(prefix, last) && (!end || prefix_compare(prefix, end) < 0))
			count += differ(from, to, prefix);
	}
	return count;
}

static size_t pass(const struct entry_set *set, size_t index, const struct prefix *prefix)
{
	while (set && index < set->count && oracle_equal(&set->entries[index].prefix, prefix))
		index++;
	return index;
}

static void check_pair(const struct entry_set *from, const struct entry_set *to)
{
	struct entry_pair pair = { .from = from, .to = to };
	struct prefix last;
	bool has_last = false;

	while (entry_pair_skip(&pair)) {
		const struct prefix prefix = *entry_pair_prefix(&pair);

		/* Nothing that differs was passed, and each prefix comes once. */
		assert_true(is_behind(&prefix, has_last ? &last : NULL));
		assert_int_equal(count_differing(from, from, to, has_last ? &last : NULL, &prefix),
				 0);
		assert_int_equal(count_differing(to, from, to, has_last ? &last : NULL, &prefix),
				 0);
		assert_true(differ(from, to, &prefix));
		pair.from_index = pass(from, pair.from_index, &prefix);
		pair.to_index = pass(to, pair.to_index, &prefix);
		last = prefix;
		has_last = true;
	}
	assert_null(entry_pair_prefix(&pair));
	assert_int_equal(count_differing(from, from, to, has_last ? &last : NULL, NULL), 0);
	assert_int_equal(count_differing(to, from, to, has_last ? &last : NULL, NULL), 0);
}

/* Several entries at a prefix: of several files. */
static struct entry_set *crowded_set(void)
{
	static const char *const files[] = { "a", "b", "c" };
	struct entry_set *set = entry_set_new();

	assert_non_null(set);
	for (unsigned int i = random_below(30); i > 0; i--) {
		const struct provenance about = { .origin = files[random_below(3)] };
		struct entry entry = { .prefix = { .family = FAMILY_IPV4, .len = 32 },
				       .is_exclusion = random_chance(40),
				       .source = SOURCE_FILE,
				       .about = &about };

		entry.prefix.addr[3] = (uint8_t)random_below(6);
		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	return set;
}

static void test_random_sets(void **state)
{
	(void)state;
	random_start("entry_pair");
	for (int round = 0; round < 3000; round++) {
		struct entry_set *from =
		    random_chance(50) ? crowded_set() : random_set(SOURCE_FILE, 20);
		struct entry_set *to =
		    random_chance(50) ? crowded_set() : random_set(SOURCE_FILE, 20);

		check_pair(from, to);
		check_pair(from, from);
		check_pair(from, NULL);
		check_pair(NULL, to);
		entry_set_unref(from);
		entry_set_unref(to);
	}
	check_pair(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_sets) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
