/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All hits at once, compared with the query for each entry. */
#include "store/hits_walk.h"

#include "config_fixture.h"

#define DAY 86400
#define NOW (20000LL * DAY + 3600)
#define PREFIX_COUNT 40

/* The kernel's counters, and the rules that count there. */
static struct ipwl_rule_counters kernel[PREFIX_COUNT + 1];
static struct rule rules[PREFIX_COUNT];
static const struct list list = { .name = (char[]) { "partners" }, .action = ACTION_ALLOW };

static struct hits *open_hits(void)
{
	struct hits *hits;

	for (size_t i = 0; i < PREFIX_COUNT; i++)
		rules[i] = (struct rule) {
			.prefix = { .addr = { 192, 0, 2, (uint8_t)i }, .len = 32 },
			.id = (uint32_t)i + 1,
		};
	assert_int_equal(hits_open(".", 1, false, &hits), 0);
	assert_int_equal(hits_load(hits, NOW), 0);
	return hits;
}

static void look(struct hits *hits, int64_t now_sec)
{
	struct hits_reading readings[PREFIX_COUNT];

	for (size_t i = 0; i < PREFIX_COUNT; i++)
		readings[i] =
		    (struct hits_reading) { .rule = &rules[i], .counters = &kernel[rules[i].id] };
	hits_note(hits, &list, readings, PREFIX_COUNT, now_sec);
	hits_end_pass(hits);
}

static void count(size_t prefix, uint64_t packets)
{
	kernel[rules[prefix].id].packets += packets;
	kernel[rules[prefix].id].connections += packets / 2;
	kernel[rules[prefix].id].averted_packets += packets / 4;
}

static uint64_t sum_days(struct hits *hits, size_t prefix, unsigned int days, int64_t now_sec)
{
	struct hit_counts counts = { 0 };

	assert_int_equal(hits_sum_days(hits, &list, &rules[prefix].prefix, days, now_sec, &counts),
			 0);
	return counts.packets;
}

struct walked {
	size_t count;
	struct hit_counts of[PREFIX_COUNT];
};

static void take_usage(const struct hit_usage *usage, void *context)
{
	struct walked *walked = context;

	assert_string_equal(usage->list, list.name);
	assert_int_equal(usage->action, list.action);
	walked->of[usage->prefix.addr[3]] = usage->counts;
	walked->count++;
}

/* As the query for one entry, for all of them at once, before and after they are written. */
static void test_walk(void **unused)
{
	struct hits *hits = open_hits();
	const int64_t last_sec = NOW + 9 * DAY;

	(void)unused;
	for (int64_t now_sec = NOW; now_sec <= last_sec; now_sec += DAY) {
		for (size_t i = 0; i < PREFIX_COUNT; i += 1 + (size_t)(now_sec / DAY % 3))
			count(i, 4 + i);
		look(hits, now_sec);
		if (now_sec != last_sec)
			assert_int_equal(hits_flush(hits, true, now_sec), 0);
	}
	for (int round = 0; round < 2; round++) {
		for (unsigned int days = 0; days < 10; days++) {
			struct walked walked = { 0 };

			assert_int_equal(
			    hits_walk(hits, last_sec / DAY - days, take_usage, &walked), 0);
			assert_int_equal(walked.count, PREFIX_COUNT);
			for (size_t i = 0; i < PREFIX_COUNT; i++)
				assert_int_equal(walked.of[i].packets,
						 sum_days(hits, i, days, last_sec));
		}
		assert_int_equal(hits_flush(hits, true, last_sec), 0);
	}
	struct walked walked = { 0 };

	assert_int_equal(hits_walk(hits, INT64_MIN, take_usage, &walked), 0);
	for (size_t i = 0; i < PREFIX_COUNT; i++) {
		assert_int_equal(walked.of[i].packets, kernel[rules[i].id].packets);
		assert_int_equal(walked.of[i].connections, kernel[rules[i].id].connections);
		assert_int_equal(walked.of[i].averted_packets, kernel[rules[i].id].averted_packets);
	}
	hits_close(hits);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_walk) };

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
