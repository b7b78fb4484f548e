/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fleet in the engine: what other hosts list is in force, and what this one lists is said. */
#include "engine_fleet_fixture.h"

/* ---- entries of others --------------------------------------------------------------------- */

static void test_entries_of_others(void **state)
{
	const struct entry *entry;

	(void)state;
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 1));
	assert_true(fake_has("partners", "192.0.2.1"));
	entry = find_fleet("partners", "192.0.2.1");
	assert_non_null(entry);
	assert_string_equal(entry->about->origin, "mx2");
	assert_string_equal(entry->about->author, "bob");
	assert_string_equal(entry->reason, "ticket 99");
	assert_last_record("fleet mx2 ticket 99");
	/* Two hosts list it: it stays until the last one ends it. */
	take(said(FLEET_ADD, "mx3", "partners", "192.0.2.1/32", 2));
	restart();
	assert_true(fake_has("partners", "192.0.2.1"));
	take(said(FLEET_END, "mx2", "partners", "192.0.2.1/32", 3));
	assert_string_equal(find_fleet("partners", "192.0.2.1")->about->origin, "mx3");
	take(said(FLEET_END, "mx3", "partners", "192.0.2.1/32", 4));
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_last_record("fleet mx3 ticket 99");
	restart();
	assert_false(fake_has("partners", "192.0.2.1"));
	/* What is old news changes nothing. */
	take(said(FLEET_ADD, "mx3", "partners", "192.0.2.1/32", 2));
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_published("");
}

static void test_what_is_not_in_force(void **state)
{
	struct fleet_record record = said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 1);

	(void)state;
	record.scope.only_hosts = "mx3,mx10";
	take(record);
	assert_null(find_fleet("partners", "192.0.2.1"));
	record.scope.only_hosts = "mx3,mx1";
	record.version++;
	take(record);
	assert_string_equal(find_fleet("partners", "192.0.2.1")->about->origin,
			    "mx2 (only on mx3,mx1)");
	record = said(FLEET_ADD, "mx2", "partners", "192.0.2.2/32", 1);
	record.expires_at_sec = base_ms / 1000 - 5;
	take(record);
	assert_null(find_fleet("partners", "192.0.2.2"));
	/* The list has another action here, or is not there. */
	record = said(FLEET_ADD, "mx2", "partners", "192.0.2.3/32", 1);
	record.action = ACTION_BLOCK;
	take(record);
	assert_null(find_fleet("partners", "192.0.2.3"));
	take(said(FLEET_ADD, "mx2", "unknown", "192.0.2.4/32", 1));
	fixture_configure(FLEET("") FLEET_LISTS "  - {name: unknown, action: allow}\n");
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_non_null(find_fleet("unknown", "192.0.2.4"));
}

static void test_dangers(void **state)
{
	(void)state;
	fixture_configure(FLEET("") "protected: [192.0.2.0/24]\n" FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	take(said(FLEET_ADD, "mx2", "drop", "192.0.2.1/32", 1));
	take(said(FLEET_ADD, "mx2", "drop", "203.0.113.1/32", 1));
	take(said(FLEET_ADD, "mx2", "drop", "200.0.0.0/5", 1));
	assert_false(fake_has("drop", "192.0.2.1"));
	assert_false(fake_has("drop", "200.0.0.0/5"));
	assert_true(fake_has("drop", "203.0.113.1"));
	restart();
	assert_false(fake_has("drop", "192.0.2.1"));
	assert_true(fake_has("drop", "203.0.113.1"));
	fixture_configure(FLEET("") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_true(fake_has("drop", "192.0.2.1"));
}

static void test_only_from(void **state)
{
	(void)state;
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 1));
	take(said(FLEET_ADD, "mx3", "partners", "192.0.2.2/32", 1));
	fixture_configure(FLEET(", only_from: [mx3]") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_true(fake_has("partners", "192.0.2.2"));
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.3/32", 1));
	assert_false(fake_has("partners", "192.0.2.3"));
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.2/32", 9));
	assert_true(fake_has("partners", "192.0.2.2"));
}

/* All of a join is in force with the last part, or after a restart. */
static void test_join(void **state)
{
	struct fleet_record records[600];
	char prefix[32];

	(void)state;
	for (size_t i = 0; i < 600; i++) {
		sprintf(prefix, "10.1.%zu.%zu/32", i / 256, i % 256);
		records[i] = said(FLEET_ADD, i % 2 ? "mx2" : "mx3", "partners", prefix, 1);
	}
	take_all(records, 300, false);
	assert_false(fake_has("partners", "10.1.0.0"));
	take_all(records + 300, 300, true);
	assert_true(fake_has("partners", "10.1.0.0"));
	assert_true(fake_has("partners", "10.1.2.87"));
	for (size_t i = 0; i < 600; i++) {
		records[i].version++;
		records[i].op = FLEET_END;
	}
	take_all(records, 2, false);
	restart();
	assert_false(fake_has("partners", "10.1.0.0"));
	assert_true(fake_has("partners", "10.1.2.87"));
}

/* ---- the guard ---------------------------------------------------------------------------------
 */

static size_t accept_of(const char *host)
{
	struct refusal refusal = { 0 };
	size_t count = 0;

	engine_fleet_accept(fixture_engine, &alice, host, &count, &refusal);
	refusal_done(&refusal);
	return count;
}

static void test_many_removals_are_held(void **state)
{
	struct fleet_record records[40];
	struct fleet_taking taking;
	char prefix[32];

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		sprintf(prefix, "10.1.0.%zu/32", i);
		if (i < 20)
			assert_int_equal(add("partners", prefix, 0), OUTCOME_OK);
		records[i] = said(FLEET_ADD, "mx2", "partners", prefix, 1);
	}
	take_all(records + 20, 20, true);
	for (size_t i = 0; i < 40; i++) {
		sprintf(prefix, "10.1.0.%zu/32", i);
		records[i] = said(FLEET_DEL, "mx3", "partners", prefix, 60000);
	}
	taking = take_all(records, 40, true);
	assert_int_equal(taking.held_count, 40);
	restart();
	assert_true(fake_has("partners", "10.1.0.0"));
	assert_true(fake_has("partners", "10.1.0.39"));
	assert_true(has_manual("partners", "10.1.0.0"));
	assert_int_equal(accept_of("mx2"), 0);
	assert_int_equal(accept_of("mx3"), 40);
	assert_last_record("fleet alice ticket 12");
	assert_false(fake_has("partners", "10.1.0.0"));
	assert_false(fake_has("partners", "10.1.0.39"));
	assert_false(has_manual("partners", "10.1.0.0"));
	assert_int_equal(accept_of(NULL), 0);
}

/* ---- what this host says ------------------------------------------------------------------------
 */

static void test_changes_are_published(void **state)
{
	(void)state;
	assert_published("");
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_int_equal(add("drop", "203.0.113.7", 60), OUTCOME_OK);
	/* A kill between the change and its publication loses nothing. */
	restart();
	assert_published("add drop 203.0.113.7/32 manual\nadd partners 192.0.2.1/32 manual\n");
	assert_published("");
	restart();
	assert_published("");
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
	assert_published("end partners 192.0.2.1/32 manual\n");
	/* Files are not published. */
	assert_false(has_manual("partners", "198.51.100.1"));
}

static void test_fleet_begins_later(void **state)
{
	(void)state;
	fixture_configure(FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.2", 0), OUTCOME_OK);
	fixture_configure(FLEET("") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 manual\nadd partners 192.0.2.2/32 manual\n");
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.9/32", 1));
	fixture_configure(FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.9"));
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
	fixture_configure(FLEET("") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_published("end partners 192.0.2.1/32 manual\n");
	assert_true(fake_has("partners", "192.0.2.9"));
	fixture_configure(FLEET(", publish: [learned]") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_published("end partners 192.0.2.2/32 manual\n");
	assert_true(has_manual("partners", "192.0.2.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_entries_of_others, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_not_in_force, begin, end),
		cmocka_unit_test_setup_teardown(test_dangers, begin, end),
		cmocka_unit_test_setup_teardown(test_only_from, begin, end),
		cmocka_unit_test_setup_teardown(test_join, begin, end),
		cmocka_unit_test_setup_teardown(test_many_removals_are_held, begin, end),
		cmocka_unit_test_setup_teardown(test_changes_are_published, begin, end),
		cmocka_unit_test_setup_teardown(test_fleet_begins_later, begin, end),
	};

	return cmocka_run_group_tests_name("engine fleet", tests, fixture_open, fixture_close);
}
