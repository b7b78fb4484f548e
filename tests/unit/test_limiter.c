/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits with exact buckets, against a list of all admitted attempts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "core/limiter.h"
#include "random_prefix.h"

#define SEC_NS 1000000000LL

static struct prefix address_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static int judge(struct limiter *limiter, const char *address, int64_t at_sec)
{
	const struct prefix prefix = address_of(address);

	return limiter_judge(limiter, &prefix, at_sec * SEC_NS);
}

static void test_example(void **state)
{
	const struct limits limits = { .of = { { .per_minute = 2, .burst = 3 },
					       { .per_minute = 60, .burst = 4 } } };
	struct limiter limiter;

	(void)state;
	assert_int_equal(limiter_init(&limiter, &limits), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(judge(&limiter, "192.0.2.1", 1000), 0);
	assert_int_equal(judge(&limiter, "192.0.2.1", 1000), 1);
	/* The network is full with the next one; an earlier time is the same moment. */
	assert_int_equal(judge(&limiter, "192.0.2.2", 10), 0);
	assert_int_equal(judge(&limiter, "192.0.2.3", 1000), 1);
	assert_int_equal(judge(&limiter, "192.0.3.1", 1000), 0);
	assert_int_equal(judge(&limiter, "192.0.2.3", 1001), 0);
	assert_int_equal(judge(&limiter, "192.0.2.1", 1029), 1);
	assert_int_equal(judge(&limiter, "192.0.2.1", 1030), 0);
	assert_int_equal(judge(&limiter, "192.0.2.1", 1030), 1);
	/* One /64, and one /48. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(judge(&limiter, i ? "2001:db8::1" : "2001:db8::2:3:4:5", 2000), 0);
	assert_int_equal(judge(&limiter, "2001:db8::2", 2000), 1);
	assert_int_equal(judge(&limiter, "2001:db8:0:1::2", 2000), 0);
	assert_int_equal(judge(&limiter, "2001:db8:0:2::2", 2000), 1);
	/* After a long time it is as new. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(judge(&limiter, "192.0.2.1", INT64_MAX / SEC_NS), 0);
	assert_int_equal(judge(&limiter, "192.0.2.1", INT64_MAX / SEC_NS), 1);
	assert_int_equal(limiter.left_out, 0);
	limiter_done(&limiter);
}

/* The definition: if the attempt were admitted, no stretch of time up to now would contain more
 * admitted ones than the burst and what the stretch brings. */
#define ADMITTED_MAX 20000
static struct {
	struct prefix source;
	int64_t at_sec;
} admitted[IPWL_LIMIT_COUNT][ADMITTED_MAX];

static bool is_allowed(const struct limit *limit, int which, size_t count,
		       const struct prefix *source, int64_t now_sec)
{
	uint64_t since = 1;

	for (size_t i = count; i-- > 0;) {
		if (prefix_compare(&admitted[which][i].source, source) != 0)
			continue;
		since++;
		if ((since - limit->burst) * 60 >
			(uint64_t)(now_sec - admitted[which][i].at_sec) * limit->per_minute &&
		    since > limit->burst)
			return false;
	}
	return true;
}

static void test_random(void **state)
{
	size_t over = 0, count = 0;

	(void)state;
	for (int round = 0; round < 8; round++) {
		const struct limits limits = {
			.of = { { 1 + random_below(50), 1 + random_below(6) },
				{ 1 + random_below(99), 1 + random_below(20) } }
		};
		struct limiter limiter;
		int64_t now_sec = 1000;

		assert_int_equal(limiter_init(&limiter, &limits), 0);
		count = 0;
		for (int step = 0; step < 2000; step++) {
			struct prefix address =
			    address_of(random_chance(50) ? "198.51.100.0" : "2001:db8::");
			struct prefix sources[IPWL_LIMIT_COUNT];
			bool is_admitted = true;

			address.addr[address.family == FAMILY_IPV4 ? 2 : 5] ^=
			    (uint8_t)random_below(2);
			address.addr[address.family == FAMILY_IPV4 ? 3 : 7] ^=
			    (uint8_t)random_below(4);
			now_sec += random_chance(70) ? 0 : random_below(9);
			for (int i = 0; i < IPWL_LIMIT_COUNT; i++) {
				sources[i] = limit_source((enum ipwl_limit)i, &address);
				is_admitted &=
				    is_allowed(&limits.of[i], i, count, &sources[i], now_sec);
			}
			assert_int_equal(limiter_judge(&limiter, &address, now_sec * SEC_NS),
					 !is_admitted);
			over += !is_admitted;
			for (int i = 0; i < IPWL_LIMIT_COUNT && is_admitted; i++) {
				admitted[i][count].source = sources[i];
				admitted[i][count].at_sec = now_sec;
			}
			count += is_admitted;
		}
		limiter_done(&limiter);
	}
	assert_true(over > 100);
}

/* What has no place is admitted, and memory has a limit. */
static void test_many_sources(void **state)
{
	const struct limits limits = { .of = { { .per_minute = 1, .burst = 1 } } };
	struct prefix address = address_of("10.0.0.0");
	struct limiter limiter;

	(void)state;
	assert_int_equal(limiter_init(&limiter, &limits), 0);
	for (uint32_t i = 0; i < LIMITER_SOURCES_MAX + 1000; i++) {
		address.addr[1] = (uint8_t)(i >> 16);
		address.addr[2] = (uint8_t)(i >> 8);
		address.addr[3] = (uint8_t)i;
		assert_int_equal(limiter_judge(&limiter, &address, SEC_NS), 0);
	}
	assert_int_equal(limiter.left_out, 1000);
	assert_int_equal(limiter_judge(&limiter, &address, SEC_NS), 0);
	assert_int_equal(judge(&limiter, "10.0.0.7", 1), 1);
	limiter_done(&limiter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_many_sources),
	};

	random_start("limiter");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
