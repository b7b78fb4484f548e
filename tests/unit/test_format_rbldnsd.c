/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones of rbldnsd: short addresses, ranges, values, lines about the zone. */
#include "format_fixture.h"

static void test_zone(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "$SOA 3600 ns.example.net. hm.example.net. 0 600 300 86400 300\n"
		      "#$TTL 600\n"
		      ";$TIMESTAMP 2026-11-24:04:00:00\n"
		      ":127.0.0.2:listed, see $\n"
		      "192.0.2.0/24 :127.0.3.1:partner\n"
		      "192.0.3.0/24 :5:number\n"
		      "192.0.4.0/24 text alone\n"
		      "192.0.5.0/24:127.0.0.3:close\n"
		      "192.0.6.0/24\t# comment\n"
		      "192.0.7.0/24 :127.0.0.4\n"
		      "!192.0.2.9\n"
		      "! 192.0.2.10\n",
		      "5 192.0.2.0/24 (partner)\n11 !192.0.2.9\n12 !192.0.2.10\n"
		      "6 192.0.3.0/24 (number)\n7 192.0.4.0/24 (text alone)\n"
		      "8 192.0.5.0/24 (close)\n9 192.0.6.0/24 (comment)\n10 192.0.7.0/24\n",
		      "8 entries of the zone: 6 entries, 2 exclusions");
	assert_int_equal(format_result.format, FORMAT_RBLDNSD);
	assert_int_equal(format_result.declared_at_sec, FIXTURE_NOW - 3600);
}

static void test_ranges(void **state)
{
	(void)state;
	format_assert(FORMAT_RBLDNSD, ACTION_BLOCK,
		      "127.16-31\n"
		      "192.168\n"
		      "10/8\n"
		      "192.0.2.4-5\n"
		      "192.0.2.8-192.0.2.11 text\n"
		      "198.51-52\n"
		      "203.0.112-113\n"
		      "!203.0.113.3-4\n"
		      "172.16/12\n",
		      "3 10.0.0.0/8\n1 127.16.0.0/12\n9 172.16.0.0/12\n4 192.0.2.4/31\n"
		      "5 192.0.2.8/30 (text)\n2 192.168.0.0/16\n6 198.51.0.0/16\n6 198.52.0.0/16\n"
		      "7 203.0.112.0/23\n8 !203.0.113.3\n8 !203.0.113.4\n",
		      "9 entries of the zone: 9 entries, 2 exclusions");
	format_assert_bad(
	    FORMAT_RBLDNSD, ACTION_BLOCK,
	    "10\n192.0.2.9-3\n192.0-192.0.2.1\n192.0.2.1/24\n192.168.1/16\n300.1\n"
	    "192.0.2.1x\n",
	    "list:1:3: ...is not an IP address\n"
	    "list:2:1: 192.0.2.9-3 is not a range\nlist:3:6: ...is not an IP address\n"
	    "list:4:1: ...host bits\nlist:5:10: ...is not an IP address\n"
	    "list:6:1: ...is not an IP address\nlist:7:10: ...after the prefix\n");
}

static void test_range_max(void **state)
{
	(void)state;
	format_assert(
	    FORMAT_AUTO, ACTION_BLOCK,
	    "$MAXRANGE4 /24\n192.0.2.0/24\n10.0.0.0/23\n10.1.0.0-10.1.1.0\n$MAXRANGE4 /8\n"
	    "10.2.0.0/16\n$MAXRANGE4 4\n192.0.3.0/30\n192.0.3.8-12\n2001:db8::/32\n",
	    "2 192.0.2.0/24\n8 192.0.3.0/30\n10 2001:db8::/32\n",
	    "7 entries of the zone: 3 entries, 4 skipped: 4 over $MAXRANGE4");
	format_assert_bad(FORMAT_RBLDNSD, ACTION_BLOCK,
			  "$MAXRANGE4 x\n$MAXRANGE4 /33\n$DATASET ip4set:a @\n",
			  "list:1:12: $MAXRANGE4 takes\nlist:2:12: $MAXRANGE4 takes\n"
			  "list:3:1: a zone of several datasets\n");
}

static void test_ipv6(void **state)
{
	(void)state;
	format_assert(FORMAT_RBLDNSD, ACTION_BLOCK,
		      ":127.0.0.2:default\n"
		      "2001:DB8::/32 :127.0.0.3:six\n"
		      "2001:db8:1:2\n"
		      "!2001:db8:1:2:3:4:5:6\n"
		      "::1\n"
		      "2001:db8:9::/48:2:tight\n",
		      "5 ::1\n2 2001:db8::/32 (six)\n3 2001:db8:1:2::/64\n"
		      "4 !2001:db8:1:2:3:4:5:6\n6 2001:db8:9::/48 (tight)\n",
		      "5 entries of the zone: 4 entries, 1 exclusion");
}

/* Recognised without a line about the zone. */
static void test_recognised(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.3.0/24 :127.0.3.1:partner\n",
		      "1 192.0.2.1\n2 192.0.2.2\n3 192.0.2.3\n4 192.0.3.0/24 (partner)\n",
		      "4 entries of the zone: 4 entries");
	assert_int_equal(format_result.format, FORMAT_RBLDNSD);
	format_assert(FORMAT_AUTO, ACTION_BLOCK, "127.16-31\n", "1 127.16.0.0/12\n",
		      "1 entry of the zone: 1 entry");
	assert_int_equal(format_result.format, FORMAT_RBLDNSD);
}

/* The entry that each zone must have (RFC 5782) lists nobody. */
static void test_test_entry(void **state)
{
	static const char zone[] = ":127.0.0.2:listed\n127.0.0.2\n192.0.2.7\n"
				   "::ffff:127.0.0.2\n!127.0.0.2\n127.0.0.2 :127.0.0.3:too\n";
	static const char entries[] = "5 !127.0.0.2\n3 192.0.2.7\n";
	static const char summary[] = "5 entries of the zone: 1 entry, 1 exclusion, 3 skipped: "
				      "3 for tests (127.0.0.2)";

	(void)state;
	format_assert(FORMAT_RBLDNSD, ACTION_BLOCK, zone, entries, summary);
	format_assert(FORMAT_AUTO, ACTION_BLOCK, zone, entries, summary);
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "127.0.0.2\n127.0.0.3\n", "2 127.0.0.3\n",
		      "2 prefixes: 1 entry, 1 skipped: 1 for tests (127.0.0.2)");
	/* What is wider, or in a format that was named, is meant. */
	format_assert(FORMAT_RBLDNSD, ACTION_BLOCK, "127/8\n", "1 127.0.0.0/8\n",
		      "1 entry of the zone: 1 entry");
	format_assert(FORMAT_PLAIN, ACTION_BLOCK, "127.0.0.2\n", "1 127.0.0.2\n",
		      "1 prefix: 1 entry");
}

#define ZONE_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(test_zone), ZONE_TEST(test_ranges),	  ZONE_TEST(test_range_max),
		ZONE_TEST(test_ipv6), ZONE_TEST(test_recognised), ZONE_TEST(test_test_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
