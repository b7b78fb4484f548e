/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules: tables of what each criterion needs, and who is never learned. */
#include "learn/never.h"
#include "learn/organisation.h"
#include "learn_facts.h"

static bool is_met(enum learn_rule rule)
{
	struct learn_finding finding;

	learn_rule_judge(rule, &facts, &settings, NOW, &finding);
	assert_true(finding.criterion_count > 0);
	/* The score says the same as the criteria. */
	bool all = true;

	for (size_t i = 0; i < finding.criterion_count; i++)
		all &= finding.criteria[i].is_met;
	assert_true(all == (finding.score >= 1));
	return all;
}

/* ---- rules ------------------------------------------------------------------------------ */

static void test_reply(void **state)
{
	(void)state;
	forget_all();
	see(3, EVIDENCE_ACCEPTED, 5);
	assert_false(is_met(LEARN_REPLY));
	see(2, EVIDENCE_REPLY, 1);
	assert_true(is_met(LEARN_REPLY));
	settings.replies = 2;
	assert_false(is_met(LEARN_REPLY));
	settings.replies = 1;
	see(1, EVIDENCE_SPAM, 4);
	assert_false(is_met(LEARN_REPLY));
}

static void test_report(void **state)
{
	(void)state;
	forget_all();
	see(5, EVIDENCE_REPORTED_HAM, 1);
	assert_true(is_met(LEARN_REPORT));
	/* The later word counts; on one day, the bad one. */
	see(3, EVIDENCE_REPORTED_SPAM, 1);
	assert_false(is_met(LEARN_REPORT));
	see(1, EVIDENCE_REPORTED_HAM, 1);
	see(1, EVIDENCE_ACCEPTED, 50);
	assert_true(is_met(LEARN_REPORT));
	see(1, EVIDENCE_REPORTED_SPAM, 1);
	assert_false(is_met(LEARN_REPORT));
}

/* Each row lacks one thing, except for the first. */
static void test_reputation(void **state)
{
	static const struct {
		uint32_t messages; /* a day */
		int64_t age;
		uint32_t spam; /* in all */
		int64_t spam_ago;
		bool is_met;
	} table[] = {
		{ 2, 14, 0, 0, true },	 { 1, 30, 0, 0, true },	  { 2, 13, 0, 0, false },
		{ 0, 30, 0, 0, false },	 { 40, 20, 1, 10, true }, { 40, 20, 1, 5, false },
		{ 2, 20, 1, 10, false }, { 40, 20, 9, 9, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		forget_all();
		for (int64_t ago = table[i].age; ago >= 0; ago--) {
			if (table[i].messages)
				see(ago, EVIDENCE_ACCEPTED, table[i].messages);
			if (table[i].spam && ago == table[i].spam_ago)
				see(ago, EVIDENCE_REJECTED, table[i].spam);
		}
		if (!facts.day_count)
			see(1, EVIDENCE_ACCEPTED, 1);
		assert_int_equal(is_met(LEARN_REPUTATION), table[i].is_met);
	}
}

/* @messages good ones from @age days ago on, and sessions with it on @sessions days. */
static void see_supported(int64_t age, uint32_t messages, uint32_t sessions)
{
	forget_all();
	if (messages)
		see(age, EVIDENCE_HAM, messages);
	for (int64_t ago = (int64_t)sessions - 1; ago >= 0; ago--) {
		see(ago, EVIDENCE_OUTBOUND, 50);
		see(ago, EVIDENCE_INBOUND, 50);
	}
}

/* Sessions support messages, and replace at most half of them. */
static void test_support(void **state)
{
	static const struct {
		int64_t age;
		uint32_t messages, sessions;
		bool is_met;
	} table[] = {
		/* Each is a little less than one, because it has begun to halve. */
		{ 20, 11, 0, true }, { 20, 9, 0, false }, { 20, 9, 2, true },	{ 20, 6, 5, true },
		{ 20, 7, 2, false }, { 20, 6, 30, true }, { 20, 4, 30, false }, { 13, 6, 9, false },
	};

	(void)state;
	settings.half_life_sec = 100000LL * DAY;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		see_supported(table[i].age, table[i].messages, table[i].sessions);
		assert_int_equal(is_met(LEARN_REPUTATION), table[i].is_met);
	}
}

/* Whoever is sent mail, by whatever trick, is not even a little nearer to any rule. */
static void test_sessions_alone(void **state)
{
	struct learn_finding finding;

	(void)state;
	settings.reputation.messages = 1;
	see_supported(0, 0, 300);
	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++) {
		learn_rule_judge((enum learn_rule)rule, &facts, &settings, NOW, &finding);
		assert_true(finding.score == 0);
	}
	settings.reputation.messages = 1000;
	learn_rule_judge(LEARN_REPUTATION, &facts, &settings, NOW, &finding);
	assert_true(finding.score == 0);
}

/* A message counts half after a half-life. */
static void test_weights_halve(void **state)
{
	struct learn_traffic traffic;

	(void)state;
	forget_all();
	see(30, EVIDENCE_ACCEPTED, 16);
	traffic = learn_traffic_of(&facts, &settings, INT64_MIN, TODAY * DAY);
	assert_true(traffic.good > 7.999 && traffic.good < 8.001);
	traffic = learn_traffic_of(&facts, &settings, INT64_MIN, (TODAY + 30) * DAY);
	assert_true(traffic.good > 3.999 && traffic.good < 4.001);
}

/* The filter and the log tell of the same messages. */
static void test_messages_count_once(void **state)
{
	struct learn_traffic traffic;

	(void)state;
	forget_all();
	see(0, EVIDENCE_ACCEPTED, 10);
	see(0, EVIDENCE_HAM, 7);
	see(0, EVIDENCE_SPAM, 2);
	see(0, EVIDENCE_REJECTED, 2);
	traffic = learn_traffic_of(&facts, &settings, INT64_MIN, TODAY * DAY);
	assert_true(traffic.good == 8 && traffic.bad == 2);
}

static void test_partner(void **state)
{
	static const struct {
		const char *domain;
		uint32_t messages, days, authenticated_days;
		bool is_server, has_sent, is_met;
	} table[] = {
		{ "partner.example", 3, 2, 2, false, true, true },
		{ "partner.example", 2, 2, 2, false, true, false },
		{ "partner.example", 3, 1, 2, false, true, false },
		{ "partner.example", 3, 2, 1, false, true, false },
		{ "partner.example", 3, 2, 0, true, true, true },
		/* A server that never sends itself. */
		{ "partner.example", 3, 2, 0, true, false, false },
		{ "free.example", 30, 20, 20, false, true, false },
		{ "a.free.example", 30, 20, 20, false, true, false },
		{ "home.example", 30, 20, 20, false, true, false },
		{ "never.example", 30, 20, 20, false, true, false },
	};

	(void)state;
	settings.freemail_domains = (struct domain_list) { (char *[]) { "free.example" }, 1, 1 };
	settings.local_domains = (struct domain_list) { (char *[]) { "home.example" }, 1, 1 };
	settings.never_domains = (struct domain_list) { (char *[]) { "never.example" }, 1, 1 };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		forget_all();
		see(1, table[i].has_sent ? EVIDENCE_ACCEPTED : EVIDENCE_SENT, 1);
		send_for(table[i].domain, table[i].messages, table[i].days,
			 table[i].authenticated_days)
		    ->is_server = table[i].is_server;
		assert_int_equal(is_met(LEARN_PARTNER), table[i].is_met);
		/* The best of several domains counts. */
		send_for("other.example", 0, 0, 1);
		assert_int_equal(is_met(LEARN_PARTNER), table[i].is_met);
	}
	forget_all();
	assert_false(is_met(LEARN_PARTNER));
}

static void test_rules_can_be_off(void **state)
{
	struct learn_finding finding;

	(void)state;
	forget_all();
	see(1, EVIDENCE_REPLY, 1);
	assert_true(learn_judge(&facts, &settings, NOW, &finding));
	assert_int_equal(finding.rule, LEARN_REPLY);
	settings.uses[LEARN_REPLY] = false;
	assert_true(learn_judge(&facts, &settings, NOW, &finding));
	assert_true(finding.score < 1);
	memset(settings.uses, 0, sizeof(settings.uses));
	assert_false(learn_judge(&facts, &settings, NOW, &finding));
}

/* ---- names and addresses -------------------------------------------------------------------- */

static void test_organisation(void **state)
{
	static const char *const table[][2] = {
		{ "mx1.partner.example", "partner.example" },
		{ "partner.example", "partner.example" },
		{ "a.b.c.partner.co.uk", "partner.co.uk" },
		{ "partner.co.uk", "partner.co.uk" },
		{ "co.uk", "" },
		{ "com", "" },
		{ "mail.firma.com.br", "firma.com.br" },
		{ "a.customer.herokuapp.com", "customer.herokuapp.com" },
		{ "mx.xn--mnchen-3ya.de", "xn--mnchen-3ya.de" },
		{ "mail.firma.de", "firma.de" },
		{ "localhost", "" },
		{ "", "" },
		{ ".example", "" },
		{ "a..example", "" },
	};
	char organisation[EVIDENCE_DOMAIN_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		organisation_of(table[i][0], organisation);
		assert_string_equal(organisation, table[i][1]);
	}
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static void test_never(void **state)
{
	static const struct {
		const char *address;
		const char *never; /* part of it; NULL: it can be learned */
	} table[] = {
		{ "9.9.9.9", NULL },
		{ "10.1.2.3", "private" },
		{ "172.17.0.1", "private" },
		{ "127.0.0.1", "loopback" },
		{ "192.0.2.1", "documentation" },
		{ "100.64.0.1", "" },
		{ "45.0.0.25", "an address of this host" },
		{ "45.0.0.26", NULL },
		{ "2600::1", NULL },
		{ "2600:1::1:2:3:4", "an address of this host" },
		{ "fe80::1", "" },
		{ "46.1.2.3", "a trusted relay" },
		{ "47.1.2.3", "in never:" },
	};
	struct prefix own[] = { prefix_of("45.0.0.25"), prefix_of("2600:1::25") };
	struct prefix relays[] = { prefix_of("46.0.0.0/8") }, never[] = { prefix_of("47.1.2.3") };

	(void)state;
	settings.trusted_relays = (struct prefix_list) { relays, 1 };
	settings.never = (struct prefix_list) { never, 1 };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct prefix address = prefix_of(table[i].address);
		const struct prefix subject = learn_subject(&address);
		const char *why = learn_refuse_address(&settings, PREFIX_ARRAY(own, 2), &subject);

		assert_int_equal(subject.len, address.family == FAMILY_IPV4 ? 32 : 64);
		assert_int_equal(why != NULL, table[i].never != NULL);
		if (why)
			assert_non_null(strstr(why, table[i].never));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reply, reset),
		cmocka_unit_test_setup(test_report, reset),
		cmocka_unit_test_setup(test_reputation, reset),
		cmocka_unit_test_setup(test_support, reset),
		cmocka_unit_test_setup(test_sessions_alone, reset),
		cmocka_unit_test_setup(test_weights_halve, reset),
		cmocka_unit_test_setup(test_messages_count_once, reset),
		cmocka_unit_test_setup(test_partner, reset),
		cmocka_unit_test_setup(test_rules_can_be_off, reset),
		cmocka_unit_test_setup(test_organisation, reset),
		cmocka_unit_test_setup(test_never, reset),
	};

	return cmocka_run_group_tests_name("learn_rules", tests, NULL, NULL);
}
