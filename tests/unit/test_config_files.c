/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list files of a configuration: patterns, prefixes that are duplicated across files, and
 * all errors in one run. */
#include <limits.h>

#include "config_loaded.h"

static void test_patterns(void **state)
{
	char text[PATH_MAX + 128];

	(void)state;
	assert_int_equal(mkdir("allow.d", 0755), 0);
	fixture_write("allow.d/b.list", "192.1.2.2\n");
	fixture_write("allow.d/a.list", "# first\n192.1.2.1\n");
	fixture_write("allow.d/.hidden.list", "x\n");
	fixture_write("allow.d/c.lost", "x\n");
	snprintf(text, sizeof(text),
		 "- name: a\n  action: allow\n  entries: [192.1.2.1]\n"
		 "  files: [allow.d/*.list, 'allow.d/[ab].list', allow.d/b.list, none.d/*.list, "
		 "allow.d/*.none, '%s/allow.d/*a.list']\n"
		 "- {name: b, action: block, files: [allow.d/b.list]}\n",
		 fixture_directory);
	/* A file is known by its name: the absolute one is read again. */
	load(text, "c.yaml:6:79: warning: allow.d/*.none matches no file, but allow.d/a.list is "
		   "there: rename it, or change the pattern\n"
		   "...allow.d/a.list:2: warning: 192.1.2.1 is duplicated, first at "
		   "allow.d/a.list:2\n");
	assert_int_equal(config->policy->lists[0].sets[SOURCE_FILE]->count, 3);
	assert_string_equal(config->policy->lists[0].sets[SOURCE_FILE]->entries[0].about->origin,
			    "allow.d/a.list");
	assert_entries("b", "file allow.d/b.list:1 192.1.2.2\n");
}

/* Names with wildcards in the directory of the configuration are names. */
static void test_relative_patterns(void **state)
{
	(void)state;
	assert_int_equal(mkdir("[x]*\\", 0755), 0);
	assert_int_equal(mkdir("x", 0755), 0);
	fixture_write("[x]*\\/1.list", "192.1.2.1\n");
	fixture_write("[x]*\\/2.list", "192.1.2.2\n");
	fixture_write("x/1.list", "x\n");
	load_from("[x]*\\/c.yaml", "- {name: a, action: block, files: ['*.list', 2.list]}\n", 0,
		  "");
	assert_entries("a", "file [x]*\\/1.list:1 192.1.2.1\nfile [x]*\\/2.list:1 192.1.2.2\n");
}

static void test_bad_patterns(void **state)
{
	(void)state;
	assert_int_equal(mkdir("e.d", 0755), 0);
	assert_int_equal(mkdir("e.d/dir.list", 0755), 0);
	assert_int_equal(mkfifo("e.d/fifo.list", 0644), 0);
	assert_int_equal(symlink("nowhere", "e.d/link.list"), 0);
	assert_int_equal(mkdir("secret.d", 0700), 0);
	fixture_write("unreadable.list", "192.1.2.1\n");
	assert_int_equal(chmod("unreadable.list", 0), 0);
	fixture_write("bad.yaml", "interfaces: [a]\n"
				  "lists:\n"
				  "- name: a\n"
				  "  action: block\n"
				  "  files:\n"
				  "  - none.list\n"
				  "  - e.d/*.list\n"
				  "  - secret.d/*.list\n"
				  "  - unreadable.list\n"
				  "  - /dev/null\n"
				  "  - secret.d/a.list\n");
	alarm(180);
	if (getuid() != 0)
		assert_int_equal(chmod("secret.d", 0), 0);
	fixture_become_nobody();
	assert_int_equal(config_load("bad.yaml", NULL, &diagnostics, &config), -EINVAL);
	fixture_become_root();
	alarm(0);
	fixture_assert(&diagnostics,
		       "bad.yaml:6:5: none.list: No such file\n"
		       "bad.yaml:8:5: secret.d/*.list: cannot read a directory: Permission\n"
		       "bad.yaml:11:5: secret.d/a.list: Permission denied\n"
		       "e.d/dir.list: not a regular file\n"
		       "e.d/fifo.list: not a regular file\n"
		       "e.d/link.list: cannot be opened: No such file\n"
		       "unreadable.list: cannot be opened: Permission denied\n"
		       "/dev/null: not a regular file\n");
}

/* Both first place and second are told, and which of them holds. */
static void test_twice(void **state)
{
	(void)state;
	fixture_write("t.list", "192.1.2.1\n192.1.2.2\n192.1.2.1\n!192.1.2.3\n!192.1.2.4\n"
				"!192.1.2.4\n");
	load("- name: a\n"
	     "  action: allow\n"
	     "  entries:\n"
	     "  - 192.1.2.1\n"
	     "  - 192.1.2.3\n"
	     "  - '::ffff:192.1.2.3'\n"
	     "  - '!192.1.2.5'\n"
	     "  - 192.1.2.5\n"
	     "  - 192.1.2.5/32\n"
	     "  files: [t.list]\n"
	     "- {name: b, action: block, entries: [192.1.2.1, '!192.1.2.2']}\n",
	     "c.yaml:8: warning: 192.1.2.3 is duplicated, first at c.yaml:7\n"
	     "c.yaml:10: warning: 192.1.2.5 is both in this list and excluded from it ("
	     "c.yaml:9): the exclusion wins\n"
	     "c.yaml:11: warning: 192.1.2.5 is duplicated, first at c.yaml:10\n"
	     "t.list:3: warning: 192.1.2.1 is duplicated, first at t.list:1\n"
	     "t.list:4: warning: 192.1.2.3 is both in this list and excluded\n"
	     "t.list:6: warning: !192.1.2.4 is duplicated, first at t.list:5\n");
	assert_int_equal(config->policy->lists[0].sets[SOURCE_CONFIG]->count, 4);
	assert_int_equal(config->policy->lists[0].sets[SOURCE_FILE]->count, 4);
}

static void test_very_often_twice(void **state)
{
	FILE *file = fopen("o.list", "w");

	(void)state;
	for (int i = 0; i < 100000; i++)
		fputs("192.1.2.1\n", file);
	fclose(file);
	load("- {name: o, action: allow, files: [o.list]}\n"
	     "- {name: p, action: allow, entries: [192.1.2.1]}\n",
	     "c.yaml:3:10: warning: list o: further duplicate or contradictory prefixes: 99989\n"
	     "o.list:2: warning: 192.1.2.1\no.list:3: warning: 192.1.2.1\n"
	     "o.list:4: warning: 192.1.2.1\no.list:5: warning: 192.1.2.1\n"
	     "o.list:6: warning: 192.1.2.1\no.list:7: warning: 192.1.2.1\n"
	     "o.list:8: warning: 192.1.2.1\no.list:9: warning: 192.1.2.1\n"
	     "o.list:10: warning: 192.1.2.1\no.list:11: warning: 192.1.2.1\n");
}

/* One run tells them all: the YAML first, then each file as it was named. */
static void test_all_errors(void **state)
{
	(void)state;
	fixture_write("z.list", "192.1.2.1\n192.1.2.1/24\n\n0.0.0.0/0\n");
	fixture_write("y.list", "192.1.2.2 x\nfoo\n");
	assert_errors("- name: a\n"
		      "  action: block\n"
		      "  files: [z.list, none.list]\n"
		      "  entries: [192.1.2.256]\n"
		      "- name: a\n"
		      "  action: block\n"
		      "  files: [y.list]\n"
		      "  mark: 1\n"
		      "mode: on\n",
		      "c.yaml:5:19: none.list: No such file\n"
		      "c.yaml:6:21: \"192.1.2.256\" is not an IP address\n"
		      "c.yaml:7:9: list a is duplicated, first in line 3\n"
		      "c.yaml:10:9: mark is only for allow lists\n"
		      "c.yaml:11:7: mode: must be monitor or enforce, not \"on\"\n"
		      "z.list:2:1: 192.1.2.1/24 has host bits set\n"
		      "z.list:4:1: 0.0.0.0/0 in a block list\n"
		      "y.list:1:11: unexpected \"x\" after the prefix\n"
		      "y.list:2:1: \"foo\" is not an IP address\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_patterns),	    LOADED_TEST(test_relative_patterns),
		LOADED_TEST(test_bad_patterns),	    LOADED_TEST(test_twice),
		LOADED_TEST(test_very_often_twice), LOADED_TEST(test_all_errors),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
