/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of attempts, against sums that are kept apart from the code. */
#include "engine/seen.h"

#include <time.h>

#include "engine_fixture.h"

#define LISTS                                                                                      \
	"lists:\n"                                                                                 \
	"  - {name: partners, action: allow, entries: [203.0.113.0/28, 192.0.2.0/24]}\n"           \
	"  - {name: vips, action: allow, entries: [203.0.113.16/28]}\n"                            \
	"  - {name: trial, action: block, mode: monitor, entries: [198.51.100.0/24]}\n"            \
	"  - {name: drop, action: block, entries: [203.0.113.0/24, 2001:db8::/32]}\n"
#define ATTEMPTS 1000
#define SOURCES 96

static unsigned int seed;

static uint32_t next_random(uint32_t range)
{
	return (uint32_t)rand_r(&seed) % range;
}

static int set_up(void **unused)
{
	(void)unused;
	(void)remove("state/seen.db");
	fake_events = (struct event_counts) { 0 };
	fixture_configure(LISTS);
	fixture_start_engine();
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	fixture_stop_engine();
	return 0;
}

/* What the kernel would decide about 203.0.113.N: the first 32 are allowed. */
static struct attempt attempt_of(uint32_t host, int64_t ago_sec)
{
	static const char *const lists[] = { "partners", "vips", "drop" };
	static const char *const entries[] = { "203.0.113.0/28", "203.0.113.16/28",
					       "203.0.113.0/24" };
	const size_t kind = host < 16 ? 0 : host < 32 ? 1 : 2;
	struct attempt attempt = {
		.at_ns = (time(NULL) - ago_sec) * 1000000000LL,
		.source = fixture_prefix("203.0.113.0"),
		.port_to = next_random(2) ? 25 : 465,
		.verdict = kind < 2 ? IPWL_AVERTED : IPWL_BLOCK,
		.left_out = next_random(4) ? 0 : next_random(3),
		.has_entry = true,
		.entry = fixture_prefix(entries[kind]),
	};

	attempt.source.addr[3] = (uint8_t)host;
	snprintf(attempt.list, sizeof(attempt.list), "%s", lists[kind]);
	fake_events.fates[IPWL_FATE_REPORTED]++;
	fake_events.fates[IPWL_FATE_SOURCE_LIMIT] += attempt.left_out;
	return attempt;
}

static struct seen_totals sum_up(int64_t since_sec, size_t entries_max, size_t sources_max)
{
	struct refusal refusal = { 0 };
	struct seen_totals totals;

	assert_int_equal(
	    engine_sum_seen(fixture_engine, since_sec, entries_max, sources_max, &totals, &refusal),
	    0);
	return totals;
}

static void test_random(void **unused)
{
	const time_t now = time(NULL);
	uint64_t attempts[SOURCES] = { 0 }, of_kind[3] = { 0 }, sources[3] = { 0 }, largest = 0;
	struct seen_totals totals;
	uint64_t dropped = 0;

	(void)unused;
	seed = (unsigned int)now;
	print_message("IPWL_SEED=%u\n", seed);
	for (int i = 0; i < ATTEMPTS; i++) {
		const uint32_t host = next_random(SOURCES);
		const struct attempt attempt = attempt_of(host, next_random(3000));

		engine_note_attempts(fixture_engine, &attempt, 1);
		attempts[host] += 1 + attempt.left_out;
	}
	for (uint32_t host = 0; host < SOURCES; host++) {
		const size_t kind = host < 16 ? 0 : host < 32 ? 1 : 2;

		of_kind[kind] += attempts[host];
		sources[kind] += attempts[host] > 0;
		if (kind == 2 && attempts[host] > largest)
			largest = attempts[host];
	}
	totals = sum_up(now - 86400, 10, 3);
	assert_int_equal(totals.averted_count, 2);
	assert_int_equal(totals.averted_match_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const size_t kind = strcmp(totals.averted[i].allow.list, "partners") != 0;

		assert_int_equal(totals.averted[i].attempts, of_kind[kind]);
		assert_int_equal(totals.averted[i].source_count, sources[kind]);
		assert_string_equal(totals.averted[i].block_list, "drop");
		assert_int_equal(totals.averted[i].allow.entry.len, 28);
	}
	assert_true(totals.averted[0].attempts >= totals.averted[1].attempts);
	assert_int_equal(totals.list_count, 1);
	assert_string_equal(totals.lists[0].list, "drop");
	assert_int_equal(totals.lists[0].of[IPWL_AVERTED], of_kind[0] + of_kind[1]);
	assert_int_equal(totals.lists[0].of[IPWL_BLOCK], of_kind[2]);
	assert_int_equal(totals.lists[0].source_count, sources[2]);
	assert_int_equal(totals.lists[0].count, 3);
	assert_int_equal(totals.lists[0].sources[0].sum.attempts, largest);
	for (size_t i = 0; i < 3; i++) {
		const struct seen_row *sum = &totals.lists[0].sources[i].sum;

		assert_int_equal(sum->attempts, attempts[sum->source.addr[3]]);
		dropped += sum->attempts;
	}
	assert_true(dropped <= of_kind[2]);
	assert_int_equal(totals.of[IPWL_BLOCK], of_kind[2]);
	assert_int_equal(totals.of[IPWL_AVERTED], of_kind[0] + of_kind[1]);
	assert_int_equal(totals.source_count, sources[0] + sources[1] + sources[2]);
	seen_totals_done(&totals);
	/* Beyond the limit, and before the time. */
	totals = sum_up(now - 86400, 1, 1);
	assert_int_equal(totals.averted_count, 1);
	assert_int_equal(totals.averted_match_count, 2);
	assert_int_equal(totals.lists[0].count, 1);
	seen_totals_done(&totals);
	totals = sum_up(time(NULL) + 60, 1, 1);
	assert_int_equal(totals.averted_match_count + totals.list_count + totals.source_count, 0);
	seen_totals_done(&totals);
}

/* More different entries than the first array has room for. */
static void test_many_entries(void **unused)
{
	struct attempt attempt = attempt_of(1, 1);
	struct seen_totals totals;

	(void)unused;
	for (uint32_t i = 0; i < 5000; i++) {
		attempt.source.addr[1] = attempt.entry.addr[1] = (uint8_t)(i >> 8);
		attempt.source.addr[2] = attempt.entry.addr[2] = (uint8_t)i;
		attempt.entry.len = 32;
		attempt.entry.addr[3] = 1;
		fake_events.fates[IPWL_FATE_REPORTED]++;
		engine_note_attempts(fixture_engine, &attempt, 1);
	}
	totals = sum_up(0, 7, 1);
	assert_int_equal(totals.averted_count, 7);
	assert_int_equal(totals.averted_match_count, 5000);
	assert_int_equal(totals.source_count, 5000);
	seen_totals_done(&totals);
}

static void test_monitor_mode_and_gone(void **unused)
{
	struct attempt attempt = attempt_of(99, 1);
	struct seen_totals totals;

	(void)unused;
	attempt.left_out = 0;
	attempt.verdict = IPWL_WOULD_BLOCK;
	snprintf(attempt.list, sizeof(attempt.list), "trial");
	engine_note_attempts(fixture_engine, &attempt, 1);
	attempt.list[0] = '\0';
	attempt.has_entry = false;
	engine_note_attempts(fixture_engine, &attempt, 1);
	totals = sum_up(0, 1, 1);
	assert_int_equal(totals.list_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(totals.lists[i].of[IPWL_WOULD_BLOCK], 1);
	assert_string_equal(totals.lists[0].list, "");
	assert_string_equal(totals.lists[1].list, "trial");
	assert_int_equal(totals.source_count, 1);
	seen_totals_done(&totals);
}

static void test_off(void **unused)
{
	struct refusal refusal = { 0 };
	struct seen_totals totals;

	(void)unused;
	fixture_configure(LISTS "seen: {keep: none}\n");
	fixture_stop_engine();
	fixture_start_engine();
	assert_int_equal(engine_sum_seen(fixture_engine, 0, 1, 1, &totals, &refusal), -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_CONFLICT);
	refusal_done(&refusal);
}

/* They count, but for no list. */
static void test_over_a_limit(void **unused)
{
	struct attempt attempt = attempt_of(200, 60);
	struct seen_totals totals;

	(void)unused;
	attempt.verdict = IPWL_LIMITED;
	attempt.has_entry = false;
	attempt.list[0] = '\0';
	engine_note_attempts(fixture_engine, &attempt, 1);
	totals = sum_up(time(NULL) - 86400, 10, 3);
	assert_int_equal(totals.of[IPWL_LIMITED], 1 + attempt.left_out);
	assert_int_equal(totals.source_count, 1);
	assert_int_equal(totals.list_count, 0);
	assert_int_equal(totals.averted_count, 0);
	seen_totals_done(&totals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_entries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_monitor_mode_and_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_over_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_off, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
