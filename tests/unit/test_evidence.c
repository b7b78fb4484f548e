/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence on disk: compared with sums in memory, limited, hashed, and pruned. */
#include <time.h>

#include "evidence_fixture.h"

#define ADDRESSES 40
#define DOMAINS 6
#define DAYS 20

/* ---- against sums in memory ------------------------------------------------------------------ */

static uint32_t sums[ADDRESSES][DAYS][EVIDENCE_KIND_COUNT];
static int64_t last_secs[ADDRESSES][DAYS];
static bool is_linked[ADDRESSES][DOMAINS][DAYS], is_server[ADDRESSES][DOMAINS];
static uint32_t sent[DOMAINS][DAYS][3];

static void random_item(struct evidence *evidence)
{
	const unsigned int address = (unsigned int)(random() % ADDRESSES);
	const int day = (int)(random() % DAYS), domain = (int)(random() % DOMAINS);
	const int person = (int)(random() % 3);

	*evidence =
	    make((enum evidence_kind)(random() % EVIDENCE_KIND_COUNT), address, FIRST_DAY + day);
	evidence->at_sec += random() % 80000;
	snprintf(evidence->domain, sizeof(evidence->domain), "d%d.example", domain);
	snprintf(evidence->person, sizeof(evidence->person), "p%d@home.example", person);
	/* Of several observations at once, or one. */
	evidence->count = (uint32_t)(random() % 3);
	sums[address][day][evidence->kind] += evidence->count ? evidence->count : 1;
	if ((evidence->kind == EVIDENCE_ACCEPTED || evidence->kind == EVIDENCE_HAM ||
	     evidence->kind == EVIDENCE_REPLY || evidence->kind == EVIDENCE_INBOUND) &&
	    evidence->at_sec > last_secs[address][day])
		last_secs[address][day] = evidence->at_sec;
	if (evidence->kind == EVIDENCE_HAM)
		is_linked[address][domain][day] = true;
	if (evidence->kind == EVIDENCE_SENT) {
		is_server[address][domain] = true;
		sent[domain][day][person]++;
	}
}

static void check_days(unsigned int address, const struct learn_facts *facts)
{
	size_t next = 0;

	for (int day = 0; day < DAYS; day++) {
		bool is_any = false;

		for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
			is_any |= sums[address][day][kind] > 0;
		if (!is_any)
			continue;
		assert_true(next < facts->day_count);
		assert_int_equal(facts->days[next].day, FIRST_DAY + day);
		for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
			assert_int_equal(facts->days[next].counts[kind], sums[address][day][kind]);
		assert_int_equal(facts->days[next++].last_sec, last_secs[address][day]);
	}
	assert_int_equal(next, facts->day_count);
}

static void check_sent(int domain, int first_day, const struct learn_domain *found)
{
	uint32_t messages = 0, days = 0, people = 0;

	for (int day = first_day; day < DAYS; day++) {
		bool is_any = false;

		for (int person = 0; person < 3; person++) {
			messages += sent[domain][day][person];
			is_any |= sent[domain][day][person] > 0;
		}
		days += is_any;
	}
	for (int person = 0; person < 3; person++) {
		bool is_any = false;

		for (int day = first_day; day < DAYS; day++)
			is_any |= sent[domain][day][person] > 0;
		people += is_any;
	}
	assert_int_equal(found->messages, messages);
	assert_int_equal(found->days, days);
	assert_int_equal(found->users, people);
}

/* @window: days that count. Days with authenticated mail are exact if they come in order. */
static void check_domains(unsigned int address, int window, const struct learn_facts *facts)
{
	size_t known = 0;

	for (int domain = 0; domain < DOMAINS; domain++) {
		uint32_t linked = 0;

		for (int day = 0; day < DAYS; day++)
			linked += is_linked[address][domain][day];
		known += linked || is_server[address][domain];
		for (size_t i = 0; i < facts->domain_count; i++) {
			const struct learn_domain *found = &facts->domains[i];

			if (found->name[1] != '0' + domain)
				continue;
			assert_true(found->authenticated_days <= linked);
			assert_int_equal(found->authenticated_days > 0, linked > 0);
			assert_int_equal(found->is_server, is_server[address][domain]);
			check_sent(domain, DAYS - window - 1 > 0 ? DAYS - window - 1 : 0, found);
		}
	}
	assert_int_equal(facts->domain_count, known);
}

static void test_sums(void **state)
{
	const char *seed = getenv("IPWL_SEED");
	unsigned int used = seed ? (unsigned int)strtoul(seed, NULL, 10) : (unsigned int)time(NULL);
	static struct evidence items[500];
	struct evidence_facts facts;

	(void)state;
	print_message("IPWL_SEED=%u\n", used);
	srandom(used);
	open_store();
	for (int batch = 0; batch < 12; batch++) {
		const size_t count = (size_t)(random() % 500);

		for (size_t i = 0; i < count; i++)
			random_item(&items[i]);
		note(items, count);
		if (random() % 3 == 0) {
			close_store(NULL);
			open_store();
		}
	}
	for (unsigned int address = 0; address < ADDRESSES; address++) {
		const struct prefix subject = address_of(address);
		const int window = 1 + (int)(random() % DAYS);

		assert_int_equal(evidence_read_facts(store, &subject, window * DAY,
						     (FIRST_DAY + DAYS) * DAY - 1, &facts),
				 0);
		check_days(address, &facts.facts);
		check_domains(address, window, &facts.facts);
		evidence_facts_done(&facts);
	}
}

/* Days with authenticated mail, in any order of arrival by day. */
static void test_authenticated_days(void **state)
{
	struct evidence evidence = make(EVIDENCE_HAM, 1, FIRST_DAY);
	const struct prefix subject = address_of(1);
	struct evidence_facts facts;

	(void)state;
	open_store();
	snprintf(evidence.domain, sizeof(evidence.domain), "d.example");
	for (int i = 0; i < 3; i++) {
		note(&evidence, 1);
		note(&evidence, 1);
		evidence.at_sec += DAY;
	}
	evidence.at_sec = (FIRST_DAY - 1) * DAY;
	note(&evidence, 1);
	assert_int_equal(
	    evidence_read_facts(store, &subject, 60 * DAY, (FIRST_DAY + 9) * DAY, &facts), 0);
	assert_int_equal(facts.facts.domains[0].authenticated_days, 4);
	evidence_facts_done(&facts);
}

/* ---- limits
 * -------------------------------------------------------------------------------------- */

/* Rejects from everywhere displace rejects, and never what counts. */
static void test_flood(void **state)
{
	const struct evidence_limits limits = { .max_rows = 1000, .max_new_domains = 20 };
	static struct evidence items[700];
	const struct learned learned = { .prefix = address_of(1), .state = LEARN_ACTIVE };
	size_t noted = 0;

	(void)state;
	open_store();
	assert_int_equal(learned_row_put(store, &learned, 0), 0);
	items[0] = make(EVIDENCE_REJECTED, 1, FIRST_DAY);
	for (unsigned int i = 1; i < 100; i++)
		items[i] = make(EVIDENCE_ACCEPTED, 2 + i, FIRST_DAY);
	assert_int_equal(note_within(items, 100, &limits), 100);
	for (int batch = 0; batch < 40; batch++) {
		for (unsigned int i = 0; i < 700; i++)
			items[i] = make(EVIDENCE_REJECTED, 1000 + (unsigned int)batch * 700 + i,
					FIRST_DAY + 1);
		noted += note_within(items, 700, &limits);
		assert_true(evidence_row_count(store) <= 1000);
	}
	assert_true(noted > 10000);
	assert_int_equal(query("SELECT count(*) FROM days"), evidence_row_count(store));
	assert_int_equal(query("SELECT count(*) FROM days WHERE accepted > 0"), 99);
	assert_int_equal(query("SELECT count(*) FROM days WHERE address = x'2e000001'"), 1);
	/* Bad evidence makes nobody a candidate, so only the learned one is reviewed for it. */
	assert_int_equal(query("SELECT count(*) FROM touched"), 100);
	/* New days of good senders displace the oldest days. */
	for (int day = 2; day < 40; day++) {
		for (unsigned int i = 0; i < 90; i++)
			items[i] = make(EVIDENCE_ACCEPTED, 3 + i, FIRST_DAY + day);
		assert_int_equal(note_within(items, 90, &limits), 90);
		assert_true(evidence_row_count(store) <= 1000);
	}
	assert_int_equal(query("SELECT count(*) FROM days WHERE address = x'2e000001'"), 1);
}

static void make_sent(struct evidence *evidence, const char *person, unsigned int domain,
		      int64_t day)
{
	*evidence = make(EVIDENCE_SENT, 9, day);
	evidence->has_address = false;
	snprintf(evidence->domain, sizeof(evidence->domain), "d%u.example", domain);
	snprintf(evidence->person, sizeof(evidence->person), "%s", person);
}

/* An account that writes to very many domains: none of the new ones counts. */
static void test_new_domains(void **state)
{
	static struct evidence items[1000];

	(void)state;
	open_store();
	for (unsigned int i = 0; i < 10; i++)
		make_sent(&items[i], "bob", i, FIRST_DAY);
	note(items, 10);
	for (unsigned int i = 0; i < 1000; i++)
		make_sent(&items[i], "bob", i, FIRST_DAY + 1);
	/* 10 known ones, and 20 before the limit was exceeded, which are void by then. */
	assert_int_equal(note_within(items, 1000, &wide), 30);
	assert_int_equal(query("SELECT count(DISTINCT domain) FROM sent"), 10);
	/* The next batch of that day as well, and others are not affected. */
	assert_int_equal(note_within(items, 1000, &wide), 10);
	for (unsigned int i = 0; i < 10; i++)
		make_sent(&items[i], "eve", 500 + i, FIRST_DAY + 1);
	note(items, 10);
	assert_int_equal(query("SELECT count(DISTINCT domain) FROM sent"), 20);
	assert_int_equal(query("SELECT count(*) FROM sent WHERE day = 20001"), 20);
}

/* No text of a person is stored. */
static void test_persons_are_hashed(void **state)
{
	struct evidence evidence;
	size_t bytes;
	char *text;
	FILE *file;

	(void)state;
	open_store();
	make_sent(&evidence, "bob.secret@home.example", 1, FIRST_DAY);
	note(&evidence, 1);
	evidence = make(EVIDENCE_REPORTED_SPAM, 1, FIRST_DAY);
	snprintf(evidence.person, sizeof(evidence.person), "bob.secret@home.example");
	note(&evidence, 1);
	close_store(NULL);
	file = fopen(PATH, "r");
	assert_non_null(file);
	text = calloc(1, 1 << 20);
	bytes = fread(text, 1, 1 << 20, file);
	fclose(file);
	assert_true(bytes > 4096);
	assert_non_null(memmem(text, bytes, "d1.example", 10));
	assert_null(memmem(text, bytes, "bob", 3));
	free(text);
}

static void test_prune(void **state)
{
	struct evidence evidence;

	(void)state;
	open_store();
	for (int day = 3; day < 10; day++) {
		evidence = make(EVIDENCE_HAM, 1, FIRST_DAY + day);
		snprintf(evidence.domain, sizeof(evidence.domain), "a%d.example", day);
		snprintf(evidence.name, sizeof(evidence.name), "host.example");
		note(&evidence, 1);
		make_sent(&evidence, "bob", (unsigned int)day, FIRST_DAY + day);
		note(&evidence, 1);
	}
	assert_int_equal(evidence_prune(store, FIRST_DAY + 8, (FIRST_DAY + 10) * DAY), 0);
	assert_int_equal(query("SELECT count(*) FROM days"), 2);
	assert_int_equal(evidence_row_count(store), 2);
	assert_int_equal(query("SELECT count(*) FROM sent"), 2);
	assert_int_equal(query("SELECT count(*) FROM links"), 2);
	assert_int_equal(query("SELECT count(*) FROM domains"), 4);
	assert_int_equal(query("SELECT count(*) FROM names"), 1);
	assert_int_equal(evidence_prune(store, FIRST_DAY + 80, (FIRST_DAY + 99) * DAY), 0);
	assert_int_equal(query("SELECT count(*) FROM names"), 0);
	assert_int_equal(query("SELECT count(*) FROM domains"), 0);
	assert_int_equal(evidence_row_count(store), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sums),	TEST(test_authenticated_days), TEST(test_flood),
		TEST(test_new_domains), TEST(test_persons_are_hashed), TEST(test_prune),
	};

	return cmocka_run_group_tests_name("evidence", tests, fixture_open, fixture_close);
}
