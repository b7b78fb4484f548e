/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How learned entries go, and what holds them. */
#include "learned_fixture.h"

/* ---- going ---------------------------------------------------------------------------------- */

static void test_idle(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	pass_to(66);
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	pass_to(68);
	assert_int_equal(state_of(A), LEARN_AT_RISK);
	assert_true(fake_has("partners", A));
	see(EVIDENCE_ACCEPTED, A, NULL, at(69));
	review();
	assert_int_equal(state_of(A), LEARN_ACTIVE);
}

static void remove_by_idleness(const char *address)
{
	pass_to(30);
	assert_int_equal(state_of(address), LEARN_AT_RISK);
	pass_to(44);
	assert_int_equal(state_of(address), LEARN_REMOVED);
	assert_false(fake_has("partners", address));
}

static void test_removal_and_undo(void **state)
{
	struct refusal refusal = { 0 };
	struct undo_result result;
	int64_t id = 0;

	(void)state;
	learn_begin("  mode: auto\n  idle: 20d\n");
	learn_active(A, 0);
	remove_by_idleness(A);
	assert_int_equal(counters_now().removals[LEARN_BY_IDLENESS], 1);
	assert_int_equal(history_last_of(engine_state(fixture_engine), "partners",
					 &(struct prefix) { { 46, 0, 0, 1 }, FAMILY_IPV4, 32 },
					 &id),
			 0);
	assert_int_equal(engine_undo(fixture_engine, &alice, &(struct undo_records) { &id, 1 },
				     false, &result, &refusal),
			 0);
	assert_int_equal(result.added_count, 1);
	assert_true(fake_has("partners", A));
	assert_string_equal(entry_of(A)->about->origin, "reply");
	review();
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	/* And it stays: its time without mail begins with the undo. */
	pass_to(50);
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	refusal_done(&refusal);
}

/* A protected entry is a manual one, so it stays when what was learned goes. */
static void test_protected(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n  idle: 20d\n");
	learn_active(A, 0);
	assert_int_equal(protect("partners", A), OUTCOME_OK);
	pass_to(30);
	pass_to(44);
	assert_int_equal(state_of(A), LEARN_REMOVED);
	assert_true(fake_has("partners", A));
	assert_null(entry_of(A));
}

static void learn_many(int count)
{
	char address[32];

	for (int i = 0; i < count; i++) {
		snprintf(address, sizeof(address), "46.1.0.%d", i);
		see(EVIDENCE_REPLY, address, NULL, at(0));
	}
	review();
	pass_to(8);
	for (int i = 0; i < count; i++) {
		snprintf(address, sizeof(address), "46.1.0.%d", i);
		assert_true(fake_has("partners", address));
	}
}

/* More removals than a day may have are held, and go on the next days. */
static void test_removals_are_limited(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n  idle: 20d\n  max_removals_day: 4\n");
	learn_many(10);
	pass_to(30);
	pass_to(44);
	assert_int_equal(count_in_force(), 6);
	assert_int_equal(counters_now().held, 6);
	pass_to(45);
	assert_int_equal(count_in_force(), 2);
	pass_to(46);
	assert_int_equal(count_in_force(), 0);
}

/* The guard holds the removal of too many entries in use; an administrator's word is no guess. */
static void test_guard(void **state)
{
	char address[32];

	(void)state;
	learn_begin("  mode: auto\n  idle: 20d\n");
	learn_many(8);
	for (int i = 0; i < 8; i++) {
		snprintf(address, sizeof(address), "46.1.0.%d", i);
		fake_count("partners", address, 7);
	}
	pass_to(30);
	pass_to(44);
	assert_int_equal(count_in_force(), 8);
	assert_int_equal(counters_now().held, 8);
	assert_int_equal(counters_now().removals[LEARN_BY_IDLENESS], 0);
	assert_int_equal(do_learn(LEARN_REJECT, "46.1.0.3"), 1);
	assert_false(fake_has("partners", "46.1.0.3"));
	assert_int_equal(do_learn(LEARN_ACCEPT, "46.1.0.4"), 1);
	assert_int_equal(state_of("46.1.0.4"), LEARN_ACTIVE);
	assert_int_equal(counters_now().held, 6);
}

static void test_entries_are_limited(void **state)
{
	char address[32];

	(void)state;
	learn_begin("  mode: auto\n  max_entries_day: 3\n  max_entries: 5\n");
	for (int i = 0; i < 8; i++) {
		snprintf(address, sizeof(address), "46.1.0.%d", i);
		see(EVIDENCE_REPLY, address, NULL, at(0));
	}
	review();
	/* No more than max_entries wait, either. */
	assert_int_equal(counters_now().entries[LEARN_PROBATION][LEARN_REPLY], 5);
	pass_to(8);
	assert_int_equal(count_in_force(), 3);
	pass_to(9);
	assert_int_equal(count_in_force(), 5);
	pass_to(20);
	assert_int_equal(count_in_force(), 5);
}

static void test_complaints(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	see_with(EVIDENCE_REPORTED_SPAM, A, NULL, "bob@home.example", at(9));
	see_with(EVIDENCE_REPORTED_SPAM, A, NULL, "bob@home.example", at(9) + 1);
	see_with(EVIDENCE_REJECTED, A, NULL, "eve@home.example", at(9) + 2);
	review();
	assert_true(fake_has("partners", A));
	see_with(EVIDENCE_REJECTED, A, NULL, "eve@home.example", at(9) + 3);
	review();
	assert_true(fake_has("partners", A));
	see_with(EVIDENCE_SPAM, A, NULL, "dan@home.example", at(9) + 4);
	review();
	assert_false(fake_has("partners", A));
	assert_int_equal(state_of(A), LEARN_REMOVED);
	/* Barred: even an answer does not bring it back. */
	see(EVIDENCE_REPLY, A, NULL, at(10));
	pass_to(30);
	assert_int_equal(state_of(A), LEARN_REMOVED);
}

/* Mail from the address is accepted. */
static void see_name(const char *name, int64_t day)
{
	struct evidence evidence = make(EVIDENCE_ACCEPTED, A, NULL, at(day));

	snprintf(evidence.name, sizeof(evidence.name), "%s", name);
	note(&evidence, 1);
	review();
}

static void test_other_name(void **state)
{
	struct evidence evidence = make(EVIDENCE_ACCEPTED, A, NULL, at(1));

	(void)state;
	learn_begin("  mode: auto\n");
	evidence = make(EVIDENCE_REPLY, A, NULL, at(0));
	snprintf(evidence.name, sizeof(evidence.name), "mx.partner.example");
	note(&evidence, 1);
	review();
	pass_to(8);
	assert_true(fake_has("partners", A));
	/* A host with two names, and one without: nothing changes. */
	see_name("other.example", 9);
	see_name("mx2.partner.example", 9);
	see_name("other.example", 10);
	see_name("other.example", 11);
	see(EVIDENCE_ACCEPTED, A, NULL, at(11));
	review();
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	see_name("vm7.cloud.example", 12);
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	see_name("vm8.cloud.example", 12);
	assert_int_equal(state_of(A), LEARN_PROBATION);
	assert_false(fake_has("partners", A));
	assert_int_equal(sql_number("state/state.db",
				    "SELECT count(*) FROM history WHERE reason = 'reverse name of "
				    "cloud.example, not of partner.example'"),
			 1);
}

/* The old and the new name come in one batch, the new one first. */
static void test_names_by_time(void **state)
{
	struct evidence items[3];

	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	for (int i = 0; i < 3; i++) {
		items[i] = make(EVIDENCE_ACCEPTED, A, NULL, at(9) + 100 - 10 * i);
		snprintf(items[i].name, sizeof(items[i].name), "%s",
			 i < 2 ? "vm7.cloud.example" : "mx.partner.example");
	}
	note(items, 3);
	review();
	assert_int_equal(learn_sql("SELECT count(*) FROM names WHERE name = 'vm7.cloud.example'"),
			 1);
}

static void test_protected_name(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	see_name("mx.partner.example", 8);
	assert_int_equal(protect("partners", A), OUTCOME_OK);
	see_name("vm7.cloud.example", 9);
	see_name("vm7.cloud.example", 9);
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	assert_true(fake_has("partners", A));
	assert_int_equal(
	    learn_sql("SELECT count(*) FROM learned WHERE organisation = 'cloud.example'"), 1);
}

static void test_reject_and_forget(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	assert_int_equal(do_learn(LEARN_REJECT, A), 1);
	assert_false(fake_has("partners", A));
	see(EVIDENCE_REPLY, A, NULL, at(9));
	pass_to(60);
	assert_int_equal(state_of(A), LEARN_REMOVED);
	assert_int_equal(do_learn(LEARN_FORGET, A), 1);
	assert_int_equal(state_of(A), LEARN_NONE);
	assert_int_equal(learn_sql("SELECT count(*) FROM days WHERE address = x'2e000001'"), 0);
	see(EVIDENCE_REPLY, A, NULL, at(61));
	review();
	assert_int_equal(state_of(A), LEARN_PROBATION);
}

#define TEST(function) cmocka_unit_test_teardown(function, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle),
		TEST(test_removal_and_undo),
		TEST(test_protected),
		TEST(test_removals_are_limited),
		TEST(test_guard),
		TEST(test_entries_are_limited),
		TEST(test_complaints),
		TEST(test_other_name),
		TEST(test_names_by_time),
		TEST(test_protected_name),
		TEST(test_reject_and_forget),
	};

	return cmocka_run_group_tests_name("learned_leave", tests, fixture_open, fixture_close);
}
