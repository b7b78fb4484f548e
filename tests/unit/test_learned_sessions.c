/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions that the kernel counted, as evidence: they support and renew, and list nobody. */
#include "learned_fixture.h"

#define C "46.0.0.3"

/* @outbound and @inbound sessions that ended then. */
static size_t count_sessions(const char *address, uint32_t outbound, uint32_t inbound,
			     int64_t at_sec)
{
	const struct session_news news = { .address = fixture_prefix(address),
					   .outbound = outbound,
					   .inbound = inbound,
					   .last_outbound_sec = outbound ? at_sec : 0,
					   .last_inbound_sec = inbound ? at_sec : 0 };
	struct evidence_noted noted = { 0 };
	struct refusal refusal = { 0 };

	assert_int_equal(engine_note_sessions(fixture_engine, &news, 1, &noted, &refusal), 0);
	refusal_done(&refusal);
	return noted.noted_count;
}

/* Someone who has us write to him every day is not listed, whatever else the settings are. */
static void test_sessions_list_nobody(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n  reputation: {messages: 1, age: 1d}\n"
		    "  partner: {messages: 1, days: 1, authenticated_days: 1}\n");
	for (int day = 0; day < 60; day++) {
		assert_int_equal(count_sessions(A, 100, 100, at(day)), 1);
		pass_to(day);
	}
	assert_int_equal(state_of(A), LEARN_NONE);
	assert_false(fake_has("partners", A));
	assert_int_equal(learn_sql("SELECT sum(outbound) FROM days"), 6000);
	/* Those of strangers are not even noted, because anyone connects. */
	assert_int_equal(learn_sql("SELECT sum(inbound) FROM days"), 0);
	assert_int_equal(counters_now().evidence[EVIDENCE_FROM_KERNEL][EVIDENCE_OUTBOUND], 6000);
	assert_int_equal(counters_now().evidence[EVIDENCE_FROM_KERNEL][EVIDENCE_INBOUND], 0);
}

/* They make a small site known earlier that sends from its mail server. */
static void test_support(void **state)
{
	(void)state;
	learn_begin("  mode: suggest\n  half_life: 3650d\n  reputation: {messages: 12}\n");
	for (int day = 0; day < 8; day++) {
		count_sessions(A, 3, 0, at(day));
		see(EVIDENCE_HAM, A, NULL, at(day));
		see(EVIDENCE_HAM, B, NULL, at(day));
	}
	see(EVIDENCE_HAM, A, NULL, at(15));
	see(EVIDENCE_HAM, B, NULL, at(15));
	review();
	assert_int_equal(state_of(A), LEARN_CANDIDATE);
	assert_int_equal(find_learned(A).rule, LEARN_REPUTATION);
	assert_int_equal(state_of(B), LEARN_NONE);
}

/* A sender whose mail no log tells of stays while it connects; SYNs say nothing. */
static void test_renewal(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n  idle: 20d\n");
	see(EVIDENCE_REPLY, C, NULL, at(0));
	learn_active(A, 0);
	assert_int_equal(state_of(C), LEARN_ACTIVE);
	for (int day = 12; day < 70; day += 10) {
		count_sessions(A, 0, 2, at(day));
		count_sessions(C, 2, 0, at(day));
		pass_to(day);
	}
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	assert_true(fake_has("partners", A));
	assert_int_equal(learn_sql("SELECT sum(inbound) FROM days"), 12);
	assert_int_equal(state_of(C), LEARN_REMOVED);
	assert_int_equal(find_learned(C).cause, LEARN_BY_IDLENESS);
	assert_false(fake_has("partners", C));
}

/* At risk, it is saved at once. */
static void test_recovery(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n  idle: 20d\n");
	learn_active(A, 0);
	pass_to(30);
	assert_int_equal(state_of(A), LEARN_AT_RISK);
	count_sessions(A, 0, 1, at(30));
	review();
	assert_int_equal(state_of(A), LEARN_ACTIVE);
}

/* While no log is read, sessions go on: they must make nobody idle. */
static void test_clock(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n  idle: 20d\n");
	learn_active(A, 0);
	for (int day = 9; day < 75; day++)
		count_sessions(B, 1, 0, at(day));
	review();
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	pass_to(75);
	assert_int_equal(state_of(A), LEARN_AT_RISK);
}

static void test_never(void **state)
{
	static const char *const addresses[] = { "10.0.0.1", "172.17.0.1", "127.0.0.1",
						 "fd00::1",  "47.0.0.1",   "48.0.0.1" };

	(void)state;
	learn_begin("  trusted_relays: [47.0.0.1]\n  never: [48.0.0.0/8]\n");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		assert_int_equal(count_sessions(addresses[i], 5, 5, at(0)), 0);
	assert_int_equal(learn_sql("SELECT count(*) FROM days"), 0);
	assert_int_equal(counters_now().dropped[EVIDENCE_FROM_KERNEL][EVIDENCE_DROP_NEVER], 6);
}

/* A database of the version before gets the columns. */
static void test_older_database(void **state)
{
	(void)state;
	learn_begin("  mode: auto\n");
	see(EVIDENCE_REPLY, A, NULL, at(0));
	see(EVIDENCE_HAM, B, "partner.example", at(0));
	see(EVIDENCE_HAM, B, "partner.example", at(3));
	fixture_stop_engine();
	learn_sql("ALTER TABLE links DROP COLUMN recent");
	learn_sql("ALTER TABLE days DROP COLUMN inbound");
	learn_sql("ALTER TABLE days DROP COLUMN outbound");
	learn_sql("PRAGMA user_version = 2");
	fixture_start_engine();
	assert_int_equal(count_sessions(A, 4, 0, at(0)), 1);
	assert_int_equal(learn_sql("SELECT outbound + reply FROM days"), 5);
	assert_int_equal(learn_sql("SELECT recent FROM links"), 1 << 3 | 1);
	see(EVIDENCE_HAM, B, "partner.example", at(1));
	see(EVIDENCE_HAM, B, "partner.example", at(4));
	assert_int_equal(learn_sql("SELECT recent FROM links"), 1 << 4 | 1 << 3 | 1 << 1 | 1);
	review();
	assert_int_equal(state_of(A), LEARN_PROBATION);
}

#define TEST(function) cmocka_unit_test_teardown(function, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sessions_list_nobody),
		TEST(test_support),
		TEST(test_renewal),
		TEST(test_recovery),
		TEST(test_clock),
		TEST(test_never),
		TEST(test_older_database),
	};

	return cmocka_run_group_tests_name("learned_sessions", tests, fixture_open, fixture_close);
}
