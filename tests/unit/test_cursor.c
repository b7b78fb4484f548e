/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places between entries: they come back as they were, also for a changed policy. */
#include "api/cursor.h"

#include <errno.h>

#include "random_policy.h"

static struct policy *policy_of(const char *first, const char *second)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	assert_non_null(policy_add_list(policy, first, ACTION_ALLOW));
	assert_non_null(policy_add_list(policy, second, ACTION_BLOCK));
	return policy;
}

static struct place random_place(void)
{
	return (struct place) {
		.list = random_below(2),
		.prefix = random_prefix_any(),
		.source = (enum source)random_below(SOURCE_COUNT),
		.ordinal = random_chance(10) ? INT64_MAX : random_below(3),
	};
}

static void test_round_trip(void **state)
{
	char longest[POLICY_NAME_MAX + 1];
	struct policy *policy;

	(void)state;
	random_start("page");
	memset(longest, 'x', POLICY_NAME_MAX);
	longest[POLICY_NAME_MAX] = '\0';
	policy = policy_of(longest, "b");
	for (int i = 0; i < 20000; i++) {
		struct place place = random_place();
		struct place read_back;
		char *text = place_format(&place, policy);

		assert_non_null(text);
		assert_int_equal(strspn(text, "0123456789abcdef"), strlen(text));
		assert_int_equal(place_parse(text, policy, &read_back), 0);
		assert_int_equal(place_compare(&place, &read_back), 0);
		free(text);
	}
	policy_free(policy);
}

/* The list is found where it is now; one that is gone leaves its turn. */
static void test_changed_policy(void **state)
{
	struct policy *policy = policy_of("a", "b");
	struct policy *swapped = policy_of("b", "a");
	struct policy *without = policy_of("c", "a");
	struct place place = { .list = 1, .source = SOURCE_MANUAL, .ordinal = 7 };
	const struct place start = { .list = 1 };
	struct place read_back;
	char *text;

	(void)state;
	place.prefix = random_prefix_any();
	text = place_format(&place, policy);
	assert_int_equal(place_parse(text, swapped, &read_back), 0);
	assert_int_equal(read_back.list, 0);
	place.list = 0;
	assert_int_equal(place_compare(&place, &read_back), 0);
	assert_int_equal(place_parse(text, without, &read_back), 0);
	assert_int_equal(place_compare(&start, &read_back), 0);
	free(text);
	policy_free(policy);
	policy_free(swapped);
	policy_free(without);
}

static void test_garbage(void **state)
{
	static const char *const texts[] = {
		"", "0", "zz", "3120", "302030203020782061", "3020392030203a3a2f302061"
	};
	struct policy *policy = policy_of("a", "b");
	struct place place;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(place_parse(texts[i], policy, &place), -EINVAL);
	for (int i = 0; i < 20000; i++) {
		struct place valid = random_place();
		char *text = place_format(&valid, policy);
		size_t where = random_below((unsigned int)strlen(text));

		text[where] = random_chance(20) ? '\0' : (char)(1 + random_below(255));
		if (!place_parse(text, policy, &place))
			assert_true(place.source < SOURCE_COUNT);
		free(text);
	}
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_changed_policy),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
