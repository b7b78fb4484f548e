/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names: their text, the form that DNS sends, and malformed ones. */
#include "dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_normalise(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "a..b", ".a", "a b", "a\n", "\xc3\xa4.de"
	};
	char name[DNS_NAME_BYTES], text[DNS_NAME_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(dns_name_normalise(bad[i], strlen(bad[i]), name));
	assert_true(dns_name_normalise("_Spf.Example.NET.", 17, name));
	assert_string_equal(name, "_spf.example.net");
	memset(text, 'a', sizeof(text));
	for (size_t i = 63; i < sizeof(text); i += 64)
		text[i] = '.';
	assert_true(dns_name_normalise(text, 253, name));
	assert_false(dns_name_normalise(text, 254, name));
	assert_false(dns_name_normalise(
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 64, name));
}

static void test_wire(void **state)
{
	char longest[DNS_NAME_BYTES], name[DNS_NAME_BYTES];
	uint8_t wire[DNS_WIRE_BYTES];

	(void)state;
	assert_int_equal(dns_name_encode("a.example", wire), 11);
	assert_memory_equal(wire, "\1a\7example\0", 11);
	assert_int_equal(dns_name_decode(wire, 11, 0, name), 11);
	assert_string_equal(name, "a.example");
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 63; i < sizeof(longest); i += 64)
		longest[i] = '.';
	longest[253] = '\0';
	assert_int_equal(dns_name_encode(longest, wire), DNS_WIRE_BYTES);
	assert_int_equal(dns_name_decode(wire, DNS_WIRE_BYTES, 0, name), DNS_WIRE_BYTES);
	assert_string_equal(name, longest);
}

static size_t decode(const char *message, size_t bytes, size_t position, char *name)
{
	return dns_name_decode((const uint8_t *)message, bytes, position, name);
}

static void test_compressed(void **state)
{
	static const char message[] = "\7eXample\0\1a\xc0\0\1b\xc0\x9\xc0\x10";
	char name[DNS_NAME_BYTES];

	(void)state;
	assert_int_equal(decode(message, 19, 9, name), 4);
	assert_string_equal(name, "a.example");
	assert_int_equal(decode(message, 19, 13, name), 4);
	assert_string_equal(name, "b.a.example");
	/* A pointer to itself, one beyond the end, and one without its second byte. */
	assert_int_equal(decode("\xc0\0", 2, 0, name), 0);
	assert_int_equal(decode("\xc0\x7f", 2, 0, name), 0);
	assert_int_equal(decode("\xc0", 1, 0, name), 0);
	assert_int_equal(decode("\1a\xc0\0", 4, 0, name), 0);
}

static void test_malformed(void **state)
{
	char name[DNS_NAME_BYTES];

	(void)state;
	assert_int_equal(decode("", 0, 0, name), 0);
	assert_int_equal(decode("\3ab", 3, 0, name), 0);
	assert_int_equal(decode("\1a", 2, 0, name), 0);
	assert_int_equal(decode("\x40", 1, 0, name), 0);
	/* The root, and a name that has no text. */
	assert_int_equal(decode("\0", 1, 0, name), 1);
	assert_string_equal(name, "");
	assert_int_equal(decode("\3a.b\0", 5, 0, name), 5);
	assert_string_equal(name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
