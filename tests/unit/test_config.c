/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings: their defaults, what is read, and every kind of error. The sample configuration
 * must be valid, too. */
#include <ctype.h>
#include <limits.h>

#include "config_loaded.h"

static char start_directory[PATH_MAX];

static void load_whole(const char *text)
{
	end(NULL);
	begin(NULL);
	fixture_write("c.yaml", text);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), 0);
	assert_int_equal(diagnostics.error_count, 0);
}

/* @text and no more than @expected is wrong with it. */
static void assert_whole_errors(const char *text, const char *expected)
{
	end(NULL);
	begin(NULL);
	fixture_write("c.yaml", text);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), -EINVAL);
	assert_null(config);
	fixture_assert(&diagnostics, expected);
}

static void test_defaults(void **state)
{
	(void)state;
	load_whole("interfaces: [eth0]\n");
	fixture_assert(&diagnostics, "c.yaml: warning: no lists: every sender is unlisted");
	assert_int_equal(config->interface_count, 1);
	assert_string_equal(config->interfaces[0], "eth0");
	assert_int_equal(config->xdp_mode, XDP_MODE_AUTO);
	assert_int_equal(config->port_count, 1);
	assert_int_equal(config->ports[0], 25);
	assert_false(config->is_enforcing);
	assert_string_equal(config->state_dir, "/var/lib/ipwl");
	assert_string_equal(config->runtime_dir, "/run/ipwl");
	assert_string_equal(config->bpffs_dir, "/sys/fs/bpf/ipwl");
	assert_string_equal(config->metrics_host, "127.0.0.1");
	assert_int_equal(config->metrics_port, 12525);
	assert_int_equal(config->policy->list_count, 0);
}

static void test_values(void **state)
{
	(void)state;
	load_whole("interfaces:\n- eth0\n- \"br-lan.100\"\n- enp0s31f6verylo\n"
		   "ports: [587, 25, \"465\", 65535, 1]\n"
		   "xdp_mode: generic\n"
		   "mode: enforce\n"
		   "state_dir: /a\n"
		   "runtime_dir: /b c\n"
		   "bpffs_dir: '/d'\n"
		   "metrics: {listen: \"[2001:db8::1]:9999\"}\n"
		   "lists:\n");
	fixture_assert(&diagnostics, "c.yaml:12:7: warning: no lists");
	assert_int_equal(config->interface_count, 3);
	assert_string_equal(config->interfaces[1], "br-lan.100");
	assert_string_equal(config->interfaces[2], "enp0s31f6verylo");
	assert_int_equal(config->port_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(config->ports[i], ((uint16_t[]) { 1, 25, 465, 587, 65535 })[i]);
	assert_int_equal(config->xdp_mode, XDP_MODE_GENERIC);
	assert_true(config->is_enforcing);
	assert_string_equal(config->state_dir, "/a");
	assert_string_equal(config->runtime_dir, "/b c");
	assert_string_equal(config->bpffs_dir, "/d");
	assert_string_equal(config->metrics_host, "2001:db8::1");
	assert_int_equal(config->metrics_port, 9999);
}

static void test_guard(void **state)
{
	(void)state;
	load_whole("interfaces: [a]\nlists:\n");
	assert_int_equal(config->guard.max_removed_entries, 100);
	assert_int_equal(config->guard.max_removed_share, 50);
	load_whole("interfaces: [a]\nguard:\nlists:\n");
	assert_int_equal(config->guard.max_removed_entries, 100);
	load_whole("interfaces: [a]\nlists:\nguard: {max_removed_entries: none}\n");
	assert_int_equal(config->guard.max_removed_entries, GUARD_NO_LIMIT);
	assert_int_equal(config->guard.max_removed_share, 50);
	load_whole("interfaces: [a]\nlists:\n"
		   "guard:\n  max_removed_share: 100\n  max_removed_entries: 0\n");
	assert_int_equal(config->guard.max_removed_entries, 0);
	assert_int_equal(config->guard.max_removed_share, 100);
	assert_whole_errors(
	    "interfaces: [a]\nlists:\nguard:\n"
	    "  max_removed_entries: -1\n  max_removed_share: 101\n  colour: red\n",
	    "c.yaml:2:7: warning: no lists: every sender is unlisted\n"
	    "c.yaml:4:24: max_removed_entries: must be a number of "
	    "entries or none\n"
	    "c.yaml:5:22: max_removed_share: must be a decimal number from 0 "
	    "to 100\n"
	    "c.yaml:6:3: unknown key \"colour\": the keys here are max_removed_entries, "
	    "max_removed_share and max_deleted_entries\n");
	assert_whole_errors("interfaces: [a]\nlists:\nguard: {max_removed_entries: 4294967295}\n",
			    "c.yaml:2:7: warning: no lists: every sender is unlisted\n"
			    "c.yaml:3:30: max_removed_entries: must be a number "
			    "of entries or none\n");
	assert_whole_errors("interfaces: [a]\nlists:\nguard: none\n",
			    "c.yaml:2:7: warning: no lists: every sender is unlisted\n"
			    "c.yaml:3:8: guard must be a mapping, not one value\n");
}

static void test_metrics(void **state)
{
	static const char *const good[][2] = { { "none", NULL },
					       { "0.0.0.0:1", "0.0.0.0" },
					       { "192.0.2.1:65535", "192.0.2.1" },
					       { "'[::]:12525'", "::" } };
	static const char *const bad[] = { "x",
					   ":1",
					   "a:0",
					   "a:65536",
					   "a:1x",
					   "a: 1",
					   "::1:12525",
					   "'[::1]'",
					   "'[x]:1'",
					   "'[1.2.3.4]:1'",
					   "'[]:1'",
					   "a/b:1",
					   "''",
					   "a:0x19",
					   "'a :1'",
					   "mx.example.org:12525",
					   "localhost:12525",
					   "127.1:12525",
					   "1.2.3.4:0" };
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "interfaces: [a]\nmetrics:\n  listen: %s\n",
			 good[i][0]);
		load_whole(text);
		if (good[i][1])
			assert_string_equal(config->metrics_host, good[i][1]);
		else
			assert_null(config->metrics_host);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "interfaces: [a]\nlists:\nmetrics:\n  listen: %s\n",
			 bad[i]);
		assert_whole_errors(text,
				    strcmp(bad[i], "a: 1") != 0
					? "c.yaml:2:7: warning: no lists\nc.yaml:4:11: listen: \""
					  "...is not ADDRESS:PORT"
					: "c.yaml:4:12: not YAML: mapping values are not allowed");
	}
	assert_whole_errors("interfaces: [a]\nlists:\nmetrics: {port: 1, listen: [a]}\n",
			    "c.yaml:2:7: warning: no lists\n"
			    "c.yaml:3:11: unknown key \"port\": the keys here are listen\n"
			    "c.yaml:3:28: listen must be one value, not a list\n");
	load_whole("interfaces: [a]\nmetrics:\n");
	assert_string_equal(config->metrics_host, "127.0.0.1");
}

static void test_history(void **state)
{
	(void)state;
	load_whole("interfaces: [a]\n");
	assert_int_equal(config->history.keep_sec, 400 * 86400);
	assert_int_equal(config->history.sample_sec, 300);
	load_whole("interfaces: [a]\nhistory:\n");
	assert_int_equal(config->history.keep_sec, 400 * 86400);
	load_whole("interfaces: [a]\nhistory: {keep: 2w, sample: 1m30s}\n");
	assert_int_equal(config->history.keep_sec, 14 * 86400);
	assert_int_equal(config->history.sample_sec, 90);
	assert_whole_errors(
	    "interfaces: [a]\nlists:\nhistory: {keep: 400, sample: 0s, hits: 1d}\n",
	    "c.yaml:2:7: warning: no lists\n"
	    "c.yaml:3:17: keep: \"400\" needs a unit\n"
	    "c.yaml:3:30: sample: \"0s\" is zero\n"
	    "c.yaml:3:34: unknown key \"hits\": the keys here are keep and sample\n");
	assert_whole_errors("interfaces: [a]\nlists:\nhistory: {keep: 23h, sample: 25h}\n",
			    "c.yaml:2:7: warning: no lists\n"
			    "c.yaml:3:17: keep: less than a day\n"
			    "c.yaml:3:30: sample: over a day\n");
	assert_whole_errors("interfaces: [a]\nlists:\nhistory: 400d\n",
			    "c.yaml:2:7: warning: no lists\n"
			    "c.yaml:3:10: history must be a mapping, not one value\n");
}

static void test_events(void **state)
{
	(void)state;
	load_whole("interfaces: [a]\n");
	assert_int_equal(config->events.per_second, 1000);
	assert_int_equal(config->events.per_source_minute, 60);
	load_whole("interfaces: [a]\nevents: {per_second: 20, per_source_minute: 3}\n");
	assert_int_equal(config->events.per_second, 20);
	assert_int_equal(config->events.per_source_minute, 3);
	load_whole("interfaces: [a]\nevents: {per_second: none}\n");
	assert_int_equal(config->events.per_second, 0);
	assert_whole_errors(
	    "interfaces: [a]\nlists:\nevents: {per_second: 0, per_source_minute: none}\n",
	    "c.yaml:2:7: warning: no lists\n"
	    "c.yaml:3:22: per_second: must be a decimal number from 1 to 100000, not \"0\"\n"
	    "c.yaml:3:44: per_source_minute: must be a decimal number from 1 to 100000, not "
	    "\"none\"\n");
}

static void test_seen(void **state)
{
	(void)state;
	load_whole("interfaces: [a]\n");
	assert_int_equal(config->seen.keep_sec, 7 * 86400);
	assert_int_equal(config->seen.max_rows, 200000);
	assert_int_equal(config->seen.journal_per_minute, 60);
	load_whole("interfaces: [a]\nseen: {keep: 36h, max_rows: 5000, journal_per_minute: 7}\n");
	assert_int_equal(config->seen.keep_sec, 36 * 3600);
	assert_int_equal(config->seen.max_rows, 5000);
	assert_int_equal(config->seen.journal_per_minute, 7);
	load_whole("interfaces: [a]\nseen: {keep: none, journal_per_minute: none}\n");
	assert_int_equal(config->seen.keep_sec, 0);
	assert_int_equal(config->seen.journal_per_minute, 0);
	assert_whole_errors(
	    "interfaces: [a]\nlists:\nseen: {keep: 7, max_rows: 999, journal_per_minute: 0}\n",
	    "c.yaml:2:7: warning: no lists\n"
	    "c.yaml:3:14: keep: \"7\" needs a unit\n"
	    "c.yaml:3:27: max_rows: must be a decimal number from 1000 to 10000000, not \"999\"\n"
	    "c.yaml:3:52: journal_per_minute: must be a decimal number from 1 to 10000, not "
	    "\"0\"\n");
	assert_whole_errors("interfaces: [a]\nlists:\nseen: {keep: 91d}\n",
			    "c.yaml:2:7: warning: no lists\n"
			    "c.yaml:3:14: keep: must be from 1h to 90d, or none, not \"91d\"\n");
}

static void assert_limit(enum ipwl_limit limit, uint32_t per_minute, uint32_t burst)
{
	assert_int_equal(config->limits.of[limit].per_minute, per_minute);
	assert_int_equal(config->limits.of[limit].burst, burst);
}

static void test_limits(void **state)
{
	(void)state;
	load_whole("interfaces: [a]\n");
	assert_int_equal(config->limits.mode, IPWL_LIMITS_OFF);
	load_whole("interfaces: [a]\nlimits: {}\n");
	assert_int_equal(config->limits.mode, IPWL_LIMITS_MONITOR);
	assert_limit(IPWL_LIMIT_ADDRESS, 30, 30);
	assert_limit(IPWL_LIMIT_NETWORK, 120, 120);
	load_whole("interfaces: [a]\nlimits: {mode: enforce, address_per_minute: 10, "
		   "network_per_minute: none}\n");
	assert_int_equal(config->limits.mode, IPWL_LIMITS_ENFORCE);
	assert_limit(IPWL_LIMIT_ADDRESS, 10, 10);
	assert_limit(IPWL_LIMIT_NETWORK, 0, 0);
	load_whole("interfaces: [a]\nlimits: {mode: off, address_burst: 3, network_burst: 300}\n");
	assert_int_equal(config->limits.mode, IPWL_LIMITS_OFF);
	assert_limit(IPWL_LIMIT_ADDRESS, 30, 3);
	assert_limit(IPWL_LIMIT_NETWORK, 120, 300);
	assert_whole_errors(
	    "interfaces: [a]\nlists:\nlimits: {mode: on, address_per_minute: 0, network_burst: "
	    "0}\n",
	    "c.yaml:2:7: warning: no lists\n"
	    "c.yaml:3:16: mode: must be off, monitor or enforce, not \"on\"\n"
	    "c.yaml:3:40: address_per_minute: must be a decimal number from 1 to 60000, not "
	    "\"0\"\n"
	    "c.yaml:3:58: network_burst: must be a decimal number from 1 to 60000, not \"0\"\n");
	assert_whole_errors(
	    "interfaces: [a]\nlists:\nlimits: {network_per_minute: none, network_burst: 5}\n",
	    "c.yaml:2:7: warning: no lists\n"
	    "c.yaml:3:51: network_burst: there is no limit: remove this key\n");
}

/* A package starts without interfaces: the daemon runs, and says what to do. */
static void test_no_interface_yet(void **state)
{
	(void)state;
	fixture_write("c.yaml", "interfaces: []\nlists:\n");
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), 0);
	fixture_assert(&diagnostics, "c.yaml:1:13: warning: no interface, so ipwl sees no packets: "
				     "name the interfaces\n"
				     "c.yaml:2:7: warning: no lists\n");
	assert_int_equal(config->interface_count, 0);
}

static void test_interfaces(void **state)
{
	(void)state;
	assert_whole_errors("lists:\n", "c.yaml:1:1: no interface: ...interfaces: [eth0]\n"
					"c.yaml:1:7: warning: no lists");
	assert_whole_errors("lists:\ninterfaces:\n",
			    "c.yaml:1:7: warning: no lists\nc.yaml:2:12: no interface");
	assert_whole_errors("lists:\ninterfaces: eth0\n",
			    "c.yaml:1:7: warning: no lists\n"
			    "c.yaml:2:13: interfaces must be a list, not one value: write [eth0]");
	assert_whole_errors(
	    "lists:\n"
	    "interfaces:\n"
	    "- ''\n"
	    "- enp0s31f6verylon\n"
	    "- a/b\n"
	    "- a b\n"
	    "- a:1\n"
	    "- .\n"
	    "- ..\n"
	    "- eth0\n"
	    "- eth0\n"
	    "- \"a\\0b\"\n"
	    "- [eth1]\n"
	    "- \"a\\tb\"\n",
	    "c.yaml:1:7: warning: no lists\n"
	    "c.yaml:3:3: \"\" is not an interface: an empty name\n"
	    "c.yaml:4:3: \"enp0s31f6verylon\" is not an interface: longer than 15 bytes\n"
	    "c.yaml:5:3: \"a/b\" is not an interface: ...slash\n"
	    "c.yaml:6:3: \"a b\" is not an interface: ...space\n"
	    "c.yaml:7:3: \"a:1\" is not an interface: ...colon\n"
	    "c.yaml:8:3: \".\" is not an interface\n"
	    "c.yaml:9:3: \"..\" is not an interface\n"
	    "c.yaml:11:3: interface eth0 is duplicated\n"
	    "c.yaml:12:3: an interface contains a NUL character\n"
	    "c.yaml:13:3: an interface must be one value, not a list\n"
	    "c.yaml:14:3: \"a b\" is not an interface: ...space\n");
}

static void test_ports(void **state)
{
	static const char *const bad[] = {
		"0",	     "65536", "10x",  "0x19", "025", "-1",	   "+25",
		"''",	     "' 25'", "25.0", "2 5",  "1_0", "4294967321", "18446744073709551641",
		"25\xc2\xa0"
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "interfaces: [a]\nlists:\nports: [25, %s]\n", bad[i]);
		assert_whole_errors(text, "c.yaml:2:7: warning: no lists\nc.yaml:3:13: a port: "
					  "...must be a decimal number from 1 to 65535");
	}
	assert_whole_errors("interfaces: [a]\nlists:\nports: [25, 465, 25]\n",
			    "c.yaml:2:7: warning: no lists\nc.yaml:3:18: port 25 is duplicated");
	assert_whole_errors(
	    "interfaces: [a]\nlists:\nports: []\n",
	    "c.yaml:2:7: warning: no lists\nc.yaml:3:8: no port: write ports: [25]");
	assert_whole_errors("interfaces: [a]\nlists:\nports: 25\n",
			    "c.yaml:2:7: warning: no lists\n"
			    "c.yaml:3:8: ports must be a list, not one value: write [25]");
}

/* All in one run, and in the order of the file. */
static void test_keys_and_types(void **state)
{
	(void)state;
	assert_whole_errors(
	    "port: [25]\n"
	    "interfaces: {eth0: up}\n"
	    "mode: Enforce\n"
	    "xdp_mode: off\n"
	    "state_dir: var/lib\n"
	    "runtime_dir: ''\n"
	    "bpffs_dir: [/x]\n"
	    "metrics: none\n"
	    "lists: {a: b}\n"
	    "ports: [25]\n"
	    "ports: [26]\n"
	    "mark_mask: 0\n"
	    "? [a]\n"
	    ": 1\n",
	    "c.yaml:1:1: unknown key \"port\": the keys here are interfaces, xdp_mode\n"
	    "c.yaml:2:13: interfaces must be a list, not a mapping\n"
	    "c.yaml:3:7: mode: must be monitor or enforce, not \"Enforce\"\n"
	    "c.yaml:4:11: xdp_mode: must be auto, native or generic, not \"off\"\n"
	    "c.yaml:5:12: state_dir: \"var/lib\" is not an absolute path\n"
	    "c.yaml:6:14: runtime_dir: \"\" is not an absolute path\n"
	    "c.yaml:7:12: bpffs_dir must be one value, not a list\n"
	    "c.yaml:8:10: metrics must be a mapping, not one value\n"
	    "c.yaml:9:8: lists must be a list, not a mapping\n"
	    "c.yaml:11:1: duplicate key \"ports\": its first value is in line 10\n"
	    "c.yaml:12:12: mark_mask: must be a decimal or 0x hexadecimal number "
	    "from 1 to 4294967295\n"
	    "c.yaml:13:3: key must be one value, not a list\n");
}

static void test_refusal(void **state)
{
	static const char *const texts[] = { "0.0.0.0/0", "::/0", "0.0.0.0/1", "::/1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct prefix prefix;

		assert_int_equal(prefix_parse(texts[i], strlen(texts[i]), &prefix, NULL),
				 PREFIX_OK);
		assert_null(policy_refuse_prefix(&prefix, ACTION_ALLOW));
		if (i < 2)
			assert_non_null(
			    strstr(policy_refuse_prefix(&prefix, ACTION_BLOCK), texts[i]));
		else
			assert_null(policy_refuse_prefix(&prefix, ACTION_BLOCK));
	}
}

/* The sample with its list files here and, if @is_whole, all that is commented out. */
static void write_sample(bool is_whole)
{
	char path[PATH_MAX + 32], line[256];
	FILE *sample, *copy = fopen("c.yaml", "w");

	snprintf(path, sizeof(path), "%s/packaging/ipwld.yaml", start_directory);
	sample = fopen(path, "r");
	if (!sample)
		fail_msg("no %s: run it from the repository", path);
	while (fgets(line, sizeof(line), sample)) {
		char *hash = line + strspn(line, " ");
		char *directory = strstr(line, "- /etc/ipwl/");

		if (directory)
			memmove(directory + 2, directory + 12, strlen(directory + 12) + 1);
		if (is_whole && hash[0] == '#' && (hash[1] == '-' || islower(hash[1])))
			memmove(hash, hash + 1, strlen(hash));
		fputs(line, copy);
	}
	fclose(sample);
	assert_int_equal(fclose(copy), 0);
}

/* The sample attaches to no interface before one is configured. */
#define SAMPLE_WARNING "c.yaml:11:13: warning: no interface, so ipwl sees no packet"

static void test_sample(void **state)
{
	const struct list *partners;

	(void)state;
	write_sample(false);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), 0);
	fixture_assert(&diagnostics, SAMPLE_WARNING);
	assert_false(config->is_enforcing);
	assert_int_equal(config->policy->list_count, 2);
	assert_int_equal(config->port_count, 1);
	assert_string_equal(config->metrics_host, "127.0.0.1");
	end(NULL);
	begin(NULL);
	write_sample(true);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), 0);
	fixture_assert(&diagnostics, SAMPLE_WARNING);
	assert_false(config->is_enforcing);
	assert_int_equal(config->policy->list_count, 3);
	assert_string_equal(config->state_dir, CONFIG_DEFAULT_STATE_DIR);
	partners = policy_find_list(config->policy, "partners");
	assert_int_equal(partners->mark, 1);
	assert_int_equal(partners->mark_mask, 0xff);
	assert_int_equal(partners->priority, 6);
	assert_int_equal(partners->sets[SOURCE_CONFIG]->count, 3);
	assert_true(policy_find_list(config->policy, "candidate")->is_monitor);
}

static int open_group(void **state)
{
	return getcwd(start_directory, sizeof(start_directory)) ? fixture_open(state) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_defaults),   LOADED_TEST(test_values),
		LOADED_TEST(test_guard),      LOADED_TEST(test_metrics),
		LOADED_TEST(test_interfaces), LOADED_TEST(test_no_interface_yet),
		LOADED_TEST(test_ports),      LOADED_TEST(test_keys_and_types),
		LOADED_TEST(test_refusal),    LOADED_TEST(test_sample),
		LOADED_TEST(test_history),    LOADED_TEST(test_events),
		LOADED_TEST(test_seen),	      LOADED_TEST(test_limits),
	};

	return cmocka_run_group_tests(tests, open_group, fixture_close);
}
