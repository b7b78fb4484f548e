/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits as numbers and as times, and how often the sketch limits a source for what others do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "random_prefix.h"

#define PROBES 400000

static void test_there_and_back(void **state)
{
	(void)state;
	for (uint32_t per_minute = 0; per_minute <= LIMIT_PER_MINUTE_MAX; per_minute++) {
		const struct limit limit = { per_minute, per_minute ? 1 + per_minute % 977 : 0 };
		const struct ipwl_rate rate = limit_to_rate(&limit);
		const struct limit back = limit_of_rate(&rate);

		assert_int_equal(back.per_minute, per_minute);
		assert_int_equal(back.burst, limit.burst);
		assert_int_equal(rate.interval_ns == 0, per_minute == 0);
	}
}

static void assert_source(enum ipwl_limit limit, const char *address, const char *expected)
{
	char text[PREFIX_TEXT_BYTES];
	struct prefix prefix;

	assert_int_equal(prefix_parse(address, strlen(address), &prefix, NULL), PREFIX_OK);
	prefix = limit_source(limit, &prefix);
	assert_string_equal(prefix_format(&prefix, text), expected);
}

static void test_sources(void **state)
{
	(void)state;
	assert_source(IPWL_LIMIT_ADDRESS, "192.0.2.7", "192.0.2.7/32");
	assert_source(IPWL_LIMIT_NETWORK, "192.0.2.7", "192.0.2.0/24");
	assert_source(IPWL_LIMIT_ADDRESS, "2001:db8:1:2:3::4", "2001:db8:1:2::/64");
	assert_source(IPWL_LIMIT_NETWORK, "2001:db8:1:2:3::4", "2001:db8:1::/48");
}

/* ---- the sketch -------------------------------------------------------------------- */

/* Half of them IPv4. */
static struct ipwl_limited random_source(void)
{
	if (random_chance(50))
		return ipwl_limited_of(IPWL_LIMIT_ADDRESS, 0,
				       0xffffULL << 32 | (uint32_t)random_number(), 0);
	return ipwl_limited_of(IPWL_LIMIT_ADDRESS, 0x2ULL << 60 | random_number() >> 4,
			       random_number(), 1);
}

/* How many of PROBES sources share both cells with some of @count others. */
static unsigned int count_collisions(const uint64_t keys[][IPWL_HASH_KEYS], uint32_t count)
{
	bool *is_full = calloc(IPWL_LIMIT_CELLS, sizeof(*is_full));
	unsigned int collisions = 0;

	assert_non_null(is_full);
	for (uint32_t i = 0; i < count + PROBES; i++) {
		const struct ipwl_limited source = random_source();
		uint32_t cells[IPWL_LIMIT_ROWS];

		for (uint32_t row = 0; row < IPWL_LIMIT_ROWS; row++)
			cells[row] = ipwl_limit_cell((const __u64(*)[IPWL_HASH_KEYS])keys,
						     IPWL_LIMIT_ADDRESS, row, &source);
		if (i < count)
			is_full[cells[0]] = is_full[cells[1]] = true;
		else
			collisions += is_full[cells[0]] && is_full[cells[1]];
	}
	free(is_full);
	return collisions;
}

/* Over many seeds, at most (n / 2^16)^2 of all sources, and not much less: the rows are
 * independent. The margin is six standard deviations of a count as small. */
static void test_probability(void **state)
{
	static const uint32_t counts[] = { 100, 1000, 6500 };
	enum { SEEDS = 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		const double share = counts[i] / 65536.0;
		const double expected = share * share * PROBES * SEEDS;
		unsigned int collisions = 0;

		for (int seed = 0; seed < SEEDS; seed++) {
			uint64_t keys[2][IPWL_HASH_KEYS];

			for (size_t j = 0; j < sizeof(keys) / sizeof(uint64_t); j++)
				keys[j / IPWL_HASH_KEYS][j % IPWL_HASH_KEYS] = random_number();
			collisions +=
			    count_collisions((const uint64_t(*)[IPWL_HASH_KEYS])keys, counts[i]);
		}
		fprintf(stderr, "%u sources over their limit: %u of %d others, expected %.0f\n",
			counts[i], collisions, SEEDS * PROBES, expected);
		assert_true(collisions <= expected + 6 * sqrt(expected));
		assert_true(collisions >= expected * 0.85 - 6 * sqrt(expected));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_probability),
	};

	random_start("limits");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
