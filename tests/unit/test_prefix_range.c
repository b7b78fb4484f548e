/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges as prefixes, and entries without exclusions: by hand and at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/entry.h"
#include "core/prefix_range.h"
#include "random_prefix.h"

static struct prefix parse(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

/* "a b c" for the prefixes of a range. */
static void assert_range(const char *first, const char *last, const char *expected)
{
	struct prefix from = parse(first), to = parse(last), prefixes[PREFIX_RANGE_MAX];
	size_t count = prefix_range_split(&from, &to, prefixes), used = 0;
	char text[PREFIX_RANGE_MAX * PREFIX_TEXT_BYTES] = "", prefix[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 prefix_format(&prefixes[i], prefix));
	assert_string_equal(text, expected);
}

static void test_ranges(void **state)
{
	(void)state;
	assert_range("192.0.2.1", "192.0.2.1", "192.0.2.1/32");
	assert_range("192.0.2.0", "192.0.2.255", "192.0.2.0/24");
	assert_range("192.0.2.1", "192.0.2.6",
		     "192.0.2.1/32 192.0.2.2/31 192.0.2.4/31 192.0.2.6/32");
	assert_range("0.0.0.0", "255.255.255.255", "0.0.0.0/0");
	assert_range("255.255.255.255", "255.255.255.255", "255.255.255.255/32");
	assert_range("127.16.0.0/16", "127.31.0.0/16", "127.16.0.0/12");
	assert_range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0");
	assert_range("2001:db8::1", "2001:db8::2", "2001:db8::1/128 2001:db8::2/128");
	assert_range("192.0.2.2", "192.0.2.1", "");
	assert_range("192.0.2.1", "2001:db8::1", "");
}

static void test_longest(void **state)
{
	struct prefix from = parse("::1"), to = parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	struct prefix prefixes[PREFIX_RANGE_MAX];

	(void)state;
	assert_int_equal(prefix_range_split(&from, &to, prefixes), 254);
}

static uint32_t number_of(const struct prefix *prefix)
{
	return (uint32_t)prefix->addr[0] << 24 | (uint32_t)prefix->addr[1] << 16 |
	       (uint32_t)prefix->addr[2] << 8 | prefix->addr[3];
}

static struct prefix address_of(uint32_t number)
{
	return (struct prefix) { .family = FAMILY_IPV4,
				 .len = 32,
				 .addr = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
					   (uint8_t)(number >> 8), (uint8_t)number } };
}

/* They touch, in order, from the first to the last address; and no two of them could
 * be one, which makes them the fewest. */
static void check_cover(uint32_t first, uint32_t last)
{
	struct prefix from = address_of(first), to = address_of(last);
	struct prefix prefixes[PREFIX_RANGE_MAX];
	size_t count = prefix_range_split(&from, &to, prefixes);
	uint64_t next = first;

	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		struct prefix network = prefix_truncate(&prefixes[i], prefixes[i].len);

		assert_int_equal(prefix_compare(&network, &prefixes[i]), 0);
		assert_int_equal(number_of(&prefixes[i]), next);
		next += 1ULL << (32 - prefixes[i].len);
		if (i + 1 < count && prefixes[i].len == prefixes[i + 1].len) {
			struct prefix both =
			    prefix_truncate(&prefixes[i], (uint8_t)(prefixes[i].len - 1));

			assert_false(prefix_contains(&both, &prefixes[i + 1]));
		}
	}
	assert_int_equal(next, (uint64_t)last + 1);
}

static void test_random_ranges(void **state)
{
	(void)state;
	random_start("ranges");
	for (int i = 0; i < 100000; i++) {
		uint32_t a = (uint32_t)random_number(), b = (uint32_t)random_number();

		if (random_chance(50))
			b = a + random_below(4096);
		check_cover(a < b ? a : b, a < b ? b : a);
	}
}

/* ---- flat sets ------------------------------------------------------------------------- */

/* The most specific decides, and at the same prefix the exclusion. */
static bool is_listed(const struct entry_set *set, const struct prefix *address)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < set->count; i++) {
		const struct entry *entry = &set->entries[i];

		if (prefix_contains(&entry->prefix, address) &&
		    (!best || entry->prefix.len > best->prefix.len ||
		     (entry->prefix.len == best->prefix.len && entry->is_exclusion)))
			best = entry;
	}
	return best && !best->is_exclusion;
}

static struct entry_set *random_set(void)
{
	struct entry_set *set = entry_set_new();
	size_t count = random_below(16);

	assert_non_null(set);
	for (size_t i = 0; i < count; i++) {
		struct prefix prefix = address_of(0xc0000200 + random_below(256));
		struct entry entry = { .is_exclusion = random_chance(50), .reason = "why" };

		entry.prefix = prefix_truncate(&prefix, (uint8_t)(22 + random_below(11)));
		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	return set;
}

static void test_random_flat_sets(void **state)
{
	(void)state;
	random_start("flat sets");
	for (int i = 0; i < 5000; i++) {
		struct entry_set *set = random_set(), *flat = entry_set_flatten(set);

		assert_non_null(flat);
		for (size_t j = 0; j < flat->count; j++) {
			assert_false(flat->entries[j].is_exclusion);
			assert_string_equal(flat->entries[j].reason, "why");
		}
		for (uint32_t j = 0; j < 512; j++) {
			struct prefix address = address_of(0xc0000180 + j);

			assert_int_equal(is_listed(set, &address), is_listed(flat, &address));
		}
		entry_set_unref(flat);
		entry_set_unref(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_random_ranges),
		cmocka_unit_test(test_random_flat_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
