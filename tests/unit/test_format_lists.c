/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats with one prefix per line: what each accepts, skips and refuses. */
#include "format_fixture.h"

static void test_plain_ranges(void **state)
{
	(void)state;
	format_assert(FORMAT_PLAIN, ACTION_BLOCK,
		      "192.0.2.1 - 192.0.2.6 # a range\n"
		      "192.0.2.16-192.0.2.31;tight\n"
		      "!192.0.2.20 - 192.0.2.21\n"
		      "2001:DB8::1-2001:db8::2\n"
		      "198.51.100.7 - 198.51.100.7\n"
		      "192.0.2.128/25 # a-b\n",
		      "1 192.0.2.1 (a range)\n1 192.0.2.2/31 (a range)\n1 192.0.2.4/31 (a range)\n"
		      "1 192.0.2.6 (a range)\n2 192.0.2.16/28 (tight)\n3 !192.0.2.20/31\n"
		      "6 192.0.2.128/25 (a-b)\n5 198.51.100.7\n4 2001:db8::1\n4 2001:db8::2\n",
		      "6 prefixes: 9 entries, 1 exclusion");
	format_assert_bad(FORMAT_PLAIN, ACTION_BLOCK,
			  "192.0.2.9 - 192.0.2.1\n"
			  "192.0.2.1 - 2001:db8::1\n"
			  "192.0.2.1 - \n"
			  "192.0.2.0/24 - 192.0.3.0/24\n"
			  "192.0.2.1 - 192.0.2.2 x\n"
			  "0.0.0.0 - 255.255.255.255\n"
			  "192.0.2.1-9\n",
			  "list:1:1: 192.0.2.9 - 192.0.2.1 is not a range: write the lower\n"
			  "list:2:1: 192.0.2.1 - 2001:db8::1 is not a range\n"
			  "list:3:11: unexpected \"-\" after the prefix\n"
			  "list:4:14: unexpected \"-\" after the prefix\n"
			  "list:5:23: unexpected \"x\" after the prefix\n"
			  "list:6:1: 0.0.0.0/0 in a block list would block all\n"
			  "list:7:10: ...after the prefix\n");
}

static void test_netset(void **state)
{
	static const char text[] = "#\n# firehol_test\n#\n# ipv4 hash:net ipset\n#\n"
				   "# This File Date  : Sat Jul 15 10:05:13 UTC 2017\n"
				   "# Entries         : 3 subnets, 513 unique IPs\n#\n"
				   "198.51.100.0/24\n203.0.113.7\n10.0.0.0/8\n";

	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK, text,
		      "11 10.0.0.0/8\n9 198.51.100.0/24\n10 203.0.113.7\n",
		      "3 prefixes: 3 entries");
	assert_int_equal(format_result.format, FORMAT_NETSET);
	assert_true(format_result.has_declared_count);
	assert_int_equal(format_result.declared_count, 3);
	assert_int_equal(format_result.declared_at_sec, 1500113113);
	assert_false(format_is_cut(&format_result));
	format_assert(FORMAT_AUTO, ACTION_BLOCK, "# Entries         : 2 unique IPs\n192.0.2.1\n",
		      "2 192.0.2.1\n", "1 prefix: 1 entry");
	assert_true(format_is_cut(&format_result));
}

static void test_drop_text(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "; Spamhaus DROP List 2026/11/24 - (c) 2026 The Spamhaus Project\r\n"
		      "; https://www.spamhaus.org/drop/drop.txt\r\n"
		      "; Last-Modified: Tue, 24 Nov 2026 04:00:00 GMT\r\n"
		      "203.0.113.0/24 ; SBL000001\r\n2001:DB8::/32 ; SBL000002\r\n",
		      "4 203.0.113.0/24 (SBL000001)\n5 2001:db8::/32 (SBL000002)\n",
		      "2 prefixes: 2 entries");
	assert_int_equal(format_result.format, FORMAT_DROP_TEXT);
	assert_int_equal(format_result.declared_at_sec, FIXTURE_NOW - 3600);
	/* The same without its header. */
	format_assert(FORMAT_AUTO, ACTION_BLOCK, "203.0.113.0/24 ; SBL000001\n",
		      "1 203.0.113.0/24 (SBL000001)\n", "1 prefix: 1 entry");
	assert_int_equal(format_result.format, FORMAT_DROP_TEXT);
}

static void test_drop_json(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "{\"cidr\":\"203.0.113.0/24\",\"sblid\":\"SBL1\",\"rir\":\"arin\"}\n"
		      "{\"cidr\":\"2001:db8::/32\",\"sblid\":\"SBL\\u0007\",\"rir\":\"arin\"}\r\n\n"
		      "{\"cidr\":\"192.0.2.0/24\"}\n"
		      "{\"asn\":64496,\"rir\":\"arin\"}\n"
		      "{\"type\":\"metadata\",\"timestamp\":1795492800,\"size\":1,\"records\":4}\n",
		      "4 192.0.2.0/24\n1 203.0.113.0/24 (SBL1)\n2 2001:db8::/32 (SBL?)\n",
		      "4 records: 3 entries, 1 skipped: 1 without a prefix");
	assert_int_equal(format_result.format, FORMAT_DROP_JSON);
	assert_int_equal(format_result.declared_at_sec, 1795492800);
	assert_false(format_is_cut(&format_result));
	format_assert(FORMAT_DROP_JSON, ACTION_BLOCK, "{\"cidr\":\"203.0.113.0/24\"}\n",
		      "1 203.0.113.0/24\n", "1 record: 1 entry");
	assert_true(format_is_cut(&format_result));
	format_assert(FORMAT_DROP_JSON, ACTION_BLOCK, "{\"type\":\"metadata\",\"records\":0}", "",
		      "0 records: 0 entries");
	assert_false(format_is_cut(&format_result));
	format_assert_bad(
	    FORMAT_DROP_JSON, ACTION_BLOCK,
	    "{\"cidr\":\"203.0.113.0/24\",\"x\":[]}\n{\"cidr\":5}\n{\"cidr\":\"x\"}\n{\n"
	    "{\"cidr\":\"192.0.2.1\",\"cidr\":\"192.0.2.2\"}\n<html>\n",
	    "list:1:1: x holds more than one value\nlist:2: the cidr of a record\n"
	    "list:3:1: ...is not an IP address\nlist:4:1: not JSON\n"
	    "list:5:26: not JSON\nlist:6:1: not JSON\n");
}

static void test_rspamd(void **state)
{
	(void)state;
	format_assert(FORMAT_RSPAMD_MAP, ACTION_ALLOW,
		      "# networks\n"
		      "203.0.113.0/24 partner-a  # note\n"
		      "203.0.113.9\tpartner b\n"
		      "[2001:DB8::]/32 six\n"
		      "192.0.2.1/40\n"
		      "2001:db8:1::1/200 # clipped\n"
		      "198.51.100.7#close\n",
		      "5 192.0.2.1\n7 198.51.100.7 (close)\n2 203.0.113.0/24 (note)\n"
		      "3 203.0.113.9 (partner b)\n4 2001:db8::/32 (six)\n"
		      "6 2001:db8:1::1 (clipped)\n",
		      "6 prefixes: 6 entries");
	fixture_assert(&format_diagnostics, "");
	format_assert(FORMAT_RSPAMD_MAP, ACTION_ALLOW, "192.0.2.9/24 x\n", "1 192.0.2.0/24 (x)\n",
		      "1 prefix: 1 entry");
	fixture_assert(&format_diagnostics,
		       "list:1:1: warning: 192.0.2.9/24 has host bits set: read as the network "
		       "192.0.2.0/24\n");
	format_assert_bad(FORMAT_RSPAMD_MAP, ACTION_ALLOW,
			  "; no comment here\n192.0.2.1;x\n[2001:db8::/32\n!192.0.2.1\n",
			  "list:1:1: ...is not an IP address\nlist:2:10: ...after the prefix\n"
			  "list:3:1: ...is not an IP address\nlist:4:1: ...is not an IP address\n");
	/* A list of addresses and counts, as threat feeds are. */
	format_assert(FORMAT_AUTO, ACTION_BLOCK, "# feed\n192.0.2.1\t10\n192.0.2.2\t9\n",
		      "2 192.0.2.1 (10)\n3 192.0.2.2 (9)\n", "2 prefixes: 2 entries");
	assert_int_equal(format_result.format, FORMAT_RSPAMD_MAP);
}

static void test_spamassassin(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "# local.cf\n"
		      "clear_trusted_networks\n"
		      "trusted_networks !10.0.1.5 10.0.1/24 # office\n"
		      "  internal_networks 192.168. 172.16/12\n"
		      "trusted_networks [2001:db8::]/32 2001:DB8:1::1 ! 2001:db8::5\n"
		      "required_score 5.0\n"
		      "trusted_networks 203.0.113.7\n",
		      "3 10.0.1.0/24 (office)\n3 !10.0.1.5 (office)\n4 172.16.0.0/12\n"
		      "4 192.168.0.0/16\n7 203.0.113.7\n5 2001:db8::/32\n5 !2001:db8::5\n"
		      "5 2001:db8:1::1\n",
		      "9 networks: 6 entries, 2 exclusions, 1 skipped: 1 of another kind");
	assert_int_equal(format_result.format, FORMAT_SPAMASSASSIN);
	format_assert_bad(FORMAT_SPAMASSASSIN, ACTION_ALLOW,
			  "trusted_networks\ntrusted_networks 10.0.1/24 x 10.0.300/24\n"
			  "clear_trusted_networks\n",
			  "list:1:1: trusted_networks without a network\n"
			  "list:2:28: ...is not an IP address\nlist:2:35: ...is not an IP address\n"
			  "list:3:1: takes back the networks before it\n");
	assert_int_equal(format_result.bad_line_count, 3);
}

static void test_dnswl(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "# dnswl\n"
		      "192.0.2.16/28;3;1;example.net;12345\n"
		      "192.0.2.32/28;3;none;example.org;12346\n"
		      "192.0.2.48/28;3;0;example.org;12347\n"
		      "2001:db8::/32;3;HI;example.com;12348\n"
		      "127.0.0.255/32;15;hi;;1\n",
		      "2 192.0.2.16/28 (example.net)\n5 2001:db8::/32 (example.com)\n",
		      "5 records: 2 entries, 3 skipped: 2 of trust none, 1 about a quota");
	assert_int_equal(format_result.format, FORMAT_DNSWL);
	format_assert_bad(
	    FORMAT_DNSWL, ACTION_ALLOW,
	    "192.0.2.1\n192.0.2.1;3;4;x;1\n192.0.2.1/24;3;1;x;1\n192.0.2.1;3;1\n",
	    "list:1:1: not address;category;trust\nlist:2:13: \"4\" is not a trust level\n"
	    "list:3:1: ...host bits\n");
	format_assert_bad(FORMAT_DNSWL, ACTION_BLOCK, "192.0.2.1;3;1;x;1\n",
			  "list: a list of senders to trust (dnswl) cannot be in a block list\n");
}

static void assert_trust(enum trust least, const char *entries, const char *summary)
{
	static const char text[] = "192.0.2.1;3;none;a.example;1\n"
				   "192.0.2.2;3;low;b.example;2\n"
				   "192.0.2.3;3;med;c.example;3\n"
				   "192.0.2.4;3;3;d.example;4\n"
				   "127.0.0.255;3;hi;;5\n";
	struct format_input input = format_input_of(text, strlen(text));
	char words[FORMAT_SUMMARY_BYTES];
	char found[256] = "";

	input.format = FORMAT_DNSWL;
	input.min_trust = least;
	assert_int_equal(format_read(&input, &format_result), 0);
	entry_set_finish(format_set);
	for (size_t i = 0; i < format_set->count; i++)
		strcat(found, format_set->entries[i].reason);
	assert_string_equal(found, entries);
	assert_string_equal(format_summary(&format_result, words), summary);
	format_again();
}

static void test_min_trust(void **state)
{
	(void)state;
	assert_trust(TRUST_BY_FORMAT, "b.examplec.exampled.example",
		     "5 records: 3 entries, 2 skipped: 1 of trust none, 1 about a quota");
	assert_trust(TRUST_NONE, "a.exampleb.examplec.exampled.example",
		     "5 records: 4 entries, 1 skipped: 1 about a quota");
	assert_trust(TRUST_LOW, "b.examplec.exampled.example",
		     "5 records: 3 entries, 2 skipped: 1 about a quota, 1 below min_trust");
	assert_trust(TRUST_MEDIUM, "c.exampled.example",
		     "5 records: 2 entries, 3 skipped: 1 about a quota, 2 below min_trust");
	assert_trust(TRUST_HIGH, "d.example",
		     "5 records: 1 entry, 4 skipped: 1 about a quota, 3 below min_trust");
}

static void test_spamdb(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof(text),
		 "WHITE|192.0.2.1|||%d|%d|%d|1|7\n"
		 "GREY|192.0.2.2|mx|<a@x>|<b@y>|1|2|3|1|0\n"
		 "TRAPPED|192.0.2.3|1750000000\n"
		 "SPAMTRAP|<trap@example.net>\n"
		 "WHITE|192.0.2.4|||1|2|%d|1|7\n"
		 "WHITE|2001:db8::1|||1|2|%d|1|7\n",
		 FIXTURE_NOW - 9, FIXTURE_NOW - 8, FIXTURE_NOW + 60, FIXTURE_NOW, FIXTURE_NOW + 1);
	format_assert(FORMAT_AUTO, ACTION_ALLOW, text,
		      "1 192.0.2.1 until 60\n6 2001:db8::1 until 1\n",
		      "6 records: 2 entries, 4 skipped: 3 of another kind, 1 expired");
	assert_int_equal(format_result.format, FORMAT_SPAMDB);
	format_assert_bad(
	    FORMAT_SPAMDB, ACTION_ALLOW, "WHITE|192.0.2.1\nBLACK|192.0.2.1\nx\n",
	    "list:1:1: not WHITE|address\nlist:2:1: not a record\nlist:3:1: not a record\n");
	format_assert_bad(FORMAT_SPAMDB, ACTION_BLOCK, text,
			  "list: a list of senders to trust (spamdb)\n");
}

static void test_csv(void **state)
{
	(void)state;
	format_assert(
	    FORMAT_AUTO, ACTION_ALLOW,
	    "value,expiration,comment\n"
	    "192.0.2.0/24,30d,partner\n"
	    "192.0.3.0/24,1h30m10.5s,\"a, \"\"b\"\"\"\n"
	    "192.0.4.0/24,,\n"
	    "192.0.5.0/24,never,x\n"
	    "192.0.6.0/24,-1h,gone\n"
	    "192.0.7.0/24,2026-11-24T05:00:10Z,soon\n"
	    "\"2001:db8::1\" ,1w,\n"
	    "10.0.0.0-10.0.0.2,5s,r\n",
	    "9 10.0.0.0/31 until 5 (r)\n9 10.0.0.2 until 5 (r)\n"
	    "2 192.0.2.0/24 until 2592000 (partner)\n3 192.0.3.0/24 until 5410 (a, \"b\")\n"
	    "4 192.0.4.0/24\n5 192.0.5.0/24 (x)\n7 192.0.7.0/24 until 10 (soon)\n"
	    "8 2001:db8::1 until 604800\n",
	    "8 records: 8 entries, 1 skipped: 1 expired");
	assert_int_equal(format_result.format, FORMAT_CROWDSEC_CSV);
	/* Other columns in another order. */
	format_assert(FORMAT_CROWDSEC_CSV, ACTION_BLOCK,
		      "duration,scope,value,reason,type\n4h,ip,192.0.2.1,why,ban\n",
		      "2 192.0.2.1 until 14400 (why)\n", "1 record: 1 entry");
	format_assert_bad(FORMAT_CROWDSEC_CSV, ACTION_ALLOW, "ip,expiration\n192.0.2.1,1h\n",
			  "list:1:1: a header without the column value\n");
	format_assert_bad(
	    FORMAT_CROWDSEC_CSV, ACTION_ALLOW,
	    "value,expiration,comment\n192.0.2.1,soon,\n,1h,\n\"192.0.2.1\n"
	    "\"192.0.2.1\"x,1h,\n192.0.2.1,1x,\n192.0.2.1,99999999999999999999d,\n",
	    "list:2:11: \"soon\" is not an expiration\nlist:3:1: ...is empty\n"
	    "list:4:1: a quote that is not closed\nlist:5:1: a quote\n"
	    "list:6:11: \"1x\" is not an expiration\nlist:7:11: ...is not an expiration\n");
}

/* Durations count from when the list was written. */
static void test_csv_written_before(void **state)
{
	static const char text[] = "value,expiration,comment\n192.0.2.1,1h,\n192.0.2.2,1d,\n";
	struct format_input input = format_input_of(text, sizeof(text) - 1);
	char *found;

	(void)state;
	input.format = FORMAT_CROWDSEC_CSV;
	input.written_at_sec = FIXTURE_NOW - 7200;
	assert_int_equal(format_read(&input, &format_result), 0);
	found = format_text();
	assert_string_equal(found, "3 192.0.2.2 until 79200\n");
	free(found);
	assert_int_equal(format_result.skipped_counts[FORMAT_SKIP_EXPIRED], 1);
}

static void test_opensmtpd(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "# table\n\"192.0.2.0/24\"\n\"2001:db8::/32\" # six\n\n\"2001:DB8:1::1\"\n"
		      "198.51.100.7\n",
		      "2 192.0.2.0/24\n6 198.51.100.7\n3 2001:db8::/32 (six)\n5 2001:db8:1::1\n",
		      "4 networks: 4 entries");
	assert_int_equal(format_result.format, FORMAT_OPENSMTPD);
	format_assert(FORMAT_OPENSMTPD, ACTION_ALLOW, "[2001:db8::1]\n2001:db8::/32\n",
		      "2 2001:db8::/32\n1 2001:db8::1\n", "2 networks: 2 entries");
	format_assert_bad(
	    FORMAT_OPENSMTPD, ACTION_ALLOW, "\"192.0.2.1\n!192.0.2.1\n\"\"\n",
	    "list:1:1: a quote that is not closed\nlist:2:1: ...is not an IP address\n"
	    "list:3:2: ...is empty\n");
}

static void test_exim(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "# hosts\n!192.0.2.9\n192.0.2.0/24: partner\n\"2001:db8::/32\": six\n"
		      "2001:db8:1::/48\n198.51.100.7: x # note\n!198.51.100.7\n!203.0.113.1\n",
		      "3 192.0.2.0/24 (partner)\n2 !192.0.2.9\n6 198.51.100.7 (note)\n"
		      "4 2001:db8::/32 (six)\n5 2001:db8:1::/48\n",
		      "7 hosts: 4 entries, 1 exclusion, 2 skipped: 1 of another action, 1 never "
		      "reached");
	assert_int_equal(format_result.format, FORMAT_EXIM);
	format_assert_bad(FORMAT_EXIM, ACTION_ALLOW, "\"2001:db8::/32\n!\nmail.example.net\n*\n",
			  "list:1:1: a quote that is not closed\nlist:2:2: ...is empty\n"
			  "list:3:1: ...is not an IP address\nlist:4:1: ...is not an IP address\n");
}

#define LIST_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIST_TEST(test_plain_ranges),
		LIST_TEST(test_netset),
		LIST_TEST(test_drop_text),
		LIST_TEST(test_drop_json),
		LIST_TEST(test_rspamd),
		LIST_TEST(test_spamassassin),
		LIST_TEST(test_dnswl),
		LIST_TEST(test_min_trust),
		LIST_TEST(test_spamdb),
		LIST_TEST(test_csv),
		LIST_TEST(test_csv_written_before),
		LIST_TEST(test_opensmtpd),
		LIST_TEST(test_exim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
