/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics: form, order, limits, and that foreign bytes become printable. */
#include "config_fixture.h"

#include "base/utf8.h"

static void test_format(void **state)
{
	struct diagnostics diagnostics;
	char text[64];

	(void)state;
	diagnostics_init(&diagnostics);
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "f", 12, 3, "bad %s", "thing");
	diagnostics_add(&diagnostics, SEVERITY_WARNING, "f", 12, 0, "odd");
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "f", 0, 0, "gone");
	diagnostic_format(&diagnostics.items[0], text, sizeof(text));
	assert_string_equal(text, "f:12:3: bad thing");
	diagnostic_format(&diagnostics.items[1], text, sizeof(text));
	assert_string_equal(text, "f:12: warning: odd");
	diagnostic_format(&diagnostics.items[2], text, sizeof(text));
	assert_string_equal(text, "f: gone");
	diagnostic_format(&diagnostics.items[0], text, 8);
	assert_string_equal(text, "f:12:3:");
	assert_int_equal(diagnostics.error_count, 2);
	assert_int_equal(diagnostics.warning_count, 1);
	diagnostics_done(&diagnostics);
	assert_int_equal(diagnostics.count, 0);
	diagnostics_done(&diagnostics);
}

static void test_foreign_bytes(void **state)
{
	struct diagnostics diagnostics;

	(void)state;
	diagnostics_init(&diagnostics);
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "a\xff\nb", 1, 1, "x\x1b[2J\t\xc3\xa9\xe9 %s",
			"\xc2\x9b");
	fixture_assert(&diagnostics, "a??b:1:1: x?[2J \xc3\xa9? ??");
	diagnostics_done(&diagnostics);
}

static void test_sort(void **state)
{
	struct diagnostics diagnostics;

	(void)state;
	diagnostics_init(&diagnostics);
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "z.list", 2, 1, "e");
	diagnostics_add(&diagnostics, SEVERITY_WARNING, "a.list", 0, 0, "f");
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "z.list", 1, 9, "d");
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "c.yaml", 10, 2, "b");
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "c.yaml", 10, 2, "c");
	diagnostics_add(&diagnostics, SEVERITY_ERROR, "c.yaml", 9, 30, "a");
	diagnostics_sort(&diagnostics, "c.yaml");
	fixture_assert(&diagnostics, "c.yaml:9:30: a\nc.yaml:10:2: b\nc.yaml:10:2: c\n"
				     "z.list:1:9: d\nz.list:2:1: e\na.list: warning: f\n");
	diagnostics_done(&diagnostics);
}

/* All are counted, some are kept, of both kinds apart. */
static void test_limit(void **state)
{
	struct diagnostics diagnostics;
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	(void)state;
	diagnostics_init(&diagnostics);
	for (uint32_t i = 1; i <= DIAGNOSTICS_KEPT_MAX + 7; i++)
		diagnostics_add(&diagnostics, SEVERITY_ERROR, "f", i, 0, "e");
	diagnostics_add(&diagnostics, SEVERITY_WARNING, "f", 1, 0, "w");
	assert_int_equal(diagnostics.count, DIAGNOSTICS_KEPT_MAX + 1);
	assert_int_equal(diagnostics.error_count, DIAGNOSTICS_KEPT_MAX + 7);
	diagnostics_print(&diagnostics, SIZE_MAX, stream);
	fclose(stream);
	assert_non_null(strstr(text, "f:1: e\n"));
	assert_non_null(strstr(text, "f:1000: e\n"));
	assert_null(strstr(text, "f:1001: e\n"));
	assert_non_null(strstr(text, "f:1: warning: w\nand 7 more errors\n"));
	free(text);
	for (uint32_t i = 2; i <= 3; i++)
		diagnostics_add(&diagnostics, SEVERITY_WARNING, "f", i, 0, "w");
	stream = open_memstream(&text, &bytes);
	diagnostics_print(&diagnostics, 2, stream);
	fclose(stream);
	assert_string_equal(text, "f:1: e\nf:2: e\nf:1: warning: w\nf:2: warning: w\n"
				  "and 1005 more errors, 1 more warning\n");
	free(text);
	diagnostics_done(&diagnostics);
}

/* The ends of the ranges in RFC 3629, and sequences cut off. */
static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
	} cases[] = {
		{ "a", 1 },
		{ "\x7f", 1 },
		{ "\x80", 0 },
		{ "\xc1\xbf", 0 },
		{ "\xc2\x80", 2 },
		{ "\xdf\xbf", 2 },
		{ "\xdf\xc0", 0 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 0 },
		{ "\xef\xbf\xbf", 3 },
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\xf4\x90\x80\x80", 0 },
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xff", 0 },
		{ "\xe2\x82", 0 },
		{ "\xf0\x90\x80", 0 },
		{ "\xc3", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;

		assert_int_equal(utf8_char_bytes(text, strlen(text)), cases[i].bytes);
	}
}

static void fill(struct diagnostics *diagnostics, size_t error_count, size_t warning_count)
{
	diagnostics_init(diagnostics);
	for (size_t i = 0; i < error_count; i++)
		diagnostics_add(diagnostics, SEVERITY_ERROR, "f", 1, 0, "bad %zu", i);
	for (size_t i = 0; i < warning_count; i++)
		diagnostics_add(diagnostics, SEVERITY_WARNING, "f", 2, 0, "odd %zu", i);
}

static void test_lines(void **state)
{
	struct lines errors = { 0 }, warnings = { 0 };
	struct diagnostics diagnostics;

	(void)state;
	fill(&diagnostics, DIAGNOSTICS_KEPT_MAX + 3, 2);
	diagnostics_lines(&diagnostics, SIZE_MAX, &errors, &warnings);
	assert_int_equal(errors.count, DIAGNOSTICS_KEPT_MAX + 1);
	assert_string_equal(errors.items[0], "f:1: bad 0");
	assert_string_equal(errors.items[errors.count - 1], "and 3 more errors");
	assert_int_equal(warnings.count, 2);
	assert_string_equal(warnings.items[1], "f:2: odd 1");
	lines_done(&errors);
	lines_done(&warnings);
	diagnostics_done(&diagnostics);
}

static void test_lines_together(void **state)
{
	struct diagnostics diagnostics;
	struct lines lines = { 0 };

	(void)state;
	fill(&diagnostics, 2, 3);
	diagnostics_lines(&diagnostics, 3, &lines, &lines);
	assert_int_equal(lines.count, 4);
	assert_string_equal(lines.items[2], "f:2: warning: odd 0");
	assert_string_equal(lines.items[3], "and 2 more");
	lines_done(&lines);
	diagnostics_lines(&diagnostics, 5, &lines, &lines);
	assert_int_equal(lines.count, 5);
	lines_done(&lines);
	diagnostics_done(&diagnostics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),	       cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_together), cmocka_unit_test(test_foreign_bytes),
		cmocka_unit_test(test_sort),	       cmocka_unit_test(test_limit),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
