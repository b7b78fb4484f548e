/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts by source against a plain array, and the limit of sources. */
#include "ctl/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random_prefix.h"

#define ROWS_MAX 8000 /* as many as packets, at most */

static struct tally_row random_key(unsigned int addresses)
{
	struct tally_row key = {
		.source = { .addr = { 10, 0, (uint8_t)random_below(addresses) },
			    .family = FAMILY_IPV4,
			    .len = 32 },
		.verdict = (uint8_t)(3 + random_below(3)),
		.list = random_chance(20) ? TALLY_NO_LIST : random_below(4),
	};

	if (random_chance(30)) {
		key.source.family = FAMILY_IPV6;
		key.source.len = 128;
		key.source.addr[15] = (uint8_t)random_below(addresses);
	}
	return key;
}

static bool is_same(const struct tally_row *a, const struct tally_row *b)
{
	return !memcmp(&a->source, &b->source, sizeof(a->source)) && a->verdict == b->verdict &&
	       a->list == b->list;
}

static void count(struct tally_row *rows, size_t *row_count, const struct tally_row *key,
		  bool is_connection)
{
	size_t i = 0;

	while (i < *row_count && !is_same(&rows[i], key))
		i++;
	if (i == *row_count) {
		assert_true(i < ROWS_MAX);
		rows[(*row_count)++] = *key;
	}
	rows[i].packets++;
	rows[i].connections += is_connection;
}

static void check(const struct tally *tally, const struct tally_row *rows, size_t row_count)
{
	assert_int_equal(tally->count, row_count);
	for (size_t i = 0; i < row_count; i++) {
		size_t found = 0;

		for (size_t j = 0; j < tally->count; j++) {
			if (!is_same(&tally->rows[j], &rows[i]))
				continue;
			assert_int_equal(tally->rows[j].packets, rows[i].packets);
			assert_int_equal(tally->rows[j].connections, rows[i].connections);
			found++;
		}
		assert_int_equal(found, 1);
	}
	for (size_t j = 1; j < tally->count; j++) {
		const struct tally_row *before = &tally->rows[j - 1], *row = &tally->rows[j];

		assert_true(before->packets > row->packets ||
			    (before->packets == row->packets &&
			     prefix_compare(&before->source, &row->source) <= 0));
	}
}

static void test_against_an_array(void **state)
{
	static struct tally_row rows[ROWS_MAX];

	(void)state;
	random_start("tally");
	for (int round = 0; round < 20; round++) {
		unsigned int addresses = 1 + random_below(120), packets = random_below(8000);
		struct tally tally;
		size_t row_count = 0;

		memset(rows, 0, sizeof(rows));
		tally_init(&tally);
		for (unsigned int i = 0; i < packets; i++) {
			struct tally_row key = random_key(addresses);
			bool is_connection = random_chance(30);

			tally_add(&tally, &key, is_connection);
			count(rows, &row_count, &key, is_connection);
		}
		tally_sort(&tally);
		check(&tally, rows, row_count);
		assert_int_equal(tally.left_out_packets, 0);
		tally_done(&tally);
	}
}

/* Known sources are still counted, and no packet is missing from the sum. */
static void test_more_sources_than_are_told_apart(void **state)
{
	const uint32_t more = 1000;
	struct tally tally;
	uint64_t packets = 0;

	(void)state;
	tally_init(&tally);
	for (uint32_t i = 0; i < TALLY_ROWS_MAX + more; i++) {
		struct tally_row key = { .source = { .family = FAMILY_IPV4, .len = 32 } };

		memcpy(key.source.addr, &i, sizeof(i));
		tally_add(&tally, &key, true);
		if (i == TALLY_ROWS_MAX) {
			memset(key.source.addr, 0, sizeof(key.source.addr));
			tally_add(&tally, &key, false);
		}
	}
	assert_int_equal(tally.count, TALLY_ROWS_MAX);
	assert_int_equal(tally.left_out_packets, more);
	tally_sort(&tally);
	assert_int_equal(tally.rows[0].packets, 2);
	assert_int_equal(tally.rows[0].connections, 1);
	for (size_t i = 0; i < tally.count; i++)
		packets += tally.rows[i].packets;
	assert_int_equal(packets, TALLY_ROWS_MAX + 1);
	tally_done(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_an_array),
		cmocka_unit_test(test_more_sources_than_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
