/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binary search against a walk over the whole array. */
#include "core/prefix_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lookup_oracle.h"
#include "random_prefix.h"

#define ELEMENTS_MAX 60

struct element {
	struct prefix prefix;
	uint32_t payload;
};

static int compare_elements(const void *a, const void *b)
{
	const struct element *one = a, *other = b;

	return prefix_compare(&one->prefix, &other->prefix);
}

static void check_search(struct prefix_array array, const struct element *elements,
			 const struct prefix *prefix)
{
	size_t found = prefix_find_covering(array, prefix);
	int best_len = -1;
	size_t before = 0;

	for (size_t i = 0; i < array.count; i++) {
		before += prefix_compare(&elements[i].prefix, prefix) < 0;
		if (oracle_covers(&elements[i].prefix, prefix) && elements[i].prefix.len > best_len)
			best_len = elements[i].prefix.len;
	}
	assert_int_equal(prefix_lower_bound(array, prefix), before);
	if (best_len < 0) {
		assert_int_equal(found, array.count);
	} else {
		assert_true(found < array.count);
		assert_true(oracle_covers(&elements[found].prefix, prefix));
		assert_int_equal(elements[found].prefix.len, best_len);
	}
}

static void test_random_arrays(void **state)
{
	(void)state;
	random_start("prefix_search");
	for (int round = 0; round < 1000; round++) {
		struct element elements[ELEMENTS_MAX];
		size_t count = random_below(ELEMENTS_MAX + 1);
		struct prefix_array array = PREFIX_ARRAY(elements, count);
		size_t ipv4_count = 0;
		size_t begin, end;

		for (size_t i = 0; i < count; i++) {
			elements[i].prefix = random_prefix_any();
			ipv4_count += elements[i].prefix.family == FAMILY_IPV4;
		}
		qsort(elements, count, sizeof(elements[0]), compare_elements);
		for (int probe = 0; probe < 100; probe++) {
			struct prefix prefix = random_prefix_any();

			check_search(array, elements, &prefix);
		}
		prefix_inside(array, &(struct prefix) { .family = FAMILY_IPV4 }, &begin, &end);
		assert_int_equal(begin, 0);
		assert_int_equal(end, ipv4_count);
		prefix_inside(array, &(struct prefix) { .family = FAMILY_IPV6 }, &begin, &end);
		assert_int_equal(begin, ipv4_count);
		assert_int_equal(end, count);
	}
}

static void test_empty_array(void **state)
{
	struct prefix prefix = { .len = 32 };
	struct prefix_array empty = { .element_bytes = sizeof(struct element) };

	(void)state;
	assert_int_equal(prefix_lower_bound(empty, &prefix), 0);
	assert_int_equal(prefix_find_covering(empty, &prefix), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_array),
		cmocka_unit_test(test_random_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
