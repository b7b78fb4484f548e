/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays of rules in leaves, compared with plain arrays. */
#include "core/rule_array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random_prefix.h"

#define RULES_MAX 6000

/* The same rules in both forms. */
struct pair {
	struct rule rules[RULES_MAX];
	size_t count;
	struct rule_array *array;
};

static struct rule rule_of(uint32_t number)
{
	return (struct rule) {
		.prefix = { .addr = { 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
				      (uint8_t)number },
			    .len = 32 },
		.id = number + 1,
	};
}

static bool is_same_rule(const struct rule *a, const struct rule *b)
{
	return a->id == b->id && !prefix_compare(&a->prefix, &b->prefix);
}

static void check_walk(const struct pair *pair, size_t begin, size_t end)
{
	struct rule_cursor cursor;
	const struct rule *rule;
	size_t i = begin;

	rule_cursor_init(&cursor, pair->array, begin, end);
	while ((rule = rule_cursor_next(&cursor))) {
		assert_true(i < end && is_same_rule(rule, &pair->rules[i]));
		i++;
	}
	assert_int_equal(i, end);
	assert_null(rule_cursor_next(&cursor));
}

static void check_search(const struct pair *pair, uint32_t number)
{
	const struct rule rule = rule_of(number);
	const struct prefix range = prefix_truncate(&rule.prefix, (uint8_t)(8 + random_below(25)));
	const struct prefix_array plain = PREFIX_ARRAY(pair->rules, pair->count);
	const struct prefix_array leaves = rule_array_prefixes(pair->array);
	size_t begin, end, plain_begin, plain_end;

	assert_int_equal(leaves.count, pair->count);
	assert_int_equal(prefix_lower_bound(leaves, &rule.prefix),
			 prefix_lower_bound(plain, &rule.prefix));
	assert_int_equal(prefix_find_covering(leaves, &rule.prefix),
			 prefix_find_covering(plain, &rule.prefix));
	prefix_inside(leaves, &range, &begin, &end);
	prefix_inside(plain, &range, &plain_begin, &plain_end);
	assert_int_equal(begin, plain_begin);
	assert_int_equal(end, plain_end);
	check_walk(pair, begin, end);
}

static void check_pair(const struct pair *pair)
{
	for (size_t i = 0; i < pair->count; i++)
		assert_true(is_same_rule(rule_array_at(pair->array, i), &pair->rules[i]));
	check_walk(pair, 0, pair->count);
	for (int i = 0; i < 20; i++) {
		size_t begin = random_below((uint32_t)pair->count + 1);

		check_walk(pair, begin, begin + random_below((uint32_t)(pair->count - begin) + 1));
		check_search(pair, random_below(4 * RULES_MAX));
	}
}

/* Rules of distinct, growing numbers. */
static void build(struct pair *pair, size_t count)
{
	struct rule_builder builder;
	uint32_t number = 0;

	rule_builder_init(&builder);
	for (pair->count = 0; pair->count < count; pair->count++) {
		number += 1 + random_below(3);
		pair->rules[pair->count] = rule_of(number);
		rule_builder_add(&builder, &pair->rules[pair->count]);
	}
	pair->array = rule_builder_finish(&builder, &count);
	assert_non_null(pair->array);
	assert_int_equal(count, pair->count);
}

static void put(struct pair *pair, struct rule_builder *builder, const struct rule *rule)
{
	assert_true(pair->count < RULES_MAX);
	pair->rules[pair->count++] = *rule;
	rule_builder_add(builder, rule);
}

/* Change some rules of @from to others, and drop some. */
static void change(const struct pair *from, size_t change_count, struct pair *to)
{
	struct rule_builder builder;
	size_t next = 0, count;

	rule_builder_init(&builder);
	to->count = 0;
	for (size_t i = 0; i < change_count; i++) {
		size_t end = next + random_below((uint32_t)(from->count - next) + 1);

		rule_builder_keep(&builder, from->array, next, end);
		memcpy(&to->rules[to->count], &from->rules[next],
		       (end - next) * sizeof(struct rule));
		to->count += end - next;
		next = end;
		if (next == from->count)
			break;
		if (random_chance(60)) {
			struct rule rule = from->rules[next];

			rule.id += 100000;
			put(to, &builder, &rule);
		}
		next++;
	}
	rule_builder_keep(&builder, from->array, next, from->count);
	memcpy(&to->rules[to->count], &from->rules[next],
	       (from->count - next) * sizeof(struct rule));
	to->count += from->count - next;
	to->array = rule_builder_finish(&builder, &count);
	assert_non_null(to->array);
	assert_int_equal(count, to->count);
}

static void test_random_changes(void **state)
{
	struct pair *pairs = calloc(2, sizeof(*pairs));

	(void)state;
	random_start("rule_array");
	assert_non_null(pairs);
	for (int round = 0; round < 40; round++) {
		struct pair *now = &pairs[0], *next = &pairs[1];

		build(now, random_below(RULES_MAX));
		for (int step = 0; step < 8; step++) {
			struct pair *swap = now;

			check_pair(now);
			change(now, random_below(12), next);
			/* The former array is unchanged until its last reference goes. */
			check_pair(now);
			rule_array_unref(rule_array_ref(now->array));
			rule_array_unref(now->array);
			now = next;
			next = swap;
		}
		check_pair(now);
		rule_array_unref(now->array);
	}
	free(pairs);
}

/* A change of one rule leaves all rules but a few where they are. */
static void test_shares_leaves(void **state)
{
	struct pair *pairs = calloc(2, sizeof(*pairs));
	struct rule_builder builder;
	const struct rule other = rule_of(9 * RULES_MAX);
	size_t moved = 0, count;

	(void)state;
	assert_non_null(pairs);
	build(&pairs[0], RULES_MAX);
	rule_builder_init(&builder);
	rule_builder_keep(&builder, pairs[0].array, 0, RULES_MAX / 2);
	rule_builder_add(&builder, &other);
	rule_builder_keep(&builder, pairs[0].array, RULES_MAX / 2 + 1, RULES_MAX);
	pairs[1].array = rule_builder_finish(&builder, &count);
	assert_int_equal(count, RULES_MAX);
	for (size_t i = 0; i < RULES_MAX; i++)
		moved += rule_array_at(pairs[0].array, i) != rule_array_at(pairs[1].array, i);
	assert_in_range(moved, 1, 1100);
	rule_array_unref(pairs[0].array);
	rule_array_unref(pairs[1].array);
	free(pairs);
}

static void test_none(void **state)
{
	const struct prefix prefix = { .len = 8 };
	struct rule_builder builder;
	struct rule_array *array;
	struct rule_cursor cursor;
	size_t count = 1;

	(void)state;
	rule_builder_init(&builder);
	array = rule_builder_finish(&builder, &count);
	assert_non_null(array);
	assert_int_equal(count, 0);
	rule_cursor_init(&cursor, array, 0, 0);
	assert_null(rule_cursor_next(&cursor));
	rule_cursor_init(&cursor, NULL, 0, 0);
	assert_null(rule_cursor_next(&cursor));
	assert_int_equal(prefix_lower_bound(rule_array_prefixes(array), &prefix), 0);
	assert_int_equal(prefix_lower_bound(rule_array_prefixes(NULL), &prefix), 0);
	rule_array_unref(array);
	rule_array_unref(rule_array_ref(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_shares_leaves),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
