/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names a browser may ask for. */
#include "web/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NAMES "mx1.example.com mx2.example.com"

static void test_ours(void **state)
{
	static const char *const ours[] = {
		"127.0.0.1",	   "127.0.0.1:12527", "localhost",	     "localhost:8080",
		"LocalHost:1",	   "[::1]",	      "[::1]:12527",	     "192.0.2.25:80",
		"mx1.example.com", "MX2.Example.com", "mx2.example.com:443", "[2001:db8::25]:1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!host_is_ours(ours[i], NAMES))
			fail_msg("%s is refused", ours[i]);
}

static void test_others(void **state)
{
	static const char *const others[] = {
		"",
		":12527",
		"attacker.example",
		"attacker.example:12527",
		"localhost.attacker.example",
		"127.0.0.1.attacker.example",
		"xlocalhost",
		"localhos",
		"mx1.example.co",
		"mx1.example.com.attacker.example",
		"mx1.example.com mx2.example.com",
		"mx",
		"example.com",
		"127.1",
		"2130706433",
		"0x7f.0.0.1",
		"127.0.0.1:x",
		"127.0.0.1:65536",
		"127.0.0.1:80:80",
		"127.0.0.1@attacker.example",
		"[::1",
		"[::1]x",
		"[::1]:x",
		"[attacker.example]",
		"[]",
		"::1",
		" localhost",
		"localhost ",
		"localhost:",
		"user@localhost",
	};
	char longest[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (host_is_ours(others[i], NAMES))
			fail_msg("\"%s\" is taken", others[i]);
	assert_false(host_is_ours(NULL, NAMES));
	assert_false(host_is_ours("mx1.example.com", NULL));
	assert_false(host_is_ours("mx1.example.com", ""));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(host_is_ours(longest, NAMES));
	longest[0] = '[';
	longest[sizeof(longest) - 2] = ']';
	assert_false(host_is_ours(longest, NAMES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
