/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When feeds are fetched: first fetches, intervals, back-off and reloads. */
#include "schedule_fixture.h"

#include <errno.h>

/* ---- first times -------------------------------------------------------------- */

/* Without a copy, with an old one or one of a clock that was wrong, at once; else when it is
 * due. */
static void test_first(void **unused)
{
	const int64_t ages[] = { -1, 10, 2 * HOUR, -HOUR - 1 };

	(void)unused;
	configure(4);
	open_feeds(ages);
	assert_int_equal(running_count, 3);
	assert_null(state_of(1)->process);
	assert_next(1, HOUR - 10);
}

/* A copy from another url says nothing of this one. */
static void test_other_url(void **unused)
{
	const int64_t ages[] = { 10 };
	struct feed_reports reports;

	(void)unused;
	configure(1);
	open_feeds(ages);
	assert_int_equal(running_count, 0);
	reports = report(ages);
	snprintf(urls[0], sizeof(urls[0]), "https://192.0.2.2/");
	feeds_follow(feeds, &snapshot, &reports);
	feed_reports_done(&reports);
	assert_int_equal(running_count, 1);
	assert_null(running[0]->request.etag);
}

/* Not more than four at a time. */
static void test_few_at_a_time(void **unused)
{
	const int64_t ages[] = { -1, -1, -1, -1, -1, -1, -1 };

	(void)unused;
	configure(7);
	open_feeds(ages);
	assert_int_equal(running_count, 4);
	end_fetch(urls[0], FETCH_HAS_FAILED, 0);
	assert_int_equal(running_count, 4);
	assert_int_equal(started_count, 5);
	/* What is with the worker is no fetch any more. */
	end_fetch(urls[1], FETCH_IS_UNCHANGED, 0);
	assert_int_equal(started_count, 6);
	feeds_end(feeds);
	end_fetch(urls[2], FETCH_HAS_FAILED, 0);
	assert_int_equal(started_count, 6);
	judge_last(FEED_RESULT_UNCHANGED);
}

/* ---- back-off ----------------------------------------------------------------- */

/* After 10 minutes, then twice as long each time, but never longer than a refresh. */
static void test_back_off(void **unused)
{
	const int64_t ages[] = { -1 };
	const int64_t expected[] = { RETRY_SEC, 2 * RETRY_SEC, 4 * RETRY_SEC, HOUR, HOUR, HOUR };

	(void)unused;
	configure(1);
	open_feeds(ages);
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		if (i)
			refresh_now(0);
		end_fetch(urls[0], FETCH_HAS_FAILED, 0);
		assert_int_equal(state_of(0)->failure_count, i + 1);
		assert_next(0, expected[i]);
	}
	/* What comes ends it. */
	refresh_now(0);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_last(FEED_RESULT_NEW);
	assert_int_equal(state_of(0)->failure_count, 0);
	assert_next(0, HOUR);
	/* Data that is no list is a failure, too. A copy that a guard holds back is not. */
	refresh_now(0);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_last(FEED_RESULT_INVALID);
	assert_next(0, RETRY_SEC);
	refresh_now(0);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_last(FEED_RESULT_HELD);
	assert_int_equal(state_of(0)->failure_count, 0);
	assert_next(0, HOUR);
}

/* A source that says when to come back is not asked before. */
static void test_retry_after(void **unused)
{
	const int64_t ages[] = { -1 };

	(void)unused;
	configure(1);
	open_feeds(ages);
	end_fetch(urls[0], FETCH_HAS_FAILED, 5 * HOUR);
	assert_next(0, 5 * HOUR);
}

/* ---- mirrors ------------------------------------------------------------------ */

static char mirror[] = "https://192.0.2.9/", other_mirror[] = "https://192.0.2.10/";

static void open_with_mirrors(const int64_t *ages)
{
	configure(1);
	configs[0].mirrors[0] = mirror;
	configs[0].mirrors[1] = other_mirror;
	configs[0].mirror_count = 2;
	open_feeds(ages);
}

/* After a failed transfer or data that is no list, the next is asked. Who waits goes on waiting. */
static void test_mirrors(void **unused)
{
	const int64_t ages[] = { -1 };

	(void)unused;
	open_with_mirrors(ages);
	end_fetch(urls[0], FETCH_HAS_FAILED, 0);
	assert_false(state_of(0)->has_result);
	end_fetch(mirror, FETCH_IS_NEW, 0);
	judge_last(FEED_RESULT_INVALID);
	end_fetch(other_mirror, FETCH_IS_NEW, 0);
	assert_string_equal(arrivals[0].copy.url, other_mirror);
	judge_last(FEED_RESULT_NEW);
	assert_int_equal(state_of(0)->failure_count, 0);
	assert_int_equal(state_of(0)->fetch_counts[FEED_RESULT_NEW], 1);
	assert_int_equal(state_of(0)->fetch_counts[FEED_RESULT_FAILED], 0);
	assert_next(0, HOUR);
	/* The url is first again. One failure of all of them is one failure. */
	refresh_now(0);
	end_fetch(urls[0], FETCH_HAS_FAILED, 0);
	end_fetch(mirror, FETCH_HAS_FAILED, 2 * HOUR);
	end_fetch(other_mirror, FETCH_HAS_FAILED, 0);
	assert_int_equal(running_count, 0);
	assert_int_equal(state_of(0)->failure_count, 1);
	assert_next(0, 2 * HOUR);
	/* A copy that a guard holds back, or that cannot be stored here, is no failure of the url.
	 */
	refresh_now(0);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_last(FEED_RESULT_HELD);
	assert_int_equal(running_count, 0);
	refresh_now(0);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_last(FEED_RESULT_FAILED);
	assert_int_equal(running_count, 0);
	assert_next(0, RETRY_SEC);
}

/* Validators are for the URL that gave them, and its copy is as fresh as one of the url. */
static void test_validators_of_mirrors(void **unused)
{
	const int64_t ages[] = { 10 };
	struct feed_reports reports;

	(void)unused;
	open_with_mirrors(ages);
	assert_int_equal(running_count, 0);
	reports = report(ages);
	free(reports.items[0].url);
	reports.items[0].url = strdup(mirror);
	reports.items[0].etag = strdup("\"m\"");
	feeds_find_state(feeds, names[0])->next_at_sec = time_now_sec() - 1;
	feeds_follow(feeds, &snapshot, &reports);
	feed_reports_done(&reports);
	assert_null(running[0]->request.etag);
	end_fetch(urls[0], FETCH_HAS_FAILED, 0);
	assert_string_equal(running[0]->request.etag, "\"m\"");
	end_fetch(mirror, FETCH_HAS_FAILED, 0);
	assert_null(running[0]->request.etag);
	/* A reload may change the mirrors while one is asked: its failure is not that of another.
	 */
	configs[0].mirrors[1] = mirror;
	configs[0].mirrors[2] = mirror;
	configs[0].mirror_count = 3;
	follow(ages);
	end_fetch(other_mirror, FETCH_HAS_FAILED, 0);
	assert_int_equal(running_count, 0);
	assert_int_equal(state_of(0)->failure_count, 1);
}

/* ---- asked for ----------------------------------------------------------------- */

/* Who asks is told when all are judged. */
static void test_refresh(void **unused)
{
	const int64_t ages[] = { 10, 10 };

	(void)unused;
	configure(2);
	open_feeds(ages);
	assert_int_equal(running_count, 0);
	assert_int_equal(feeds_refresh(feeds, "nobody", tell, &told_count), -ENOENT);
	assert_int_equal(feeds_refresh(feeds, NULL, tell, &told_count), 0);
	assert_int_equal(feeds_refresh(feeds, names[1], tell, &told_count), 0);
	assert_int_equal(running_count, 2);
	end_fetch(urls[0], FETCH_IS_UNCHANGED, 0);
	judge_last(FEED_RESULT_UNCHANGED);
	assert_int_equal(told_count, 0);
	end_fetch(urls[1], FETCH_HAS_FAILED, 0);
	assert_int_equal(told_count, 2);
}

/* A removed feed: its fetch ends, waiting requests are answered, and late data is ignored. */
static void test_gone(void **unused)
{
	const int64_t ages[] = { 10, 10 };
	struct feed_reports reports;

	(void)unused;
	configure(2);
	open_feeds(ages);
	assert_int_equal(feeds_refresh(feeds, NULL, tell, &told_count), 0);
	end_fetch(urls[0], FETCH_IS_UNCHANGED, 0);
	config.feed_count = 0;
	reports = (struct feed_reports) { 0 };
	feeds_follow(feeds, &snapshot, &reports);
	assert_int_equal(running_count, 0);
	assert_int_equal(told_count, 1);
	assert_int_equal(feeds_count(feeds), 0);
	assert_false(feeds_finish(feeds, &arrivals[0]));
	feed_arrival_done(&arrivals[--arrival_count]);
}

/* A reload does not disturb a running fetch. */
static void test_reload(void **unused)
{
	const int64_t ages[] = { -1 };

	(void)unused;
	configure(1);
	open_feeds(ages);
	follow(ages);
	assert_int_equal(started_count, 1);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_last(FEED_RESULT_NEW);
	assert_int_equal(state_of(0)->fetch_counts[FEED_RESULT_NEW], 1);
	assert_next(0, HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCHEDULE_TEST(test_first),	   SCHEDULE_TEST(test_other_url),
		SCHEDULE_TEST(test_few_at_a_time), SCHEDULE_TEST(test_back_off),
		SCHEDULE_TEST(test_retry_after),   SCHEDULE_TEST(test_refresh),
		SCHEDULE_TEST(test_gone),	   SCHEDULE_TEST(test_reload),
		SCHEDULE_TEST(test_mirrors),	   SCHEDULE_TEST(test_validators_of_mirrors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
