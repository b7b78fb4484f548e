/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes: valid and invalid texts, positions of errors, canonical text, order. */
#include "core/prefix.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/prefix_quick.h"
#include "lookup_oracle.h"
#include "random_prefix.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text;
	const char *canonical;
} accepted[] = {
	{ "192.0.2.1", "192.0.2.1/32" },
	{ "192.0.2.0/24", "192.0.2.0/24" },
	{ "0.0.0.0", "0.0.0.0/32" },
	{ "0.0.0.0/0", "0.0.0.0/0" },
	{ "255.255.255.255", "255.255.255.255/32" },
	{ "128.0.0.0/1", "128.0.0.0/1" },
	{ "192.0.2.254/31", "192.0.2.254/31" },
	{ "192.0.2.1/32", "192.0.2.1/32" },
	{ "::", "::/128" },
	{ "::/0", "::/0" },
	{ "::1", "::1/128" },
	{ "8000::/1", "8000::/1" },
	{ "2001:DB8::/32", "2001:db8::/32" },
	{ "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1/128" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	{ "2001:db8::/127", "2001:db8::/127" },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221/128" },
	{ "2001:db8:1:2:3:4:192.0.2.33/128", "2001:db8:1:2:3:4:c000:221/128" },
	/* RFC 5952: one group is no run, the first of equal runs, the longest run. */
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1/128" },
	{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1/128" },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128" },
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1/128" },
	{ "0:0:1:0:0:0:0:0", "0:0:1::/128" },
	{ "0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7/128" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0/128" },
	{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8/128" },
	/* Not IPv4-mapped, though it may be written so. */
	{ "::192.0.2.1", "::c000:201/128" },
	{ "::1:2", "::1:2/128" },
	{ "::fffe:0:0/95", "::fffe:0:0/95" },
	{ "::/80", "::/80" },
	{ "::ffff:0:0:0/96", "::ffff:0:0:0/96" },
	/* IPv4-mapped is IPv4. */
	{ "::ffff:192.0.2.1", "192.0.2.1/32" },
	{ "::FFFF:c000:201", "192.0.2.1/32" },
	{ "0:0:0:0:0:ffff:192.0.2.0/120", "192.0.2.0/24" },
	{ "::ffff:0:0/96", "0.0.0.0/0" },
	{ "::ffff:255.255.255.255/128", "255.255.255.255/32" },
};

static const struct {
	const char *text;
	enum prefix_error error;
	size_t column;
} rejected[] = {
	{ "", PREFIX_EMPTY, 0 },
	{ "x", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "/24", PREFIX_NOT_AN_ADDRESS, 0 },
	{ " 192.0.2.1", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "mail.example.org", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "192.0.2", PREFIX_NOT_AN_ADDRESS, 7 },
	{ "192.0.2/24", PREFIX_NOT_AN_ADDRESS, 7 },
	{ "192.0.2.", PREFIX_NOT_AN_ADDRESS, 8 },
	{ "192..2.1", PREFIX_NOT_AN_ADDRESS, 4 },
	{ ".192.0.2", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "192.0.256.1", PREFIX_NOT_AN_ADDRESS, 6 },
	{ "192.0.2.1000", PREFIX_NOT_AN_ADDRESS, 8 },
	{ "192.0.2.99999999999999999999", PREFIX_NOT_AN_ADDRESS, 8 },
	{ "-1.0.0.0", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "192.0.2.+1", PREFIX_NOT_AN_ADDRESS, 8 },
	{ "0x7f.0.0.1", PREFIX_NOT_AN_ADDRESS, 1 },
	{ "3232235777", PREFIX_NOT_AN_ADDRESS, 0 },
	{ ":", PREFIX_NOT_AN_ADDRESS, 0 },
	{ ":::", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "1::2::3", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "1:2:3:4:5:6:7", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "1:2:3:4:5:6:7:8:9", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "1:2:3:4:5:6:7:8::", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "12345::", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "2001:db8:", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "[2001:db8::1]", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "::ffff:192.0.2", PREFIX_NOT_AN_ADDRESS, 14 },
	{ "::ffff:192.0.2.256", PREFIX_NOT_AN_ADDRESS, 15 },
	{ "::1.2.3.4:5", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "1:2:3:4:5:6:7:1.2.3.4", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "00000000000000000000000000000000000000000000000000::", PREFIX_NOT_AN_ADDRESS, 0 },
	{ "192.0.02.1", PREFIX_LEADING_ZERO, 6 },
	{ "00.0.2.1", PREFIX_LEADING_ZERO, 0 },
	{ "192.0.2.007", PREFIX_LEADING_ZERO, 8 },
	{ "::ffff:192.0.02.1", PREFIX_LEADING_ZERO, 13 },
	{ "192.0.2.0/024", PREFIX_LEADING_ZERO, 10 },
	{ "0.0.0.0/00", PREFIX_LEADING_ZERO, 8 },
	{ "2001:db8::/032", PREFIX_LEADING_ZERO, 11 },
	{ "192.0.2.0/", PREFIX_BAD_LENGTH, 10 },
	{ "192.0.2.0/x", PREFIX_BAD_LENGTH, 10 },
	{ "192.0.2.0/24x", PREFIX_BAD_LENGTH, 12 },
	{ "192.0.2.0/24.0", PREFIX_BAD_LENGTH, 12 },
	{ "192.0.2.0/255.255.255.0", PREFIX_BAD_LENGTH, 13 },
	{ "192.0.2.0/+24", PREFIX_BAD_LENGTH, 10 },
	{ "192.0.2.0/-1", PREFIX_BAD_LENGTH, 10 },
	{ "192.0.2.0/ 24", PREFIX_BAD_LENGTH, 10 },
	{ "192.0.2.0/0x18", PREFIX_BAD_LENGTH, 11 },
	{ "192.0.2.0//24", PREFIX_BAD_LENGTH, 10 },
	{ "2001:db8::/", PREFIX_BAD_LENGTH, 11 },
	{ "192.0.2.0/33", PREFIX_TOO_LONG, 10 },
	{ "192.0.2.0/128", PREFIX_TOO_LONG, 10 },
	{ "192.0.2.0/4294967320", PREFIX_TOO_LONG, 10 },
	{ "192.0.2.0/18446744073709551640", PREFIX_TOO_LONG, 10 },
	{ "2001:db8::/129", PREFIX_TOO_LONG, 11 },
	{ "::ffff:192.0.2.0/129", PREFIX_TOO_LONG, 17 },
	{ "192.0.2.1/24", PREFIX_HOST_BITS, 0 },
	{ "192.0.2.1/31", PREFIX_HOST_BITS, 0 },
	{ "0.0.0.1/0", PREFIX_HOST_BITS, 0 },
	{ "128.0.0.0/0", PREFIX_HOST_BITS, 0 },
	{ "2001:db8::1/32", PREFIX_HOST_BITS, 0 },
	{ "::1/127", PREFIX_HOST_BITS, 0 },
	{ "::ffff:192.0.2.1/120", PREFIX_HOST_BITS, 0 },
	{ "::ffff:192.0.2.0/24", PREFIX_HOST_BITS, 0 },
	{ "::ffff:0:0/95", PREFIX_HOST_BITS, 0 },
	{ "192.0.2.1 ", PREFIX_GARBAGE, 9 },
	{ "192.0.2.1x", PREFIX_GARBAGE, 9 },
	{ "192.0.2.1.5", PREFIX_GARBAGE, 9 },
	{ "192.0.2.1:25", PREFIX_GARBAGE, 9 },
	{ "192.0.2.0-192.0.2.255", PREFIX_GARBAGE, 9 },
	{ "192.0.2.0/24 # office", PREFIX_GARBAGE, 12 },
	{ "192.0.2.0/24/24", PREFIX_GARBAGE, 12 },
	{ "192.0.2.0/24\r", PREFIX_GARBAGE, 12 },
	{ "2001:db8::1 x", PREFIX_GARBAGE, 11 },
	{ "fe80::1%eth0", PREFIX_GARBAGE, 7 },
	{ "2001:db8::/32,::1", PREFIX_GARBAGE, 13 },
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++) {
		char text[PREFIX_TEXT_BYTES];
		struct prefix prefix, again;
		size_t bytes = strlen(accepted[i].text);
		enum prefix_error error = prefix_parse(accepted[i].text, bytes, &prefix, NULL);

		if (error)
			print_error("%s\n", accepted[i].text);
		assert_int_equal(error, PREFIX_OK);
		assert_string_equal(prefix_format(&prefix, text), accepted[i].canonical);
		assert_int_equal(prefix_parse(text, strlen(text), &again, NULL), PREFIX_OK);
		assert_int_equal(prefix_compare(&prefix, &again), 0);
	}
}

/* Put the text in a heap block of exactly its size, so that reading further is detected. */
static enum prefix_error parse_exactly(const char *text, size_t bytes, struct prefix *prefix,
				       size_t *column)
{
	char *copy = malloc(bytes ? bytes : 1);
	enum prefix_error error;

	assert_non_null(copy);
	memcpy(copy, text, bytes);
	error = prefix_parse(copy, bytes, prefix, column);
	free(copy);
	return error;
}

static void test_rejected(void **state)
{
	bool is_seen[PREFIX_ERROR_COUNT] = { [PREFIX_OK] = true };

	(void)state;
	for (size_t i = 0; i < COUNT(rejected); i++) {
		const char *text = rejected[i].text;
		struct prefix prefix, untouched;
		size_t column = SIZE_MAX;
		enum prefix_error error;

		memset(&prefix, 0xa5, sizeof(prefix));
		untouched = prefix;
		error = parse_exactly(text, strlen(text), &prefix, &column);
		if (error != rejected[i].error || column != rejected[i].column)
			print_error("\"%s\": error %d, column %zu\n", text, (int)error, column);
		assert_int_equal(error, rejected[i].error);
		assert_int_equal(column, rejected[i].column);
		assert_memory_equal(&prefix, &untouched, sizeof(prefix));
		is_seen[error] = true;
	}
	for (int error = 0; error < PREFIX_ERROR_COUNT; error++)
		assert_true(is_seen[error]);
}

static void test_nul_is_garbage(void **state)
{
	struct prefix prefix;
	size_t column;

	(void)state;
	assert_int_equal(parse_exactly("192.0.2.1\0", 10, &prefix, &column), PREFIX_GARBAGE);
	assert_int_equal(column, 9);
	assert_int_equal(parse_exactly("192.0.2.0/24\0x", 14, &prefix, &column), PREFIX_GARBAGE);
	assert_int_equal(column, 12);
	assert_int_equal(parse_exactly("2001:db8::1\0", 12, &prefix, &column), PREFIX_GARBAGE);
	assert_int_equal(parse_exactly("2001:\0db8::1", 12, &prefix, &column),
			 PREFIX_NOT_AN_ADDRESS);
	assert_int_equal(parse_exactly("192.0.2.0/\0", 11, &prefix, &column), PREFIX_BAD_LENGTH);
	assert_int_equal(parse_exactly("\0", 1, &prefix, &column), PREFIX_NOT_AN_ADDRESS);
}

/* The text ends at its size, whatever follows it. */
static void test_size_ends_text(void **state)
{
	struct prefix prefix;
	char text[PREFIX_TEXT_BYTES];

	(void)state;
	assert_int_equal(prefix_parse("192.0.2.0/24", 11, &prefix, NULL), PREFIX_HOST_BITS);
	assert_int_equal(prefix_parse("192.0.2.123", 9, &prefix, NULL), PREFIX_OK);
	assert_string_equal(prefix_format(&prefix, text), "192.0.2.1/32");
	assert_int_equal(prefix_parse("2001:db8::1234/99", 11, &prefix, NULL), PREFIX_OK);
	assert_string_equal(prefix_format_short(&prefix, text), "2001:db8::1");
}

static void test_format_short(void **state)
{
	char text[PREFIX_TEXT_BYTES];
	struct prefix prefix = { .addr = { 192, 0, 2 }, .len = 24 };

	(void)state;
	assert_string_equal(prefix_format_short(&prefix, text), "192.0.2.0/24");
	prefix.len = 32;
	assert_string_equal(prefix_format_short(&prefix, text), "192.0.2.0");
	prefix = (struct prefix) { .family = FAMILY_IPV6, .len = 32 };
	assert_string_equal(prefix_format_short(&prefix, text), "::/32");
	prefix.len = 128;
	assert_string_equal(prefix_format_short(&prefix, text), "::");
}

static struct prefix random_bits(enum family family)
{
	struct prefix address = { .family = (uint8_t)family, .len = prefix_max_len(family) };

	for (int i = 0; i < address.len / 8; i++)
		address.addr[i] = random_chance(40) ? 0 : (uint8_t)random_below(256);
	return address;
}

static void test_random_text_round_trip(void **state)
{
	(void)state;
	random_start("prefix");
	for (int round = 0; round < 20000; round++) {
		enum family family = random_chance(50) ? FAMILY_IPV4 : FAMILY_IPV6;
		struct prefix address = random_bits(family);
		struct prefix prefix = prefix_truncate(&address, random_len(family));
		char text[PREFIX_TEXT_BYTES], system_text[INET6_ADDRSTRLEN];
		uint8_t system_addr[16] = { 0 };
		struct prefix parsed;

		prefix_format(&prefix, text);
		assert_int_equal(prefix_parse(text, strlen(text), &parsed, NULL), PREFIX_OK);
		assert_memory_equal(&parsed, &prefix, sizeof(prefix));

		/* The C library reads our addresses, and we read its. */
		prefix_format_short(&address, text);
		assert_int_equal(
		    inet_pton(family == FAMILY_IPV6 ? AF_INET6 : AF_INET, text, system_addr), 1);
		assert_memory_equal(system_addr, address.addr, sizeof(system_addr));
		inet_ntop(family == FAMILY_IPV6 ? AF_INET6 : AF_INET, address.addr, system_text,
			  sizeof(system_text));
		assert_int_equal(prefix_parse(system_text, strlen(system_text), &parsed, NULL),
				 PREFIX_OK);
		assert_memory_equal(&parsed, &address, sizeof(address));
	}
}

/* A text of few characters, or the text of an address of which some were changed. */
static void random_text(char text[64])
{
	static const char characters[] = "0123456789abcdefABCDEF:::::....g/ ";
	struct prefix address = random_bits(random_chance(40) ? FAMILY_IPV4 : FAMILY_IPV6);
	size_t length;

	inet_ntop(address.family == FAMILY_IPV6 ? AF_INET6 : AF_INET, address.addr, text, 64);
	if (random_chance(20))
		text[random_below(4)] = '\0';
	for (length = strlen(text); random_chance(50) && length < 60; length = strlen(text)) {
		const char c = characters[random_below(sizeof(characters) - 1)];
		const size_t at = random_below((unsigned int)length + 1);

		if (random_chance(40)) {
			memmove(text + at + 1, text + at, length - at + 1);
			text[at] = c;
		} else if (at < length && random_chance(50)) {
			memmove(text + at, text + at + 1, length - at);
		} else if (at < length) {
			text[at] = c;
		}
	}
}

/* The usual forms are parsed as the C library does, and nothing else is. */
static void test_quick(void **state)
{
	size_t accepted_count = 0;

	(void)state;
	random_start("prefix");
	for (int round = 0; round < 200000; round++) {
		uint8_t addr[16] = { 0 };
		struct prefix prefix;
		char text[64], *copy;
		bool is_ipv6, is_quick;
		int expected;

		random_text(text);
		is_ipv6 = strchr(text, ':');
		expected = inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, addr);
		/* An IPv6 address that ends like IPv4 is no usual form. */
		if (is_ipv6 && strchr(text, '.'))
			expected = 0;
		copy = malloc(strlen(text) + 1);
		assert_non_null(copy);
		memcpy(copy, text, strlen(text));
		is_quick = prefix_parse_quick(copy, strlen(text), &prefix);
		free(copy);
		if (strchr(text, '/'))
			continue; /* see test_accepted() */
		if (is_quick != (expected == 1))
			print_error("%s\n", text);
		assert_int_equal(is_quick, expected == 1);
		if (!is_quick)
			continue;
		accepted_count++;
		assert_memory_equal(prefix.addr, addr, sizeof(addr));
		assert_int_equal(prefix.len, is_ipv6 ? 128 : 32);
		assert_int_equal(prefix.family, is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4);
	}
	assert_true(accepted_count > 20000);
}

/* Flipping a bit inside the prefix moves the address out of it. Other bits do not. */
static void test_boundary_bits(void **state)
{
	(void)state;
	random_start("prefix");
	for (int round = 0; round < 5000; round++) {
		enum family family = random_chance(50) ? FAMILY_IPV4 : FAMILY_IPV6;
		struct prefix address = random_bits(family);
		uint8_t len = random_len(family);
		struct prefix outer = prefix_truncate(&address, len);

		assert_true(prefix_contains(&outer, &address));
		assert_true(prefix_contains(&outer, &outer));
		assert_int_equal(outer.len, len);
		for (int bit = len - 2; bit <= len + 1; bit++) {
			struct prefix flipped = address;

			if (bit < 0 || bit >= address.len)
				continue;
			flipped.addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			assert_int_equal(prefix_contains(&outer, &flipped), bit >= len);
			assert_int_equal(oracle_covers(&outer, &flipped), bit >= len);
		}
		if (len > 0) {
			struct prefix wider = prefix_truncate(&outer, (uint8_t)(len - 1));

			assert_true(prefix_contains(&wider, &outer));
			assert_false(prefix_contains(&outer, &wider));
		}
	}
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void test_order_and_containment(void **state)
{
	(void)state;
	random_start("prefix");
	for (int round = 0; round < 50000; round++) {
		struct prefix a = random_prefix_any();
		struct prefix b = random_prefix_any();
		struct prefix c = random_prefix_any();
		int order = prefix_compare(&a, &b);

		assert_int_equal(sign(order), -sign(prefix_compare(&b, &a)));
		assert_int_equal(order == 0, oracle_equal(&a, &b));
		assert_int_equal(prefix_contains(&a, &b), oracle_covers(&a, &b));
		if (prefix_contains(&a, &b))
			assert_true(order <= 0);
		if (order <= 0 && prefix_compare(&b, &c) <= 0) {
			assert_true(prefix_compare(&a, &c) <= 0);
			/* Prefixes inside another one come directly after it. */
			if (prefix_contains(&a, &c))
				assert_true(prefix_contains(&a, &b));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_nul_is_garbage),
		cmocka_unit_test(test_size_ends_text),
		cmocka_unit_test(test_format_short),
		cmocka_unit_test(test_random_text_round_trip),
		cmocka_unit_test(test_quick),
		cmocka_unit_test(test_boundary_bits),
		cmocka_unit_test(test_order_and_containment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
