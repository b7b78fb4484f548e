/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The look at all rules, with chunks of counters made up here in the place of the kernel's:
 * every rule once, whatever the steps, each chunk read once a step. */
#include "engine/sampling.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "config_fixture.h"
#include "datapath/datapath.h"
#include "random_prefix.h"
#include "rule_list.h"
#include "store/hits.h"

#define NOW 1700000000
#define RULE_COUNT 3000
#define CHUNKS 4
#define RULE_LIMIT (CHUNKS * IPWL_CHUNK_RULES)

static struct ipwl_rule_counters kernel[RULE_LIMIT];
static unsigned int reads;
static uint32_t missing_chunk; /* cannot be read; 0 is never asked for to be missing */

int datapath_read_chunk(struct datapath *datapath, uint32_t chunk,
			struct ipwl_rule_counters ret_counters[IPWL_CHUNK_RULES])
{
	(void)datapath;
	assert_in_range(chunk, 0, CHUNKS - 1);
	reads++;
	if (missing_chunk && chunk == missing_chunk)
		return -ENOENT;
	memcpy(ret_counters, &kernel[chunk * IPWL_CHUNK_RULES],
	       IPWL_CHUNK_RULES * sizeof(*ret_counters));
	return 0;
}

static struct rule rules[2][RULE_COUNT];
static struct list lists[] = {
	{ .name = (char[]) { "bad" }, .action = ACTION_BLOCK },
	{ .name = (char[]) { "none" }, .action = ACTION_ALLOW },
	{ .name = (char[]) { "good" }, .action = ACTION_ALLOW },
};
static const struct policy policy = { .lists = lists, .list_count = 3 };

/* Ids without order over all chunks; each seventh rule is an exclusion. */
static int set_up(void **state)
{
	struct hits *hits;

	(void)remove("hits.db");
	memset(kernel, 0, sizeof(kernel));
	reads = 0;
	missing_chunk = 0;
	for (uint32_t i = 0; i < RULE_COUNT; i++) {
		for (uint32_t list = 0; list < 2; list++) {
			uint32_t place = (2 * i + list) * 7919 % (2 * RULE_COUNT);

			rules[list][i] = (struct rule) {
				.prefix = { .addr = { 10, (uint8_t)(i >> 8), (uint8_t)i },
					    .len = 32 },
				.id = i % 7 ? 1 + place * (RULE_LIMIT / (2 * RULE_COUNT)) : 0,
			};
			kernel[rules[list][i].id].packets = 1 + i % 3;
		}
	}
	kernel[0].packets = 99;
	list_set_rules(&lists[0], rules[0], RULE_COUNT);
	list_set_rules(&lists[2], rules[1], RULE_COUNT);
	assert_int_equal(hits_open(".", 1, false, &hits), 0);
	assert_int_equal(hits_load(hits, NOW), 0);
	*state = hits;
	return 0;
}

static int tear_down(void **state)
{
	hits_close(*state);
	for (size_t i = 0; i < 3; i++) {
		rule_array_unref(lists[i].rules);
		lists[i].rules = NULL;
	}
	return 0;
}

static uint64_t packets_of(struct hits *hits, const struct list *list, size_t rule)
{
	struct hit_memory memory;

	assert_true(
	    hits_find(hits, list, &rule_array_at(list->rules, rule)->prefix, 0, NULL, 0, &memory));
	return memory.total.packets;
}

static void assert_all_noted(struct hits *hits)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		assert_int_equal(packets_of(hits, &lists[0], i), i % 7 ? 1 + i % 3 : 0);
		assert_int_equal(packets_of(hits, &lists[2], i), i % 7 ? 1 + i % 3 : 0);
	}
}

static void test_whole(void **state)
{
	struct sampling sampling = { 0 };

	assert_int_equal(sampling_step(&sampling, *state, NULL, &policy, SIZE_MAX, NOW), 1);
	assert_all_noted(*state);
	/* Each chunk once for each list, however many rules it has. */
	assert_int_equal(reads, 2 * CHUNKS);
}

static void test_steps(void **state)
{
	struct sampling sampling = { 0 };
	unsigned int steps = 1;

	while (!sampling_step(&sampling, *state, NULL, &policy, 700, NOW))
		steps++;
	assert_int_equal(steps, (2 * RULE_COUNT + 699) / 700);
	assert_all_noted(*state);
	/* The next one begins anew. */
	kernel[rules[0][1].id].packets += 5;
	assert_int_equal(sampling_step(&sampling, *state, NULL, &policy, SIZE_MAX, NOW), 1);
	assert_int_equal(packets_of(*state, &lists[0], 1), 7);
}

/* Rules that the policy loses or gains between steps. */
static void test_policy_changes(void **state)
{
	struct sampling sampling = { 0 };

	assert_int_equal(sampling_step(&sampling, *state, NULL, &policy, 1000, NOW), 0);
	memmove(&rules[0][900], &rules[0][1100], (RULE_COUNT - 1100) * sizeof(rules[0][0]));
	list_set_rules(&lists[0], rules[0], RULE_COUNT - 200);
	assert_int_equal(sampling_step(&sampling, *state, NULL, &policy, SIZE_MAX, NOW), 1);
	for (size_t i = 0; i < lists[0].rule_count; i++)
		assert_int_equal(packets_of(*state, &lists[0], i),
				 kernel[rules[0][i].id].packets * (rules[0][i].id != 0));
}

static void test_missing_chunk(void **state)
{
	struct sampling sampling = { 0 };

	missing_chunk = 2;
	assert_int_equal(sampling_step(&sampling, *state, NULL, &policy, SIZE_MAX, NOW), 1);
	for (size_t i = 1; i < RULE_COUNT; i += 7) {
		bool is_missing = rules[0][i].id / IPWL_CHUNK_RULES == missing_chunk;

		assert_int_equal(packets_of(*state, &lists[0], i), is_missing ? 0 : 1 + i % 3);
	}
	missing_chunk = 0;
	assert_int_equal(sampling_step(&sampling, *state, NULL, &policy, SIZE_MAX, NOW), 1);
	assert_all_noted(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole),
		TEST(test_steps),
		TEST(test_policy_changes),
		TEST(test_missing_chunk),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
