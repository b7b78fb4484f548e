/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the answers of DNS make of the entries of domains: new ones, suspicious ones, and a
 * domain that has nothing any more. The answers are texts as ipwl-resolve writes them.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "domain_answers.h"
#include "engine/gone.h"
#include "engine_requests.h"

#define DAY 86400
#define SPF "spf:partner.example"
#define CONFIG                                                                                     \
	"lists:\n  - name: partners\n    action: allow\n    domains:\n    - " SPF                  \
	"\n    - mail.partner.example\n"

static int64_t clock_ahead_sec;

/* Stands before libc's, whose names of the parameters are reserved to it.
 * NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	int err = (int)syscall(SYS_clock_gettime, clock, now);

	if (!err && clock == CLOCK_REALTIME)
		now->tv_sec += clock_ahead_sec;
	return err;
}

/* ---- answers ----------------------------------------------------------------- */

#define RECORD "record - partner.example\n"

static const char three[] = HEAD("ok 0 0 complete") RECORD
    "term taken other-family ip4:5.1.0.0/24\nterm taken other-family ip4:5.2.0.0/24\n"
    "term taken other-family ip4:5.3.0.0/24\nterm refused refused -all\n"
    "prefix 0 5.1.0.0/24\nprefix 1 5.2.0.0/24\nprefix 2 5.3.0.0/24\nend\n";
static const char two[] = HEAD("ok 0 0 complete") RECORD
    "term taken other-family ip4:5.1.0.0/24\nterm taken other-family ip4:5.2.0.0/24\n"
    "prefix 0 5.1.0.0/24\nprefix 1 5.2.0.0/24\nend\n";
static const char none[] = HEAD("ok 0 0 complete") RECORD "term refused refused -all\nend\n";
static const char wide[] = HEAD("ok 0 0 complete") RECORD
    "term taken taken +all\nprefix 0 0.0.0.0/0\nprefix 0 ::/0\nend\n";
static const char gone[] = HEAD("no-domain 0 0 complete") "end\n";
static const char part[] = HEAD("ok 2 0 incomplete") RECORD
    "term taken other-family ip4:5.1.0.0/24\n"
    "term exists exists exists:%{i}.partner.example\nterm taken not-reached include:x.example\n"
    "record 2 x.example\nterm too-wide too-wide ip4:5.0.0.0/8\n"
    "term taken other-family ip4:5.9.0.1\n"
    "prefix 0 5.1.0.0/24\nprefix 4 5.9.0.1/32\nend\n";

static enum feed_result answer(const char *text)
{
	return answer_about(SPF, text);
}

static struct feed_report report(void)
{
	struct source_reports reports = { 0 };
	struct feed_report first;

	assert_int_equal(sources_report(fixture_engine, &reports), 0);
	first = reports.feeds[FEED_OF_DOMAIN].items[0];
	reports.feeds[FEED_OF_DOMAIN].items[0] = (struct feed_report) { 0 };
	source_reports_done(&reports);
	return first;
}

static void begin_with(const char *config)
{
	fixture_stop_engine();
	fixture_configure(config);
	fixture_start_engine();
}

/* ---- tests ------------------------------------------------------------------- */

static void test_entries(void **unused)
{
	const struct list *list;
	const struct entry *entry;

	(void)unused;
	begin_with(CONFIG);
	assert_int_equal(answer(two), FEED_RESULT_NEW);
	assert_true(fake_has("partners", "5.1.0.0/24") && fake_has("partners", "5.2.0.0/24"));
	assert_int_equal(last_event(), HISTORY_DOMAIN);
	list = policy_find_list(engine_snapshot(fixture_engine)->policy, "partners");
	assert_int_equal(list->sets[SOURCE_DOMAIN]->count, 2);
	entry = &list->sets[SOURCE_DOMAIN]->entries[0];
	assert_string_equal(entry->about->origin, SPF);
	assert_string_equal(entry->reason, "ip4:5.1.0.0/24");
	assert_int_equal(answer(two), FEED_RESULT_UNCHANGED);
	assert_int_equal(answer_about("mail.partner.example",
				      HEAD("ok 0 0 complete") "record - mail.partner.example\n"
							      "prefix - 5.7.0.1/32\nend\n"),
			 FEED_RESULT_NEW);
	assert_true(fake_has("partners", "5.7.0.1") && fake_has("partners", "5.1.0.0/24"));
	/* They stay, without DNS. */
	fixture_stop_engine();
	fixture_start_engine();
	assert_true(fake_has("partners", "5.1.0.0/24") && fake_has("partners", "5.7.0.1"));
	assert_int_equal(reload(false), OUTCOME_OK);
	assert_true(fake_has("partners", "5.1.0.0/24"));
}

static void test_what_is_missing(void **unused)
{
	struct feed_report first;

	(void)unused;
	begin_with(CONFIG);
	assert_int_equal(answer(part), FEED_RESULT_NEW);
	for (int round = 0; round < 2; round++) {
		first = report();
		assert_int_equal(first.entry_count, 2);
		assert_int_equal(first.notes.count, 2);
		assert_string_equal(first.notes.items[0],
				    "exists:%{i}.partner.example in the record of partner.example: "
				    "exists cannot be expanded");
		assert_string_equal(first.notes.items[1],
				    "ip4:5.0.0.0/8 in the record of x.example: it is too wide");
		feed_report_done(&first);
		fixture_stop_engine();
		fixture_start_engine();
	}
}

#define INCLUDING(domain)                                                                          \
	HEAD("ok 2 0 complete")                                                                    \
	RECORD "term taken other-family ip4:5.1.0.0/24\nterm taken not-reached include:" domain    \
	       "\nrecord 1 " domain "\nterm taken not-reached include:n." domain                   \
	       "\nrecord 2 n." domain "\nterm taken other-family ip4:5.8.0.0/24\n"                 \
	       "prefix 0 5.1.0.0/24\nprefix 3 5.8.0.0/24\nend\n"

static void check_shared(const char *config, const char *text, bool is_listed)
{
	begin_with(config);
	assert_int_equal(answer(text), FEED_RESULT_NEW);
	for (int round = 0; round < 2; round++) {
		struct feed_report first = report();

		assert_true(fake_has("partners", "5.1.0.0/24"));
		assert_int_equal(fake_has("partners", "5.8.0.0/24"), is_listed);
		assert_int_equal(first.notes.count, !is_listed);
		if (!is_listed)
			assert_non_null(
			    strstr(first.notes.items[0], "1 network of shared providers: "));
		feed_report_done(&first);
		fixture_stop_engine();
		fixture_start_engine();
	}
	assert_int_equal(unlink("state/domains/" SPF ".copy"), 0);
}

/* The addresses of a provider are not the partner's. */
static void test_shared_providers(void **unused)
{
	static const char settings[] =
	    "lists:\n  - name: partners\n    action: allow\n    domains:\n"
	    "    - {name: '" SPF "', shared: all}\n",
			  more[] = CONFIG "resolver: {providers: [mail.example]}\n";

	(void)unused;
	check_shared(CONFIG, INCLUDING("_spf.google.com"), false);
	check_shared(settings, INCLUDING("_spf.google.com"), true);
	check_shared(CONFIG, INCLUDING("spf.mail.example"), true);
	check_shared(more, INCLUDING("spf.mail.example"), false);
	/* Its own records are its own. */
	check_shared(CONFIG "resolver: {providers: [partner.example]}\n",
		     INCLUDING("spf.partner.example"), true);
}

/* So many domains lead to it that it must be one. */
static void test_unknown_provider(void **unused)
{
	(void)unused;
	begin_with("lists:\n  - name: partners\n    action: allow\n    domains:\n"
		   "    - " SPF "\n    - spf:b.example\n    - spf:c.example\n");
	assert_int_equal(answer(INCLUDING("spf.mail.example")), FEED_RESULT_NEW);
	assert_int_equal(answer_about("spf:b.example", INCLUDING("spf.mail.example")),
			 FEED_RESULT_NEW);
	assert_int_equal(answer_about("spf:c.example", INCLUDING("spf.mail.example")),
			 FEED_RESULT_NEW);
	/* The first two keep what they have until their records change. */
	assert_true(fake_has("partners", "5.8.0.0/24"));
	assert_int_equal(policy_find_list(engine_snapshot(fixture_engine)->policy, "partners")
			     ->sets[SOURCE_DOMAIN]
			     ->count,
			 5);
}

static void test_guards(void **unused)
{
	(void)unused;
	begin_with(CONFIG);
	assert_int_equal(answer(three), FEED_RESULT_NEW);
	assert_int_equal(answer(none), FEED_RESULT_HELD);
	assert_non_null(strstr(message, "no entries"));
	assert_true(fake_has("partners", "5.3.0.0/24"));
	assert_int_equal(answer(wide), FEED_RESULT_HELD);
	assert_non_null(strstr(message, "wider than /16"));
	assert_true(fake_has("partners", "5.3.0.0/24"));
	assert_false(fake_has("partners", "0.0.0.0/0"));
	assert_int_equal(answer(two), FEED_RESULT_NEW);
	assert_false(fake_has("partners", "5.3.0.0/24"));
}

/* An answer with one network for each address of @networks. */
static const char *answer_with(const char *const *networks, char *text, size_t bytes)
{
	size_t used = (size_t)snprintf(text, bytes, "%s", HEAD("ok 0 0 complete") RECORD);

	for (size_t i = 0; networks[i]; i++)
		used += (size_t)snprintf(text + used, bytes - used, "term taken taken ip:%s\n",
					 networks[i]);
	for (size_t i = 0; networks[i]; i++)
		used +=
		    (size_t)snprintf(text + used, bytes - used, "prefix %zu %s\n", i, networks[i]);
	snprintf(text + used, bytes - used, "end\n");
	return text;
}

/* Addresses count, not entries. */
static void test_growth(void **unused)
{
	static const char *const one[] = { "5.1.0.1/32", NULL };
	static const char *const many[] = { "5.1.0.1/32",  "5.1.0.3/32",  "5.1.0.5/32",
					    "5.1.0.7/32",  "5.1.0.9/32",  "5.1.0.11/32",
					    "5.1.0.13/32", "5.1.0.15/32", "5.1.0.17/32",
					    "5.1.0.19/32", "5.1.0.21/32", NULL };
	static const char *const few[] = { "5.1.0.0/22", "2620:fe:1::/48", NULL };
	static const char *const large[] = { "5.1.0.0/18", "2620:fe:1::/48", NULL };
	static const char *const large_ipv6[] = { "5.1.0.0/22", "2620:f0::/36", NULL };
	char text[2048];

	(void)unused;
	begin_with(CONFIG);
	assert_int_equal(answer(answer_with(one, text, sizeof(text))), FEED_RESULT_NEW);
	assert_int_equal(answer(answer_with(many, text, sizeof(text))), FEED_RESULT_NEW);
	/* One network with all of them is no loss, and the first IPv6 network no growth. */
	assert_int_equal(answer(answer_with(few, text, sizeof(text))), FEED_RESULT_NEW);
	assert_int_equal(answer(answer_with(large, text, sizeof(text))), FEED_RESULT_HELD);
	assert_non_null(strstr(message, "16384 IPv4 addresses, and had 1024: more than 10 times"));
	assert_int_equal(answer(answer_with(large_ipv6, text, sizeof(text))), FEED_RESULT_HELD);
	assert_non_null(strstr(message, "4096 IPv6 networks /48, and had 1: more than 10 times"));
	assert_int_equal(answer(answer_with(few, text, sizeof(text))), FEED_RESULT_UNCHANGED);
}

static void test_damaged_copy(void **unused)
{
	struct feed_report first;

	(void)unused;
	begin_with(CONFIG);
	assert_int_equal(answer(two), FEED_RESULT_NEW);
	fixture_stop_engine();
	fixture_write("state/domains/" SPF ".copy", "damaged");
	fixture_start_engine();
	first = report();
	assert_non_null(first.trouble);
	feed_report_done(&first);
	assert_non_null(strstr(engine_snapshot(fixture_engine)->suspension,
			       "the stored copy of domain " SPF " is damaged"));
	assert_int_equal(answer(two), FEED_RESULT_NEW);
	assert_null(engine_snapshot(fixture_engine)->suspension);
}

/* Only after days and several answers. */
static void test_gone(void **unused)
{
	struct feed_report first;
	int64_t since_sec;

	(void)unused;
	begin_with(CONFIG);
	assert_int_equal(answer(gone), FEED_RESULT_FAILED);
	assert_int_equal(answer(two), FEED_RESULT_NEW);
	first = report();
	assert_int_equal(first.gone_since_sec, 0);
	feed_report_done(&first);
	for (int i = 0; i < 2 * GONE_TRIES_MIN; i++)
		assert_int_equal(answer(gone), FEED_RESULT_FAILED);
	assert_non_null(strstr(message, "the domain does not exist since"));
	assert_non_null(strstr(message, "its entries stay until"));
	first = report();
	since_sec = first.gone_since_sec;
	assert_true(since_sec > 0);
	feed_report_done(&first);
	/* A restart counts the answers anew, but not the days. */
	fixture_stop_engine();
	clock_ahead_sec = 8 * DAY;
	fixture_start_engine();
	for (int i = 1; i < GONE_TRIES_MIN; i++)
		assert_int_equal(answer(gone), FEED_RESULT_FAILED);
	assert_true(fake_has("partners", "5.1.0.0/24"));
	first = report();
	assert_int_equal(first.gone_since_sec, since_sec);
	feed_report_done(&first);
	assert_int_equal(answer(gone), FEED_RESULT_NEW);
	assert_false(fake_has("partners", "5.1.0.0/24"));
	assert_int_equal(answer(gone), FEED_RESULT_UNCHANGED);
	/* It comes back. */
	assert_int_equal(answer(two), FEED_RESULT_NEW);
	first = report();
	assert_int_equal(first.gone_since_sec, 0);
	feed_report_done(&first);
	clock_ahead_sec = 0;
}

/* An answer in between begins anew; so does a clock that was ahead. */
static void test_gone_and_back(void **unused)
{
	(void)unused;
	begin_with(CONFIG);
	assert_int_equal(answer(two), FEED_RESULT_NEW);
	clock_ahead_sec = 30 * DAY;
	assert_int_equal(answer(gone), FEED_RESULT_FAILED);
	clock_ahead_sec = 0;
	for (int i = 0; i < GONE_TRIES_MIN; i++)
		assert_int_equal(answer(gone), FEED_RESULT_FAILED);
	assert_int_equal(answer(two), FEED_RESULT_UNCHANGED);
	clock_ahead_sec = 8 * DAY;
	for (int i = 0; i < GONE_TRIES_MIN; i++)
		assert_int_equal(answer(gone), FEED_RESULT_FAILED);
	assert_true(fake_has("partners", "5.1.0.0/24"));
	clock_ahead_sec = 0;
}

/* What changes nothing. */
static void test_failures(void **unused)
{
	static const struct {
		const char *text, *message;
	} failures[] = {
		{ HEAD("temporary 1 0 incomplete SERVFAIL from 127.0.0.1") "end\n",
		  "SERVFAIL from 127.0.0.1" },
		{ "dns 1\nttl_sec 1\nauthenticated no\nipv4 ok 0 0 complete\n"
		  "ipv6 temporary 1 0 incomplete timeout\nrecord - x.example\n"
		  "prefix - 5.1.0.1/32\nend\n",
		  "timeout" },
		{ HEAD("permanent 0 0 incomplete unknown mechanism") RECORD "end\n",
		  "unknown mechanism" },
		{ "", "cannot read the answer of ipwl-resolve: it is cut off or damaged" },
		{ HEAD("ok 0 0 complete"),
		  "cannot read the answer of ipwl-resolve: it is cut off or damaged" },
	};
	int fds[FEED_FILE_COUNT];
	struct fetched fetched;

	(void)unused;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		read_answer(failures[i].text, fds, &fetched);
		assert_int_equal(fetched.result, FETCH_HAS_FAILED);
		assert_string_equal(fetched.message, failures[i].message);
		close_files(fds);
	}
	/* Before the error, a checker accepts. */
	read_answer(HEAD("permanent 11 0 incomplete more than 10 terms") RECORD
		    "term taken other-family ip4:5.1.0.0/24\nprefix 0 5.1.0.0/24\nend\n",
		    fds, &fetched);
	assert_int_equal(fetched.result, FETCH_IS_NEW);
	assert_int_equal(fetched.retry_after_sec, 300);
	close_files(fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_entries),	    ENGINE_TEST(test_shared_providers),
		ENGINE_TEST(test_unknown_provider), ENGINE_TEST(test_what_is_missing),
		ENGINE_TEST(test_guards),	    ENGINE_TEST(test_growth),
		ENGINE_TEST(test_damaged_copy),	    ENGINE_TEST(test_gone),
		ENGINE_TEST(test_gone_and_back),    ENGINE_TEST(test_failures),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
