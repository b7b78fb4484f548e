/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The YAML of a configuration: errors that are found before any key is read. */
#include "config_fixture.h"

#include <errno.h>
#include <time.h>

#include "config/config.h"

/* Every error of a configuration, where all of it is one. */
static void assert_errors_bytes(const char *text, size_t bytes, const char *expected)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;

	diagnostics_init(&diagnostics);
	fixture_write_bytes("c.yaml", text, bytes);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), -EINVAL);
	assert_null(config);
	assert_int_not_equal(diagnostics.error_count, 0);
	fixture_assert(&diagnostics, expected);
	diagnostics_done(&diagnostics);
}

static void assert_errors(const char *text, const char *expected)
{
	assert_errors_bytes(text, strlen(text), expected);
}

static void test_no_document(void **state)
{
	(void)state;
	assert_errors("", "c.yaml: empty: a configuration needs at least");
	assert_errors("# nothing\n\n", "c.yaml: empty: a configuration needs at least");
	assert_errors("---\n...\n", "c.yaml: warning: no lists\nc.yaml:2:1: no interface");
	assert_errors("eth0\n", "c.yaml:1:1: a configuration must be a mapping, not one value");
	assert_errors("- eth0\n", "c.yaml:1:1: a configuration must be a mapping, not a list");
	assert_errors("interfaces: [a]\nlists: []\n---\nports: [1]\n",
		      "c.yaml:3:1: unexpected second YAML document");
}

static void test_not_yaml(void **state)
{
	(void)state;
	assert_errors("interfaces: [a\nports: [1]\n",
		      "c.yaml:2:6: not YAML: did not find expected ',' or ']'...in line 1");
	assert_errors("interfaces: @a\n",
		      "c.yaml:1:13: not YAML: found character that cannot start any token"
		      "...quote a text");
	assert_errors("interfaces: [a]\n ports: [1]\n", "c.yaml:2:2: not YAML: ");
	assert_errors("interfaces: \"a\n", "c.yaml:2:1: not YAML: found unexpected end of stream");
}

static void test_tabs(void **state)
{
	(void)state;
	assert_errors("metrics:\n\tlisten: none\n", "c.yaml:2:1: not YAML: ...indent with spaces");
	assert_errors("interfaces:\n  - a\n \t- b\n",
		      "c.yaml:3:2: not YAML: found a tab character that violates indentation");
}

static void test_ipv6_without_quotes(void **state)
{
	(void)state;
	assert_errors("interfaces: [a]\nmetrics:\n  listen: [::1]:12525\n",
		      "c.yaml:3:12: not YAML: ...quote an IPv6 address");
	assert_errors("interfaces: [a]\nlists:\n- name: x\n  action: allow\n"
		      "  entries:\n  - 2001:db8::\n  - 2001:db8::1\n  - ::1\n  - x\n",
		      "c.yaml:6:5: an entry must be one value, not a mapping: quote a text "
		      "with a colon at its end\n"
		      "c.yaml:9:5: \"x\" is not an IP address");
}

static void test_encoding(void **state)
{
	static const char nul[] = "interfaces: [a]\nports: \0 [1]\n";
	static const char utf16[] = "\xff\xfei\0n\0t\0";

	(void)state;
	assert_errors("interfaces: [a]\n# caf\xe9\n",
		      "c.yaml:2:6: not YAML: incomplete UTF-8...save it as plain UTF-8 text");
	assert_errors("# \xc3\xa9 \xff\n",
		      "c.yaml:1:5: not YAML: invalid leading UTF-8 octet...UTF-8 text");
	assert_errors_bytes(nul, sizeof(nul) - 1,
			    "c.yaml:2:8: not YAML: control characters are not allowed");
	assert_errors_bytes(utf16, sizeof(utf16) - 1, "c.yaml:1:1: not YAML: invalid leading");
	/* Columns are those of an editor, which hides the mark. */
	assert_errors("\xef\xbb\xbf"
		      "ifaces: 1\r\ninterfaces: [a]\r\nlists: []\r\nfoo: 1\r\n",
		      "c.yaml:1:1: unknown key \"ifaces\"\nc.yaml:3:8: warning: no lists\n"
		      "c.yaml:4:1: unknown key \"foo\"");
	assert_errors("{interfaces: [a], lists: [], \"\xc3\xa9\": 1}\n",
		      "c.yaml:1:26: warning: no lists\nc.yaml:1:30: unknown key \"\xc3\xa9\"");
}

static void test_tags(void **state)
{
	(void)state;
	/* `! PREFIX` is the worst: YAML drops the mark and leaves an entry. */
	assert_errors("interfaces: [a]\n"
		      "ports: !!python/object [25]\n"
		      "mode: !!str monitor\n"
		      "xdp_mode: !include auto\n"
		      "lists:\n"
		      "- name: x\n"
		      "  action: allow\n"
		      "  entries:\n"
		      "  - !192.0.2.9\n"
		      "  - ! 192.0.2.9\n"
		      "  - !2001:db8::/32\n"
		      "  - x\n"
		      "  files: !glob\n",
		      "c.yaml:2:8: tag:yaml.org,2002:python/object is a YAML tag\n"
		      "c.yaml:4:11: !include is a YAML tag\n"
		      "c.yaml:9:5: !192.0.2.9 is a YAML tag, and tags are not supported: quote an "
		      "exclusion, such as - \"!192.0.2.9\"\n"
		      "c.yaml:10:5: ! is a YAML tag\n"
		      "c.yaml:11:5: !2001:db8::/32 is a YAML tag\n"
		      "c.yaml:12:5: \"x\" is not an IP address\n"
		      "c.yaml:13:10: !glob is a YAML tag\n");
}

static void test_aliases(void **state)
{
	(void)state;
	assert_errors("interfaces: &i [a]\n"
		      "ports: *i\n"
		      "lists:\n"
		      "- &l\n"
		      "  name: x\n"
		      "  action: block\n"
		      "  entries: &e [x]\n"
		      "- name: y\n"
		      "  action: block\n"
		      "  entries: *e\n"
		      "- *l\n"
		      "- {<<: *l}\n",
		      "c.yaml:2:8: aliases are not supported: write the value out\n"
		      "c.yaml:7:16: \"x\" is not an IP address\n"
		      "c.yaml:10:12: aliases are not supported\n"
		      "c.yaml:11:3: aliases are not supported\n"
		      "c.yaml:12:3: a list without a name\n"
		      "c.yaml:12:3: a list without an action\n"
		      "c.yaml:12:4: unknown key \"<<\"\n"
		      "c.yaml:12:8: aliases are not supported\n");
	/* A value that contains itself, and an alias of nothing. */
	assert_errors("interfaces: [a]\nlists: &x [*x, [*x], {name: *x}]\n",
		      "c.yaml:2:12: aliases are not supported\n"
		      "c.yaml:2:16: a list must be a mapping\n"
		      "c.yaml:2:17: aliases are not supported\n"
		      "c.yaml:2:22: a list without an action\n"
		      "c.yaml:2:29: aliases are not supported\n");
	assert_errors("interfaces: *none\n", "c.yaml:1:13: aliases are not supported");
	assert_errors("&a interfaces: [b]\n*a : [c]\nlists: []\n",
		      "c.yaml:2:1: aliases are not supported\nc.yaml:3:8: warning: no lists\n");
	assert_errors("interfaces: &a [b]\nports: &a [1]\n",
		      "c.yaml:2:8: not YAML: ...found duplicate anchor");
}

static double seconds_of(void (*run)(void))
{
	struct timespec start, end;

	/* Time of this process only, so that other load does not matter. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	run();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* Ten to the 20th values, written out. */
static void load_bomb(void)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	FILE *file = fopen("c.yaml", "w");

	assert_non_null(file);
	fputs("interfaces: &a0 [x,x,x,x,x,x,x,x,x,x]\n", file);
	for (int i = 1; i < 20; i++) {
		fprintf(file, "k%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			fprintf(file, "*a%d%s", i - 1, j < 9 ? "," : "]\n");
	}
	fputs("lists: *a19\n", file);
	fclose(file);
	diagnostics_init(&diagnostics);
	assert_int_equal(config_load("c.yaml", NULL, &diagnostics, &config), -EINVAL);
	/* 9 of x, 19 unknown keys, 191 aliases. */
	assert_int_equal(diagnostics.error_count, 9 + 19 + 191);
	diagnostics_done(&diagnostics);
}

static void test_bomb(void **state)
{
	(void)state;
	assert_true(seconds_of(load_bomb) < 60);
}

static void load_deep(void)
{
	static const char *const openings[] = { "[", "- ", "? ", "{a: " };
	static const char *const places[] = { "1:33", "1:65", "1:65", "1:129" };

	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		char *text = NULL, expected[80];
		size_t bytes;
		FILE *stream = open_memstream(&text, &bytes);

		for (int j = 0; j < 100000; j++)
			fputs(openings[i], stream);
		fclose(stream);
		snprintf(expected, sizeof(expected), "c.yaml:%s: nested too deep", places[i]);
		assert_errors_bytes(text, bytes, expected);
		free(text);
	}
}

static void test_deep(void **state)
{
	(void)state;
	assert_true(seconds_of(load_deep) < 60);
}

static void test_size(void **state)
{
	size_t bytes = (4U << 20) + 1;
	char *text = malloc(bytes);

	(void)state;
	memset(text, '#', bytes);
	assert_errors_bytes(text, bytes, "c.yaml: larger than 4194304 bytes");
	assert_errors_bytes(text, bytes - 1, "c.yaml: empty");
	free(text);
}

static void test_other_files(void **state)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;

	(void)state;
	diagnostics_init(&diagnostics);
	assert_int_equal(mkfifo("fifo.yaml", 0600), 0);
	fixture_write("secret.yaml", "interfaces: [a]\n");
	assert_int_equal(chmod("secret.yaml", 0), 0);
	alarm(180);
	assert_int_equal(config_load("fifo.yaml", NULL, &diagnostics, &config), -EINVAL);
	assert_int_equal(config_load(".", NULL, &diagnostics, &config), -EINVAL);
	assert_int_equal(config_load("/dev/zero", NULL, &diagnostics, &config), -EINVAL);
	assert_int_equal(config_load("none/c.yaml", NULL, &diagnostics, &config), -EINVAL);
	fixture_become_nobody();
	assert_int_equal(config_load("secret.yaml", NULL, &diagnostics, &config), -EINVAL);
	fixture_become_root();
	alarm(0);
	diagnostics_sort(&diagnostics, "fifo.yaml");
	assert_int_equal(diagnostics.error_count, 5);
	for (size_t i = 0; i < diagnostics.count; i++) {
		assert_int_equal(diagnostics.items[i].line, 0);
		assert_true(strstr(diagnostics.items[i].message, "not a regular file") ||
			    strstr(diagnostics.items[i].message, "cannot be opened: "));
	}
	diagnostics_done(&diagnostics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_document), cmocka_unit_test(test_not_yaml),
		cmocka_unit_test(test_tabs),	    cmocka_unit_test(test_ipv6_without_quotes),
		cmocka_unit_test(test_encoding),    cmocka_unit_test(test_tags),
		cmocka_unit_test(test_aliases),	    cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_deep),	    cmocka_unit_test(test_size),
		cmocka_unit_test(test_other_files),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
