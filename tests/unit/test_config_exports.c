/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `exports` of a configuration: values, defaults, and all that is refused. */
#include "config_loaded.h"

/* The lists of each test: lines 3 to 5; exports begin in line 7. */
#define LISTS                                                                                      \
	"- {name: partners, action: allow, files: [in.list]}\n"                                    \
	"- {name: vips, action: allow}\n"                                                          \
	"- {name: drop, action: block}\n"                                                          \
	"exports:\n"

static void test_values(void **state)
{
	const struct config_export *exports;
	char path[PATH_MAX];

	(void)state;
	fixture_write("in.list", "");
	load(LISTS
	     "- {format: postfix-cidr, path: /x/allow.cidr, lists: [vips], aggregate: false,\n"
	     "   after: [/bin/echo, 'a b', $x, '']}\n"
	     "- {path: /x/drop, format: rbldnsd, lists: [drop], after: postfix@-}\n",
	     "");
	exports = config->exports;
	assert_int_equal(config->export_count, 2);
	assert_int_equal(exports[0].format, EXPORT_POSTFIX_CIDR);
	assert_string_equal(exports[0].path, "/x/allow.cidr");
	assert_int_equal(exports[0].list_count, 1);
	assert_string_equal(exports[0].lists[0], "vips");
	assert_int_equal(exports[0].action, ACTION_ALLOW);
	assert_false(exports[0].is_aggregated);
	assert_string_equal(exports[0].after[0], "/bin/echo");
	assert_string_equal(exports[0].after[1], "a b");
	assert_string_equal(exports[0].after[2], "$x");
	assert_string_equal(exports[0].after[3], "");
	assert_null(exports[0].after[4]);
	assert_int_equal(config_export_file_count(&exports[0]), 1);
	assert_string_equal(config_export_file(&exports[0], 0, path), "/x/allow.cidr");
	assert_int_equal(exports[1].action, ACTION_BLOCK);
	assert_true(exports[1].is_aggregated);
	assert_null(exports[0].service);
	assert_null(exports[1].after);
	assert_string_equal(exports[1].service, "postfix@-");
	assert_int_equal(config_export_file_count(&exports[1]), 2);
	assert_string_equal(config_export_file(&exports[1], 0, path), "/x/drop.4");
	assert_string_equal(config_export_file(&exports[1], 1, path), "/x/drop.6");
}

static void test_all_allow_lists_are_the_default(void **state)
{
	(void)state;
	fixture_write("in.list", "");
	load(LISTS "- {format: plain, path: /x}\n", "");
	assert_int_equal(config->exports[0].list_count, 2);
	assert_string_equal(config->exports[0].lists[0], "partners");
	assert_string_equal(config->exports[0].lists[1], "vips");
	assert_errors("- {name: drop, action: block}\nexports:\n- {format: plain, path: /x}\n",
		      "c.yaml:5:3: no list to export: write lists: [NAME]\n");
	load(LISTS, "");
	assert_int_equal(config->export_count, 0);
}

static void test_keys(void **state)
{
	(void)state;
	fixture_write("in.list", "");
	assert_errors(LISTS "- {}\n"
			    "- {format: cidr, path: [], lists: vips, aggregate: maybe}\n"
			    "- {format: plain, path: /x, every: 5m}\n"
			    "- path\n",
		      "c.yaml:7:3: an export without a format: add format: FORMAT\n"
		      "c.yaml:7:3: an export without a path: add path: FILE\n"
		      "c.yaml:8:12: format: must be plain, postfix-cidr,\n"
		      "c.yaml:8:24: path must be one value\n"
		      "c.yaml:8:35: lists must be a list\n"
		      "c.yaml:8:35: no list to export\n"
		      "c.yaml:8:52: aggregate: must be false or true, not \"maybe\"\n"
		      "c.yaml:9:29: unknown key \"every\"\n"
		      "c.yaml:10:3: an export must be a mapping\n");
}

static void test_lists(void **state)
{
	(void)state;
	fixture_write("in.list", "");
	assert_errors(LISTS "- {format: plain, path: /a, lists: [vips, nowhere, vips]}\n"
			    "- {format: plain, path: /b, lists: [vips, drop]}\n"
			    "- {format: spamassassin, path: /c, lists: [drop]}\n"
			    "- {format: plain, path: /d, lists: []}\n",
		      "c.yaml:7:43: there is no list \"nowhere\"\n"
		      "c.yaml:7:52: list vips is duplicated: remove one\n"
		      "c.yaml:8:43: lists drop and vips have different actions\n"
		      "c.yaml:9:12: trusted_networks is for trusted hosts\n"
		      "c.yaml:10:36: no list to export\n");
}

static void test_paths(void **state)
{
	char text[8192], name[300];

	(void)state;
	fixture_write("in.list", "");
	assert_errors(LISTS "- {format: plain, path: allow.list}\n"
			    "- {format: plain, path: /x/}\n"
			    "- {format: plain, path: /x/a}\n"
			    "- {format: csv, path: /x/a}\n"
			    "- {format: rbldnsd, path: /x/z}\n"
			    "- {format: plain, path: /x/z.6}\n",
		      "c.yaml:7:25: path: \"allow.list\" is not the absolute path of a file\n"
		      "c.yaml:8:25: path: \"/x/\" is not the absolute path of a file\n"
		      "c.yaml:10:23: path: another export writes this file\n"
		      "c.yaml:12:25: path: another export writes this file\n");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), LISTS "- {format: plain, path: /%s}\n", name);
	assert_errors(text, "c.yaml:7:25: path is too long\n");
}

/* Or no entry would ever leave the list again. */
static void test_a_list_that_reads_what_is_written(void **state)
{
	char text[8192];

	(void)state;
	fixture_write("in.list", "");
	snprintf(text, sizeof(text),
		 "- {name: partners, action: allow, files: [%s/*.list]}\nexports:\n"
		 "- {format: plain, path: %s/in.list}\n",
		 fixture_directory, fixture_directory);
	assert_errors(text, "c.yaml:5:25: path: list partners reads this file\n");
}

static void test_after(void **state)
{
	(void)state;
	fixture_write("in.list", "");
	assert_errors(
	    LISTS "- {format: plain, path: /a, after: [systemctl, reload, postfix]}\n"
		  "- {format: plain, path: /b, after: []}\n"
		  "- {format: plain, path: /c, after: systemctl reload postfix}\n"
		  "- {format: plain, path: /d, after: ../x}\n"
		  "- {format: plain, path: /e, after: ..}\n"
		  "- {format: plain, path: /f, after: ''}\n"
		  "- {format: plain, path: /g, after: {a: b}}\n",
	    "c.yaml:7:36: after: \"systemctl\" is not the absolute path of a program\n"
	    "c.yaml:8:36: after: no program\n"
	    "c.yaml:9:36: after: \"systemctl reload postfix\" is not the name of a service\n"
	    "c.yaml:10:36: after: \"../x\" is not the name of a service\n"
	    "c.yaml:11:36: after: \"..\" is not the name of a service\n"
	    "c.yaml:12:36: after: \"\" is not the name of a service\n"
	    "c.yaml:13:36: after must be a list\n"
	    "c.yaml:13:36: after: no program\n");
}

static void test_many(void **state)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	(void)state;
	fixture_write("in.list", "");
	fputs(LISTS, stream);
	for (int i = 0; i < 65; i++)
		fprintf(stream, "- {format: csv, path: /%d}\n", i);
	fclose(stream);
	assert_errors(text, "c.yaml:71:3: more than 64 exports\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_values), LOADED_TEST(test_all_allow_lists_are_the_default),
		LOADED_TEST(test_keys),	  LOADED_TEST(test_lists),
		LOADED_TEST(test_paths),  LOADED_TEST(test_a_list_that_reads_what_is_written),
		LOADED_TEST(test_after),  LOADED_TEST(test_many),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
