/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts on their way to answers and to the log. A fake datapath replaces the kernel. */
#include "engine/seen.h"

#include <fcntl.h>
#include <time.h>

#include "engine_fixture.h"

#define LISTS                                                                                      \
	"lists:\n"                                                                                 \
	"  - {name: partners, action: allow, entries: [203.0.113.7, 192.0.2.0/24]}\n"              \
	"  - {name: trial, action: block, mode: monitor, entries: [203.0.113.0/28]}\n"             \
	"  - {name: drop, action: block, entries: [203.0.113.0/24, 2001:db8::/32]}\n"              \
	"  - {name: spam, action: block, entries: [203.0.113.0/25, '!203.0.113.8/32']}\n"

static int set_up(void **unused)
{
	(void)unused;
	(void)remove("state/seen.db");
	fake_events = (struct event_counts) { 0 };
	fixture_configure(LISTS);
	fixture_start_engine();
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	fixture_stop_engine();
	return 0;
}

static struct attempt attempt_of(const char *source, enum ipwl_verdict verdict, const char *list,
				 const char *entry, int64_t ago_sec)
{
	struct attempt attempt = {
		.at_ns = (time(NULL) - ago_sec) * 1000000000LL,
		.source = fixture_prefix(source),
		.port_to = 25,
		.verdict = verdict,
		.has_entry = entry != NULL,
	};

	snprintf(attempt.list, sizeof(attempt.list), "%s", list);
	if (entry)
		attempt.entry = fixture_prefix(entry);
	fake_events.fates[IPWL_FATE_REPORTED]++;
	return attempt;
}

static void note(const struct attempt *attempt)
{
	engine_note_attempts(fixture_engine, attempt, 1);
}

static void note_blocked(const char *source, int64_t ago_sec)
{
	const struct attempt attempt =
	    attempt_of(source, IPWL_BLOCK, "drop", "203.0.113.0/24", ago_sec);

	note(&attempt);
}

static struct seen_answer find_blocked(const struct seen_query *query)
{
	struct seen_answer answer;
	struct refusal refusal = { 0 };

	assert_int_equal(engine_find_blocked(fixture_engine, query, &answer, &refusal), 0);
	return answer;
}

static struct seen_answer find_seen(const char *prefix, int64_t since_sec, size_t limit)
{
	const struct seen_query query = { .since_sec = since_sec,
					  .has_prefix = true,
					  .prefix = fixture_prefix(prefix),
					  .limit = limit };
	struct seen_answer answer;
	struct refusal refusal = { 0 };

	assert_int_equal(engine_find_seen(fixture_engine, &query, &answer, &refusal), 0);
	return answer;
}

/* ---- answers -------------------------------------------------------------------- */

static void test_seen(void **unused)
{
	const int64_t now_sec = time(NULL);
	struct seen_answer answer;

	(void)unused;
	for (int64_t hours = 0; hours < 5; hours++)
		note_blocked("203.0.113.66", hours * 3600);
	note_blocked("203.0.113.67", 60);
	answer = find_seen("203.0.113.66", now_sec - 86400, 3);
	assert_int_equal(answer.count, 3);
	assert_int_equal(answer.match_count, 5);
	assert_int_equal(answer.attempt_count, 5);
	for (size_t i = 0; i < 3; i++) {
		assert_in_range(answer.rows[i].last_sec, now_sec - (int64_t)i * 3600 - 1,
				now_sec - (int64_t)i * 3600 + 5);
		assert_string_equal(answer.rows[i].decided.list, "drop");
		assert_true(answer.rows[i].decided.has_entry);
	}
	seen_answer_done(&answer);
	answer = find_seen("203.0.113.66", now_sec - 2 * 3600 - 60, 100);
	assert_int_equal(answer.match_count, 3);
	seen_answer_done(&answer);
	answer = find_seen("203.0.113.64/27", 0, 100);
	assert_int_equal(answer.match_count, 6);
	/* What is older than `keep` is not asked for. */
	assert_in_range(answer.since_sec, now_sec - 7 * 86400 - 1, now_sec - 7 * 86400 + 5);
	seen_answer_done(&answer);
	answer = find_seen("2001:db8::/32", 0, 100);
	assert_int_equal(answer.count, 0);
	seen_answer_done(&answer);
}

/* The block entry that would decide without allow lists. */
static void test_averted(void **unused)
{
	static const struct {
		const char *source, *list, *entry;
	} cases[] = {
		/* An enforcing list before a monitoring one, then the more specific entry. */
		{ "203.0.113.7", "spam", "203.0.113.0/25" },
		{ "203.0.113.8", "drop", "203.0.113.0/24" },
		{ "203.0.113.200", "drop", "203.0.113.0/24" },
		/* No longer in a block list. */
		{ "192.0.2.1", "", NULL },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct attempt attempt =
		    attempt_of(cases[i].source, IPWL_AVERTED, "partners", "203.0.113.7", 1);
		struct seen_answer answer;
		struct prefix entry;

		note(&attempt);
		answer = find_seen(cases[i].source, 0, 1);
		assert_int_equal(answer.count, 1);
		assert_string_equal(answer.rows[0].decided.list, "partners");
		assert_string_equal(answer.rows[0].beaten.list, cases[i].list);
		assert_int_equal(answer.rows[0].beaten.has_entry, cases[i].entry != NULL);
		if (cases[i].entry) {
			entry = fixture_prefix(cases[i].entry);
			assert_int_equal(prefix_compare(&answer.rows[0].beaten.entry, &entry), 0);
		}
		seen_answer_done(&answer);
	}
}

static void test_blocked(void **unused)
{
	const struct attempt tries[] = {
		attempt_of("203.0.113.66", IPWL_WOULD_BLOCK, "trial", "203.0.113.0/28", 700),
		attempt_of("203.0.113.66", IPWL_BLOCK, "drop", "203.0.113.0/24", 20),
		attempt_of("203.0.113.66", IPWL_BLOCK, "drop", "203.0.113.0/24", 30),
		attempt_of("203.0.113.7", IPWL_AVERTED, "partners", "203.0.113.7", 10),
		attempt_of("2001:db8::1", IPWL_BLOCK, "drop", NULL, 40),
		attempt_of("203.0.113.99", IPWL_BLOCK, "gone", NULL, 5000),
	};
	struct seen_query query = { .since_sec = time(NULL) - 1000, .limit = 10 };
	struct seen_answer answer;
	struct refusal refusal = { 0 };

	(void)unused;
	engine_note_attempts(fixture_engine, tries, sizeof(tries) / sizeof(*tries));
	answer = find_blocked(&query);
	assert_int_equal(answer.count, 3);
	assert_int_equal(answer.match_count, 3);
	assert_int_equal(answer.attempt_count, 5);
	assert_int_equal(answer.sources[0].sum.source.addr[3], 66);
	assert_int_equal(answer.sources[0].sum.attempts, 3);
	/* As of the last one. */
	assert_int_equal(answer.sources[0].sum.verdict, IPWL_BLOCK);
	assert_string_equal(answer.sources[0].sum.decided.list, "drop");
	assert_int_equal(answer.sources[0].of[IPWL_BLOCK], 2);
	assert_int_equal(answer.sources[0].of[IPWL_WOULD_BLOCK], 1);
	assert_int_equal(answer.sources[0].sum.last_sec - answer.sources[0].sum.first_sec, 680);
	seen_answer_done(&answer);
	query.sort = SEEN_SORT_LAST;
	query.limit = 1;
	answer = find_blocked(&query);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.match_count, 3);
	assert_int_equal(answer.sources[0].sum.source.addr[3], 7);
	seen_answer_done(&answer);
	/* By the list that was overruled, too. */
	query = (struct seen_query) { .list = "spam", .limit = 10 };
	answer = find_blocked(&query);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.sources[0].sum.verdict, IPWL_AVERTED);
	seen_answer_done(&answer);
	query.list = "missing";
	assert_int_equal(engine_find_blocked(fixture_engine, &query, &answer, &refusal),
			 -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_NOT_FOUND);
	refusal_done(&refusal);
}

static void test_left_out(void **unused)
{
	struct attempt attempt = attempt_of("203.0.113.66", IPWL_BLOCK, "drop", NULL, 1);
	const struct seen_query query = { .limit = 10 };
	struct seen_answer answer;

	(void)unused;
	attempt.left_out = 4;
	fake_events.fates[IPWL_FATE_SOURCE_LIMIT] = 6;
	fake_events.fates[IPWL_FATE_LIMIT] = 100;
	note(&attempt);
	answer = find_blocked(&query);
	assert_int_equal(answer.attempt_count, 5);
	assert_int_equal(answer.left_out.source_limit, 2);
	assert_int_equal(answer.left_out.limit, 100);
	seen_answer_done(&answer);
	/* Without another event, too. */
	fake_events.fates[IPWL_FATE_RING_FULL] = 7;
	answer = find_blocked(&query);
	assert_int_equal(answer.left_out.ring_full, 7);
	assert_int_equal(seen_left_out_sum(&answer.left_out), 109);
	seen_answer_done(&answer);
}

static void test_restart(void **unused)
{
	const struct seen_query query = { .limit = 10 };
	struct seen_answer answer;

	(void)unused;
	note_blocked("203.0.113.66", 1);
	fixture_stop_engine();
	/* Three were consumed and not stored; two more wait. */
	fake_events.fates[IPWL_FATE_REPORTED] += 5;
	fake_unread_events = 2;
	fixture_start_engine();
	fake_unread_events = 0;
	answer = find_blocked(&query);
	assert_int_equal(answer.attempt_count, 1);
	assert_int_equal(answer.left_out.lost, 3);
	seen_answer_done(&answer);
}

static void test_forget(void **unused)
{
	const struct prefix prefix = fixture_prefix("203.0.113.64/31");
	struct seen_answer answer;
	struct refusal refusal = { 0 };
	uint64_t count;

	(void)unused;
	note_blocked("203.0.113.64", 1);
	note_blocked("203.0.113.65", 1);
	note_blocked("203.0.113.66", 1);
	assert_int_equal(engine_forget_seen(fixture_engine, &prefix, &count, &refusal), 0);
	assert_int_equal(count, 2);
	answer = find_seen("203.0.113.0/24", 0, 100);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.attempt_count, 1);
	assert_int_equal(seen_left_out_sum(&answer.left_out), 0);
	seen_answer_done(&answer);
}

static void reconfigure(const char *extra)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s%s", LISTS, extra);
	fixture_configure(text);
	fixture_stop_engine();
	fixture_start_engine();
}

/* Nothing is stored, and nothing is left of what was stored. */
static void test_off(void **unused)
{
	const struct seen_query query = { .limit = 10 };
	struct seen_answer answer;
	struct refusal refusal = { 0 };

	(void)unused;
	note_blocked("203.0.113.66", 1);
	reconfigure("seen: {keep: none}\n");
	note_blocked("203.0.113.66", 1);
	assert_int_equal(engine_find_blocked(fixture_engine, &query, &answer, &refusal),
			 -ECANCELED);
	assert_int_equal(refusal.outcome, OUTCOME_CONFLICT);
	refusal_done(&refusal);
	reconfigure("");
	answer = find_blocked(&query);
	assert_int_equal(answer.attempt_count, 0);
	assert_int_equal(seen_left_out_sum(&answer.left_out), 0);
	seen_answer_done(&answer);
	note_blocked("203.0.113.66", 1);
	answer = find_blocked(&query);
	assert_int_equal(answer.attempt_count, 1);
	seen_answer_done(&answer);
}

/* ---- the log --------------------------------------------------------------------- */

static char log_text[1 << 20];

/* Run @work with standard error in a file, which becomes log_text. */
static void with_log(void (*work)(void))
{
	const int saved = dup(STDERR_FILENO);
	const int file = open("log", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t bytes;

	assert_true(saved >= 0 && file >= 0);
	dup2(file, STDERR_FILENO);
	work();
	dup2(saved, STDERR_FILENO);
	bytes = pread(file, log_text, sizeof(log_text) - 1, 0);
	assert_true(bytes >= 0);
	log_text[bytes] = '\0';
	close(saved);
	close(file);
}

static size_t count_in_log(const char *word)
{
	size_t count = 0;

	for (const char *at = log_text; (at = strstr(at, word)) != NULL; at++)
		count++;
	return count;
}

static void tell_three(void)
{
	const struct attempt averted =
	    attempt_of("203.0.113.7", IPWL_AVERTED, "partners", "203.0.113.7", 1);

	note_blocked("203.0.113.66", 1);
	note_blocked("203.0.113.66", 0);
	note_blocked("203.0.113.67", 0);
	note(&averted);
}

static void test_lines(void **unused)
{
	(void)unused;
	with_log(tell_three);
	assert_int_equal(count_in_log("\n"), 3);
	assert_int_equal(count_in_log("seen: verdict=block address=203.0.113.66 port=25 list=drop "
				      "entry=203.0.113.0/24 attempts=1 first=20"),
			 1);
	assert_int_equal(count_in_log("verdict=averted address=203.0.113.7 port=25 list=spam "
				      "entry=203.0.113.0/25 allowed_by=partners attempts=1"),
			 1);
}

static void tell_many(void)
{
	for (int i = 0; i < 100; i++) {
		char source[32];

		snprintf(source, sizeof(source), "203.0.113.%d", i);
		note_blocked(source, 0);
	}
}

static void test_line_limit(void **unused)
{
	struct seen_counters counters;

	(void)unused;
	reconfigure("seen: {journal_per_minute: 10}\n");
	with_log(tell_many);
	assert_int_equal(count_in_log("seen: verdict="), 10);
	seen_read_counters(engine_view(fixture_engine).seen, &counters);
	assert_int_equal(counters.told_lines, 10);
	assert_int_equal(counters.untold, 90);
	assert_int_equal(counters.noted, 100);
	assert_int_equal(counters.row_count, 100);
	reconfigure("seen: {journal_per_minute: none}\n");
	with_log(tell_many);
	assert_int_equal(count_in_log("seen: "), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_seen),     TEST(test_averted), TEST(test_blocked),
		TEST(test_left_out), TEST(test_restart), TEST(test_forget),
		TEST(test_off),	     TEST(test_lines),	 TEST(test_line_limit),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
