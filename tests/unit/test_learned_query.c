/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about what is learned, and where readers stopped. */
#include "learned_fixture.h"

/* ---- queries --------------------------------------------------------------------------------- */

static void test_pages(void **state)
{
	struct learned_query query = { .limit = 3 };
	struct learned_page page;
	struct refusal refusal = { 0 };
	char address[32];
	size_t seen = 0;

	(void)state;
	learn_begin("");
	for (int i = 0; i < 7; i++) {
		snprintf(address, sizeof(address), i < 4 ? "46.1.0.%d" : "2600:%d::1", i);
		see(EVIDENCE_REPLY, address, NULL, at(0));
	}
	review();
	do {
		assert_int_equal(engine_learned_page(fixture_engine, &query, &page, &refusal), 0);
		assert_string_equal(page.list, "partners");
		for (size_t i = 0; i < page.count; i++, seen++) {
			assert_true(!query.has_after ||
				    prefix_compare(&query.after, &page.items[i].prefix) < 0);
			query.has_after = true;
			query.after = page.items[i].prefix;
		}
		assert_int_equal(page.count, page.has_more ? 3 : 1);
		const bool has_more = page.has_more;

		learned_page_done(&page);
		if (!has_more)
			break;
	} while (true);
	assert_int_equal(seen, 7);
	query = (struct learned_query) { .limit = 10, .state = LEARN_ACTIVE };
	assert_int_equal(engine_learned_page(fixture_engine, &query, &page, &refusal), 0);
	assert_int_equal(page.count, 0);
	learned_page_done(&page);
}

static void test_partners_and_explain(void **state)
{
	struct partner_query query = { .limit = 10 };
	struct partner_page page;
	struct learn_explanation explanation;
	struct refusal refusal = { 0 };
	const struct prefix address = fixture_prefix(A);

	(void)state;
	learn_begin("  freemail: [free.example]\n");
	for (int day = 0; day < 3; day++) {
		see_with(EVIDENCE_SENT, A, "partner.example", "bob@home.example", at(day));
		see_with(EVIDENCE_SENT, A, "free.example", "bob@home.example", at(day));
		see(EVIDENCE_HAM, A, "partner.example", at(day));
	}
	assert_int_equal(engine_learn_partners(fixture_engine, &query, &page, &refusal), 0);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.items[0].domain, "free.example");
	assert_string_equal(page.items[0].never, "a freemail domain");
	assert_false(page.items[0].is_partner);
	assert_string_equal(page.items[1].domain, "partner.example");
	assert_true(page.items[1].is_partner);
	assert_int_equal(page.items[1].messages, 3);
	assert_int_equal(page.items[1].days, 3);
	assert_int_equal(page.items[1].users, 1);
	assert_int_equal(page.items[1].address_count, 1);
	partner_page_done(&page);
	query.after = "free.example";
	assert_int_equal(engine_learn_partners(fixture_engine, &query, &page, &refusal), 0);
	assert_int_equal(page.count, 1);
	partner_page_done(&page);

	assert_int_equal(
	    engine_explain_domain(fixture_engine, "partner.example", &explanation, &refusal), 0);
	assert_int_equal(explanation.link_count, 1);
	assert_int_equal(explanation.links[0].authenticated_days, 3);
	assert_true(explanation.links[0].is_server);
	learn_explanation_done(&explanation);
	assert_int_equal(
	    engine_explain_domain(fixture_engine, "no.example", &explanation, &refusal),
	    -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_NOT_FOUND);
	refusal_done(&refusal);
	assert_int_equal(engine_explain_address(fixture_engine, &address, &explanation, &refusal),
			 0);
	assert_int_equal(explanation.day_count, 3);
	assert_int_equal(explanation.days[0].counts[EVIDENCE_HAM], 1);
	assert_int_equal(explanation.domain_count, 2);
	assert_true(explanation.findings[LEARN_PARTNER].score >= 1);
	assert_true(explanation.findings[LEARN_REPLY].score < 1);
	learn_explanation_done(&explanation);
}

static void test_simulate(void **state)
{
	struct learn_simulation simulation;
	struct refusal refusal = { 0 };

	(void)state;
	learn_begin("");
	see(EVIDENCE_REPLY, A, NULL, at(0));
	see(EVIDENCE_REPLY, B, NULL, at(0));
	for (int day = 10; day < 20; day++)
		see(EVIDENCE_SPAM, B, NULL, at(day));
	see(EVIDENCE_ACCEPTED, "46.0.0.3", NULL, at(5));
	pass_to(30);
	assert_int_equal(engine_simulate_learning(fixture_engine, at(-5), &simulation, &refusal),
			 0);
	assert_int_equal(simulation.address_count, 3);
	assert_int_equal(simulation.count, 2);
	assert_int_equal(simulation.active_count, 2);
	assert_int_equal(simulation.spam_count, 1);
	assert_int_equal(simulation.items[0].spam_after, 0);
	assert_true(simulation.items[1].spam_after > 0);
	assert_true(simulation.items[1].removed_sec > simulation.items[1].active_sec);
	learn_simulation_done(&simulation);
	/* Nothing of that has happened. */
	assert_int_equal(count_in_force(), 0);
}

static void test_positions(void **state)
{
	const struct evidence evidence = make(EVIDENCE_REPLY, A, NULL, at(0));
	const struct evidence_batch batch = { .items = &evidence,
					      .count = 1,
					      .reader = "postfix-file /var/log/mail.log",
					      .position = "17 4711" };
	struct evidence_noted noted;
	struct refusal refusal = { 0 };
	char *position = NULL;

	(void)state;
	learn_begin("");
	assert_int_equal(
	    engine_evidence_position(fixture_engine, batch.reader, &position, &refusal), 0);
	assert_null(position);
	assert_int_equal(engine_note_evidence(fixture_engine, &batch, &noted, &refusal), 0);
	learn_restart();
	assert_int_equal(
	    engine_evidence_position(fixture_engine, batch.reader, &position, &refusal), 0);
	assert_string_equal(position, "17 4711");
	free(position);
}

#define TEST(function) cmocka_unit_test_teardown(function, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pages),
		TEST(test_partners_and_explain),
		TEST(test_simulate),
		TEST(test_positions),
	};

	return cmocka_run_group_tests_name("learned_query", tests, fixture_open, fixture_close);
}
