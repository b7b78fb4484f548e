/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Learned entries in force: how they come, and stay over accidents. */
#include "learned_fixture.h"

/* ---- coming ------------------------------------------------------------------------------- */

static void test_suggest(void **state)
{
	(void)state;
	learn_begin("");
	see(EVIDENCE_REPLY, A, "partner.example", at(0));
	review();
	assert_int_equal(state_of(A), LEARN_CANDIDATE);
	pass_to(30);
	assert_int_equal(state_of(A), LEARN_CANDIDATE);
	assert_false(fake_has("partners", A));
	assert_int_equal(do_learn(LEARN_ACCEPT, A), 1);
	assert_true(fake_has("partners", A));
	assert_int_equal(do_learn(LEARN_ACCEPT, A), 0);
	assert_int_equal(do_learn(LEARN_ACCEPT, B), 0);
	assert_string_equal(entry_of(A)->about->origin, "reply");
	assert_string_equal(entry_of(A)->reason, "1 answer to mail of our users");
	assert_int_equal(entry_of(A)->about->expires_at_sec, 0);
	assert_int_equal(counters_now().entries[LEARN_ACTIVE][LEARN_REPLY], 1);
}

static void test_auto(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	see(EVIDENCE_REPLY, A, "partner.example", at(0));
	review();
	assert_int_equal(state_of(A), LEARN_PROBATION);
	assert_false(fake_has("partners", A));
	pass_to(6);
	assert_false(fake_has("partners", A));
	pass_to(7);
	assert_true(fake_has("partners", A));
	assert_int_equal(counters_now().entries[LEARN_ACTIVE][LEARN_REPLY], 1);
	assert_int_equal(counters_now().evidence[EVIDENCE_FROM_RSPAMD][EVIDENCE_REPLY], 1);
}

/* The domain's users, its authenticated mail, and then all of its addresses are learned. */
static void test_partner(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	for (int day = 0; day < 2; day++) {
		see(EVIDENCE_HAM, A, "partner.example", at(day));
		see(EVIDENCE_HAM, "2600:1::5", "partner.example", at(day));
		see(EVIDENCE_ACCEPTED, B, "partner.example", at(day));
	}
	see_with(EVIDENCE_SENT, "46.0.0.25", "partner.example", "bob@home.example", at(1));
	see_with(EVIDENCE_SENT, "46.0.0.25", "partner.example", "bob@home.example", at(2));
	review();
	assert_int_equal(state_of(A), LEARN_NONE);
	see_with(EVIDENCE_SENT, "46.0.0.25", "partner.example", "bob@home.example", at(2));
	review();
	assert_int_equal(state_of(A), LEARN_PROBATION);
	assert_int_equal(find_learned(A).rule, LEARN_PARTNER);
	assert_string_equal(find_learned(A).domain, "partner.example");
	assert_int_equal(state_of("2600:1::6"), LEARN_PROBATION);
	/* An envelope sender that nobody authenticated says nothing. */
	assert_int_equal(state_of(B), LEARN_NONE);
	/* The server that we deliver to counts once it sends to us. */
	assert_int_equal(state_of("46.0.0.25"), LEARN_NONE);
	see(EVIDENCE_ACCEPTED, "46.0.0.25", "partner.example", at(3));
	review();
	assert_int_equal(state_of("46.0.0.25"), LEARN_PROBATION);
	pass_to(12);
	assert_true(fake_has("partners", "2600:1::/64"));
}

static void test_never(void **state)
{
	const struct evidence items[] = {
		make(EVIDENCE_REPLY, "10.0.0.1", NULL, at(0)),
		make(EVIDENCE_REPLY, "172.17.0.1", NULL, at(0)),
		make(EVIDENCE_REPLY, "47.0.0.1", NULL, at(0)),
		make(EVIDENCE_REPLY, "48.0.0.1", NULL, at(0)),
		make(EVIDENCE_REPLY, NULL, NULL, at(0)),
		make(EVIDENCE_SENT, A, "", at(0)),
		make(EVIDENCE_REPLY, A, NULL, at(-30)),
		make(EVIDENCE_REPLY, A, NULL, time_now_sec() + 4000),
	};
	struct evidence_noted noted;

	(void)state;
	learn_begin("  trusted_relays: [47.0.0.1]\n  never: [48.0.0.0/8]\n");
	noted = note(items, 8);
	assert_int_equal(noted.noted_count, 0);
	assert_int_equal(noted.dropped_count, 8);
	assert_int_equal(counters_now().dropped[EVIDENCE_FROM_RSPAMD][EVIDENCE_DROP_NEVER], 4);
	assert_int_equal(counters_now().dropped[EVIDENCE_FROM_RSPAMD][EVIDENCE_DROP_INVALID], 1);
	assert_int_equal(counters_now().dropped[EVIDENCE_FROM_POSTFIX][EVIDENCE_DROP_INVALID], 1);
	assert_int_equal(counters_now().dropped[EVIDENCE_FROM_RSPAMD][EVIDENCE_DROP_TIME], 2);
	assert_int_equal(learn_sql("SELECT count(*) FROM days"), 0);
}

/* `never:` of a new configuration is an order. */
static void test_never_later(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	learn_configure("  mode: auto\n  never: [" A "]\n");
	assert_int_equal(reload(true), OUTCOME_OK);
	review();
	assert_false(fake_has("partners", A));
	assert_int_equal(state_of(A), LEARN_NONE);
	assert_int_equal(counters_now().removals[LEARN_BY_NEVER], 1);
}

/* ---- staying ------------------------------------------------------------------------------- */

static void test_restart(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	fixture_stop_engine();
	fixture_start_engine();
	assert_true(fake_has("partners", A));
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	assert_int_equal(find_learned(A).cause, LEARN_BY_TIME);
}

/* learn.db is gone or damaged: what is in force stays, and its life begins anew. */
static void test_database_lost(void **state)
{
	(void)state;
	for (int damage = 0; damage < 2; damage++) {
		learn_begin("  mode: auto\n");
		learn_active(A, 0);
		fixture_stop_engine();
		if (damage)
			fixture_write(LEARN_DB, "this is no database, by no means at all ......");
		else
			assert_int_equal(remove(LEARN_DB), 0);
		fixture_start_engine();
		assert_true(fake_has("partners", A));
		assert_true(fake_is_enforcing);
		review();
		assert_true(fake_has("partners", A));
		assert_int_equal(state_of(A), LEARN_ACTIVE);
		assert_int_equal(find_learned(A).cause, LEARN_BY_RECOVERY);
		assert_int_equal(find_learned(A).rule, LEARN_REPLY);
		assert_int_equal(engine_snapshot(fixture_engine)->suspension != NULL, false);
		/* And evidence is noted again. */
		see(EVIDENCE_REPLY, B, NULL, at(20));
		review();
		assert_int_equal(state_of(B), LEARN_PROBATION);
	}
}

/* A crash between the two commits: what is in force counts. */
static void test_rows_follow(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	see(EVIDENCE_REPLY, B, NULL, at(8));
	review();
	fixture_stop_engine();
	learn_sql("UPDATE learned SET state = CASE WHEN state = 'active' THEN 'probation' ELSE "
		  "'active' END");
	fixture_start_engine();
	review();
	assert_true(fake_has("partners", A));
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	assert_false(fake_has("partners", B));
	assert_int_equal(state_of(B), LEARN_REMOVED);
}

static void test_kernel_refuses(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	see(EVIDENCE_REPLY, A, NULL, at(0));
	review();
	fake_refuses = true;
	pass_to(8);
	assert_int_equal(state_of(A), LEARN_PROBATION);
	fake_refuses = false;
	pass_to(9);
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	assert_true(fake_has("partners", A));
}

/* The log is not read for weeks: nobody is idle. */
static void test_silent_source(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	for (int i = 0; i < 10; i++)
		review();
	assert_int_equal(state_of(A), LEARN_ACTIVE);
}

static void test_off_and_on(void **state)
{
	struct evidence_noted noted;
	struct refusal refusal = { 0 };
	const struct evidence evidence = make(EVIDENCE_REPLY, B, NULL, at(9));
	const struct evidence_batch batch = { .items = &evidence, .count = 1 };

	(void)state;
	learn_begin("  mode: auto\n");
	learn_active(A, 0);
	fake_count("partners", A, 1);
	fixture_configure(LEARN_LISTS);
	/* The guard knows what is learned: one of one entry in use. */
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_false(fake_has("partners", A));
	assert_int_equal(engine_note_evidence(fixture_engine, &batch, &noted, &refusal),
			 -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_CONFLICT);
	refusal_done(&refusal);
	learn_configure("  mode: auto\n");
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_true(fake_has("partners", A));
	assert_int_equal(state_of(A), LEARN_ACTIVE);
}

#define TEST(function) cmocka_unit_test_teardown(function, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_suggest),	  TEST(test_auto),	  TEST(test_partner),
		TEST(test_never),	  TEST(test_never_later), TEST(test_restart),
		TEST(test_database_lost), TEST(test_rows_follow), TEST(test_kernel_refuses),
		TEST(test_silent_source), TEST(test_off_and_on),
	};

	return cmocka_run_group_tests_name("learned", tests, fixture_open, fixture_close);
}
