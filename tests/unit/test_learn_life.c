/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life cycle and its limits: what each transition needs. */
#include "learn/caps.h"
#include "learn/life.h"
#include "learn_facts.h"

/* ---- the life cycle ----------------------------------------------------------------------- */

static struct learned learned;

static struct learn_step step_at(int64_t now_sec)
{
	struct learn_step step;

	learn_step(&learned, &facts, &settings, NULL, now_sec, &step);
	learned = step.to;
	return step;
}

static void begin_in(enum learn_state state)
{
	learned = (struct learned) { .prefix = { .len = 32 }, .state = state, .since_sec = NOW };
	if (learn_state_is_in_force(state))
		learned.added_sec = NOW;
}

static void test_suggest_waits(void **state)
{
	(void)state;
	forget_all();
	begin_in(LEARN_NONE);
	see(1, EVIDENCE_REPLY, 1);
	assert_true(step_at(NOW).is_changed);
	assert_int_equal(learned.state, LEARN_CANDIDATE);
	assert_int_equal(learned.rule, LEARN_REPLY);
	assert_string_equal(learned.why, "1 answer to mail of our users");
	for (int i = 1; i < 60; i++)
		step_at(NOW + i * DAY);
	assert_int_equal(learned.state, LEARN_CANDIDATE);
	learn_accept(&learned, &settings, NOW);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	assert_int_equal(learned.added_sec, NOW);
}

static void test_auto_goes_on(void **state)
{
	(void)state;
	settings.is_auto = true;
	forget_all();
	begin_in(LEARN_NONE);
	see(1, EVIDENCE_REPLY, 1);
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_PROBATION);
	assert_int_equal(learned.next_sec, NOW + 7 * DAY);
	step_at(NOW + 7 * DAY - 1);
	assert_int_equal(learned.state, LEARN_PROBATION);
	step_at(NOW + 7 * DAY);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	assert_int_equal(learned.cause, LEARN_BY_TIME);
}

/* It enters at 1 and leaves below 0.5. */
static void test_hysteresis(void **state)
{
	(void)state;
	forget_all();
	begin_in(LEARN_NONE);
	settings.replies = 4;
	see(2, EVIDENCE_REPLY, 3);
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_NONE);
	begin_in(LEARN_CANDIDATE);
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_CANDIDATE);
	settings.replies = 7;
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_NONE);
}

static void test_idle(void **state)
{
	(void)state;
	forget_all();
	begin_in(LEARN_ACTIVE);
	see(0, EVIDENCE_ACCEPTED, 3);
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	step_at(NOW + 60 * DAY - 1);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	assert_int_equal(step_at(NOW + 60 * DAY).notice, LEARN_NOTICE_AT_RISK);
	assert_int_equal(learned.state, LEARN_AT_RISK);
	assert_int_equal(learned.cause, LEARN_BY_IDLENESS);
	assert_int_equal(learned.next_sec, NOW + 74 * DAY);
	assert_int_equal(step_at(NOW + 71 * DAY - 1).notice, LEARN_NO_NOTICE);
	assert_int_equal(step_at(NOW + 71 * DAY).notice, LEARN_NOTICE_REMOVAL);
	assert_int_equal(step_at(NOW + 72 * DAY).notice, LEARN_NO_NOTICE);
	assert_int_equal(learned.state, LEARN_AT_RISK);
	step_at(NOW + 74 * DAY);
	assert_int_equal(learned.state, LEARN_REMOVED);
	assert_int_equal(learned.cause, LEARN_BY_IDLENESS);
	step_at(NOW + 104 * DAY - 1);
	assert_int_equal(learned.state, LEARN_REMOVED);
	step_at(NOW + 104 * DAY);
	assert_int_equal(learned.state, LEARN_NONE);
}

static void test_message_saves(void **state)
{
	(void)state;
	forget_all();
	begin_in(LEARN_ACTIVE);
	see(0, EVIDENCE_ACCEPTED, 3);
	step_at(NOW + 61 * DAY);
	assert_int_equal(learned.state, LEARN_AT_RISK);
	see(-62, EVIDENCE_ACCEPTED, 1);
	step_at(NOW + 62 * DAY);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	assert_int_equal(learned.added_sec, NOW);
}

/* So does a session that it began, and one that we began does not. */
static void test_session_saves(void **state)
{
	(void)state;
	forget_all();
	begin_in(LEARN_ACTIVE);
	see(0, EVIDENCE_ACCEPTED, 3);
	see(-59, EVIDENCE_INBOUND, 1);
	step_at(NOW + 118 * DAY);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	see(-118, EVIDENCE_OUTBOUND, 9);
	step_at(NOW + 119 * DAY);
	assert_int_equal(learned.state, LEARN_AT_RISK);
	assert_int_equal(learned.cause, LEARN_BY_IDLENESS);
	see(-120, EVIDENCE_INBOUND, 1);
	step_at(NOW + 120 * DAY);
	assert_int_equal(learned.state, LEARN_ACTIVE);
}

/* Bars hold, even if a rule is met. */
static void test_bar(void **state)
{
	(void)state;
	forget_all();
	begin_in(LEARN_ACTIVE);
	see(0, EVIDENCE_REPLY, 3);
	learn_reject(&learned, &settings, NOW);
	assert_int_equal(learned.added_sec, 0);
	step_at(NOW + 364 * DAY);
	assert_int_equal(learned.state, LEARN_REMOVED);
	step_at(NOW + 365 * DAY);
	assert_int_equal(learned.state, LEARN_NONE);
}

static void test_complaints(void **state)
{
	(void)state;
	for (int from = LEARN_CANDIDATE; from <= LEARN_AT_RISK; from++) {
		forget_all();
		begin_in((enum learn_state)from);
		see(3, EVIDENCE_REPLY, 2);
		see(0, EVIDENCE_REJECTED, 3);
		facts.complaints = 2;
		step_at(NOW);
		assert_int_not_equal(learned.state, LEARN_REMOVED);
		begin_in((enum learn_state)from);
		facts.complaints = 3;
		step_at(NOW);
		assert_int_equal(learned.state, LEARN_REMOVED);
		assert_int_equal(learned.cause, LEARN_BY_COMPLAINTS);
		assert_int_equal(learned.next_sec, NOW + 30 * DAY);
		/* Among much good mail, a few rejects are nothing. */
		begin_in((enum learn_state)from);
		see(0, EVIDENCE_ACCEPTED, 200);
		step_at(NOW);
		assert_int_not_equal(learned.state, LEARN_REMOVED);
	}
}

static void test_spam_share(void **state)
{
	(void)state;
	forget_all();
	begin_in(LEARN_ACTIVE);
	see(5, EVIDENCE_ACCEPTED, 20);
	see(1, EVIDENCE_SPAM, 1);
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	see(0, EVIDENCE_SPAM, 20);
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_AT_RISK);
	assert_int_equal(learned.cause, LEARN_BY_SCORE);
	see(-1, EVIDENCE_ACCEPTED, 400);
	step_at(NOW + DAY);
	assert_int_equal(learned.state, LEARN_ACTIVE);
}

static void test_other_name(void **state)
{
	(void)state;
	settings.is_auto = true;
	forget_all();
	begin_in(LEARN_ACTIVE);
	see(1, EVIDENCE_REPLY, 1);
	snprintf(facts.name, sizeof(facts.name), "mx1.partner.co.uk");
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	assert_string_equal(learned.organisation, "partner.co.uk");
	snprintf(facts.name, sizeof(facts.name), "mx2.partner.co.uk");
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	facts.name[0] = '\0';
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_ACTIVE);
	snprintf(facts.name, sizeof(facts.name), "host.cloud.example");
	step_at(NOW);
	assert_int_equal(learned.state, LEARN_PROBATION);
	assert_int_equal(learned.cause, LEARN_BY_NAME);
	assert_int_equal(learned.added_sec, 0);
	step_at(NOW + 7 * DAY);
	assert_int_equal(learned.state, LEARN_ACTIVE);
}

static void test_never_ends_all(void **state)
{
	struct learn_step step;

	(void)state;
	for (int from = LEARN_NONE; from < LEARN_STATE_COUNT; from++) {
		forget_all();
		see(1, EVIDENCE_REPLY, 1);
		begin_in((enum learn_state)from);
		learn_step(&learned, &facts, &settings, "private", NOW, &step);
		assert_int_equal(step.to.state, LEARN_NONE);
		assert_int_equal(step.is_changed, from != LEARN_NONE);
	}
}

/* No evidence, no time: a log that is not read ages nobody. */
static void test_clock(void **state)
{
	(void)state;
	assert_int_equal(learn_clock(NOW, NOW - 10), NOW);
	assert_int_equal(learn_clock(NOW, NOW - 50 * DAY), NOW - 49 * DAY);
	assert_int_equal(learn_clock(NOW, 0), NOW);
	assert_int_equal(learn_clock(NOW, NOW + 10), NOW);
}

static void test_due(void **state)
{
	(void)state;
	begin_in(LEARN_AT_RISK);
	learned.next_sec = NOW + 14 * DAY;
	assert_int_equal(learn_due_sec(&learned, &settings, NOW), NOW + 11 * DAY);
	learned.is_noticed = true;
	assert_int_equal(learn_due_sec(&learned, &settings, NOW), NOW + 14 * DAY);
	learned.is_held = true;
	assert_int_equal(learn_due_sec(&learned, &settings, NOW), (TODAY + 1) * DAY);
	begin_in(LEARN_CANDIDATE);
	assert_int_equal(learn_due_sec(&learned, &settings, NOW), NOW + 7 * DAY);
}

/* ---- limits ------------------------------------------------------------------------------- */

static enum learn_cap hold(struct learn_caps *caps, enum learn_state from, enum learn_state to)
{
	const struct learned was = { .state = from };
	struct learn_step step = { .to = { .state = to, .cause = LEARN_BY_SCORE },
				   .is_changed = true };
	const enum learn_cap cap = learn_caps_hold(caps, &settings, &was, &step);

	assert_int_equal(step.to.state, cap ? from : to);
	assert_int_equal(step.to.is_held, cap != LEARN_CAP_NONE);
	return cap;
}

static void test_caps(void **state)
{
	struct learn_caps caps = { 0 };

	(void)state;
	settings.max_entries = 4;
	settings.max_entries_day = 3;
	settings.max_removals_day = 2;
	learn_caps_set_day(&caps, NOW);
	for (int i = 0; i < 3; i++)
		assert_int_equal(hold(&caps, LEARN_PROBATION, LEARN_ACTIVE), LEARN_CAP_NONE);
	assert_int_equal(hold(&caps, LEARN_PROBATION, LEARN_ACTIVE), LEARN_CAP_DAY);
	learn_caps_set_day(&caps, NOW + DAY);
	assert_int_equal(hold(&caps, LEARN_PROBATION, LEARN_ACTIVE), LEARN_CAP_NONE);
	assert_int_equal(hold(&caps, LEARN_PROBATION, LEARN_ACTIVE), LEARN_CAP_ENTRIES);
	assert_int_equal(hold(&caps, LEARN_ACTIVE, LEARN_AT_RISK), LEARN_CAP_NONE);
	assert_int_equal(hold(&caps, LEARN_AT_RISK, LEARN_REMOVED), LEARN_CAP_NONE);
	assert_int_equal(hold(&caps, LEARN_ACTIVE, LEARN_PROBATION), LEARN_CAP_NONE);
	assert_int_equal(hold(&caps, LEARN_ACTIVE, LEARN_REMOVED), LEARN_CAP_REMOVALS);
	assert_int_equal(caps.entries, 2);
	caps.waiting = 0;
	for (int i = 0; i < 4; i++)
		assert_int_equal(hold(&caps, LEARN_NONE, LEARN_CANDIDATE), LEARN_CAP_NONE);
	assert_int_equal(hold(&caps, LEARN_NONE, LEARN_CANDIDATE), LEARN_CAP_CANDIDATES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_suggest_waits, reset),
		cmocka_unit_test_setup(test_auto_goes_on, reset),
		cmocka_unit_test_setup(test_hysteresis, reset),
		cmocka_unit_test_setup(test_idle, reset),
		cmocka_unit_test_setup(test_message_saves, reset),
		cmocka_unit_test_setup(test_session_saves, reset),
		cmocka_unit_test_setup(test_bar, reset),
		cmocka_unit_test_setup(test_complaints, reset),
		cmocka_unit_test_setup(test_spam_share, reset),
		cmocka_unit_test_setup(test_other_name, reset),
		cmocka_unit_test_setup(test_never_ends_all, reset),
		cmocka_unit_test_setup(test_clock, reset),
		cmocka_unit_test_setup(test_due, reset),
		cmocka_unit_test_setup(test_caps, reset),
	};

	return cmocka_run_group_tests_name("learn_life", tests, NULL, NULL);
}
