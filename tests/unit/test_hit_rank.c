/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries that are hit most, compared with a plain sort of counters made up here. */
#include "engine/hit_rank.h"

#include <stdlib.h>
#include <time.h>

#include "engine_fixture.h"
#include "store/hits_walk.h"

#define DAY_SEC 86400
#define PREFIXES 300 /* of each list */
#define ROUNDS 400

static const char *const list_names[] = { "bad", "good", "idle" };
static unsigned int seed;

static uint32_t next_random(void)
{
	return (uint32_t)rand_r(&seed);
}

/* Even ones are single addresses inside the /28 of the odd one before them. */
static void prefix_text(size_t i, char text[PREFIX_TEXT_BYTES])
{
	if (i % 2)
		snprintf(text, PREFIX_TEXT_BYTES, "10.0.%zu.%zu", i / 2 / 16, i / 2 % 16 * 16 + 1);
	else
		snprintf(text, PREFIX_TEXT_BYTES, "10.0.%zu.%zu/28", i / 2 / 16, i / 2 % 16 * 16);
}

static int set_up(void **unused)
{
	static char text[64 * 1024];
	size_t used = 0;

	(void)unused;
	for (size_t i = 0; i < PREFIXES; i++) {
		char prefix[PREFIX_TEXT_BYTES];

		prefix_text(i, prefix);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", prefix);
	}
	fixture_write("a.list", text);
	fixture_configure("lists:\n"
			  "  - {name: bad, action: block, files: [a.list]}\n"
			  "  - {name: good, action: allow, files: [a.list], entries: [10.0.0.1]}\n"
			  "  - {name: idle, action: allow, files: [a.list]}\n");
	fixture_start_engine();
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	fixture_stop_engine();
	return 0;
}

/* ---- the oracle --------------------------------------------------------------- */

static struct ranked {
	size_t list;
	struct prefix prefix;
	uint64_t key, packets;
} expected[2 * PREFIXES];

static int compare_ranked(const void *a_pointer, const void *b_pointer)
{
	const struct ranked *a = a_pointer, *b = b_pointer;

	if (a->key != b->key)
		return a->key > b->key ? -1 : 1;
	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	if (a->list != b->list)
		return a->list < b->list ? -1 : 1;
	return prefix_compare(&a->prefix, &b->prefix);
}

static uint64_t key_of(const struct ipwl_rule_counters *counters, enum hit_sort sort)
{
	return sort == HIT_SORT_HITS	      ? counters->packets
	       : sort == HIT_SORT_CONNECTIONS ? counters->connections
	       : sort == HIT_SORT_AVERTED     ? counters->averted_packets
					      : (uint64_t)counters->last_hit_sec;
}

static bool is_expected(const struct hit_query *query, size_t list, const struct fake_rule *rule,
			const struct ipwl_rule_counters *counters)
{
	if (!counters->packets || counters->last_hit_sec < query->since_sec)
		return false;
	if (query->list && strcmp(query->list, list_names[list]) != 0)
		return false;
	if (query->sort == HIT_SORT_AVERTED && !counters->averted_packets)
		return false;
	/* Only one entry is of the configuration. */
	if (query->has_source && query->source != SOURCE_FILE &&
	    (list != 1 || rule->prefix.addr[2] || rule->prefix.addr[3] != 1))
		return false;
	return !query->has_prefix || prefix_contains(&query->prefix, &rule->prefix) ||
	       prefix_contains(&rule->prefix, &query->prefix);
}

static size_t expect(const struct hit_query *query)
{
	size_t count = 0;

	for (size_t list = 0; list < 2; list++) {
		for (size_t i = 0; i < PREFIXES; i++) {
			char text[PREFIX_TEXT_BYTES];
			const struct fake_rule *rule;
			const struct ipwl_rule_counters *counters;

			prefix_text(i, text);
			rule = fake_find(list_names[list], text);
			counters = &fake_counters[rule->id];
			if (is_expected(query, list, rule, counters))
				expected[count++] =
				    (struct ranked) { .list = list,
						      .prefix = rule->prefix,
						      .key = key_of(counters, query->sort),
						      .packets = counters->packets };
		}
	}
	qsort(expected, count, sizeof(*expected), compare_ranked);
	return count;
}

/* ---- the tests ------------------------------------------------------------------ */

/* Few different numbers, so that many are equal. */
static void hit_at_random(int64_t now_sec)
{
	const char *list = list_names[next_random() % 2];
	char text[PREFIX_TEXT_BYTES];
	struct ipwl_rule_counters *counters;

	prefix_text(next_random() % PREFIXES, text);
	counters = &fake_counters[fake_find(list, text)->id];
	counters->packets += 1 + next_random() % 3;
	counters->connections += next_random() % 2;
	if (list == list_names[1])
		counters->averted_packets += next_random() % 2;
	counters->last_hit_sec = now_sec - next_random() % 50;
}

static struct hit_query query_at_random(int64_t now_sec, char prefix[PREFIX_TEXT_BYTES])
{
	struct hit_query query = { .sort = next_random() % HIT_SORT_COUNT,
				   .limit = 1 + next_random() % 40 };

	if (!(next_random() % 8))
		query.limit = HIT_RANK_MAX;
	if (next_random() % 2)
		query.since_sec = now_sec - next_random() % 60;
	if (!(next_random() % 3))
		query.list = list_names[next_random() % 3];
	query.has_source = !(next_random() % 3);
	query.source = next_random() % 2 ? SOURCE_FILE : SOURCE_CONFIG;
	query.has_prefix = !(next_random() % 3);
	prefix_text(next_random() % PREFIXES, prefix);
	query.prefix = fixture_prefix(prefix);
	return query;
}

static void check(const struct hit_query *query)
{
	const size_t count = expect(query);
	struct hit_ranking ranking;
	struct refusal refusal = { 0 };

	assert_int_equal(engine_rank_hits(fixture_engine, query, &ranking, &refusal), 0);
	assert_int_equal(ranking.match_count, count);
	assert_int_equal(ranking.count, count < query->limit ? count : query->limit);
	for (size_t i = 0; i < ranking.count; i++) {
		const struct hit_ranked *item = &ranking.items[i];

		assert_string_equal(item->list->name, list_names[expected[i].list]);
		assert_int_equal(prefix_compare(&item->entry->prefix, &expected[i].prefix), 0);
		assert_int_equal(item->counts.packets, expected[i].packets);
		if (query->has_source)
			assert_int_equal(item->entry->source, query->source);
	}
	hit_ranking_done(&ranking);
}

static void test_at_random(void **unused)
{
	const char *given = getenv("IPWL_SEED");
	const int64_t now_sec = time(NULL);

	(void)unused;
	seed = given ? (unsigned int)strtoul(given, NULL, 10) : (unsigned int)now_sec;
	print_message("IPWL_SEED=%u\n", seed);
	for (int round = 0; round < ROUNDS; round++) {
		char prefix[PREFIX_TEXT_BYTES];
		const struct hit_query query = query_at_random(now_sec, prefix);

		for (uint32_t i = next_random() % 20; i; i--)
			hit_at_random(now_sec);
		check(&query);
	}
}

static void test_refusals(void **unused)
{
	const int64_t today = time(NULL) / DAY_SEC;
	struct hit_query query = { .limit = 1, .list = "missing" };
	struct hit_ranking ranking;
	struct refusal refusal = { 0 };

	(void)unused;
	assert_int_equal(engine_rank_hits(fixture_engine, &query, &ranking, &refusal), -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_NOT_FOUND);
	query = (struct hit_query) { .limit = 1, .since_sec = (today - HITS_DAYS_KEPT) * DAY_SEC };
	assert_int_equal(engine_rank_hits(fixture_engine, &query, &ranking, &refusal), -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_INVALID);
	refusal_done(&refusal);
	query.since_sec = (today - HITS_DAYS_KEPT + 2) * DAY_SEC;
	refusal = (struct refusal) { 0 };
	assert_int_equal(engine_rank_hits(fixture_engine, &query, &ranking, &refusal), 0);
	assert_int_equal(ranking.count, 0);
	assert_int_equal(ranking.counted_from_sec, query.since_sec);
	hit_ranking_done(&ranking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_at_random, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
