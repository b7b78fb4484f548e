/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removals in a fleet, what returns, and faults. */
#include <errno.h>

#include "engine_fleet_fixture.h"
#include "store/learned_entries.h"

/* ---- records of this host that come back
 * ---------------------------------------------------------- */

static void test_state_is_lost(void **state)
{
	struct fleet_record records[] = {
		said(FLEET_ADD, "mx1", "partners", "192.0.2.1/32", -5000),
		said(FLEET_END, "mx1", "partners", "192.0.2.2/32", -5000),
		said(FLEET_ADD, "mx1", "partners", "192.0.2.3/32", -5000),
		said(FLEET_DEL, "mx2", "partners", "192.0.2.3/32", -4000),
	};

	(void)state;
	take_all(records, 4, true);
	assert_true(has_manual("partners", "192.0.2.1"));
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_false(fake_has("partners", "192.0.2.2"));
	assert_false(fake_has("partners", "192.0.2.3"));
	/* This host no longer says what another has removed. */
	assert_published("end partners 192.0.2.3/32 manual\n");
	assert_last_record("fleet - -");
	/* Again, as a rescan would: nothing changes. */
	take_all(records, 4, true);
	restart();
	assert_true(has_manual("partners", "192.0.2.1"));
	assert_published("");
}

/* ---- removals
 * ------------------------------------------------------------------------------------- */

static void test_removal_by_another_host(void **state)
{
	(void)state;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.2", 0), OUTCOME_OK);
	assert_int_equal(protect("partners", "192.0.2.2"), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 manual\nadd partners 192.0.2.2/32 manual\n"
			 "add partners 192.0.2.2/32 protections\n");
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.1/32", 60000));
	assert_false(has_manual("partners", "192.0.2.1"));
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_last_record("fleet mx2 ticket 99");
	assert_published("end partners 192.0.2.1/32 manual\n");
	/* A protected entry stays, and is there for the others again. */
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.2/32", 60000));
	assert_true(has_manual("partners", "192.0.2.2"));
	assert_published("add partners 192.0.2.2/32 manual\n");
	assert_published("");
	/* Later than the tombstone, though the clock of mx2 is ahead. */
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 manual\n");
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.1/32", 60000));
	assert_true(has_manual("partners", "192.0.2.1"));
}

/* An entry that is not published yet is later than a removal that comes after it. */
static void test_removal_before_publication(void **state)
{
	(void)state;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.1/32", -1000));
	assert_true(has_manual("partners", "192.0.2.1"));
	assert_published("add partners 192.0.2.1/32 manual\n");
}

static void test_delete_everywhere(void **state)
{
	(void)state;
	assert_int_equal(delete_fleet("partners", "192.0.2.1"), OUTCOME_NOT_FOUND);
	assert_int_equal(delete_fleet("partners", "198.51.100.1"), OUTCOME_NOT_FOUND);
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 60000));
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 manual\n");
	assert_int_equal(delete_fleet("partners", "192.0.2.1"), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_last_record("del alice ticket 12");
	assert_published("del partners 192.0.2.1/32 manual\n");
	restart();
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_published("");
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 120000));
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_int_equal(add("partners", "192.0.2.5", 0), OUTCOME_OK);
	assert_int_equal(protect("partners", "192.0.2.5"), OUTCOME_OK);
	assert_int_equal(delete_fleet("partners", "192.0.2.5"), OUTCOME_CONFLICT);
}

/* Put an entry where learning keeps it, and in force. */
static void learn(const char *prefix)
{
	struct manual_batch batch = { .state = engine_state(fixture_engine),
				      .record = { .at_sec = time_now_sec(),
						  .event = HISTORY_LEARNED } };
	const struct learned_entry entry = { .prefix = fixture_prefix(prefix),
					     .rule = "reply",
					     .why = "3 answers",
					     .added_at_sec = time_now_sec() };

	assert_int_equal(manual_begin(&batch), 0);
	assert_int_equal(learned_entry_put(&batch, "partners", &entry), 0);
	assert_int_equal(state_commit(engine_state(fixture_engine)), 0);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_true(fake_has("partners", prefix));
}

/* What this host has learned goes, whoever removes it from all hosts, unless it is protected. */
static void test_learned_is_removed(void **state)
{
	(void)state;
	fixture_configure(FLEET("") FLEET_LISTS "learn: {list: partners}\n");
	assert_int_equal(reload(true), OUTCOME_OK);
	learn("192.0.2.1");
	learn("192.0.2.2");
	learn("192.0.2.3");
	assert_int_equal(protect("partners", "192.0.2.3"), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 learned\nadd partners 192.0.2.2/32 learned\n"
			 "add partners 192.0.2.3/32 manual\n"
			 "add partners 192.0.2.3/32 protections\n"
			 "add partners 192.0.2.3/32 learned\n");
	/* An older removal is of something else. */
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.1/32", -60000));
	assert_true(fake_has("partners", "192.0.2.1"));
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.1/32", 60000));
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_last_record("fleet mx2 ticket 99");
	assert_published("end partners 192.0.2.1/32 learned\n");
	assert_int_equal(delete_fleet("partners", "192.0.2.2"), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.2"));
	assert_published("del partners 192.0.2.2/32 manual\n"
			 "end partners 192.0.2.2/32 learned\n");
	take(said(FLEET_DEL, "mx2", "partners", "192.0.2.3/32", 60000));
	assert_true(fake_has("partners", "192.0.2.3"));
	restart();
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_false(fake_has("partners", "192.0.2.2"));
	assert_true(fake_has("partners", "192.0.2.3"));
}

static void test_forget(void **state)
{
	struct refusal refusal = { 0 };
	struct fleet_host *hosts;
	size_t count;

	(void)state;
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 1));
	take(said(FLEET_ADD, "mx3", "partners", "192.0.2.2/32", 1));
	assert_int_equal(engine_fleet_hosts(fixture_engine, &hosts, &count, &refusal), 0);
	assert_int_equal(count, 3);
	assert_string_equal(hosts[0].name, "mx1");
	assert_true(hosts[0].is_self);
	assert_int_equal(hosts[1].count, 1);
	assert_true(hosts[2].said_at_ms == base_ms + 1);
	free(hosts);
	assert_int_equal(engine_fleet_forget(fixture_engine, &alice, "mx1", &count, &refusal),
			 -ECANCELED);
	assert_int_equal(engine_fleet_forget(fixture_engine, &alice, "mx9", &count, &refusal),
			 -ECANCELED);
	refusal_done(&refusal);
	assert_int_equal(engine_fleet_forget(fixture_engine, &alice, "mx2", &count, &refusal), 0);
	assert_int_equal(count, 1);
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_true(fake_has("partners", "192.0.2.2"));
	restart();
	assert_false(fake_has("partners", "192.0.2.1"));
}

/* ---- faults
 * ------------------------------------------------------------------------------------------- */

static void test_a_kernel_that_refuses(void **state)
{
	struct fleet_record record = said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 1);
	const struct fleet_record *records[] = { &record };
	struct refusal refusal = { 0 };
	struct fleet_taking taking;

	(void)state;
	assert_int_equal(add("partners", "192.0.2.7", 0), OUTCOME_OK);
	fake_refuses = true;
	assert_int_equal(engine_fleet_take(fixture_engine, records, 1, true, &taking, &refusal),
			 -ECANCELED);
	refusal_done(&refusal);
	fake_refuses = false;
	assert_false(fake_has("partners", "192.0.2.1"));
	/* It is not known, so it is news when it comes again; nothing of this host is lost. */
	take(record);
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_published("add partners 192.0.2.7/32 manual\n");
}

static void test_no_fleet(void **state)
{
	struct refusal refusal = { 0 };
	struct fleet_records records;
	bool is_all;

	(void)state;
	fixture_configure(FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_int_equal(engine_fleet_publish(fixture_engine, &records, &is_all, &refusal),
			 -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_CONFLICT);
	refusal_done(&refusal);
	assert_int_equal(delete_fleet("partners", "192.0.2.1"), OUTCOME_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_state_is_lost, begin, end),
		cmocka_unit_test_setup_teardown(test_removal_by_another_host, begin, end),
		cmocka_unit_test_setup_teardown(test_removal_before_publication, begin, end),
		cmocka_unit_test_setup_teardown(test_delete_everywhere, begin, end),
		cmocka_unit_test_setup_teardown(test_learned_is_removed, begin, end),
		cmocka_unit_test_setup_teardown(test_forget, begin, end),
		cmocka_unit_test_setup_teardown(test_a_kernel_that_refuses, begin, end),
		cmocka_unit_test_setup_teardown(test_no_fleet, begin, end),
	};

	return cmocka_run_group_tests_name("engine fleet removals", tests, fixture_open,
					   fixture_close);
}
