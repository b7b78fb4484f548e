/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `protect` keeps, against files, the configuration and feeds. */
#include "engine/protected.h"

#include "engine/guard.h"
#include "engine_requests.h"

/* Ask for the guard's decision without a change. */
static void check_guard(const char *words)
{
	struct refusal refusal = { 0 };
	struct lines warnings = { 0 };
	struct snapshot *next = NULL;
	char *held = NULL;

	assert_int_equal(engine_prepare(fixture_engine, NULL, true, &warnings, &next, &refusal), 0);
	assert_int_equal(engine_guard(fixture_engine, next, &held, NULL), 0);
	if (!held || !strstr(held, words))
		fail_msg("expected \"%s\", got \"%s\"", words, held ? held : "");
	free(held);
	engine_abandon(fixture_engine, next);
	lines_done(&warnings);
	refusal_done(&refusal);
}

/* A change of a file does not remove protected addresses, whether they are in use or not. */
static void test_file_against_protected(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "9.9.8.0/23", 0), OUTCOME_OK);
	assert_int_equal(protect("partners", "9.9.8.0/23"), OUTCOME_OK);
	fixture_write("partners.list", "198.51.100.0/24\n!9.9.9.9\n");
	check_guard(
	    "it would remove 1 protected entry, wholly or in part: 9.9.8.0/23, list partners, "
	    "protected by alice at ");
	check_guard(": 9.9.9.9 is excluded by !9.9.9.9 (file ");
	check_guard("partners.list:2)");
	assert_int_equal(reload(false), OUTCOME_HELD);
	assert_null(fake_find("partners", "9.9.9.9"));
	/* A wider entry does not change the protected one, and an earlier exclusion is not new. */
	fixture_write("partners.list", "198.51.100.0/24\n!9.9.0.0/16\n");
	assert_int_equal(reload(false), OUTCOME_OK);
	fixture_write("partners.list", "198.51.100.0/24\n!9.9.8.0/24\n!9.9.9.0/24\n");
	check_guard("9.9.8.0/23 is excluded by !9.9.8.0/24 (file ");
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_int_equal(reload(false), OUTCOME_OK);
	/* Another list may have it as well. */
	fixture_configure("lists:\n" PARTNERS "  - {name: more, action: allow, entries: "
			  "[9.9.8.0/22, 198.51.100.0/24]}\n");
	fixture_write("partners.list", "9.9.9.9\n");
	assert_int_equal(reload(true), OUTCOME_OK);
	fixture_write("partners.list", "!9.9.9.9\n");
	assert_int_equal(reload(false), OUTCOME_OK);
	/* Without its list, the protected entry has no effect. */
	fixture_write("partners.list", "9.9.9.9\n");
	assert_int_equal(reload(false), OUTCOME_OK);
	fixture_configure("lists:\n  - {name: others, action: allow, entries: [9.9.9.0/24]}\n");
	check_guard("the list is no longer configured");
	assert_int_equal(reload(false), OUTCOME_HELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_file_against_protected),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
