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

/* A place as its text, which place_format() writes in hex. */
static int parse_plain(const char *plain, const struct policy *policy, struct place *ret_place)
{
	char hex[1024] = "";

	for (size_t i = 0; plain[i]; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)plain[i]);
	return place_parse(hex, policy, ret_place);
}

static void test_refused(void **state)
{
	static const char *const hex[] = { "", "0", "zz", "3", "3120", "302030203020782061zz" };
	static const char *const plain[] = {
		"0 0 0 192.0.2.0/24",	/* no list */
		"0 0 192.0.2.0/24 a",	/* no ordinal */
		"0 0 0 x a",		/* no prefix */
		"0 0 0 192.0.2.0/33 a", /* too long a prefix */
		"0 9 0 ::/0 a",		/* no such source */
		"-1 0 0 ::/0 a",	/* numbers that are none */
		"0x1 0 0 ::/0 a",
		"0 1y 0 ::/0 a",
		"0 0  ::/0 a",
		"0 0 99999999999999999999999 ::/0 a",
	};
	const struct place before = { .list = 1, .source = SOURCE_MANUAL, .ordinal = 42 };
	struct policy *policy = policy_of("a", "b");
	struct place place = before;

	(void)state;
	assert_int_equal(parse_plain("0 0 0 192.0.2.0/24 a", policy, &place), 0);
	place = before;
	for (size_t i = 0; i < sizeof(hex) / sizeof(*hex); i++)
		assert_int_equal(place_parse(hex[i], policy, &place), -EINVAL);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		assert_int_equal(parse_plain(plain[i], policy, &place), -EINVAL);
	assert_int_equal(place_compare(&place, &before), 0);
	policy_free(policy);
}

/* A parsed text is a place. If its list exists, it is the same place; otherwise it is the start
 * of the list with that index. */
static void check_place(const struct place *place, const struct policy *policy)
{
	const struct place turn = { .list = place->list };
	struct place again;
	char *text;

	if (place->list >= policy->list_count) {
		assert_int_equal(place_compare(place, &turn), 0);
		return;
	}
	text = place_format(place, policy);
	assert_int_equal(place_parse(text, policy, &again), 0);
	assert_int_equal(place_compare(place, &again), 0);
	free(text);
}

static void test_damaged(void **state)
{
	const struct place before = { .list = 1, .source = SOURCE_MANUAL, .ordinal = 42 };
	struct policy *policy = policy_of("a", "b");
	unsigned int taken = 0, refused = 0;

	(void)state;
	random_start("damaged");
	for (int i = 0; i < 20000; i++) {
		struct place valid = random_place();
		struct place place = before;
		char *text = place_format(&valid, policy);
		size_t where = random_below((unsigned int)strlen(text));

		text[where] = random_chance(20) ? '\0' : (char)(1 + random_below(255));
		if (random_chance(30))
			text[where] = "0123456789abcdef"[random_below(16)];
		if (place_parse(text, policy, &place)) {
			refused++;
			assert_int_equal(place_compare(&place, &before), 0);
		} else {
			taken++;
			check_place(&place, policy);
		}
		free(text);
	}
	assert_true(taken > 100 && refused > 100);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_changed_policy),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
