/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables with a header, and geofeeds. */
#include "format_fixture.h"

static void test_headers(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "IP,Country,Comment\n192.0.2.1,XX,\"a, \"\"b\"\"\"\n2001:db8::/32,,\n",
		      "2 192.0.2.1 (a, \"b\")\n3 2001:db8::/32\n", "2 records: 2 entries");
	assert_int_equal(format_result.format, FORMAT_CSV);
	format_assert(FORMAT_AUTO, ACTION_BLOCK, "reason;network\nx;192.0.2.0/24\n",
		      "2 192.0.2.0/24 (x)\n", "1 record: 1 entry");
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "ip_address\texpires\treason\n192.0.2.1\t\tx\n192.0.2.2\t1h\t\n"
		      "192.0.2.3\t2020-01-01 00:00:00 UTC\ty\n192.0.2.8 - 192.0.2.9\n",
		      "2 192.0.2.1 (x)\n3 192.0.2.2 until 3600\n5 192.0.2.8/31\n",
		      "4 records: 3 entries, 1 skipped: 1 expired");
	/* As abuse.ch has them: the header is a comment. */
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "######\r\n# abuse.ch list, one IP a line #\r\n######\r\n#\r\n"
		      "# Firstseen,DstIP,DstPort\r\n2026-11-01 00:00:00,192.0.2.1,443\r\n# END\r\n",
		      "6 192.0.2.1\n", "1 record: 1 entry");
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "\"first_seen_utc\",\"dst_ip\",\"dst_port\"\n\"x\",\"192.0.2.1\",\"443\"\n",
		      "2 192.0.2.1\n", "1 record: 1 entry");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "network\n192.0.2.0/24\n", "2 192.0.2.0/24\n",
		      "1 record: 1 entry");
	/* A comment that only mentions such words is none. */
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "# ip, network and more\n192.0.2.1 # x\n",
		      "2 192.0.2.1 (x)\n", "1 prefix: 1 entry");
}

/* `cscli decisions list -o raw` */
static void test_cscli(void **state)
{
	static const char text[] =
	    "id,source,ip,reason,action,country,as,events_count,expiration,simulated,alert_id\n"
	    "1,cscli,Ip:192.0.2.1,manual 'ban',ban,,,1,3h59m58.5s,false,1\n"
	    "2,cscli,Range:198.51.100.0/24,x,ban,XX,64500 Name,1,1h,false,2\n"
	    "3,cscli,Ip:192.0.2.2,x,captcha,,,1,1h,false,3\n"
	    "4,cscli,Country:XX,x,ban,,,1,1h,false,4\n5,cscli,Ip:192.0.2.3,x,ban,,,1,1h,true,5\n";

	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK, text,
		      "2 192.0.2.1 until 14398 (manual 'ban')\n"
		      "3 198.51.100.0/24 until 3600 (x)\n",
		      "5 records: 2 entries, 3 skipped: 1 of another action, 2 of another kind");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, text, "",
		      "5 records: 0 entries, 5 skipped: 5 of another action");
}

static void test_geofeed(void **state)
{
	struct select select = { 0 };
	struct format_input input;
	static const char text[] = "# geofeed\n192.0.2.0/24,US,US-AL,Alabaster,\n"
				   "2001:db8::/32,DE,,Bonn,53111\n198.51.100.0/24,,,,\n";
	char *found;

	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW, text,
		      "2 192.0.2.0/24\n4 198.51.100.0/24\n3 2001:db8::/32\n",
		      "3 records: 3 entries");
	assert_int_equal(format_result.format, FORMAT_GEOFEED);
	format_again();
	assert_int_equal(select_add(&select, "Country", "de"), 0);
	input = format_input_of(text, sizeof(text) - 1);
	input.select = &select;
	assert_int_equal(format_read(&input, &format_result), 0);
	found = format_text();
	assert_string_equal(found, "3 2001:db8::/32\n");
	free(found);
	assert_int_equal(format_result.skipped_counts[FORMAT_SKIP_SELECT], 2);
	select_done(&select);
}

static void test_bad(void **state)
{
	struct select select = { 0 };
	struct format_input input;

	(void)state;
	format_assert_bad(FORMAT_CSV, ACTION_ALLOW, "192.0.2.1,x\n192.0.2.2,y\n",
			  "list:1:1: not a header with a column for addresses\n");
	format_assert_bad(FORMAT_AUTO, ACTION_ALLOW, "network,netmask\n192.0.2.0,255.255.255.0\n",
			  "list:1:9: the column \"netmask\" may change the meaning\n");
	format_assert_bad(FORMAT_AUTO, ACTION_ALLOW, "ip,network\n192.0.2.1,192.0.2.0/24\n",
			  "list:1:4: the column \"network\" is one more with addresses\n");
	format_assert_bad(FORMAT_AUTO, ACTION_ALLOW,
			  "ip,reason\n192.0.2.1,a,b\n192.0.2.9/24,x\n,x\n\"192.0.2.1,x\nname,x\n",
			  "list:2:13: more fields than the header has\n"
			  "list:3:1: ...host bits\nlist:4:1: \"\" is empty\n"
			  "list:5:1: a quote that is not closed\nlist:6:1: \"name\" is not\n");
	format_again();
	assert_int_equal(select_add(&select, "land", "de"), 0);
	input = format_input_of("ip,country\n192.0.2.1,de\n", 24);
	input.select = &select;
	assert_int_equal(format_read(&input, &format_result), -EINVAL);
	fixture_assert(&format_diagnostics, "list:1:1: no column is called land\n");
	select_done(&select);
}

#define CSV_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CSV_TEST(test_headers),
		CSV_TEST(test_cscli),
		CSV_TEST(test_geofeed),
		CSV_TEST(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
