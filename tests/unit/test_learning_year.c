/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A year of a small site in mode auto, with senders whose nature is known. Prints who was
 * learned, how late, and who was learned or removed wrongly. The seed makes it the same each
 * time (IPWL_SEED). The clock is this test's own: the linker replaces time_now_sec().
 */
/* Thousands of commits, on a disk that is memory. */
#define FIXTURE_TEMPLATE "/dev/shm/ipwl-test-XXXXXX"
#include "learned_fixture.h"

#define YEAR 365
#define SENDERS_MAX 10000
#define LATE_DAYS 30
#define BATCH_MAX 20000

static int64_t sim_sec;

int64_t __wrap_time_now_sec(void);
int64_t __wrap_time_now_sec(void)
{
	return sim_sec;
}

/* ---- the world --------------------------------------------------------------------------------
 */

enum nature { PARTNER, PROVIDER, BULK, SNOWSHOE, SPAMMER, NATURE_COUNT };

static const char *const nature_names[NATURE_COUNT] = {
	[PARTNER] = "partner's host",	[PROVIDER] = "shared host", [BULK] = "good bulk",
	[SNOWSHOE] = "good, then spam", [SPAMMER] = "spammer",
};

struct sender {
	enum nature nature;
	uint32_t address;
	uint32_t domain;    /* for which it sends */
	int64_t begin, end; /* days */
	double rate;	    /* of a day with mail */
	bool is_server;	    /* our mail goes there, too */
	/* What came of it. */
	uint32_t messages;
	int64_t first_day, last_day; /* of messages */
	int64_t learned_day, removed_day;
	bool is_in_force;
	uint32_t spam, spam_in_force; /* messages */
	enum learn_rule rule;
};

static struct sender senders[SENDERS_MAX];
static size_t sender_count;
static uint64_t random_state;
static bool has_filter;

static uint32_t draw(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 20) % limit;
}

static bool happens(double probability)
{
	return draw(1000000) < probability * 1000000;
}

static struct sender *add_sender(enum nature nature, uint32_t domain, int64_t begin, int64_t end)
{
	struct sender *sender = &senders[sender_count++];

	assert_true(sender_count < SENDERS_MAX);
	*sender = (struct sender) { .nature = nature,
				    .address = 0x2e000000U + (uint32_t)sender_count * 7,
				    .domain = domain,
				    .begin = begin,
				    .end = end,
				    .rate = 0.05 + draw(50) / 100.0,
				    .first_day = -1,
				    .last_day = -1,
				    .learned_day = -1,
				    .removed_day = -1 };
	return sender;
}

#define PARTNER_DOMAINS 60
#define PROVIDER_DOMAINS 20
#define PROVIDER_HOSTS 8

static void make_world(uint64_t seed)
{
	random_state = seed * 2654435761U + 88172645463325252ULL;
	sender_count = 0;
	for (uint32_t domain = 0; domain < PARTNER_DOMAINS; domain++) {
		const int64_t begin = draw(250);
		const int64_t end = happens(0.15) ? begin + 100 : YEAR;
		/* Some move to another host. */
		const bool moves = happens(0.1);

		add_sender(PARTNER, domain, begin, moves ? begin + 80 : end)->is_server =
		    domain % 2;
		if (moves || happens(0.3))
			add_sender(PARTNER, domain, moves ? begin + 80 : begin, end);
	}
	for (uint32_t host = 0; host < PROVIDER_HOSTS; host++)
		add_sender(PROVIDER, PARTNER_DOMAINS + host % PROVIDER_DOMAINS, 0, YEAR)->rate =
		    0.9;
	for (uint32_t i = 0; i < 40; i++)
		add_sender(BULK, 1000 + i, draw(200), YEAR);
	for (uint32_t i = 0; i < 24; i++) {
		const int64_t begin = draw(300);

		add_sender(SNOWSHOE, 2000 + i, begin, begin + 35)->rate = 0.9;
	}
	for (int64_t day = 0; day < YEAR; day++)
		for (uint32_t i = 0; i < 20; i++)
			add_sender(SPAMMER, 3000 + draw(2000), day, day + 1 + draw(4))->rate = 0.7;
}

/* ---- a day
 * --------------------------------------------------------------------------------------- */

static struct evidence batch[BATCH_MAX];
static size_t batch_count;
static int64_t today;

static struct prefix address_of(const struct sender *sender)
{
	const uint32_t number = sender->address;

	return (struct prefix) { .addr = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
					   (uint8_t)(number >> 8), (uint8_t)number },
				 .len = 32 };
}

static struct evidence *observe(enum evidence_source source, enum evidence_kind kind,
				const struct sender *sender, uint32_t domain)
{
	struct evidence *evidence = &batch[batch_count++];

	assert_true(batch_count < BATCH_MAX);
	*evidence = (struct evidence) { .source = source, .kind = kind };
	evidence->at_sec = sim_sec - 3600 + (int64_t)draw(3600);
	snprintf(evidence->domain, sizeof(evidence->domain), "d%u.example", domain);
	snprintf(evidence->person, sizeof(evidence->person), "user%u@home.example", draw(12));
	if (sender) {
		evidence->has_address = true;
		evidence->address = address_of(sender);
	}
	return evidence;
}

static void deliver(struct sender *sender, uint32_t domain, bool is_spam, double detected,
		    double authenticated)
{
	sender->messages++;
	sender->spam += is_spam;
	sender->spam_in_force += is_spam && sender->is_in_force;
	if (sender->first_day < 0)
		sender->first_day = today;
	sender->last_day = today;
	if (is_spam && happens(detected)) {
		if (has_filter)
			observe(EVIDENCE_FROM_RSPAMD, EVIDENCE_SPAM, sender, domain);
		if (happens(0.7)) {
			observe(EVIDENCE_FROM_POSTFIX, EVIDENCE_REJECTED, sender, domain);
			return;
		}
	}
	observe(EVIDENCE_FROM_POSTFIX, EVIDENCE_ACCEPTED, sender, domain);
	if (has_filter && happens(is_spam ? authenticated / 2 : authenticated))
		observe(EVIDENCE_FROM_RSPAMD, EVIDENCE_HAM, sender, domain);
}

/* Users write to the domain, and its host answers. */
static void correspond(struct sender *sender, uint32_t domain)
{
	const bool writes = happens(sender->rate);

	for (uint32_t i = 0; writes && i < 1 + draw(2); i++)
		observe(EVIDENCE_FROM_POSTFIX, EVIDENCE_SENT, sender->is_server ? sender : NULL,
			domain)
		    ->recipient_count = 1;
	for (uint32_t i = 0; happens(sender->rate) && i < 1 + draw(3); i++)
		deliver(sender, domain, happens(0.005), 1, 0.9);
	if (has_filter && writes && happens(0.4))
		observe(EVIDENCE_FROM_RSPAMD, EVIDENCE_REPLY, sender, domain);
}

static void live_provider(struct sender *sender)
{
	for (uint32_t i = 0; i < 6; i++) {
		const uint32_t domain =
		    happens(0.3) ? PARTNER_DOMAINS + draw(PROVIDER_DOMAINS) : 5000 + draw(400);

		deliver(sender, domain, happens(0.08), 0.8, 0.9);
	}
	if (happens(0.2))
		observe(EVIDENCE_FROM_POSTFIX, EVIDENCE_SENT, NULL,
			PARTNER_DOMAINS + draw(PROVIDER_DOMAINS))
		    ->recipient_count = 1;
}

static void live(struct sender *sender)
{
	const bool is_weekend = today % 7 >= 5;

	if (today < sender->begin || today >= sender->end)
		return;
	if (sender->nature == PARTNER && !is_weekend)
		correspond(sender, sender->domain);
	else if (sender->nature == PROVIDER)
		live_provider(sender);
	else if (sender->nature == BULK && happens(sender->rate))
		deliver(sender, sender->domain, happens(0.003), 1, 0.95);
	else if (sender->nature == SNOWSHOE && happens(sender->rate))
		for (int i = 0; i < (today < sender->begin + 25 ? 1 : 15); i++)
			deliver(sender, sender->domain, i > 0, 0.5, 0.9);
	else if (sender->nature == SPAMMER && happens(sender->rate))
		for (uint32_t i = 0; i < 1 + draw(3); i++)
			deliver(sender, sender->domain, true, 0.8, 0.5);
	/* Users ask to be left alone. */
	if (sender->nature >= SNOWSHOE && happens(0.02))
		observe(EVIDENCE_FROM_POSTFIX, EVIDENCE_SENT, sender, sender->domain)
		    ->recipient_count = 1;
}

static void live_a_day(void)
{
	const struct evidence_batch list = { .items = batch, .reader = "year", .position = "1" };
	struct evidence_batch whole = list;
	struct evidence_noted noted;
	struct refusal refusal = { 0 };

	batch_count = 0;
	for (size_t i = 0; i < sender_count; i++)
		live(&senders[i]);
	/* A stolen password. */
	for (uint32_t i = 0; (today == 200 || today == 201) && i < 2000; i++)
		snprintf(observe(EVIDENCE_FROM_POSTFIX, EVIDENCE_SENT, NULL, 2000 + i)->person,
			 EVIDENCE_PERSON_BYTES, "user3@home.example");
	whole.count = batch_count;
	assert_int_equal(engine_note_evidence(fixture_engine, &whole, &noted, &refusal), 0);
	review();
}

/* ---- what came of it ---------------------------------------------------------------------------
 */

static void look_at(struct sender *sender)
{
	const struct prefix prefix = address_of(sender);
	const struct list *list =
	    policy_find_list(engine_snapshot(fixture_engine)->policy, "partners");
	const struct entry_set *set = list->sets[SOURCE_LEARNED];
	const size_t i = set ? entry_set_lower_bound(set, &prefix) : 0;
	const bool is_in_force =
	    set && i < set->count && !prefix_compare(&set->entries[i].prefix, &prefix);

	sender->is_in_force = is_in_force;
	if (is_in_force && sender->learned_day < 0) {
		sender->learned_day = today;
		for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
			if (!strcmp(set->entries[i].about->origin, learn_rule_names[rule]))
				sender->rule = (enum learn_rule)rule;
	}
	if (sender->learned_day >= 0 && sender->removed_day < 0 && !is_in_force)
		sender->removed_day = today;
}

struct result {
	size_t count; /* senders with five messages or more */
	size_t learned;
	size_t found; /* of the five and more */
	size_t late;
	size_t removed; /* while they still sent good mail */
	size_t by[LEARN_RULE_COUNT];
	uint64_t spam, spam_in_force;
	int64_t delays[SENDERS_MAX];
};

static struct result results[NATURE_COUNT];

static int compare_days(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void sum_up(void)
{
	memset(results, 0, sizeof(results));
	for (size_t i = 0; i < sender_count; i++) {
		const struct sender *sender = &senders[i];
		struct result *result = &results[sender->nature];
		const int64_t delay = sender->learned_day - sender->first_day;

		result->count += sender->messages >= 5;
		result->spam += sender->spam;
		result->spam_in_force += sender->spam_in_force;
		if (sender->learned_day < 0)
			continue;
		result->found += sender->messages >= 5;
		result->delays[result->learned++] = delay;
		result->late += delay > LATE_DAYS;
		result->by[sender->rule]++;
		result->removed +=
		    sender->removed_day >= 0 && sender->last_day > sender->removed_day;
	}
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 1;
}

static void print_table(const char *title)
{
	print_message("%s\n%-16s %7s %7s %6s %6s %9s %7s %8s %11s %11s\n", title, "sender", "of 5+",
		      "learned", "late", "median", "removed", "reply", "partner", "reputation",
		      "spam let in");
	for (int nature = 0; nature < NATURE_COUNT; nature++) {
		struct result *result = &results[nature];

		qsort(result->delays, result->learned, sizeof(int64_t), compare_days);
		print_message(
		    "%-16s %7zu %7zu %6zu %4lld d %9zu %7zu %8zu %11zu %4.1f %% %4llu\n",
		    nature_names[nature], result->count, result->learned, result->late,
		    (long long)(result->learned ? result->delays[result->learned / 2] : 0),
		    result->removed, result->by[LEARN_REPLY], result->by[LEARN_PARTNER],
		    result->by[LEARN_REPUTATION], 100 * share(result->spam_in_force, result->spam),
		    (unsigned long long)result->spam_in_force);
	}
}

static void live_a_year(const char *title, double *ret_precision, double *ret_recall)
{
	const char *seed = getenv("IPWL_SEED");
	size_t good, all = 0;

	make_world(seed ? strtoull(seed, NULL, 10) : 1);
	learn_begin("  mode: auto\n  local_domains: [home.example]\n");
	for (today = 0; today < YEAR; today++) {
		sim_sec = (20000 + today) * DAY + 20 * 3600;
		live_a_day();
		for (size_t i = 0; i < sender_count; i++)
			if (senders[i].first_day >= 0)
				look_at(&senders[i]);
	}
	sum_up();
	print_table(title);
	for (int nature = 0; nature < NATURE_COUNT; nature++)
		all += results[nature].learned;
	good = results[PARTNER].learned + results[BULK].learned;
	*ret_precision = share(good, all);
	*ret_recall = share(results[PARTNER].found, results[PARTNER].count);
	print_message("precision %.3f, recall of partners' hosts %.3f\n", *ret_precision,
		      *ret_recall);
}

/* Of whatever seed: few partners go, who did not write for months, and nearly all who turned. */
static void assert_goes(void)
{
	assert_true(results[PARTNER].removed <= results[PARTNER].learned / 8);
	assert_true(results[SNOWSHOE].removed >= results[SNOWSHOE].learned * 8 / 10);
}

static void test_log_and_filter(void **state)
{
	double precision, recall;

	(void)state;
	has_filter = true;
	live_a_year("A year with the log of the mail server and a filter", &precision, &recall);
	assert_true(recall >= 0.85);
	/* Those who first send good mail for weeks are learned, and go when they send spam. */
	assert_true(precision >= 0.65);
	assert_true(results[SPAMMER].learned <= 10);
	assert_goes();
}

static void test_log_only(void **state)
{
	double precision, recall;

	(void)state;
	has_filter = false;
	live_a_year("A year with the log only", &precision, &recall);
	assert_true(recall >= 0.5);
	assert_true(precision >= 0.55);
	assert_true(results[SPAMMER].learned <= 10);
	assert_goes();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_log_and_filter, stop),
		cmocka_unit_test_teardown(test_log_only, stop),
	};

	setvbuf(stdout, NULL, _IONBF, 0);
	sim_sec = 20000LL * DAY;
	return cmocka_run_group_tests_name("learning_year", tests, fixture_open, fixture_close);
}
