/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rescue: what answers mean, and the limits of queue, memory and queries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rescue/judge.h"
#include "rescue/waiting.h"

static char name[] = "wl.test";
static const struct rescue_zone levels = {
	.name = name, .min_trust = TRUST_MEDIUM, .min_sec = 100, .max_sec = 1000
};
static const struct rescue_zone answers = {
	.name = name,
	.accept = { { .family = FAMILY_IPV4, .len = 32, .addr = { 127, 0, 0, 2 } },
		    { .family = FAMILY_IPV4, .len = 24, .addr = { 127, 0, 1, 0 } } },
	.accept_count = 2,
};

static struct prefix address_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

/* @text: answers, separated by blanks; "": not listed. */
static struct dns_listed listed_as(const char *address, const char *text)
{
	struct dns_listed listed = { .address = address_of(address), .status = DNS_NO_DOMAIN };
	char copy[256];
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", text);
	while (*text && (word = strsep(&rest, " "))) {
		listed.status = DNS_OK;
		listed.answers[listed.answer_count++] = address_of(word);
	}
	return listed;
}

static void assert_finding(const struct rescue_zone *zone, const char *text,
			   enum rescue_finding expected, const char *words)
{
	const struct dns_listed listed = listed_as("9.9.9.9", text);
	char why[RESCUE_WHY_BYTES];

	assert_int_equal(rescue_judge(zone, &listed, why), expected);
	assert_non_null(strstr(why, words));
}

static void test_levels(void **state)
{
	(void)state;
	assert_finding(&levels, "", RESCUE_UNLISTED, "");
	assert_finding(&levels, "127.0.5.0", RESCUE_TOO_LOW, "127.0.5.0 (none)");
	assert_finding(&levels, "127.0.5.1", RESCUE_TOO_LOW, "127.0.5.1 (low)");
	assert_finding(&levels, "127.0.5.2", RESCUE_ENOUGH, "127.0.5.2 (medium)");
	assert_finding(&levels, "127.0.15.3", RESCUE_ENOUGH, "127.0.15.3 (high)");
	assert_finding(&levels, "127.0.5.1 127.0.5.3", RESCUE_ENOUGH, "127.0.5.3 (high)");
	assert_finding(&levels, "127.0.5.4", RESCUE_BROKEN, "no level of trust");
	assert_finding(&levels, "127.1.5.3", RESCUE_BROKEN, "no level of trust");
	assert_finding(&levels, "127.0.10.3", RESCUE_BROKEN, "category 10");
	assert_finding(&levels, "127.0.0.255", RESCUE_BROKEN, "refuses");
	/* One answer is enough to lose trust in all of them. */
	assert_finding(&levels, "127.0.5.3 192.0.2.80", RESCUE_BROKEN,
		       "the answer for 9.9.9.9 is 192.0.2.80, which is outside 127.0.0.0/8");
}

static void test_accept(void **state)
{
	(void)state;
	assert_finding(&answers, "127.0.0.2", RESCUE_ENOUGH, "127.0.0.2");
	assert_finding(&answers, "127.0.0.9 127.0.1.200", RESCUE_ENOUGH, "127.0.1.200");
	assert_finding(&answers, "127.0.0.3", RESCUE_TOO_LOW, "127.0.0.3");
	/* Categories of others mean nothing here. */
	assert_finding(&answers, "127.0.10.3", RESCUE_TOO_LOW, "127.0.10.3");
	assert_finding(&answers, "127.255.255.254", RESCUE_BROKEN, "refuses");
	assert_finding(&answers, "127.0.0.255", RESCUE_BROKEN, "refuses");
	assert_finding(&answers, "126.255.255.255", RESCUE_BROKEN, "outside 127.0.0.0/8");
}

static void test_failed(void **state)
{
	struct dns_listed listed = listed_as("9.9.9.9", "");
	char why[RESCUE_WHY_BYTES];

	(void)state;
	listed.status = DNS_TEMPORARY;
	assert_int_equal(rescue_judge(&levels, &listed, why), RESCUE_FAILED);
	listed.status = DNS_NO_RECORD;
	assert_int_equal(rescue_judge(&levels, &listed, why), RESCUE_UNLISTED);
}

static void assert_canaries(const char *absent, const char *present, enum rescue_finding expected,
			    const char *words)
{
	struct dns_listing listing = { .count = 2 };
	char why[RESCUE_WHY_BYTES];

	listing.items[0] = listed_as("127.0.0.1", absent);
	listing.items[1] = listed_as("127.0.0.2", present);
	assert_int_equal(rescue_judge_canaries(&levels, &listing, why), expected);
	assert_non_null(strstr(why, words));
}

static void test_canaries(void **state)
{
	struct dns_listing listing = { .count = 2, .message = "no resolver" };
	char why[RESCUE_WHY_BYTES];

	(void)state;
	/* That of dnswl.org has the category that is refused otherwise. */
	assert_canaries("", "127.0.10.0", RESCUE_ENOUGH, "");
	assert_canaries("", "127.0.0.2", RESCUE_ENOUGH, "");
	assert_canaries("", "", RESCUE_BROKEN, "127.0.0.2 is not listed");
	assert_canaries("127.0.5.3", "127.0.10.0", RESCUE_BROKEN,
			"127.0.0.1 is listed as 127.0.5.3");
	assert_canaries("192.0.2.1", "192.0.2.1", RESCUE_BROKEN, "outside 127.0.0.0/8");
	assert_canaries("", "127.0.0.255", RESCUE_BROKEN, "refuses");
	assert_canaries("", "192.0.2.1", RESCUE_BROKEN, "outside");
	listing.items[0].status = DNS_TEMPORARY;
	assert_int_equal(rescue_judge_canaries(&levels, &listing, why), RESCUE_FAILED);
	assert_string_equal(why, "no resolver");
	listing.items[0].status = DNS_NO_DOMAIN;
	listing.items[1].status = DNS_TEMPORARY;
	assert_int_equal(rescue_judge_canaries(&levels, &listing, why), RESCUE_FAILED);
}

static void test_control(void **state)
{
	struct dns_listed listed = listed_as("9.9.9.9", "");
	struct prefix first, second;
	char why[RESCUE_WHY_BYTES];

	(void)state;
	rescue_make_control(&first);
	assert_int_equal(first.len, 32);
	assert_in_range(first.addr[0], 240, 247);
	for (int i = 0; i < 100; i++) {
		rescue_make_control(&second);
		if (prefix_compare(&first, &second) != 0)
			break;
	}
	assert_true(prefix_compare(&first, &second) != 0);
	assert_int_equal(rescue_judge_control(&levels, &listed, why), RESCUE_UNLISTED);
	listed = listed_as("240.1.2.3", "127.0.5.1");
	assert_int_equal(rescue_judge_control(&levels, &listed, why), RESCUE_BROKEN);
	assert_non_null(strstr(why, "240.1.2.3 is listed as 127.0.5.1"));
}

static void test_entry_time(void **state)
{
	(void)state;
	assert_int_equal(rescue_entry_sec(&levels, 0), 100);
	assert_int_equal(rescue_entry_sec(&levels, 500), 500);
	assert_int_equal(rescue_entry_sec(&levels, UINT32_MAX), 1000);
}

/* ---- waiting -------------------------------------------------------------------------- */

static struct prefix nth(uint32_t number)
{
	return (struct prefix) { .family = FAMILY_IPV4,
				 .len = 32,
				 .addr = { 11, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
					   (uint8_t)number } };
}

static void test_queue(void **state)
{
	struct rescue_waiting *waiting = rescue_waiting_new(10, 50000);
	struct prefix taken[32], source = nth(1), other = nth(2);

	(void)state;
	assert_int_equal(rescue_waiting_offer(waiting, &source, 1), RESCUE_QUEUED);
	assert_int_equal(rescue_waiting_offer(waiting, &source, 1), RESCUE_WAITS);
	assert_int_equal(rescue_waiting_offer(waiting, &other, 1), RESCUE_QUEUED);
	assert_int_equal(rescue_waiting_take(waiting, 1, 1, taken, 32), 2);
	assert_int_equal(prefix_compare(&taken[0], &source), 0);
	rescue_waiting_remember(waiting, &source, 1, 100);
	assert_int_equal(rescue_waiting_offer(waiting, &source, 99), RESCUE_KNOWN);
	assert_int_equal(rescue_waiting_offer(waiting, &other, 99), RESCUE_QUEUED);
	assert_int_equal(rescue_waiting_offer(waiting, &source, 100), RESCUE_QUEUED);
	assert_int_equal(rescue_waiting_clear(waiting), 2);
	for (uint32_t i = 0; i < RESCUE_QUEUE_MAX; i++) {
		source = nth(1000 + i);
		assert_int_equal(rescue_waiting_offer(waiting, &source, 99), RESCUE_QUEUED);
	}
	source = nth(999);
	assert_int_equal(rescue_waiting_offer(waiting, &source, 99), RESCUE_FULL);
	assert_int_equal(rescue_waiting_count(waiting), RESCUE_QUEUE_MAX);
	rescue_waiting_free(waiting);
}

/* Keep the queue full and take whatever is allowed each @step_sec. Return: queries. */
static size_t flood(struct rescue_waiting *waiting, double from_sec, double to_sec, double step_sec)
{
	static uint32_t number;
	struct prefix taken[31];
	size_t queries = 0;

	for (int step = 0; from_sec + step * step_sec < to_sec; step++) {
		const double now_sec = from_sec + step * step_sec;
		size_t count;

		for (int i = 0; i < 40; i++) {
			const struct prefix source = nth(number++ & 0xffffff);

			rescue_waiting_offer(waiting, &source, now_sec);
		}
		count = rescue_waiting_take(waiting, now_sec, 1, taken, 31);
		queries += count ? count + 1 : 0;
		for (size_t i = 0; i < count; i++)
			rescue_waiting_remember(waiting, &taken[i], now_sec, now_sec + 3600);
	}
	return queries;
}

static void test_second(void **state)
{
	struct rescue_waiting *waiting = rescue_waiting_new(10, 100000000);
	size_t queries = flood(waiting, 1, 101, 0.25);

	(void)state;
	assert_in_range(queries, 900, 1010);
	/* Checks are always made, and later queries wait for them. */
	rescue_waiting_spend(waiting, 101, 50);
	assert_int_equal(flood(waiting, 101, 105, 0.5), 0);
	rescue_waiting_free(waiting);
}

static void test_day(void **state)
{
	struct rescue_waiting *waiting = rescue_waiting_new(10, 5000);
	const size_t first = flood(waiting, 1, 3601, 1);
	const size_t day = first + flood(waiting, 3601, 86400, 10);

	(void)state;
	/* Half of them at once, and the rest is not used up in an hour. */
	assert_in_range(first, 2500, 2500 + 105 + 2);
	assert_in_range(day, 4900, 5000);
	assert_in_range(flood(waiting, 86400, 2 * 86400, 10), 2400, 2502);
	assert_true(rescue_waiting_left(waiting, 2 * 86400) < 10);
	rescue_waiting_free(waiting);
}

static void test_memory(void **state)
{
	struct rescue_waiting *waiting = rescue_waiting_new(10, 5000);
	size_t known = 0;

	(void)state;
	for (uint32_t i = 0; i < 2 * RESCUE_KNOWN_MAX; i++) {
		const struct prefix source = nth(i);

		rescue_waiting_remember(waiting, &source, 1, 2 + i);
	}
	/* The newer ones took the places of those that were to be forgotten first. */
	for (uint32_t i = RESCUE_KNOWN_MAX; i < 2 * RESCUE_KNOWN_MAX; i++) {
		const struct prefix source = nth(i);

		known += rescue_waiting_offer(waiting, &source, 1) == RESCUE_KNOWN;
		rescue_waiting_clear(waiting);
	}
	assert_in_range(known, RESCUE_KNOWN_MAX * 3 / 4, RESCUE_KNOWN_MAX);
	rescue_waiting_free(waiting);
}

/* While a flood keeps the queue full, a sender who comes again is looked up next. */
static void test_again(void **state)
{
	struct rescue_waiting *waiting = rescue_waiting_new(10, 50000);
	const struct prefix friend = nth(0xffffff);
	struct prefix taken[RESCUE_AGAIN_MAX + 1];

	(void)state;
	for (uint32_t i = 0; i < RESCUE_QUEUE_MAX; i++) {
		const struct prefix source = nth(i);

		rescue_waiting_offer(waiting, &source, 1);
	}
	assert_int_equal(rescue_waiting_offer(waiting, &friend, 1), RESCUE_FULL);
	assert_int_equal(rescue_waiting_offer(waiting, &friend, 1.2), RESCUE_FULL);
	/* Thousands of others come in between. */
	for (uint32_t i = 0; i < RESCUE_KNOWN_MAX / 4; i++) {
		const struct prefix source = nth(100000 + i);

		assert_int_equal(rescue_waiting_offer(waiting, &source, 2), RESCUE_FULL);
	}
	assert_int_equal(rescue_waiting_offer(waiting, &friend, 600), RESCUE_QUEUED);
	assert_int_equal(rescue_waiting_offer(waiting, &friend, 601), RESCUE_WAITS);
	assert_int_equal(rescue_waiting_take(waiting, 601, 1, taken, 31), 9);
	assert_int_equal(prefix_compare(&taken[0], &friend), 0);
	/* There is no end of room for them, either. */
	for (uint32_t i = 0; i < RESCUE_QUEUE_MAX; i++) {
		const struct prefix source = nth(200000 + i);

		rescue_waiting_offer(waiting, &source, 602);
	}
	for (uint32_t i = 0; i < 2 * RESCUE_AGAIN_MAX; i++) {
		const struct prefix source = nth(100000 + i);

		rescue_waiting_offer(waiting, &source, 603);
	}
	assert_int_equal(rescue_waiting_count(waiting), RESCUE_QUEUE_MAX + RESCUE_AGAIN_MAX);
	rescue_waiting_free(waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),	cmocka_unit_test(test_accept),
		cmocka_unit_test(test_failed),	cmocka_unit_test(test_canaries),
		cmocka_unit_test(test_control), cmocka_unit_test(test_entry_time),
		cmocka_unit_test(test_queue),	cmocka_unit_test(test_second),
		cmocka_unit_test(test_day),	cmocka_unit_test(test_memory),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests_name("rescue", tests, NULL, NULL);
}
