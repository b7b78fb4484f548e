/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protections in a fleet: what one host protects, all do, until that host ends it. */
#include "engine_fleet_fixture.h"
#include "random_prefix.h"
#include "store/protections.h"

static struct fleet_record protection(enum fleet_op op, const char *origin, const char *prefix,
				      int64_t later_ms)
{
	struct fleet_record record = said(op, origin, "partners", prefix, later_ms);

	record.kind = FLEET_PROTECTIONS;
	return record;
}

static bool is_protected(const char *prefix)
{
	const struct prefix wanted = fixture_prefix(prefix);

	return protections_have(engine_view(fixture_engine).protections, "partners", &wanted);
}

static enum outcome unprotect(const char *prefix)
{
	const struct prefix wanted = fixture_prefix(prefix);
	struct entry_change change = { .list = strdup("partners"),
				       .prefixes = &wanted,
				       .prefix_count = 1 };
	struct refusal refusal = { 0 };
	enum outcome outcome;

	engine_unprotect(fixture_engine, &alice, &change, &refusal);
	outcome = refusal.outcome;
	refusal_done(&refusal);
	free(change.list);
	return outcome;
}

/* ---- of others ----------------------------------------------------------------------------- */

static void test_protected_elsewhere(void **state)
{
	const struct prefix prefix = fixture_prefix("192.0.2.1");
	char *by;

	(void)state;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	take(protection(FLEET_ADD, "mx2", "192.0.2.1/32", 1));
	assert_true(is_protected("192.0.2.1"));
	by = protections_describe(engine_view(fixture_engine).protections, "partners", &prefix);
	assert_int_equal(strncmp(by, "by bob on mx2 at ", strlen("by bob on mx2 at ")), 0);
	free(by);
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_CONFLICT);
	assert_int_equal(delete_fleet("partners", "192.0.2.1"), OUTCOME_CONFLICT);
	assert_int_equal(add("partners", "192.0.2.1", 60), OUTCOME_CONFLICT);
	/* Only its origin ends it. */
	assert_int_equal(unprotect("192.0.2.1"), OUTCOME_CONFLICT);
	assert_int_equal(unprotect("192.0.2.2"), OUTCOME_NOT_FOUND);
	restart();
	assert_true(is_protected("192.0.2.1"));
	take(protection(FLEET_END, "mx2", "192.0.2.1/32", 2));
	assert_false(is_protected("192.0.2.1"));
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.1"));
}

/* It lists its prefix, so a tombstone of a host that did not know of it takes nothing away. */
static void test_tombstone(void **state)
{
	(void)state;
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.1/32", 1));
	take(protection(FLEET_ADD, "mx2", "192.0.2.1/32", 2));
	take(said(FLEET_DEL, "mx3", "partners", "192.0.2.1/32", 60000));
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_true(is_protected("192.0.2.1"));
	restart();
	assert_true(fake_has("partners", "192.0.2.1"));
	take(protection(FLEET_END, "mx2", "192.0.2.1/32", 3));
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_false(is_protected("192.0.2.1"));
}

static void test_who_is_believed(void **state)
{
	(void)state;
	take(protection(FLEET_ADD, "mx2", "192.0.2.1/32", 1));
	fixture_configure(FLEET(", only_from: [mx3]") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_false(is_protected("192.0.2.1"));
	fixture_configure(FLEET("") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_true(is_protected("192.0.2.1"));
	fixture_configure(FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_false(is_protected("192.0.2.1"));
}

/* The same as a model after each of some hundred random changes by two hosts. */
static void test_random(void **state)
{
	enum { HOSTS = 2, PREFIXES = 4, CHANGES = 300 };
	struct {
		bool is_added, is_protected;
		int64_t added_ms, deleted_ms;
	} model[HOSTS][PREFIXES] = { 0 };

	(void)state;
	random_start("test_engine_fleet_protections");
	fixture_configure(
	    FLEET("") "guard: {max_removed_entries: none, max_removed_share: 100}\n" FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	for (int64_t ms = 1; ms <= CHANGES; ms++) {
		const size_t host = random_number() % HOSTS, number = random_number() % PREFIXES;
		const enum fleet_op op = (enum fleet_op)(random_number() % FLEET_OP_COUNT);
		const bool protects = random_number() % 2 && op != FLEET_DEL;
		char prefix[32];

		sprintf(prefix, "192.0.2.%zu/32", number);
		take(protects ? protection(op, host ? "mx3" : "mx2", prefix, ms)
			      : said(op, host ? "mx3" : "mx2", "partners", prefix, ms));
		if (protects) {
			model[host][number].is_protected = op == FLEET_ADD;
		} else {
			model[host][number].is_added = op == FLEET_ADD;
			model[host][number].added_ms = ms;
			model[host][number].deleted_ms = op == FLEET_DEL ? ms : 0;
		}
		if (random_number() % 50 == 0)
			restart();
		for (size_t i = 0; i < PREFIXES; i++) {
			const bool expected = model[0][i].is_protected || model[1][i].is_protected;
			bool is_listed = expected;

			for (size_t one = 0; one < HOSTS; one++)
				is_listed |= model[one][i].is_added &&
					     model[one][i].added_ms > model[!one][i].deleted_ms;
			sprintf(prefix, "192.0.2.%zu", i);
			assert_int_equal(is_protected(prefix), expected);
			assert_int_equal(fake_has("partners", prefix), is_listed);
		}
	}
}

/* ---- of this host ------------------------------------------------------------------------------
 */

static void test_published(void **state)
{
	(void)state;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 manual\n");
	assert_int_equal(protect("partners", "192.0.2.1"), OUTCOME_OK);
	restart();
	assert_published("add partners 192.0.2.1/32 protections\n");
	/* An entry of a file gets a manual one. */
	assert_int_equal(protect("partners", "198.51.100.1"), OUTCOME_OK);
	assert_published("add partners 198.51.100.1/32 manual\n"
			 "add partners 198.51.100.1/32 protections\n");
	assert_int_equal(unprotect("192.0.2.1"), OUTCOME_OK);
	assert_published("end partners 192.0.2.1/32 protections\n");
	fixture_configure(FLEET(", publish: [manual]") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_published("end partners 198.51.100.1/32 protections\n");
	fixture_configure(FLEET(", publish: [protections]") FLEET_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_published("end partners 192.0.2.1/32 manual\nend partners 198.51.100.1/32 manual\n"
			 "add partners 198.51.100.1/32 protections\n");
}

/* state.db was lost, or restored from a backup. */
static void test_returns(void **state)
{
	struct fleet_record records[] = {
		protection(FLEET_ADD, "mx1", "192.0.2.1/32", -5000),
		said(FLEET_ADD, "mx1", "partners", "192.0.2.1/32", -6000),
		protection(FLEET_ADD, "mx1", "192.0.2.2/32", -5000),
	};

	(void)state;
	take_all(records, 3, true);
	assert_true(has_manual("partners", "192.0.2.1"));
	assert_true(has_manual("partners", "192.0.2.2"));
	assert_true(is_protected("192.0.2.1"));
	restart();
	assert_true(is_protected("192.0.2.1"));
	assert_true(is_protected("192.0.2.2"));
	take(protection(FLEET_END, "mx1", "192.0.2.1/32", -4000));
	assert_false(is_protected("192.0.2.1"));
	assert_true(has_manual("partners", "192.0.2.1"));
	assert_int_equal(unprotect("192.0.2.2"), OUTCOME_OK);
}

static void test_a_kernel_that_refuses(void **state)
{
	struct fleet_record record = protection(FLEET_ADD, "mx2", "192.0.2.1/32", 1);
	const struct fleet_record *records[] = { &record };
	struct refusal refusal = { 0 };
	struct fleet_taking taking;

	(void)state;
	fake_refuses = true;
	assert_int_equal(engine_fleet_take(fixture_engine, records, 1, true, &taking, &refusal),
			 -ECANCELED);
	refusal_done(&refusal);
	fake_refuses = false;
	assert_false(is_protected("192.0.2.1"));
	take(record);
	assert_true(is_protected("192.0.2.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_protected_elsewhere, begin, end),
		cmocka_unit_test_setup_teardown(test_tombstone, begin, end),
		cmocka_unit_test_setup_teardown(test_who_is_believed, begin, end),
		cmocka_unit_test_setup_teardown(test_random, begin, end),
		cmocka_unit_test_setup_teardown(test_published, begin, end),
		cmocka_unit_test_setup_teardown(test_returns, begin, end),
		cmocka_unit_test_setup_teardown(test_a_kernel_that_refuses, begin, end),
	};

	return cmocka_run_group_tests_name("protections of a fleet", tests, fixture_open,
					   fixture_close);
}
