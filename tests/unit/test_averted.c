/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of classes: stable, one for each combination, and free again with their lists. */
#include "compile/averted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random_prefix.h"

struct state {
	struct averted_classes averted;
	struct ipwl_class classes[IPWL_CLASSES_MAX];
	struct ipwl_block_set sets[IPWL_AVERTED_MAX];
};

static struct state *start(void)
{
	static struct state state;

	memset(&state, 0, sizeof(state));
	state.averted.classes = state.classes;
	state.averted.sets = state.sets;
	return &state;
}

static uint16_t class_of_blocks(struct state *state, uint16_t allow, uint64_t blocks)
{
	return averted_class(&state->averted, allow, &blocks, 1);
}

/* Each combination keeps its number, whatever came in between. */
static void test_stable(void **unused)
{
	static uint16_t numbers[8][128];
	struct state *state = start();

	(void)unused;
	random_start("classes");
	memset(numbers, 0, sizeof(numbers));
	for (int i = 0; i < 20000; i++) {
		uint16_t allow = (uint16_t)random_below(8);
		uint64_t blocks = 1 + random_below(127);
		uint16_t class = class_of_blocks(state, allow, blocks);
		const size_t index = class - IPWL_CLASS_AVERTED;

		if (!numbers[allow][blocks])
			numbers[allow][blocks] = class;
		assert_int_equal(class, numbers[allow][blocks]);
		assert_int_equal(state->classes[class].list, allow);
		assert_int_equal(state->classes[class].verdict, IPWL_AVERTED);
		assert_int_equal(state->sets[index].words[0], blocks);
	}
	assert_false(state->averted.is_full);
}

/* Without a free class, the allow list's own one decides alike. */
static void test_full(void **unused)
{
	struct state *state = start();

	(void)unused;
	for (uint64_t blocks = 1; blocks <= IPWL_AVERTED_MAX; blocks++)
		assert_true(class_of_blocks(state, 7, blocks) >= IPWL_CLASS_AVERTED);
	assert_false(state->averted.is_full);
	assert_int_equal(class_of_blocks(state, 7, IPWL_AVERTED_MAX + 1), 7 | IPWL_CLASS_SECOND);
	assert_true(state->averted.is_full);
	/* What has a class keeps it. */
	assert_true(class_of_blocks(state, 7, 1) >= IPWL_CLASS_AVERTED);
}

static void test_forget(void **unused)
{
	struct state *state = start();
	uint16_t freed[IPWL_AVERTED_MAX];
	uint64_t far[IPWL_BLOCK_SET_WORDS] = { [IPWL_BLOCK_SET_WORDS - 1] = 1ULL << 63 };
	uint16_t both = class_of_blocks(state, 1, 1U << 2 | 1U << 3);
	uint16_t two = class_of_blocks(state, 1, 1U << 2);
	uint16_t other = class_of_blocks(state, 4, 1U << 2 | 1U << 3);
	uint16_t last = averted_class(&state->averted, 4, far, IPWL_BLOCK_SET_WORDS);

	(void)unused;
	/* A block list goes: who has another one keeps the number. */
	assert_int_equal(averted_forget(&state->averted, 2, freed), 1);
	assert_int_equal(freed[0], two - IPWL_CLASS_AVERTED);
	assert_int_equal(class_of_blocks(state, 1, 1U << 3), both);
	assert_int_equal(class_of_blocks(state, 4, 1U << 3), other);
	/* The next combination takes the free one, although the old one was found there before. */
	assert_int_equal(class_of_blocks(state, 5, 1U << 2), two);
	assert_int_not_equal(class_of_blocks(state, 1, 1U << 2), two);
	/* An allow list goes. */
	assert_int_equal(averted_forget(&state->averted, 4, freed), 2);
	assert_int_equal(state->classes[other].verdict, 0);
	assert_int_equal(state->classes[last].verdict, 0);
	assert_int_equal(averted_forget(&state->averted, IPWL_LISTS_MAX - 1, freed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
