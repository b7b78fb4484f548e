/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets and rules of the kernel's packet filters. */
#include "format_fixture.h"

static void test_ipset(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "create blacklist hash:net family inet hashsize 1024 maxelem 65536 comment\n"
		      "add blacklist 192.0.2.0/24\nadd blacklist 192.0.2.9 nomatch\n"
		      "add blacklist 198.51.100.7 timeout 3600 comment \"ssh\"\n"
		      "add blacklist 203.0.113.9/30 packets 1 bytes 40 -exist\n"
		      "add blacklist 203.0.113.16-203.0.113.18\n",
		      "2 192.0.2.0/24\n3 !192.0.2.9\n4 198.51.100.7 until 3600 (ssh)\n"
		      "5 203.0.113.8/30\n6 203.0.113.16/31\n6 203.0.113.18\n",
		      "5 elements: 5 entries, 1 exclusion");
	assert_int_equal(format_result.format, FORMAT_IPSET);
	/* The timeout of the set is that of elements without one; 0: never. */
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "create s hash:ip timeout 60\nadd s 192.0.2.1\nadd s 192.0.2.2 timeout 0\n"
		      "add s 192.0.2.3 timeout 7\n",
		      "2 192.0.2.1 until 60\n3 192.0.2.2\n4 192.0.2.3 until 7\n",
		      "3 elements: 3 entries");
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "Name: s\nType: hash:net\nRevision: 7\nHeader: family inet timeout 60\n"
		      "Size in memory: 504\nReferences: 0\n"
		      "Number of entries: 2\nMembers:\n"
		      "192.0.2.0/24 timeout 59 comment \"a b\"\n2001:db8::/32 nomatch\n",
		      "9 192.0.2.0/24 until 59 (a b)\n10 !2001:db8::/32 until 60\n",
		      "2 elements: 1 entry, 1 exclusion");
	/* An address of a set with a netmask stands for its network. */
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "create s hash:ip family inet netmask 24\nadd s 192.0.2.0\n"
		      "add s 198.51.100.77\n",
		      "2 192.0.2.0/24\n3 198.51.100.0/24\n", "2 elements: 2 entries");
}

static void test_bad_ipset(void **state)
{
	(void)state;
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK,
			  "create a hash:net\nadd a 192.0.2.1\ncreate b hash:net\n"
			  "add b 198.51.100.1\n",
			  "list:3:8: the set b after the set a: save one set\n"
			  "list:4:5: the set b after\n");
	format_assert_bad(
	    FORMAT_AUTO, ACTION_BLOCK,
	    "create a hash:ip,port\nadd a 192.0.2.1,tcp:25\ndel a 192.0.2.2\n",
	    "list:1:10: a set of the type hash:ip,port: ipwl reads\n"
	    "list:2:7: an element of several parts\nlist:3:1: \"del\" is not a line\n");
	format_assert_bad(FORMAT_IPSET, ACTION_BLOCK,
			  "create a hash:ip timeout x\nadd a 192.0.2.1 skbmark 1\n"
			  "add a 192.0.2.0 /24\nadd a\nadd\n",
			  "list:1:26: the timeout of the set is not\n"
			  "list:2:17: unexpected \"skbmark\" after an element\n"
			  "list:3:17: unexpected \"/24\"\nlist:4:6: \"\" is\n"
			  "list:5:4: the name of the set is missing\n");
	format_assert_bad(FORMAT_IPSET, ACTION_BLOCK,
			  "create a hash:ip bitmask 255.0.0.255\nadd a 192.0.0.7\n"
			  "create a hash:ip netmask 0\n-N a hash:ip netmask 24\n"
			  "add a 192.0.2.0-192.0.2.9\n",
			  "list:1:18: a bitmask\nlist:3:26: the netmask of the set is not\n"
			  "list:5:7: a range in a set with a netmask\n");
}

static void test_nftables(void **state)
{
	(void)state;
	format_assert(
	    FORMAT_AUTO, ACTION_BLOCK,
	    "table inet filter {\n\tset s {\n\t\ttypeof ip saddr\n"
	    "\t\tflags interval,timeout\n\t\ttimeout 1h\n\t\tcomment \"a } b\"\n"
	    "\t\telements = { 192.0.2.0/24 timeout 2h expires 59m59s500ms,\n"
	    "\t\t\t     198.51.100.1 comment \"a, b\", # text\n"
	    "\t\t\t     203.0.113.16-203.0.113.18 timeout 7s counter packets 1 bytes 2 }\n"
	    "\t}\n}\n",
	    "7 192.0.2.0/24 until 3599\n8 198.51.100.1 until 3600 (a, b)\n"
	    "9 203.0.113.16/31 until 7\n9 203.0.113.18 until 7\n",
	    "3 elements: 4 entries");
	assert_int_equal(format_result.format, FORMAT_NFTABLES);
	format_assert(
	    FORMAT_AUTO, ACTION_ALLOW,
	    "#!/usr/sbin/nft -f\nadd set inet t s { type ipv4_addr; }\nflush set inet t s\n"
	    "add element inet t s { 192.0.2.1, 192.0.2.9/30 }\n"
	    "add element inet t s { 2001:db8::/32 }\n",
	    "4 192.0.2.1\n4 192.0.2.8/30\n5 2001:db8::/32\n", "3 elements: 3 entries");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "define mail = {\n  192.0.2.1,\n  192.0.2.2\n}\n",
		      "2 192.0.2.1\n3 192.0.2.2\n", "2 elements: 2 entries");
}

static void test_bad_nftables(void **state)
{
	static const struct {
		const char *text;
		const char *errors;
	} texts[] = {
		{ "define a = { 192.0.2.1 }\ndefine b = { 192.0.2.2 }\n",
		  "list:2:8: a second set\n" },
		{ "add set ip t a { type ipv4_addr; }\nadd element ip t b { 192.0.2.1 }\n",
		  "list:2:20: a second set\n" },
		{ "define a = 192.0.2.1\n", "list:1:12: a value without braces\n" },
		{ "table ip t {\n set s {\n  elements = { 192.0.2.1 }\n }\n chain c {\n }\n}\n",
		  "list:5:10: braces that do not hold\n" },
		{ "add element ip t s { 192.0.2.1 }\ndelete element ip t s { 192.0.2.1 }\n",
		  "list:2:1: takes elements back\n" },
		{ "table ip t {\n include \"x\"\n}\n", "list:2:2: includes another file\n" },
		{ "add element ip t s { 192.0.2.1,\n", "list:1: the elements end without }\n" },
		{ "add element ip t s { 192.0.2.1 . 25, $x, 192.0.2.0 /24, 192.0.2.2 : accept }\n",
		  "list:1:32: unexpected \".\" after an element\n"
		  "list:1:38: \"$x\" is not\nlist:1:52: unexpected \"/24\"\n"
		  "list:1:67: unexpected \":\"\n" },
		{ "table ip t {\n\" set s { elements = { 192.0.2.1 } }\"\n}\n",
		  "list:2:1: quotes that are not\n" },
		{ "define s = \"{ 192.0.2.1 comment \"a\" }\n", "list:1:12: quotes that\n" },
		{ "table ip t {\n set s {\n  timeout 1x\n", "list:3:11: the timeout of the set\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		format_assert_bad(FORMAT_AUTO, ACTION_ALLOW, texts[i].text, texts[i].errors);
}

static void test_iptables(void **state)
{
	static const char saved[] =
	    "# Generated by iptables-save\n*nat\n-A INPUT -s 192.0.2.99/32 -j ACCEPT\nCOMMIT\n"
	    "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n"
	    "-A INPUT -s 192.0.2.9/32 -m comment --comment \"a b\" -j ACCEPT\n"
	    "[1:40] -A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 25 -j DROP\n"
	    "-A INPUT -s 198.51.100.1/32 -p tcp -m multiport --dports 22,80 -j DROP\n"
	    "-A INPUT -s 198.51.100.2/32 -i eth0 -j DROP\n"
	    "-A INPUT -s 198.51.100.3/32 -j LOG\n"
	    "-A INPUT -s 203.0.113.9/32 -m conntrack --ctstate NEW -j ACCEPT\n"
	    "-A INPUT -s 203.0.113.0/24 -j REJECT --reject-with icmp-port-unreachable\n"
	    "-A INPUT -j DROP\n-A INPUT -s 192.0.2.77/32 -j ACCEPT\n"
	    "-A OUTPUT -s 203.0.113.1/32 -j ACCEPT\nCOMMIT\n";

	(void)state;
	format_assert(
	    FORMAT_AUTO, ACTION_BLOCK, saved,
	    "9 192.0.2.0/24\n8 !192.0.2.9\n14 203.0.113.0/24\n13 !203.0.113.9\n",
	    "10 rules with a source: 2 entries, 2 exclusions, 6 skipped: 1 never reached, 5 of "
	    "another kind");
	assert_int_equal(format_result.format, FORMAT_IPTABLES);
	format_assert(
	    FORMAT_AUTO, ACTION_ALLOW, saved, "8 192.0.2.9 (a b)\n",
	    "10 rules with a source: 1 entry, 9 skipped: 3 of another action, 1 never reached, 5 "
	    "of another kind");
	/* As from iptables -S: a chain that is left early. */
	format_assert(
	    FORMAT_AUTO, ACTION_BLOCK,
	    "-N list\n-A list -s 192.0.2.9/32 -j RETURN\n-A list -s 192.0.2.0/24 -j DROP\n",
	    "3 192.0.2.0/24\n2 !192.0.2.9\n", "2 rules with a source: 1 entry, 1 exclusion");
	format_assert_bad(
	    FORMAT_AUTO, ACTION_BLOCK,
	    "-A INPUT -s 192.0.2.1/32 -j DROP\n-A f2b-sshd -s 192.0.2.2/32 -j DROP\n"
	    "-A INPUT -s 192.0.2.0 /24 -j DROP\n"
	    "-A INPUT -s 192.0.2.3 -s 192.0.2.4 -j DROP\n"
	    "-A INPUT -s 192.0.2.5,192.0.2.6 -j DROP\n-D INPUT -s 192.0.2.1 -j DROP\n",
	    "list:2:4: rules of the chain f2b-sshd after those of INPUT\n"
	    "list:3:1: a word that belongs to no option\nlist:4:1: a word that\n"
	    "list:5:22: unexpected \",192.0.2.6\"\nlist:6:1: \"-D\" is not a line\n");
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK, "-A INPUT ! -s 192.0.2.1/32 -j DROP\n",
			  "list:1:1: ! -s means everything but a network\n");
}

#define SET_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SET_TEST(test_ipset),	     SET_TEST(test_bad_ipset), SET_TEST(test_nftables),
		SET_TEST(test_bad_nftables), SET_TEST(test_iptables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
