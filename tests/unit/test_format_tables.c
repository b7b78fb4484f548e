/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of mail servers, and networks and ranges in the spellings of many programs. */
#include "format_fixture.h"

static void test_access(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "192.0.2.1\tOK\n198.51.100\tREJECT\n203.0.113\tOK\n.example.com\tOK\n"
		      "example.net\tREJECT\n",
		      "1 192.0.2.1\n3 203.0.113.0/24\n",
		      "5 keys: 2 entries, 3 skipped: 1 of another action, 2 of another kind");
	assert_int_equal(format_result.format, FORMAT_ACCESS);
	/* The most specific key decides, wherever it is. */
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "Connect:192.0.2\tRELAY\nConnect:192.0.2.9 ERROR:\"550 no\"\n"
		      "From:a@example.net REJECT\nConnect:IPv6:2001:db8::1 OK\n",
		      "1 192.0.2.0/24\n2 !192.0.2.9\n4 2001:db8::1\n", NULL);
}

static void test_bad_access(void **state)
{
	(void)state;
	format_assert_bad(FORMAT_ACCESS, ACTION_ALLOW,
			  "192.0.2.1 24\n192.0.2.1 /24 OK\n192.0.2.1-192.0.2.9 OK\n 192.0.2.2 OK\n"
			  "192.0.2.3\n300.1 OK\n",
			  "list:1:11: \"24\" is not an action\n"
			  "list:2:11: \"/24\" after 192.0.2.1 is not an action\n"
			  "list:3:1: a table has no ranges\nlist:4:1: begins with a blank\n"
			  "list:5:10: \"\" is not an action\nlist:6:1: \"300.1\" is\n");
	format_assert(FORMAT_ACCESS, ACTION_ALLOW, "192.0.2.1 ACCEPT\n192.0.2.2 SKIP\n", "",
		      "2 keys: 0 entries, 2 skipped: 2 of another action");
	fixture_assert(
	    &format_diagnostics,
	    "list:1:11: warning: \"ACCEPT\" is not an action of Postfix; did you mean\n");
}

static void test_clients(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "# postgrey\n/^mx\\d+\\.example\\.net$/\n.example.org\n*.example.com\n"
		      "192.0.2.1 # partner\n198.51.100\n203.0.113.0/24\nmx.example.net\n",
		      "5 192.0.2.1 (partner)\n6 198.51.100.0/24\n7 203.0.113.0/24\n",
		      "7 clients: 3 entries, 4 skipped: 4 of another kind");
	assert_int_equal(format_result.format, FORMAT_CLIENTS);
	format_assert_bad(FORMAT_CLIENTS, ACTION_ALLOW, "192.0.2.1 198.51.100.1\n192.0.2.0/33\n",
			  "list:1:11: unexpected \"198.51.100.1\" after a client\nlist:2:1: \n");
}

static void test_nginx_geo(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "192.0.2.0/24 0;\n198.51.100.0/24 1; # partner\n203.0.113.0/24 1;\n"
		      "203.0.113.9 0;\n",
		      "2 198.51.100.0/24 (partner)\n3 203.0.113.0/24\n4 !203.0.113.9\n",
		      "4 networks: 2 entries, 1 exclusion, 1 skipped: 1 of another action");
	assert_int_equal(format_result.format, FORMAT_NGINX_GEO);
	format_assert_bad(FORMAT_AUTO, ACTION_ALLOW,
			  "geo $remote_addr $x {\n  ranges;\n  default 0;\n  192.0.2.1 1;\n"
			  "  198.51.100.1 2;\n  198.51.100.2 1;\n  198.51.100.3 1;\n"
			  "  198.51.100.4 1;\n  198.51.100.5 1;\n}\n",
			  "list:2:10: \"\" is not a value\nlist:5:16: \"2;\" is not a value\n");
}

static void test_networks(void **state)
{
	static const struct {
		const char *text, *entries;
	} texts[] = {
		{ "192.0.2.0 mask 24\n198.51.100.0 mask 25\n",
		  "1 192.0.2.0/24\n2 198.51.100.0/25\n" },
		{ "192.0.2.0 .. 192.0.2.255\n198.51.100.10..198.51.100.11\n",
		  "1 192.0.2.0/24\n2 198.51.100.10/31\n" },
		{ "192.0.2.0 to 192.0.2.255\n198.51.100.10 TO 198.51.100.11\n",
		  "1 192.0.2.0/24\n2 198.51.100.10/31\n" },
		{ "192.0.2.0 \xe2\x80\x93 192.0.2.255\n", "1 192.0.2.0/24\n" },
		{ "192.0.2.0 /24\n198.51.100.0 /25\n203.0.113.7\n203.0.113.64 /26\n",
		  "1 192.0.2.0/24\n2 198.51.100.0/25\n3 203.0.113.7\n4 203.0.113.64/26\n" },
		{ "192.0.2.0 netmask 255.255.255.0\n198.51.100.0/255.255.255.128\n"
		  "203.0.113.0 255.255.255.0\n",
		  "1 192.0.2.0/24\n2 198.51.100.0/25\n3 203.0.113.0/24\n" },
		{ "192.0.2.*\n10.0.*.*\n", "2 10.0.0.0/16\n1 192.0.2.0/24\n" },
		{ "# list\n192.0.2.0/24,\n198.51.100.0/24,\n203.0.113.0/24\n",
		  "2 192.0.2.0/24\n3 198.51.100.0/24\n4 203.0.113.0/24\n" },
		{ "mynetworks = 127.0.0.0/8, hash:/etc/postfix/more,\n   [2001:db8::]/32 !10.0.0.9 "
		  "10.0.0.0/8\n",
		  "2 10.0.0.0/8\n2 !10.0.0.9\n1 127.0.0.0/8\n2 2001:db8::/32\n" },
		{ "ignoreip = 127.0.0.1/8 ::1 192.0.2.7 mx.example.net\n",
		  "1 127.0.0.0/8\n1 192.0.2.7\n1 ::1\n" },
		{ "192.0.2.0;192.0.2.255;Partner A\n198.51.100.10;198.51.100.11;Partner B\n",
		  "1 192.0.2.0/24 (Partner A)\n2 198.51.100.10/31 (Partner B)\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		format_assert(FORMAT_AUTO, ACTION_ALLOW, texts[i].text, texts[i].entries, NULL);
		assert_int_equal(format_result.format, FORMAT_NETWORKS);
	}
	format_assert_bad(FORMAT_NETWORKS, ACTION_ALLOW,
			  "192.0.2.0/255.0.255.0\n192.0.2.9 - 192.0.2\n192.0.2.*/24\n"
			  "192.0.2.9 - 192.0.2.1\n192.0.2.1; 192.0.2.2\n192.0.2.0 24\n010.0.0.1\n",
			  "list:1:1: \"192.0.2.0/255.0.255.0\" needs a length or a mask\n"
			  "list:2:1: \"192.0.2.9 - 192.0.2\" is not a range\n"
			  "list:3:1: \"192.0.2.*/24\" needs\nlist:4:1: \nlist:6:13: \"24\" is\n"
			  "list:7:1: \n");
}

static void test_range_tables(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "# DShield\nStart\tEnd\tNetmask\tAttacks\tName\tCountry\temail\n"
		      "192.0.2.0\t192.0.2.255\t24\t77\tEXAMPLE\tXX\tabuse@example.net\n"
		      "198.51.100.0\t198.51.100.255\t24\t9\n",
		      "3 192.0.2.0/24 (EXAMPLE)\n4 198.51.100.0/24\n", "2 networks: 2 entries");
	assert_int_equal(format_result.format, FORMAT_DSHIELD);
	/* Leading zeros are decimal, and levels above 127 are allowed. */
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "010.001.002.000 - 010.001.002.255 , 000 , first\n"
		      "192.000.002.001 - 192.000.002.001 , 128 , second\n",
		      "1 10.1.2.0/24 (first)\n",
		      "2 ranges: 1 entry, 1 skipped: 1 of another action");
	assert_int_equal(format_result.format, FORMAT_IPFILTER);
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "Some text:192.0.2.0-192.0.2.255\na: b:198.51.100.8-198.51.100.9\n",
		      "1 192.0.2.0/24 (Some text)\n2 198.51.100.8/31 (a: b)\n",
		      "2 ranges: 2 entries");
	assert_int_equal(format_result.format, FORMAT_P2P);
	format_assert_bad(FORMAT_DSHIELD, ACTION_BLOCK,
			  "192.0.2.0\t192.0.2.255\t25\n192.0.2.0 192.0.2.255 24\n",
			  "list:1:23: the range is not the network of the length 25\n"
			  "list:2:1: not START, END and LENGTH\n");
	format_assert_bad(FORMAT_IPFILTER, ACTION_BLOCK, "192.0.2.0 , 0 , x\n",
			  "list:1:1: not FIRST - LAST , LEVEL\n");
	format_assert_bad(FORMAT_P2P, ACTION_BLOCK, "x:192.0.2.0-192.0.2\n",
			  "list:1:1: not TEXT:FIRST-LAST\n");
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(test_access),   TABLE_TEST(test_bad_access),
		TABLE_TEST(test_clients),  TABLE_TEST(test_nginx_geo),
		TABLE_TEST(test_networks), TABLE_TEST(test_range_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
