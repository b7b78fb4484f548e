/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts of a fleet add up their evidence: together they learn what one host would learn that had
 * seen all of it. */
#include "fleet_hosts_fixture.h"
#include "random_prefix.h"

#define EVENTS_MAX 600

/* ---- the model ---------------------------------------------------------------------------- */

static struct evidence random_event(void)
{
	static const enum evidence_kind kinds[] = { EVIDENCE_SENT,     EVIDENCE_ACCEPTED,
						    EVIDENCE_ACCEPTED, EVIDENCE_ACCEPTED,
						    EVIDENCE_HAM,      EVIDENCE_HAM,
						    EVIDENCE_SPAM,     EVIDENCE_REPORTED_HAM };
	const enum evidence_kind kind = kinds[random_below(8)];
	const unsigned int number = random_below(24), domain = number % 6;
	char address[32], name[32];
	struct evidence evidence;

	snprintf(address, sizeof(address), "46.0.0.%u", number);
	snprintf(name, sizeof(name), "partner%u.example", domain);
	/* Few send spam, or nobody is learned; reports are few as well. */
	evidence = make(kind == EVIDENCE_SPAM && number % 4	      ? EVIDENCE_ACCEPTED
			: kind == EVIDENCE_REPORTED_HAM && number % 5 ? EVIDENCE_HAM
								      : kind,
			address, name, at(random_below(30)) + random_below(3600));
	if (evidence.kind == EVIDENCE_SENT) {
		snprintf(evidence.person, sizeof(evidence.person), "user%u@example.org",
			 random_below(3));
		evidence.recipient_count = 1;
		/* Half of the domains are written to. */
		if (domain % 2)
			evidence.kind = EVIDENCE_ACCEPTED;
	}
	return evidence;
}

static void note_time(void)
{
	see(EVIDENCE_LISTED, "8.8.8.8", NULL, at(40));
}

/* Which addresses meet which rule now. A host that has met one before it knew of all evidence may
 * have learned more, as it would have if that had come later; it never has learned less. */
static void read_met(unsigned int met[24])
{
	for (unsigned int i = 0; i < 24; i++) {
		struct learn_explanation explanation;
		char address[32];

		snprintf(address, sizeof(address), "46.0.0.%u", i);
		explanation = explain(address);
		met[i] = 0;
		for (unsigned int rule = 0; rule < LEARN_RULE_COUNT; rule++)
			if (explanation.uses[rule] && explanation.findings[rule].score >= 1)
				met[i] |= 1U << rule;
		if (met[i])
			assert_int_not_equal(explanation.learned.state, LEARN_NONE);
		learn_explanation_done(&explanation);
	}
}

/* What one of so many hosts sees. */
static size_t pick_part(const struct evidence *events, size_t count, struct evidence *part,
			int hosts, int host)
{
	size_t picked = 0;

	for (size_t i = 0; i < count; i++)
		if (events[i].at_sec % hosts == host - 1)
			part[picked++] = events[i];
	return picked;
}

static void test_split(void **state)
{
	static struct evidence events[EVENTS_MAX], part[EVENTS_MAX];
	unsigned int expected[24], found[24];
	size_t met_count = 0, said_count = 1;

	(void)state;
	random_start("test_engine_fleet_evidence");
	for (int round = 0; round < 3; round++) {
		const int hosts = 2 + (int)random_below(HOSTS - 1);
		const size_t count = 60 + random_below(EVENTS_MAX - 60);

		begin(NULL);
		for (size_t i = 0; i < count; i++)
			events[i] = random_event();
		learn_begin(RULES);
		note(events, count);
		note_time();
		review();
		read_met(expected);
		leave("mx0");
		/* Each sees a part. */
		for (int host = 1; host <= hosts; host++) {
			char name[16];

			snprintf(name, sizeof(name), "mx%d", host);
			go_to(name, "");
			note_time();
			note(part, pick_part(events, count, part, hosts, host));
			leave(name);
		}
		/* Until nobody has anything to say. */
		for (said_count = 1; said_count;) {
			said_count = 0;
			for (int host = 1; host <= hosts; host++) {
				char name[16];

				snprintf(name, sizeof(name), "mx%d", host);
				come_back(name);
				take_all();
				review();
				said_count += publish();
				leave(name);
			}
		}
		for (int host = 1; host <= hosts; host++) {
			char name[16];

			snprintf(name, sizeof(name), "mx%d", host);
			come_back(name);
			read_met(found);
			for (unsigned int i = 0; i < 24; i++) {
				if (found[i] != expected[i])
					print_error("round %d, %s of %d: 46.0.0.%u\n", round, name,
						    hosts, i);
				assert_int_equal(found[i], expected[i]);
				met_count += expected[i] != 0;
			}
			leave(name);
		}
		forget_records();
	}
	assert_true(met_count > 0);
}

/* ---- when a host speaks --------------------------------------------------------------------- */

static void test_quarter(void **state)
{
	struct fleet_evidence_texts texts;
	struct fleet_record record;

	(void)state;
	go_to("mx1", "");
	/* 10 are needed. */
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 0);
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 1);
	assert_int_equal(records[0]->kind, FLEET_EVIDENCE);
	/* The same again says nothing. */
	review();
	assert_int_equal(publish(), 0);
	/* Another host has spoken. */
	see(EVIDENCE_ACCEPTED, B, "x.example", at(0));
	review();
	assert_int_equal(publish(), 0);
	record = said_by("mx2", B, 4, 0, &texts);
	take_one(&record);
	assert_int_equal(publish(), 1);
	/* One in eight more. */
	for (int i = 0; i < 13; i++)
		see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 1);
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 0);
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 1);
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 0);
	/* The day is over. */
	see(EVIDENCE_LISTED, "8.8.8.8", NULL, at(2));
	review();
	assert_int_equal(publish(), 1);
	assert_int_equal(publish(), 0);
}

static void test_not_published(void **state)
{
	(void)state;
	go_to("mx1", ", publish: [manual, learned]");
	see(EVIDENCE_REPLY, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 0);
	leave("mx1");
	come_back("mx1");
	see(EVIDENCE_REPLY, A, "x.example", at(1));
	review();
	assert_int_equal(publish(), 1);
	/* It is taken back. */
	fixture_stop_engine();
	go_to("mx1", ", publish: [manual, learned]");
	assert_int_equal(publish(), 1);
	assert_int_equal(records[record_count - 1]->op, FLEET_END);
}

/* What is forgotten here is taken back. What others have seen still counts. */
static void test_learn_forget(void **state)
{
	struct fleet_evidence_texts texts;
	struct fleet_record record;

	(void)state;
	go_to("mx1", "");
	see(EVIDENCE_REPLY, A, "x.example", at(0));
	review();
	assert_int_equal(publish(), 1);
	assert_int_equal(state_of(A), LEARN_PROBATION);
	record = said_by("mx2", A, 4, 0, &texts);
	take_one(&record);
	assert_int_equal(do_learn(LEARN_FORGET, A), 1);
	review();
	assert_int_equal(publish(), 1);
	assert_int_equal(records[record_count - 1]->op, FLEET_END);
	assert_int_equal(state_of(A), LEARN_NONE);
	assert_int_equal(accepted_of(A), 4);
}

/* ---- what counts ---------------------------------------------------------------------------- */

static void test_told(void **state)
{
	struct learn_explanation explanation;
	struct fleet_evidence_texts texts;
	struct fleet_record record;

	(void)state;
	go_to("mx1", "");
	for (int i = 0; i < 6; i++)
		see(EVIDENCE_ACCEPTED, A, "x.example", at(i));
	record = said_by("mx2", A, 9, 0, &texts);
	take_one(&record);
	see(EVIDENCE_LISTED, "8.8.8.8", NULL, at(15));
	see(EVIDENCE_ACCEPTED, A, "x.example", at(15));
	review();
	assert_int_equal(state_of(A), LEARN_PROBATION);
	explanation = explain(A);
	assert_int_equal(explanation.host_count, 1);
	assert_string_equal(explanation.hosts[0].name, "mx2");
	assert_int_equal(explanation.hosts[0].day_count, 1);
	assert_int_equal(explanation.hosts[0].counts[EVIDENCE_ACCEPTED], 9);
	assert_int_equal(explanation.days[0].counts[EVIDENCE_ACCEPTED], 10);
	assert_non_null(strstr(explanation.learned.why, "; seen on mx2, too"));
	learn_explanation_done(&explanation);
}

/* Not the evidence of a host that is not believed, nor twice that of one that has another name. */
static void test_counted_once(void **state)
{
	struct fleet_evidence_texts texts, own;
	struct fleet_record record;
	struct fleet_evidence evidence;

	(void)state;
	go_to("mx1", "");
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	record = said_by("mx2", A, 5, 0, &texts);
	take_one(&record);
	assert_int_equal(accepted_of(A), 6);
	record.origin = "mx2-new";
	record.version++;
	take_one(&record);
	assert_int_equal(accepted_of(A), 6);
	/* This host's own, under its former name. */
	assert_int_equal(publish(), 1);
	assert_true(fleet_evidence_read(records[0], &evidence));
	record.origin = "mx1-old";
	fleet_evidence_write(&evidence, &own, &record);
	take_one(&record);
	assert_int_equal(accepted_of(A), 6);
	/* What this host said before it lost it. */
	record.origin = "mx1";
	record.version += 100;
	take_one(&record);
	assert_int_equal(accepted_of(A), 6);
	fixture_stop_engine();
	go_to("mx1", ", only_from: [mx3]");
	assert_int_equal(accepted_of(A), 1);
	/* A host that would not be believed is not taken, either. */
	fixture_stop_engine();
	go_to("mx1", "");
	assert_int_equal(accepted_of(A), 6);
}

/* Something is wrong with a host that removes everything: what it has seen does not count, either,
 * until somebody says that it was right. */
static void test_held(void **state)
{
	struct fleet_evidence_texts texts;
	struct fleet_record record, entries[80];
	struct refusal refusal = { 0 };
	size_t count;

	(void)state;
	go_to("mx1", "");
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	record = said_by("mx2", A, 5, 0, &texts);
	take_one(&record);
	assert_int_equal(accepted_of(A), 6);
	for (size_t i = 0; i < 80; i++) {
		entries[i] = (struct fleet_record) {
			.origin = "mx2",
			.list = "partners",
			.prefix = fixture_prefix("47.0.0.0"),
			.version = record.version,
			.action = ACTION_ALLOW,
		};
		entries[i].prefix.addr[3] = (uint8_t)i;
		records[record_count++] = fleet_record_copy(&entries[i]);
	}
	take_all();
	forget_records();
	for (size_t i = 0; i < 80; i++) {
		entries[i].op = FLEET_END;
		entries[i].version++;
		records[record_count++] = fleet_record_copy(&entries[i]);
	}
	take_all();
	assert_int_equal(accepted_of(A), 1);
	assert_int_equal(engine_fleet_accept(fixture_engine, &alice, "mx2", &count, &refusal), 0);
	assert_int_equal(accepted_of(A), 6);
}

/* Its evidence goes with a host. What was learned of it stays, by the rules of the life cycle. */
static void test_forget(void **state)
{
	struct fleet_evidence_texts texts;
	struct fleet_record record;
	struct refusal refusal = { 0 };
	size_t count;

	(void)state;
	go_to("mx1", "");
	see(EVIDENCE_ACCEPTED, A, "x.example", at(0));
	record = said_by("mx2", A, 40, 0, &texts);
	take_one(&record);
	see(EVIDENCE_ACCEPTED, A, "x.example", at(15));
	review();
	pass_to(23);
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	assert_true(fake_has("partners", A));
	assert_int_equal(engine_fleet_forget(fixture_engine, &alice, "mx2", &count, &refusal), 0);
	assert_int_equal(count, 1);
	review();
	assert_int_equal(accepted_of(A), 2);
	assert_int_equal(state_of(A), LEARN_ACTIVE);
	pass_to(24);
	assert_true(fake_has("partners", A));
}

/* What another host says of spam takes nobody out of force at once, and forgetting the host mends
 * it. */
static void test_spam(void **state)
{
	struct fleet_evidence evidence = { .database = 99, .day_count = 1 };
	struct fleet_evidence_texts texts;
	struct fleet_record record;
	struct refusal refusal = { 0 };
	size_t count;

	(void)state;
	go_to("mx1", "");
	learn_active(A, 0);
	evidence.days[0].day = at(8) / DAY;
	evidence.days[0].counts[EVIDENCE_SPAM] = UINT32_MAX;
	record = said_by("mx2", A, 1, 0, &texts);
	fleet_evidence_write(&evidence, &texts, &record);
	take_one(&record);
	assert_int_equal(state_of(A), LEARN_AT_RISK);
	assert_true(fake_has("partners", A));
	pass_to(15);
	assert_true(fake_has("partners", A));
	assert_int_equal(engine_fleet_forget(fixture_engine, &alice, "mx2", &count, &refusal), 0);
	review();
	assert_int_equal(state_of(A), LEARN_ACTIVE);
}

/* Mail of users of several hosts makes a domain a partner. */
static void test_partner(void **state)
{
	(void)state;
	go_to("mx1", "");
	see_with(EVIDENCE_SENT, "46.0.0.9", "partner.example", "ann@example.org", at(0));
	review();
	assert_true(publish() >= 1);
	leave("mx1");
	go_to("mx2", "");
	see_with(EVIDENCE_SENT, "46.0.0.9", "partner.example", "bob@example.org", at(1));
	see_with(EVIDENCE_SENT, "46.0.0.9", "partner.example", "bob@example.org", at(1));
	see(EVIDENCE_HAM, A, "partner.example", at(1));
	review();
	assert_int_equal(state_of(A), LEARN_NONE);
	take_all();
	see(EVIDENCE_HAM, A, "partner.example", at(2));
	review();
	assert_int_equal(state_of(A), LEARN_PROBATION);
	assert_non_null(
	    strstr(find_learned(A).why, "3 messages on 2 days, 1 of them from other hosts"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_split, begin, end),
		cmocka_unit_test_setup_teardown(test_quarter, begin, end),
		cmocka_unit_test_setup_teardown(test_not_published, begin, end),
		cmocka_unit_test_setup_teardown(test_learn_forget, begin, end),
		cmocka_unit_test_setup_teardown(test_told, begin, end),
		cmocka_unit_test_setup_teardown(test_counted_once, begin, end),
		cmocka_unit_test_setup_teardown(test_held, begin, end),
		cmocka_unit_test_setup_teardown(test_forget, begin, end),
		cmocka_unit_test_setup_teardown(test_spam, begin, end),
		cmocka_unit_test_setup_teardown(test_partner, begin, end),
	};

	return cmocka_run_group_tests_name("evidence of a fleet", tests, fixture_open,
					   fixture_close);
}
