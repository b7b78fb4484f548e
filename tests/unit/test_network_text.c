/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks as people type them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/network_text.h"

/* The prefixes of a text, separated by blanks; or "error: MESSAGE". */
static const char *read_text(const char *text)
{
	static char result[128 * 1024];
	char message[NETWORKS_MESSAGE_BYTES] = "", prefix[PREFIX_TEXT_BYTES];
	struct networks networks = { 0 };
	size_t used = 0;
	int err = networks_parse(text, strlen(text), &networks, message);

	result[0] = '\0';
	if (err) {
		assert_int_equal(err, -EINVAL);
		assert_int_equal(networks.count, 0);
		snprintf(result, sizeof(result), "error: %s", message);
	}
	for (size_t i = 0; i < networks.count; i++)
		used += (size_t)snprintf(result + used, sizeof(result) - used, "%s%s", i ? " " : "",
					 prefix_format_short(&networks.items[i], prefix));
	networks_done(&networks);
	return result;
}

static void spellings_become_prefixes(void **unused)
{
	static const char *const cases[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ " 192.0.2.0/24 ", "192.0.2.0/24" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "192.0.2.0/255.255.255.0", "192.0.2.0/24" },
		{ "192.0.2.0 netmask 255.255.255.128", "192.0.2.0/25" },
		{ "192.0.2.*", "192.0.2.0/24" },
		{ "192.0.*.*", "192.0.0.0/16" },
		{ "192.0.2.1-192.0.2.6", "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6" },
		{ "192.0.2.0 - 192.0.2.255", "192.0.2.0/24" },
		{ "192.0.2.4..192.0.2.7", "192.0.2.4/30" },
		{ "2001:db8::-2001:db8::1", "2001:db8::/127" },
		{ "0.0.0.0-255.255.255.255", "0.0.0.0/0" },
		{ "192.0.2.9,192.0.2.7, 192.0.2.9", "192.0.2.7 192.0.2.9" },
		{ "192.0.2.8-192.0.2.9,2001:db8::1,192.0.2.8",
		  "192.0.2.8/31 192.0.2.8 2001:db8::1" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(read_text(cases[i][0]), cases[i][1]);
}

static void errors_name_the_text(void **unused)
{
	static const char *const cases[][2] = {
		{ "", "is empty" },
		{ "192.0.2.1,", "is empty" },
		{ "192.0.2.1,,192.0.2.2", "is empty" },
		{ "mx.example", "\"mx.example\" is not an IP address" },
		{ "192.0.2.1,192.0.2", "\"192.0.2\" is an incomplete address" },
		{ "192.0.2.1/24", "192.0.2.1/24 has host bits set" },
		{ "192.0.2.1/255.255.255.0", "192.0.2.1/24 has host bits set" },
		{ "192.0.2.0/33", "\"192.0.2.0/33\" has a prefix length that is too long" },
		{ "192.0.02.1", "leading zero" },
		{ "192.0.2.0/255.0.255.0", "\"192.0.2.0/255.0.255.0\" needs a length or a mask" },
		{ "192.0.2.9-192.0.2.1", "192.0.2.9-192.0.2.1 is not a range" },
		{ "192.0.2.9-2001:db8::1", "is not a range" },
		{ "192.0.2.1-", "is not a range" },
		{ "192.0.2.1-9", "is not a range" },
		{ "192.0.2.1 192.0.2.2", "unexpected \"192.0.2.2\"" },
		{ "192.0.2.1;192.0.2.2", "unexpected \";192.0.2.2\"" },
		{ "192.*.2.1", "192.*.2.1" },
		{ "*", "*" },
		{ "::-ff00::", NULL },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *result = read_text(cases[i][0]);

		if (!cases[i][1])
			continue;
		assert_true(!strncmp(result, "error: ", 7));
		if (!strstr(result, cases[i][1]))
			fail_msg("%s: %s", cases[i][0], result);
	}
}

/* A failure leaves what was read before. */
static void several_texts_are_joined(void **unused)
{
	char message[NETWORKS_MESSAGE_BYTES];
	struct networks networks = { 0 };

	(void)unused;
	assert_int_equal(networks_parse("192.0.2.8/31", strlen("192.0.2.8/31"), &networks, message),
			 0);
	assert_int_equal(networks_parse("192.0.2.1,192.0.2.8/31", strlen("192.0.2.1,192.0.2.8/31"),
					&networks, message),
			 0);
	assert_int_equal(networks.count, 2);
	assert_int_equal(networks_parse("192.0.2.2,x", strlen("192.0.2.2,x"), &networks, message),
			 -EINVAL);
	assert_int_equal(networks.count, 2);
	assert_int_equal(networks.items[0].len, 32);
	assert_int_equal(networks.items[1].len, 31);
	networks_done(&networks);
}

static void number_is_limited(void **unused)
{
	char text[NETWORKS_MAX * 16 + 32], message[NETWORKS_MESSAGE_BYTES];
	struct networks networks = { 0 };
	size_t used = 0;

	(void)unused;
	for (int i = 0; i < NETWORKS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s10.0.%d.%d",
					 i ? "," : "", i / 250, i % 250);
	assert_int_equal(networks_parse(text, strlen(text), &networks, message), 0);
	assert_int_equal(networks.count, NETWORKS_MAX);
	assert_int_equal(networks_parse("192.0.2.1", strlen("192.0.2.1"), &networks, message),
			 -EINVAL);
	assert_non_null(strstr(message, "more than 1000 prefixes at once, with 192.0.2.1"));
	assert_int_equal(networks.count, NETWORKS_MAX);
	networks_done(&networks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_become_prefixes),
		cmocka_unit_test(errors_name_the_text),
		cmocka_unit_test(several_texts_are_joined),
		cmocka_unit_test(number_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
