/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of a configuration: their keys and inline entries. */
#include "config_loaded.h"

#include "config/parts.h"

static void test_values(void **state)
{
	const struct list *lists;

	(void)state;
	load("- {name: a.B-1_, action: allow, mark: 0x1F, mark_mask: 0xff, priority: 0}\n"
	     "- {action: allow, name: 2, mark: 0}\n"
	     "- {name: c, action: block, mode: monitor, entries: , files: ~}\n"
	     "- {name: d, action: block, mode: enforce}\n"
	     "- {name: e, action: block}\n",
	     "");
	lists = config->policy->lists;
	assert_int_equal(config->policy->list_count, 5);
	assert_string_equal(lists[0].name, "a.B-1_");
	assert_int_equal(lists[0].action, ACTION_ALLOW);
	assert_true(lists[0].sets_mark && lists[0].sets_priority);
	assert_int_equal(lists[0].mark, 0x1f);
	assert_int_equal(lists[0].mark_mask, 0xff);
	assert_int_equal(lists[0].priority, 0);
	assert_string_equal(lists[1].name, "2");
	assert_true(lists[1].sets_mark && !lists[1].sets_priority);
	assert_int_equal(lists[1].mark_mask, 0xffffffff);
	assert_true(lists[2].is_monitor && lists[2].action == ACTION_BLOCK);
	assert_false(lists[2].sets_mark || lists[3].is_monitor || lists[4].is_monitor);
	assert_int_equal(lists[4].slot, POLICY_NO_SLOT);
}

static void test_ports(void **state)
{
	const struct list *lists;

	(void)state;
	load("- {name: a, action: allow, ports: [587, 25]}\n"
	     "- {name: b, action: block}\n"
	     "ports: [25, 465, 587]\n",
	     "");
	lists = config->policy->lists;
	assert_true(list_has_port(&lists[0], 25) && list_has_port(&lists[0], 587));
	assert_false(list_has_port(&lists[0], 465));
	assert_true(list_has_port(&lists[1], 465));
	assert_false(list_has_same_ports(&lists[0], &lists[1]));
	assert_errors("- {name: a, action: allow, ports: [26, 25, 25, 0]}\n"
		      "- {name: b, action: block, ports: []}\n"
		      "ports: [25, 465]\n",
		      "c.yaml:3:36: port 26 is no mail port: add it to the ports of the daemon\n"
		      "c.yaml:3:44: port 25 is duplicated: remove one\n"
		      "c.yaml:3:48: a port: \n"
		      "c.yaml:4:35: no port: leave ports out for all mail ports\n");
	/* Four kinds of ports fit, and five do not. */
	load("- {name: a, action: allow, ports: [1]}\n"
	     "- {name: b, action: block, ports: [2]}\n"
	     "- {name: c, action: block, ports: [3]}\n"
	     "ports: [1, 2, 3, 4, 5]\n",
	     "");
	assert_errors("- {name: a, action: allow, ports: [1]}\n"
		      "- {name: b, action: block, ports: [2]}\n"
		      "- {name: c, action: block, ports: [3]}\n"
		      "- {name: d, action: block, ports: [4]}\n"
		      "ports: [1, 2, 3, 4, 5]\n",
		      "c.yaml:3:1: the ports of the lists differ too much: more than 4 ports have "
		      "different lists\n");
}

static void test_lane(void **state)
{
	const struct lane *lane;
	char text[128];

	(void)state;
	load("- {name: a, action: allow, lane: {ipv4: 127.0.0.1:10025, ipv6: '[::1]:10026'}}\n"
	     "- {name: b, action: allow, ports: [587], lane: {ipv4: 10.0.0.1:1, port: 587,\n"
	     "   mode: monitor, allow_public: true}}\n"
	     "- {name: c, action: allow}\n"
	     "ports: [25, 587]\n",
	     "");
	lane = &config->policy->lists[0].lane;
	lane_format(lane, text, sizeof(text));
	assert_string_equal(text, "127.0.0.1:10025, [::1]:10026 from port 25");
	assert_false(lane->is_monitor || lane->allows_public);
	lane = &config->policy->lists[1].lane;
	lane_format(lane, text, sizeof(text));
	assert_string_equal(text, "10.0.0.1:1 from port 587, mode monitor, allow_public");
	assert_int_equal(lane->ends[FAMILY_IPV6].port, 0);
	assert_int_equal(config->policy->lists[2].lane.mail_port, 0);
	assert_errors("- {name: a, action: block, lane: {ipv4: 127.0.0.1:1}}\n"
		      "- {name: b, action: allow, lane: {}}\n"
		      "- {name: c, action: allow, lane: {ipv4: '[::1]:1'}}\n"
		      "- {name: d, action: allow, lane: {ipv6: none}}\n"
		      "- {name: e, action: allow, lane: {ipv4: 192.0.2.1:10025}}\n"
		      "- {name: f, action: allow, lane: {ipv4: 0.0.0.0:10025, allow_public: no}}\n"
		      "- {name: g, action: allow, lane: {ipv4: 127.0.0.1:1, port: 26}}\n"
		      "- {name: h, action: allow, ports: [587], lane: {ipv4: 127.0.0.1:1}}\n"
		      "ports: [25, 587]\n",
		      "c.yaml:3:34: lane is only for allow lists: \n"
		      "c.yaml:4:34: lane: no listener: add ipv4: 127.0.0.1:10025\n"
		      "c.yaml:5:41: ipv4: \"[::1]:1\" is not ADDRESS:PORT: write 127.0.0.1:10025\n"
		      "c.yaml:6:41: ipv6: \"none\" is not ADDRESS:PORT: \n"
		      "c.yaml:7:41: ipv4: other hosts may reach 192.0.2.1:10025\n"
		      "c.yaml:8:41: ipv4: other hosts may reach 0.0.0.0:10025\n"
		      "c.yaml:8:70: allow_public: \n"
		      "c.yaml:9:60: port 26 is no mail port of this list: add port: NUMBER\n"
		      "c.yaml:10:48: port 25 is no mail port of this list: add port: NUMBER\n");
}

static void test_on_block(void **state)
{
	(void)state;
	load("- {name: a, action: block, on_block: reset}\n"
	     "- {name: b, action: block, on_block: drop}\n"
	     "- {name: c, action: block}\n",
	     "");
	assert_int_equal(config->policy->lists[0].on_block, ON_BLOCK_RESET);
	assert_int_equal(config->policy->lists[1].on_block, ON_BLOCK_DROP);
	assert_int_equal(config->policy->lists[2].on_block, ON_BLOCK_DROP);
	assert_errors("- {name: a, action: allow, on_block: drop}\n"
		      "- {name: b, action: block, on_block: ignore}\n",
		      "c.yaml:3:38: on_block is only for block lists: \n"
		      "c.yaml:4:38: on_block: \n");
}

static void test_reject(void **state)
{
	const struct lane *lane;
	char text[128];

	(void)state;
	load("- {name: a, action: block, on_block: reject}\n"
	     "- {name: b, action: block, on_block: reject, reject: {ipv4: 127.0.0.2:1, per_second: "
	     "5}}\n"
	     "- {name: c, action: block, on_block: reject, reject: {per_second: 1}}\n"
	     "- {name: d, action: block}\n"
	     "ports: [25, 587]\n",
	     "");
	lane = &config->policy->lists[0].lane;
	assert_int_equal(config->policy->lists[0].on_block, ON_BLOCK_REJECT);
	assert_true(lane->is_reject && lane->mail_port == 25);
	reject_format(lane, text, sizeof(text));
	assert_string_equal(text, "127.0.0.1:10026, [::1]:10026, 20 a second");
	reject_format(&config->policy->lists[1].lane, text, sizeof(text));
	assert_string_equal(text, "127.0.0.2:1, 5 a second");
	reject_format(&config->policy->lists[2].lane, text, sizeof(text));
	assert_string_equal(text, "127.0.0.1:10026, [::1]:10026, 1 a second");
	assert_int_equal(config->policy->lists[3].lane.mail_port, 0);
	assert_errors(
	    "- {name: a, action: block, reject: {}}\n"
	    "- {name: b, action: allow, reject: {}}\n"
	    "- {name: c, action: block, on_block: reject, reject: {ipv4: '[::1]:1'}}\n"
	    "- {name: d, action: block, on_block: reject, reject: {ipv6: none}}\n"
	    "- {name: e, action: block, on_block: reject, reject: {ipv4: 192.0.2.1:1}}\n"
	    "- {name: f, action: block, on_block: reject, reject: {ipv4: 127.0.0.1:25}}\n"
	    "- {name: g, action: block, on_block: reject, reject: {per_second: 0}}\n"
	    "- {name: h, action: block, on_block: reject, reject: {port: 1}}\n",
	    "c.yaml:3:36: reject is only for block lists with on_block: reject: \n"
	    "c.yaml:4:36: reject is only for block lists with on_block: reject: \n"
	    "c.yaml:5:61: ipv4: \"[::1]:1\" is not ADDRESS:PORT: write 127.0.0.1:10026\n"
	    "c.yaml:6:61: ipv6: \"none\" is not ADDRESS:PORT: \n"
	    "c.yaml:7:61: ipv4: other hosts may reach 192.0.2.1:1\n"
	    "c.yaml:8:61: ipv4: 25 is a mail port, where the mail server listens: \n"
	    "c.yaml:9:67: per_second: \n"
	    "c.yaml:10:55: unknown key \"port\": the keys here are ipv4, ipv6 and per_second\n");
	assert_errors("- {name: a, action: allow, lane: {ipv6: '[::1]:10026'}}\n"
		      "- {name: b, action: block, on_block: reject}\n",
		      "c.yaml:4:10: list b: reject has an address of the lane of list a: \n");
}

static void test_mark_mask(void **state)
{
	(void)state;
	load("- {name: a, action: allow, mark: 0xff00}\n"
	     "- {name: b, action: allow, mark: 255, mark_mask: 255}\n"
	     "mark_mask: 0xff00\n",
	     "");
	assert_int_equal(config->policy->lists[0].mark_mask, 0xff00);
	assert_int_equal(config->policy->lists[1].mark_mask, 255);
	assert_errors("- {name: a, action: allow, mark: 0x10001}\n"
		      "- {name: b, action: allow, mark: 3, mark_mask: 2}\n"
		      "- {name: c, action: allow, mark_mask: 2}\n"
		      "mark_mask: 0xffff\n",
		      "c.yaml:3:34: mark 0x10001 has bits outside mark_mask 0xffff\n"
		      "c.yaml:4:34: mark 0x3 has bits outside mark_mask 0x2\n"
		      "c.yaml:5:39: mark_mask without mark\n");
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "10x", "0x", "0xg", "-1",	      "010", "4294967296",
					   "''",  "x1", "1 2", "0x100000000", "+1",  "1.0" };
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "- {name: a, action: allow, mark: %s}\n", bad[i]);
		assert_errors(text, "c.yaml:3:34: mark: must be a decimal or 0x hexadecimal");
		snprintf(text, sizeof(text), "- {name: a, action: allow, priority: %s}\n", bad[i]);
		assert_errors(text, "c.yaml:3:38: priority: ");
	}
	load("- {name: a, action: allow, mark: 0xffffffff, priority: 4294967295}\n", "");
	assert_int_equal(config->policy->lists[0].mark, 0xffffffff);
	assert_int_equal(config->policy->lists[0].priority, 0xffffffff);
}

static void test_keys(void **state)
{
	(void)state;
	assert_errors("- {action: allow}\n"
		      "- {name: b}\n"
		      "- {name: c, action: deny}\n"
		      "- {name: c, action: block, mark: 1, mark_mask: 1, priority: 1}\n"
		      "- {name: d, action: allow, mode: monitor}\n"
		      "- {name: e, action: block, mode: none, entry: [], name: e}\n"
		      "- f\n"
		      "- [g]\n"
		      "- \n"
		      "- {name: h, action: block, entries: 192.1.2.1, files: {a: b}}\n"
		      "- {name: i, action: block, entries: [[192.1.2.1], ''], files: [[a], '']}\n",
		      "c.yaml:3:3: a list without a name\n"
		      "c.yaml:4:3: a list without an action\n"
		      "c.yaml:5:21: action: must be allow or block, not \"deny\"\n"
		      "c.yaml:6:10: list c is duplicated, first in line 5\n"
		      "c.yaml:6:34: mark is only for allow lists\n"
		      "c.yaml:6:48: mark_mask is only for allow lists\n"
		      "c.yaml:6:61: priority is only for allow lists\n"
		      "c.yaml:7:34: mode is only for block lists\n"
		      "c.yaml:8:34: mode: must be monitor or enforce, not \"none\"\n"
		      "c.yaml:8:40: unknown key \"entry\": the keys here are name, action\n"
		      "c.yaml:8:51: duplicate key \"name\"\n"
		      "c.yaml:9:3: a list must be a mapping, not one value\n"
		      "c.yaml:10:3: a list must be a mapping, not a list\n"
		      "c.yaml:11:2: a list without a name\n"
		      "c.yaml:11:2: a list without an action\n"
		      "c.yaml:12:37: entries must be a list, not one value: write [192.1.2.1]\n"
		      "c.yaml:12:55: files must be a list, not a mapping\n"
		      "c.yaml:13:38: an entry must be one value, not a list\n"
		      "c.yaml:13:52: \"\" is empty\n"
		      "c.yaml:13:64: a list file must be one value, not a list\n"
		      "c.yaml:13:69: a list file without a name\n");
}

static void test_names(void **state)
{
	static const char *const bad[] = { "''",  "-a",	    ".a",	"_a",  "'a b'",
					   "a/b", "'a\"b'", "\xc3\xa9", "a=b", "'a:b'" };
	char text[256], name[66];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "- name: %s\n  action: allow\n", bad[i]);
		assert_errors(text, "c.yaml:3:9: \"...is not a list's name: 1 to 63 of");
	}
	memset(name, 'a', sizeof(name));
	snprintf(text, sizeof(text), "- name: %.64s\n  action: allow\n", name);
	assert_errors(text, "c.yaml:3:9: \"aaa...is not a list's name");
	snprintf(text, sizeof(text), "- name: %.63s\n  action: allow\n", name);
	load(text, "");
}

static void write_lists(const char *path, size_t count)
{
	FILE *file = fopen(path, "w");

	fputs("interfaces: [a]\nlists:\n", file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "- {name: l%zu, action: allow}\n", i);
	fclose(file);
}

static void test_many_lists(void **state)
{
	(void)state;
	write_lists("c.yaml", POLICY_LISTS_MAX);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), 0);
	assert_int_equal(config->policy->list_count, POLICY_LISTS_MAX);
	end(NULL);
	begin(NULL);
	write_lists("c.yaml", POLICY_LISTS_MAX + 2);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), -EINVAL);
	fixture_assert(&diagnostics, "c.yaml:1027:3: more than 1024 lists");
}

static void test_entries(void **state)
{
	(void)state;
	load("- name: a\n"
	     "  action: allow\n"
	     "  entries:\n"
	     "  - 2001:db8::/32\n"
	     "  - ::1\n"
	     "  - 192.1.2.0/24\n"
	     "  - \"!192.1.2.9\"\n"
	     "  - '::ffff:198.51.100.0/120'\n"
	     "  - !!str 203.0.113.1\n",
	     "");
	assert_entries("a", "config c.yaml:8 192.1.2.0/24\nconfig c.yaml:9 !192.1.2.9\n"
			    "config c.yaml:10 198.51.100.0/24\nconfig c.yaml:11 203.0.113.1\n"
			    "config c.yaml:7 ::1\nconfig c.yaml:6 2001:db8::/32\n");
	assert_errors("- name: a\n"
		      "  action: block\n"
		      "  entries:\n"
		      "  - 192.1.2.1/24\n"
		      "  -   192.1.2.1x\n"
		      "  - \"192.1.2.1 \"\n"
		      "  - '!192.1.2.0/33'\n"
		      "  - \"\\x31.2.3.4x\"\n"
		      "  - |\n"
		      "    192.1.2.1\n"
		      "  - 192.0.02.1\n"
		      "  - [192.1.2.1]\n"
		      "  - 192.1.2.1 # fine\n",
		      "c.yaml:6:5: 192.1.2.1/24 has host bits set\n"
		      "c.yaml:7:16: unexpected \"x\" after the prefix 192.1.2.1\n"
		      "c.yaml:8:15: unexpected \" \" after the prefix\n"
		      "c.yaml:9:17: \"192.1.2.0/33\" has a prefix length that is too long\n"
		      "c.yaml:10:5: unexpected \"x\" after the prefix 1.2.3.4\n"
		      "c.yaml:11:5: unexpected \"\\x0a\" after the prefix\n"
		      "c.yaml:13:11: ...leading zero\n"
		      "c.yaml:14:5: an entry must be one value, not a list\n");
}

static void test_everyone(void **state)
{
	(void)state;
	assert_errors("- {name: a, action: block, entries: [0.0.0.0/0, '!0.0.0.0/0', '::/0']}\n"
		      "- {name: b, action: allow, entries: [0.0.0.0/0, '!::/0']}\n",
		      "c.yaml:3:38: 0.0.0.0/0 in a block list would block all of IPv4\n"
		      "c.yaml:3:64: ::/0 in a block list would block all of IPv6\n"
		      "c.yaml:4:38: warning: 0.0.0.0/0 allows every IPv4 sender\n");
	load("- {name: b, action: allow, entries: ['::/0']}\n",
	     "c.yaml:3:39: warning: ::/0 allows every IPv6 sender\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_values),     LOADED_TEST(test_ports),
		LOADED_TEST(test_mark_mask),  LOADED_TEST(test_numbers),
		LOADED_TEST(test_keys),	      LOADED_TEST(test_names),
		LOADED_TEST(test_many_lists), LOADED_TEST(test_entries),
		LOADED_TEST(test_everyone),   LOADED_TEST(test_lane),
		LOADED_TEST(test_on_block),   LOADED_TEST(test_reject),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
