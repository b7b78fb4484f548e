/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of servers, records of DNS, and the filters of csf and RouterOS. */
#include "format_fixture.h"

static void test_hosts_access(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "ALL: 192.0.2.1\nsshd: 198.51.100.0/255.255.255.0\nALL: 203.0.113.\n",
		      "1 192.0.2.1\n2 198.51.100.0/24\n3 203.0.113.0/24\n", "3 clients: 3 entries");
	assert_int_equal(format_result.format, FORMAT_HOSTS_ACCESS);
	/* The first rule that matches decides; other words are names and groups. */
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "ALL: 192.0.2.9 : deny\nALL: 192.0.2. [2001:db8::]/32 EXCEPT 192.0.2.77\n"
		      "ALL: .example.net, LOCAL, 198.51.100.1 : spawn /bin/x : allow\n"
		      "ALL: ALL EXCEPT 10.1.1.1\n",
		      "2 192.0.2.0/24\n1 !192.0.2.9\n2 !192.0.2.77\n3 198.51.100.1\n2 "
		      "2001:db8::/32\n",
		      NULL);
	format_assert(FORMAT_HOSTS_ACCESS, ACTION_ALLOW, "ALL: 192.0.2.9 EXCEPT 192.0.2.0/24\n", "",
		      NULL);
	format_assert_bad(
	    FORMAT_HOSTS_ACCESS, ACTION_ALLOW,
	    "ALL: 10. EXCEPT 10.1. EXCEPT 10.1.1.1\nALL: 192.0.2.1 \\\n192.0.2.1\n"
	    "ALL: 192.0.2.1-192.0.2.9\nALL: 192.0.2.0 /24\n",
	    "list:1:23: EXCEPT inside EXCEPT\nlist:2:16: a line that goes on\n"
	    "list:3:1: not DAEMONS: CLIENTS\nlist:4:6: a range\nlist:5:16: \"/24\" is\n");
}

/* As many networks on a line as fit are no more than one rule on the stack. */
static void test_repeated(void **state)
{
	char text[8192] = "Require ip";

	(void)state;
	for (int i = 0; i < 500; i++)
		strcat(text, " 192.0.2.1");
	format_assert(FORMAT_HTTP_ACCESS, ACTION_ALLOW, text, "1 192.0.2.1\n",
		      "500 networks: 1 entry, 499 skipped: 499 never reached");
}

static void test_http_access(void **state)
{
	(void)state;
	format_assert(
	    FORMAT_AUTO, ACTION_ALLOW,
	    "location / {\n  deny 192.0.2.9;\n  allow 192.0.2.0/24; # x\n  deny all;\n}\n",
	    "3 192.0.2.0/24\n2 !192.0.2.9\n",
	    "3 networks: 1 entry, 1 exclusion, 1 skipped: 1 of another kind");
	assert_int_equal(format_result.format, FORMAT_HTTP_ACCESS);
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "<RequireAny>\nRequire ip 192.0.2.0/24 10.1\nRequire host example.net\n"
		      "Require not ip 192.0.2.1\n</RequireAny>\n",
		      "2 10.1.0.0/16\n2 192.0.2.0/24\n", NULL);
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "Order allow,deny\nAllow from all\nDeny from 192.0.2.1 198.51.100\n",
		      "3 192.0.2.1\n3 198.51.100.0/24\n", NULL);
	format_assert_bad(FORMAT_HTTP_ACCESS, ACTION_ALLOW,
			  "Allow from 192.0.2.0/24\nDeny from 192.0.2.1\nallow 192.0.2.1 x;\n"
			  "allow 192.0.2.1\nServerName x\nallow 192.0.2.1-192.0.2.3;\n",
			  "list:2:1: Allow from and Deny from with networks, first in line 1\n"
			  "list:3:17: unexpected \"x\"\nlist:4:7: neither a line of nginx\n"
			  "list:5:1: \"ServerName\" is not\nlist:6:7: a range\n");
}

static void test_spf(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "ip4:192.0.2.0/24\nip6:2001:db8::/32\n",
		      "1 192.0.2.0/24\n2 2001:db8::/32\n", "2 terms: 2 entries");
	assert_int_equal(format_result.format, FORMAT_SPF);
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "\"v=spf1 mx include:example.net -ip4:192.0.2.9 ?ip4:192.0.2.8 "
		      "ip4:192.0.2.0/24 ~all\"\n",
		      "1 192.0.2.0/24\n1 !192.0.2.9\n",
		      "6 terms: 1 entry, 1 exclusion, 4 skipped: 1 of another action, 3 of another "
		      "kind");
	format_assert_bad(FORMAT_SPF, ACTION_ALLOW,
			  "v=spf1 ip4:2001:db8::/32 ip4:192.0.2.1 192.0.2.2 ip4:x\n"
			  "\"v=spf1 ip4:192.0.2.0/2\" \"4 -all\"\n",
			  "list:1:8: \"ip4:2001:db8::/32\" is not a mechanism\n"
			  "list:1:40: \"192.0.2.2\" is not a term\nlist:1:54: \n"
			  "list:2:13: warning: 192.0.2.0/2 has host bits\n"
			  "list:2:27: \"4\" is not a term\n");
}

static void test_tcprules(void **state)
{
	static const char rules[] = "# IPs exempt from RBL\n192.0.2.5:allow,RBLSMTPD=\"\"\n"
				    "198.51.100.7:allow,RBLSMTPD=\"\"\n"
				    "203.0.113.9:allow,RBLSMTPD=\"-Blocked\"\n203.0.113.10:deny\n"
				    "10.1.:allow\n10.1.2-3.:deny\n=mx.example.net:allow\n:allow\n";

	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW, rules,
		      "6 10.1.0.0/16\n7 !10.1.2.0/23\n2 192.0.2.5\n3 198.51.100.7\n", NULL);
	assert_int_equal(format_result.format, FORMAT_TCPRULES);
	format_assert(FORMAT_AUTO, ACTION_BLOCK, rules,
		      "7 10.1.2.0/23\n4 203.0.113.9\n5 203.0.113.10\n", NULL);
	format_assert_bad(
	    FORMAT_TCPRULES, ACTION_ALLOW,
	    "192.0.2.1\n192.0.2:allow\n192.0.2.0/24:allow\n192.0.2.9-3:allow\n192.0.2.1:maybe\n",
	    "list:1:1: not ADDRESS:allow\nlist:2:1: \"192.0.2\" is not\nlist:3:1: \"192.0.2.0/24\" "
	    "is not an\n"
	    "list:4:1: \"192.0.2.9-3\" is not an\nlist:5:1: not ADDRESS:allow\n");
}

static void test_dns_zone(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "9.2.0.192  IN A 127.0.0.2\n10.2.0.192 IN A 127.0.0.2\n"
		      "77.113.0.203 IN A 127.0.0.2\n",
		      "1 192.0.2.9\n2 192.0.2.10\n3 203.0.113.77\n", "3 records: 3 entries");
	assert_int_equal(format_result.format, FORMAT_DNS_ZONE);
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "$TTL 3600\n$ORIGIN bl.example.net.\n"
		      "@ IN SOA ns.example.net. a.example.net. (\n 1 ; serial\n 2\n 3 4 5 )\n"
		      "@ IN NS ns.example.net.\n2.0.0.127 IN A 127.0.0.2\n"
		      "*.100.51.198 600 IN A 127.0.0.4\n9.2.0.192 TXT \"a; b\"\n"
		      "9.2.0.192.bl.example.net. A 127.0.0.2\n10.2.0.192 A 127.0.0.2\n",
		      "11 192.0.2.9\n12 192.0.2.10\n9 198.51.100.0/24\n", NULL);
	format_assert_bad(
	    FORMAT_DNS_ZONE, ACTION_BLOCK,
	    "$ORIGIN 2.0.192.bl.example.net.\n* IN A 127.0.0.2\n9 IN A 127.0.0.2\n"
	    "9.2.0.192 IN A 192.0.2.1\n9.2.0.192 CNAME x\n$GENERATE 1-9 $.2.0.192 A "
	    "127.0.0.2\n 600 IN A 127.0.0.2\n",
	    "list:1:9: an origin with numbers\nlist:2:1: \"*\" is not an address\n"
	    "list:3:1: \"9\" is not an address\nlist:4:16: the answer is not in\n"
	    "list:5:11: the record CNAME\nlist:6:1: \"$GENERATE\nlist:7:1: an A record "
	    "without its name\n");
	/* Each line could be one of a map, with free text. */
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "9.2.0.192 1h IN TXT \"a\"\n10.2.0.192 1h IN TXT \"b\"\n", "", NULL);
	assert_int_equal(format_result.format, FORMAT_DNS_ZONE);
	format_assert_bad(FORMAT_DNS_ZONE, ACTION_ALLOW,
			  "9.2.0.192 A 127.0.0.2\n\r10.2.0.192 A 127.0.0.2\n",
			  "list:2:1: \"?10.2.0.192\" is not an address\n");
}

static void test_csf(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "# csf.allow\n192.0.2.1 # partner\ntcp|in|d=25|s=198.51.100.0/24\n"
		      "tcp|in|d=22|s=198.51.100.9\ntcp|out|d=25|d=203.0.113.1\n"
		      "tcp|in|d=22,25|s=203.0.113.2\n",
		      "2 192.0.2.1 (partner)\n3 198.51.100.0/24\n6 203.0.113.2\n",
		      "5 lines: 3 entries, 2 skipped: 2 of another kind");
	assert_int_equal(format_result.format, FORMAT_CSF);
	format_assert_bad(FORMAT_CSF, ACTION_ALLOW,
			  "tcp|in|x=1|s=192.0.2.1\ntcp|in|d=25\n192.0.2.1 x\n",
			  "list:1:1: not a filter of csf\nlist:2:1: not a filter\n"
			  "list:3:11: unexpected text\n");
}

static void test_mikrotik(void **state)
{
	(void)state;
	format_assert(
	    FORMAT_AUTO, ACTION_BLOCK,
	    "# RouterOS\n/ip firewall address-list\nadd address=192.0.2.0/24 list=bad comment=\"a "
	    "b\"\nadd address=198.51.100.8-198.51.100.9 list=bad timeout=1d00:00:10\n"
	    "add disabled=yes address=192.0.2.1 list=bad\nadd address=mx.example.net list=bad\n"
	    ":do { add address=203.0.113.9 list=bad } on-error={}\n"
	    "/ip firewall filter\nadd chain=input src-address-list=bad action=drop\n",
	    "3 192.0.2.0/24 (a b)\n4 198.51.100.8/31 until 86410\n7 203.0.113.9\n",
	    "5 addresses: 3 entries, 2 skipped: 2 of another kind");
	assert_int_equal(format_result.format, FORMAT_MIKROTIK);
	format_assert_bad(
	    FORMAT_MIKROTIK, ACTION_BLOCK,
	    "add address=192.0.2.1 list=a\nadd address=192.0.2.2 list=b\n"
	    "add address=192.0.2.3\nset 0 disabled=yes\nadd address=192.0.2.4 list=a \\\n"
	    "add address=192.0.2.5 list=a x=1\n",
	    "list:2:28: the list b after the list a\nlist:3:1: an address without\n"
	    "list:4:1: \"set\" is not\nlist:5:30: a line that goes on\n"
	    "list:6:30: \"x\" is not a property\n");
}

#define RULE_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RULE_TEST(test_hosts_access), RULE_TEST(test_repeated), RULE_TEST(test_http_access),
		RULE_TEST(test_spf),	      RULE_TEST(test_tcprules), RULE_TEST(test_dns_zone),
		RULE_TEST(test_csf),	      RULE_TEST(test_mikrotik),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
