/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first elements of an order, compared with a sort of all. */
#include "base/top.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define OFFERED_MAX 500

struct element {
	unsigned int key;
	unsigned int number; /* breaks ties */
};

/* @context: whether the order is reversed. */
static bool comes_before(const void *a_pointer, const void *b_pointer, const void *context)
{
	const struct element *a = a_pointer, *b = b_pointer;

	if (a->key != b->key)
		return (a->key < b->key) != *(const bool *)context;
	return a->number < b->number;
}

static bool is_reversed;

static int compare(const void *a, const void *b)
{
	return comes_before(a, b, &is_reversed) ? -1 : 1;
}

static void check(unsigned int *seed)
{
	const size_t count = (size_t)rand_r(seed) % OFFERED_MAX;
	const size_t max = 1 + (size_t)rand_r(seed) % 100;
	struct element all[OFFERED_MAX] = { 0 };
	struct top top;

	is_reversed = rand_r(seed) % 2;
	assert_int_equal(top_init(&top, max, sizeof(*all), comes_before, &is_reversed), 0);
	for (size_t i = 0; i < count; i++) {
		all[i] = (struct element) { .key = (unsigned int)rand_r(seed) % 50,
					    .number = (unsigned int)i };
		top_add(&top, &all[i]);
	}
	top_sort(&top);
	qsort(all, count, sizeof(*all), compare);
	assert_int_equal(top.count, count < max ? count : max);
	for (size_t i = 0; i < top.count; i++)
		assert_int_equal(((struct element *)(void *)top.elements)[i].number, all[i].number);
	top_done(&top);
}

static void test_at_random(void **unused)
{
	const char *given = getenv("IPWL_SEED");
	unsigned int seed =
	    given ? (unsigned int)strtoul(given, NULL, 10) : (unsigned int)time(NULL);

	(void)unused;
	print_message("IPWL_SEED=%u\n", seed);
	for (int round = 0; round < 1000; round++)
		check(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_at_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
