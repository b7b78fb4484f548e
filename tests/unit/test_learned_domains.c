/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partner domains that are learned: their life cycle, the addresses that their SPF records give
 * them, and what becomes of an address of theirs that a block list rejects.
 */
#include "config/domain_set.h"
#include "domain_answers.h"
#include "learned_fixture.h"

#define NAME "partner.example"
#define SPF "spf:" NAME
#define AUTO "  mode: auto\n"
#define INSIDE "5.1.0.7"
#define SHARED "5.8.0.9"

/* The record of the partner, of a provider that it includes, and addresses of both. */
#define RECORD                                                                                     \
	HEAD("ok 1 0 complete")                                                                    \
	"record - " NAME "\n"                                                                      \
	"term taken other-family ip4:5.1.0.0/24\nterm taken not-reached "                          \
	"include:spf.mail.example\n"                                                               \
	"record 1 spf.mail.example\nterm taken other-family ip4:5.8.0.0/16\n"                      \
	"prefix 0 5.1.0.0/24\nprefix 2 5.8.0.0/16\nend\n"
#define PROVIDERS "resolver: {providers: [spf.mail.example]}\n"

/* ---- what happens ------------------------------------------------------------ */

/* An engine that knows nothing, of no domain either. */
static void begin(const char *keys)
{
	(void)remove("state/domains/" SPF ".copy");
	(void)remove("state/domains/spf:other.example.copy");
	learn_begin(keys);
}

/* Our users write to the domain on three days. */
static void write_to(const char *domain, int64_t day)
{
	for (int64_t i = 0; i < 3; i++)
		see_with(EVIDENCE_SENT, NULL, domain, "alice", at(day + i));
	review();
}

static struct learn_partner partner(const char *domain)
{
	struct learn_explanation explanation;
	struct refusal refusal = { 0 };
	struct learn_partner found;

	assert_int_equal(engine_explain_domain(fixture_engine, domain, &explanation, &refusal), 0);
	found = explanation.partner;
	learn_explanation_done(&explanation);
	return found;
}

static enum learn_state domain_state(const char *domain)
{
	return partner(domain).learned.state;
}

/* Is it fetched? */
static bool has_feed(const char *name)
{
	return feed_config_find(snapshot_feeds(engine_snapshot(fixture_engine), FEED_OF_DOMAIN),
				name) != NULL;
}

static uint32_t refresh_sec_of(const char *name)
{
	return feed_config_find(snapshot_feeds(engine_snapshot(fixture_engine), FEED_OF_DOMAIN),
				name)
	    ->refresh_sec;
}

/* Whether the main loop is told, once. */
static bool has_news(void)
{
	struct feed_reports reports = { 0 };
	const bool has = engine_take_domains(fixture_engine, &reports);

	feed_reports_done(&reports);
	return has;
}

static size_t do_domain(enum learn_deed deed, const char *domain)
{
	char *const domains[] = { (char *)(uintptr_t)domain };
	struct learn_changed changed = { 0 };
	struct refusal refusal = { 0 };

	assert_int_equal(
	    engine_learn_domains(fixture_engine, &alice, deed, domains, 1, &changed, &refusal), 0);
	assert_int_equal(changed.changed_count + changed.unchanged.count, 1);
	lines_done(&changed.unchanged);
	return changed.changed_count;
}

/* ---- the life cycle of a domain ------------------------------------------------- */

static void test_suggested(void **unused)
{
	(void)unused;
	begin("");
	see_with(EVIDENCE_SENT, NULL, NAME, "alice", at(1));
	review();
	assert_int_equal(domain_state(NAME), LEARN_NONE);
	assert_false(has_feed(SPF) || has_news());
	write_to(NAME, 2);
	assert_int_equal(domain_state(NAME), LEARN_CANDIDATE);
	assert_int_equal(counters_now().domains[LEARN_CANDIDATE], 1);
	assert_true(has_feed(SPF) && has_news());
	assert_false(has_news());
	/* It is known, and changes nothing. */
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	assert_int_equal(partner(NAME).entry_count, 2);
	assert_int_equal(refresh_sec_of(SPF), 6 * 3600);
	assert_false(fake_has("partners", "5.1.0.0/24"));
	pass_to(30);
	assert_int_equal(domain_state(NAME), LEARN_CANDIDATE);
	assert_int_equal(do_domain(LEARN_ACCEPT, NAME), 1);
	assert_true(fake_has("partners", "5.1.0.0/24") && has_news());
	assert_int_equal(refresh_sec_of(SPF), DOMAIN_DEFAULT_MIN_REFRESH_SEC);
	assert_int_equal(do_domain(LEARN_ACCEPT, NAME), 0);
	learn_restart();
	assert_true(fake_has("partners", "5.1.0.0/24"));
	assert_int_equal(do_domain(LEARN_REJECT, NAME), 1);
	assert_false(fake_has("partners", "5.1.0.0/24") || has_feed(SPF));
	write_to(NAME, 31);
	assert_int_equal(domain_state(NAME), LEARN_REMOVED);
	assert_int_equal(do_domain(LEARN_FORGET, NAME), 1);
	assert_int_equal(do_domain(LEARN_ACCEPT, "other.example"), 0);
}

static void test_auto(void **unused)
{
	const struct entry_set *set;

	(void)unused;
	begin(AUTO "  idle: 20d\n  grace: 10d\n" PROVIDERS);
	write_to(NAME, 1);
	assert_int_equal(domain_state(NAME), LEARN_PROBATION);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	assert_false(fake_has("partners", "5.1.0.0/24"));
	pass_to(11);
	assert_int_equal(domain_state(NAME), LEARN_ACTIVE);
	assert_true(fake_has("partners", "5.1.0.0/24"));
	assert_false(fake_has("partners", "5.8.0.0/16"));
	assert_int_equal(last_event(), HISTORY_DOMAIN);
	set = policy_find_list(engine_snapshot(fixture_engine)->policy, "partners")
		  ->sets[SOURCE_DOMAIN];
	assert_string_equal(set->entries[0].about->origin, SPF);
	assert_string_equal(set->entries[0].reason, "learned partner: ip4:5.1.0.0/24");
	/* Mail of our users keeps it; without it, it leaves after grace. */
	write_to(NAME, 20);
	pass_to(39);
	assert_int_equal(domain_state(NAME), LEARN_ACTIVE);
	pass_to(43);
	assert_int_equal(domain_state(NAME), LEARN_AT_RISK);
	assert_true(fake_has("partners", "5.1.0.0/24"));
	pass_to(55);
	assert_int_equal(domain_state(NAME), LEARN_REMOVED);
	assert_false(fake_has("partners", "5.1.0.0/24") || has_feed(SPF));
}

/* Neither the loss of learn.db nor a restart takes a domain out of force. */
static void test_loss(void **unused)
{
	(void)unused;
	begin(AUTO);
	write_to(NAME, 75);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	assert_int_equal(do_domain(LEARN_ACCEPT, NAME), 1);
	fixture_stop_engine();
	assert_int_equal(remove(LEARN_DB), 0);
	fixture_start_engine();
	review();
	assert_true(fake_has("partners", "5.1.0.0/24"));
	pass_to(79);
	assert_true(fake_has("partners", "5.1.0.0/24"));
	assert_int_equal(counters_now().domains[LEARN_ACTIVE], 1);
}

static void test_never(void **unused)
{
	(void)unused;
	begin(AUTO "  freemail: [free.example]\n  never: [never.example]\n"
		   "  local_domains: [home.example]\n" PROVIDERS);
	write_to("free.example", 1);
	write_to("mail.free.example", 1);
	write_to("sub.never.example", 1);
	write_to("spf.mail.example", 1);
	write_to("google.com", 1);
	assert_int_equal(counters_now().domains[LEARN_PROBATION], 0);
	assert_int_equal(do_domain(LEARN_ACCEPT, "free.example"), 0);
	write_to(NAME, 1);
	assert_int_equal(domain_state(NAME), LEARN_PROBATION);
	/* It becomes one that the configuration names: its copy serves it. */
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	fixture_configure("lists:\n  - {name: partners, action: allow, domains: ['" SPF "']}\n"
			  "learn: {list: partners, mode: auto}\n");
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_true(fake_has("partners", "5.1.0.0/24"));
	review();
	assert_int_equal(domain_state(NAME), LEARN_NONE);
	assert_true(fake_has("partners", "5.1.0.0/24") && has_feed(SPF));
	/* Without the rule no domain is learned. */
	begin(AUTO "  rules: [partner]\n");
	write_to(NAME, 1);
	assert_int_equal(domain_state(NAME), LEARN_NONE);
}

static void test_limits(void **unused)
{
	char name[32];

	(void)unused;
	begin(AUTO "  partner: {max_domains: 3, max_domains_day: 2}\n");
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "p%d.example", i);
		write_to(name, 1);
	}
	assert_int_equal(counters_now().domains[LEARN_PROBATION], 3);
	pass_to(11);
	assert_int_equal(counters_now().domains[LEARN_ACTIVE], 2);
	pass_to(12);
	assert_int_equal(counters_now().domains[LEARN_ACTIVE], 3);
	pass_to(25);
	assert_int_equal(counters_now().domains[LEARN_ACTIVE], 3);
	/* An administrator is not limited. */
	assert_int_equal(do_domain(LEARN_REJECT, "p0.example"), 1);
	assert_int_equal(counters_now().domains[LEARN_ACTIVE], 2);
}

static void test_kernel_refuses(void **unused)
{
	(void)unused;
	begin(AUTO);
	write_to(NAME, 1);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	fake_refuses = true;
	pass_to(11);
	fake_refuses = false;
	assert_int_equal(domain_state(NAME), LEARN_PROBATION);
	pass_to(12);
	assert_int_equal(domain_state(NAME), LEARN_ACTIVE);
	assert_true(fake_has("partners", "5.1.0.0/24"));
}

/* ---- an address of a partner -------------------------------------------------------- */

static void test_rejected_address(void **unused)
{
	(void)unused;
	begin("");
	see(EVIDENCE_LISTED, INSIDE, NULL, at(1));
	review();
	assert_int_equal(state_of(INSIDE), LEARN_NONE);
	write_to(NAME, 1);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	see(EVIDENCE_LISTED, INSIDE, NULL, at(4));
	see(EVIDENCE_LISTED, "5.2.0.7", NULL, at(4));
	review();
	assert_int_equal(state_of(INSIDE), LEARN_CANDIDATE);
	assert_int_equal(find_learned(INSIDE).rule, LEARN_SPF);
	assert_string_equal(find_learned(INSIDE).domain, NAME);
	assert_int_equal(state_of("5.2.0.7"), LEARN_NONE);
	assert_int_equal(do_learn(LEARN_ACCEPT, INSIDE), 1);
	assert_true(fake_has("partners", INSIDE));
}

/* It does not wait for probation, neither of its own nor of the domain. */
static void test_rejected_address_auto(void **unused)
{
	(void)unused;
	begin(AUTO);
	write_to(NAME, 1);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	see(EVIDENCE_ACCEPTED, "5.1.0.8", NAME, at(4));
	see(EVIDENCE_LISTED, INSIDE, NULL, at(4));
	review();
	assert_int_equal(state_of(INSIDE), LEARN_ACTIVE);
	assert_true(fake_has("partners", INSIDE));
	assert_int_equal(state_of("5.1.0.8"), LEARN_PROBATION);
	see(EVIDENCE_LISTED, "5.1.0.8", NULL, at(5));
	review();
	assert_int_equal(state_of("5.1.0.8"), LEARN_ACTIVE);
	/* The domain is no partner any more: the address stays as long as it sends. */
	assert_int_equal(do_domain(LEARN_REJECT, NAME), 1);
	see(EVIDENCE_ACCEPTED, INSIDE, NAME, at(6));
	review();
	assert_int_equal(state_of(INSIDE), LEARN_ACTIVE);
	see(EVIDENCE_LISTED, "5.1.0.9", NULL, at(6));
	review();
	assert_int_equal(state_of("5.1.0.9"), LEARN_NONE);
}

/* An address of a shared provider needs authenticated mail of the partner. */
static void test_shared(void **unused)
{
	(void)unused;
	begin(AUTO PROVIDERS);
	write_to(NAME, 1);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	see(EVIDENCE_LISTED, SHARED, NULL, at(4));
	see(EVIDENCE_HAM, "5.8.0.10", "elsewhere.example", at(4));
	see(EVIDENCE_LISTED, "5.8.0.10", NULL, at(4));
	review();
	assert_int_equal(state_of(SHARED), LEARN_NONE);
	assert_int_equal(state_of("5.8.0.10"), LEARN_NONE);
	see(EVIDENCE_HAM, SHARED, NAME, at(4));
	review();
	assert_int_equal(state_of(SHARED), LEARN_ACTIVE);
	assert_int_equal(find_learned(SHARED).rule, LEARN_SPF);
}

static void test_shared_all_and_never(void **unused)
{
	(void)unused;
	begin(AUTO "  partner: {shared: all}\n" PROVIDERS);
	write_to(NAME, 1);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	see(EVIDENCE_LISTED, SHARED, NULL, at(4));
	review();
	assert_int_equal(state_of(SHARED), LEARN_ACTIVE);
	pass_to(12);
	assert_true(fake_has("partners", "5.8.0.0/16"));
	begin(AUTO "  rules: [spf]\n  partner: {shared: never}\n" PROVIDERS);
	write_to(NAME, 1);
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	see(EVIDENCE_HAM, SHARED, NAME, at(4));
	see(EVIDENCE_LISTED, SHARED, NULL, at(4));
	review();
	assert_int_equal(state_of(SHARED), LEARN_NONE);
}

/* A domain of the configuration vouches for the same. */
static void test_configured(void **unused)
{
	(void)unused;
	begin("");
	fixture_stop_engine();
	fixture_configure("lists:\n  - {name: partners, action: allow, domains: ['" SPF "']}\n"
			  "learn: {list: partners, mode: auto, rules: [spf]}\n" PROVIDERS);
	fixture_start_engine();
	assert_int_equal(answer_about(SPF, RECORD), FEED_RESULT_NEW);
	assert_true(fake_has("partners", "5.1.0.0/24"));
	see(EVIDENCE_HAM, SHARED, NAME, at(4));
	see(EVIDENCE_LISTED, SHARED, NULL, at(4));
	see(EVIDENCE_LISTED, INSIDE, NULL, at(4));
	review();
	assert_int_equal(state_of(SHARED), LEARN_ACTIVE);
	assert_int_equal(state_of(INSIDE), LEARN_NONE);
}

/* Several records, one in another, name the address. */
static void test_covers(void **unused)
{
	const struct prefix prefix = fixture_prefix("2620:fe:1::7");
	struct learn_explanation explanation;
	struct refusal refusal = { 0 };

	(void)unused;
	begin("");
	write_to(NAME, 1);
	write_to("other.example", 1);
	assert_int_equal(
	    answer_about(SPF, HEAD("ok 0 0 complete") "record - " NAME "\n"
						      "term other-family taken ip6:2620:fe:1::/48\n"
						      "prefix 0 2620:fe:1::/48\nend\n"),
	    FEED_RESULT_NEW);
	assert_int_equal(
	    answer_about("spf:other.example",
			 HEAD("ok 0 0 complete") "record - other.example\n"
						 "term other-family taken ip6:2620:fe:1::25\n"
						 "prefix 0 2620:fe:1::25/128\nend\n"),
	    FEED_RESULT_NEW);
	assert_int_equal(engine_explain_address(fixture_engine, &prefix, &explanation, &refusal),
			 0);
	assert_int_equal(explanation.cover_count, 2);
	assert_string_equal(explanation.covers[0].domain, "other.example");
	assert_string_equal(explanation.covers[1].domain, NAME);
	learn_explanation_done(&explanation);
}

#define TEST(function) cmocka_unit_test_teardown(function, stop)

static struct learned_page domains_in(enum learn_state state, size_t limit)
{
	struct refusal refusal = { 0 };
	struct learned_page page;

	assert_int_equal(engine_learned_domains(fixture_engine, state, limit, &page, &refusal), 0);
	assert_string_equal(page.list, "partners");
	return page;
}

/* The domains that wait, as a page of them. */
static void test_page(void **state)
{
	struct refusal refusal = { 0 };
	struct learned_page page;

	(void)state;
	begin("");
	page = domains_in(LEARN_CANDIDATE, 10);
	assert_int_equal(page.count, 0);
	learned_page_done(&page);
	write_to(NAME, 0);
	write_to("other.example", 0);
	page = domains_in(LEARN_CANDIDATE, 1);
	assert_int_equal(page.count, 1);
	assert_true(page.has_more);
	assert_string_equal(page.items[0].domain, "other.example");
	learned_page_done(&page);
	page = domains_in(LEARN_CANDIDATE, 2);
	assert_int_equal(page.count, 2);
	assert_false(page.has_more);
	assert_string_equal(page.items[1].domain, NAME);
	assert_true(*page.items[1].why);
	learned_page_done(&page);
	page = domains_in(LEARN_ACTIVE, 10);
	assert_int_equal(page.count, 0);
	learned_page_done(&page);
	fixture_configure(LEARN_LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_int_equal(
	    engine_learned_domains(fixture_engine, LEARN_CANDIDATE, 1, &page, &refusal),
	    -ECANCELED);
	refusal_done(&refusal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_suggested),
		TEST(test_auto),
		TEST(test_loss),
		TEST(test_never),
		TEST(test_limits),
		TEST(test_kernel_refuses),
		TEST(test_rejected_address),
		TEST(test_rejected_address_auto),
		TEST(test_shared),
		TEST(test_shared_all_and_never),
		TEST(test_configured),
		TEST(test_covers),
		TEST(test_page),
	};

	return cmocka_run_group_tests_name("learned domains", tests, fixture_open, fixture_close);
}
