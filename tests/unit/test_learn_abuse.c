/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways to get onto an allow list without deserving it, each as the evidence that it leaves, in
 * mode auto: where nothing waits for an administrator.
 */
#include "learned_fixture.h"

#define SPAMMER "46.6.6.6"
#define SPAM_DOMAIN "spam.example"
#define BOB "bob@home.example"

static void begin(void)
{
	learn_begin("  mode: auto\n  trusted_relays: [47.0.0.1]\n  freemail: [free.example]\n"
		    "  local_domains: [home.example]\n");
}

/* What a spammer can do himself: authenticated mail that no filter finds, on many days. */
static void send_good_mail(const char *address, const char *domain, int64_t from, int64_t to)
{
	for (int64_t day = from; day < to; day++) {
		see_with(EVIDENCE_ACCEPTED, address, domain, BOB, at(day));
		see_with(EVIDENCE_HAM, address, domain, BOB, at(day));
	}
}

static void assert_not_learned(const char *address)
{
	review();
	assert_int_equal(state_of(address), LEARN_NONE);
	assert_false(fake_has("partners", address));
}

/* Users write to a domain to be left alone. */
static void test_unsubscribe_mail(void **state)
{
	(void)state;
	begin();
	send_good_mail(SPAMMER, SPAM_DOMAIN, 0, 5);
	see_with(EVIDENCE_SENT, SPAMMER, SPAM_DOMAIN, BOB, at(2));
	see_with(EVIDENCE_SENT, SPAMMER, SPAM_DOMAIN, "eve@home.example", at(2));
	/* The server that takes them sends, too; two messages on one day are not enough. */
	assert_not_learned(SPAMMER);
}

/* An automatic answer has no sender: the log reader reports none, and without a user mail is
 * nobody's. */
static void test_vacation_loop(void **state)
{
	(void)state;
	begin();
	send_good_mail(SPAMMER, SPAM_DOMAIN, 0, 9);
	for (int day = 0; day < 9; day++)
		for (int i = 0; i < 20; i++)
			see_with(EVIDENCE_SENT, SPAMMER, SPAM_DOMAIN, "", at(day));
	assert_not_learned(SPAMMER);
	assert_int_equal(counters_now().dropped[EVIDENCE_FROM_POSTFIX][EVIDENCE_DROP_INVALID], 180);
}

/* It asks whether addresses exist, and never sends. */
static void test_callout(void **state)
{
	(void)state;
	begin();
	for (int day = 0; day < 30; day++)
		see_with(EVIDENCE_REJECTED, SPAMMER, NULL, "nobody@home.example", at(day));
	assert_not_learned(SPAMMER);
}

/* Our own reports are sent every day to whatever address a stranger names. */
static void test_dmarc_reports(void **state)
{
	(void)state;
	begin();
	send_good_mail(SPAMMER, SPAM_DOMAIN, 0, 9);
	for (int day = 0; day < 9; day++) {
		see_with(EVIDENCE_SENT, SPAMMER, SPAM_DOMAIN, "dmarc-reports@home.example",
			 at(day));
		see_with(EVIDENCE_SENT, SPAMMER, SPAM_DOMAIN, "Postmaster@home.example", at(day));
	}
	assert_not_learned(SPAMMER);
}

/* A host that forwards sends good mail and spam alike. */
static void test_forwarding(void **state)
{
	(void)state;
	begin();
	for (int day = 0; day < 30; day++) {
		for (int i = 0; i < 4; i++) {
			see(EVIDENCE_ACCEPTED, "47.0.0.1", "any.example", at(day));
			see(EVIDENCE_ACCEPTED, "47.0.0.2", "any.example", at(day));
		}
		see(EVIDENCE_SPAM, "47.0.0.2", "any.example", at(day));
	}
	assert_not_learned("47.0.0.1");
	assert_not_learned("47.0.0.2");
}

/* A stolen password: mail to thousands of domains, whose hosts then send to us. */
static void test_compromised_account(void **state)
{
	static struct evidence items[10000];
	char domain[32];

	(void)state;
	begin();
	send_good_mail(SPAMMER, "d17.example", 0, 6);
	for (int day = 2; day < 6; day++) {
		for (int i = 0; i < 10000; i++) {
			snprintf(domain, sizeof(domain), "d%d.example", i);
			items[i] = make(EVIDENCE_SENT, NULL, domain, at(day));
			snprintf(items[i].person, sizeof(items[i].person), BOB);
			items[i].recipient_count = 1;
		}
		assert_int_equal(note(items, 10000).noted_count, 20);
	}
	assert_int_equal(learn_sql("SELECT count(*) FROM sent"), 0);
	assert_not_learned(SPAMMER);
	assert_int_equal(counters_now().dropped[EVIDENCE_FROM_POSTFIX][EVIDENCE_DROP_USER], 39920);
}

/* Many recipients are no correspondence. */
static void test_bulk(void **state)
{
	struct evidence evidence = make(EVIDENCE_SENT, SPAMMER, SPAM_DOMAIN, 0);

	(void)state;
	begin();
	send_good_mail(SPAMMER, SPAM_DOMAIN, 0, 9);
	snprintf(evidence.person, sizeof(evidence.person), BOB);
	evidence.recipient_count = 11;
	for (int day = 0; day < 9; day++) {
		evidence.at_sec = at(day);
		note(&evidence, 1);
	}
	assert_not_learned(SPAMMER);
}

/* Good mail for a month, then spam: it leaves within the day on which people notice. */
static void test_trust_earned_then_spam(void **state)
{
	char person[64];

	(void)state;
	begin();
	send_good_mail(SPAMMER, SPAM_DOMAIN, 0, 30);
	review();
	assert_int_equal(state_of(SPAMMER), LEARN_PROBATION);
	assert_int_equal(find_learned(SPAMMER).rule, LEARN_REPUTATION);
	send_good_mail(SPAMMER, SPAM_DOMAIN, 30, 40);
	review();
	assert_true(fake_has("partners", SPAMMER));
	for (int i = 0; i < 10; i++) {
		snprintf(person, sizeof(person), "user%d@home.example", i);
		see_with(EVIDENCE_SPAM, SPAMMER, SPAM_DOMAIN, person, at(41) + i);
	}
	review();
	assert_int_equal(state_of(SPAMMER), LEARN_REMOVED);
	assert_false(fake_has("partners", SPAMMER));
	/* More good mail during the bar is of no use. */
	send_good_mail(SPAMMER, SPAM_DOMAIN, 42, 60);
	review();
	assert_int_equal(state_of(SPAMMER), LEARN_REMOVED);
}

/* Spam during probation. */
static void test_probation_ends_it(void **state)
{
	char person[64];

	(void)state;
	begin();
	send_good_mail(SPAMMER, SPAM_DOMAIN, 0, 20);
	review();
	assert_int_equal(state_of(SPAMMER), LEARN_PROBATION);
	for (int i = 0; i < 5; i++) {
		snprintf(person, sizeof(person), "user%d@home.example", i);
		see_with(EVIDENCE_SPAM, SPAMMER, SPAM_DOMAIN, person, at(20) + i);
	}
	review();
	assert_int_equal(state_of(SPAMMER), LEARN_REMOVED);
	assert_false(fake_has("partners", SPAMMER));
}

/* Anybody can send from a provider for all, so writing to it makes no partner of its hosts. */
static void test_freemail(void **state)
{
	(void)state;
	begin();
	for (int day = 0; day < 6; day++) {
		see_with(EVIDENCE_SENT, SPAMMER, "free.example", BOB, at(day));
		see(EVIDENCE_HAM, SPAMMER, "free.example", at(day));
	}
	assert_not_learned(SPAMMER);
}

/* One provider's host sends for a partner and for many others. */
static void test_shared_host(void **state)
{
	char domain[32];

	(void)state;
	begin();
	for (int day = 0; day < 6; day++) {
		see_with(EVIDENCE_SENT, "46.0.0.9", "partner.example", BOB, at(day));
		for (int i = 0; i < 30; i++) {
			snprintf(domain, sizeof(domain), "d%d.example", i);
			see(EVIDENCE_HAM, SPAMMER, domain, at(day));
			see(EVIDENCE_SPAM, SPAMMER, domain, at(day));
		}
		see(EVIDENCE_HAM, SPAMMER, "partner.example", at(day));
	}
	/* Its spam counts more than one partner's mail. */
	assert_not_learned(SPAMMER);
}

/* Behind a gateway every client has its address. */
static void test_gateways(void **state)
{
	static const char *const gateways[] = { "172.17.0.1", "10.0.0.1",  "192.168.1.1",
						"100.64.0.1", "fd00:1::1", "fe80::1",
						"127.0.0.1",  "::1",	   "169.254.1.1" };

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(gateways) / sizeof(*gateways); i++) {
		see(EVIDENCE_REPLY, gateways[i], NULL, at(0));
		see(EVIDENCE_REPORTED_HAM, gateways[i], NULL, at(0));
		assert_not_learned(gateways[i]);
	}
	assert_int_equal(learn_sql("SELECT count(*) FROM days"), 0);
}

/* Rejects from everywhere: what is stored is limited, and nobody is reviewed for them. */
static void test_flood(void **state)
{
	static struct evidence items[20000];
	char address[32];

	(void)state;
	learn_begin("  mode: auto\n  max_addresses: 5000\n");
	see(EVIDENCE_REPLY, "46.0.0.1", NULL, at(0));
	review();
	for (int batch = 0; batch < 10; batch++) {
		for (int i = 0; i < 20000; i++) {
			snprintf(address, sizeof(address), "48.%d.%d.%d", batch, i / 250, i % 250);
			items[i] = make(EVIDENCE_REJECTED, address, SPAM_DOMAIN, at(1));
		}
		note(items, 20000);
		assert_true(learn_sql("SELECT count(*) FROM days") <= 5000);
	}
	assert_int_equal(learn_sql("SELECT count(*) FROM touched"), 0);
	assert_int_equal(learn_sql("SELECT count(*) FROM complaints"), 0);
	assert_true(counters_now().dropped[EVIDENCE_FROM_POSTFIX][EVIDENCE_DROP_FULL] +
			counters_now().evidence[EVIDENCE_FROM_POSTFIX][EVIDENCE_REJECTED] ==
		    200000);
	pass_to(8);
	assert_true(fake_has("partners", "46.0.0.1"));
}

/* A thousand people complain about one learned address: few rows, and one removal. */
static void test_flood_of_complaints(void **state)
{
	char person[64];

	(void)state;
	begin();
	see(EVIDENCE_REPLY, SPAMMER, NULL, at(0));
	review();
	for (int i = 0; i < 1000; i++) {
		snprintf(person, sizeof(person), "user%d@home.example", i);
		see_with(EVIDENCE_REPORTED_SPAM, SPAMMER, NULL, person, at(1) + i);
	}
	assert_true(learn_sql("SELECT count(*) FROM complaints") <= 64);
	review();
	assert_int_equal(state_of(SPAMMER), LEARN_REMOVED);
}

#define TEST(function) cmocka_unit_test_teardown(function, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unsubscribe_mail),
		TEST(test_vacation_loop),
		TEST(test_callout),
		TEST(test_dmarc_reports),
		TEST(test_forwarding),
		TEST(test_compromised_account),
		TEST(test_bulk),
		TEST(test_trust_earned_then_spam),
		TEST(test_probation_ends_it),
		TEST(test_freemail),
		TEST(test_shared_host),
		TEST(test_gateways),
		TEST(test_flood),
		TEST(test_flood_of_complaints),
	};

	return cmocka_run_group_tests_name("learn_abuse", tests, fixture_open, fixture_close);
}
