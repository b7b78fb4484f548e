/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds whose copies come from another host: what is asked, taken and told. */
#include "schedule_fixture.h"

/* ---- the other hosts ---------------------------------------------------------- */

static size_t asked_count, told_results[FEED_RESULT_COUNT];
static bool is_there; /* an answer follows */
static char asked_digest[80];

static bool ask(void *context, const struct feed_config *feed, const struct feed_report *report,
		const char *digest)
{
	assert_ptr_equal(context, &is_there);
	assert_string_equal(feed->name, report->name);
	asked_count++;
	snprintf(asked_digest, sizeof(asked_digest), "%s", digest ? digest : "");
	return is_there;
}

static void note_told(void *context, const struct feed_config *feed, enum feed_result result,
		      int64_t asked_at_sec)
{
	assert_ptr_equal(context, &is_there);
	assert_string_equal(feed->name, names[0]);
	assert_in_range(asked_at_sec, time_now_sec() - 300, time_now_sec());
	told_results[result]++;
}

static const struct feed_sharer sharer = { .ask = ask, .tell = note_told, .context = &is_there };

static void open_shared(const int64_t *ages)
{
	asked_count = 0;
	memset(told_results, 0, sizeof(told_results));
	is_there = true;
	configure(1);
	sharing = &sharer;
	open_feeds(ages);
}

/* Host mx2 has had a copy for @age_sec. */
static void answer(enum fetch_result result, const char *digest, int64_t age_sec)
{
	struct fetched fetched = { .result = result, .body_fd = -1 };
	const struct shared_copy copy = { .fetched = &fetched,
					  .url = urls[0],
					  .digest = digest,
					  .host = "mx2",
					  .age_sec = age_sec };

	feeds_take_shared(feeds, names[0], &copy);
}

/* As the worker does. */
static void judge_shared(enum feed_result result)
{
	arrivals[arrival_count - 1].report = (struct feed_report) {
		.name = strdup(names[0]),
		.has_copy = result == FEED_RESULT_NEW || result == FEED_RESULT_UNCHANGED,
		.is_held = result == FEED_RESULT_HELD,
		.url = strdup(urls[0]),
		.etag = strdup("\"v1\""),
		.checked_at_sec = time_now_sec(),
	};
	judge_last(result);
}

static struct feed_state *make_due(void)
{
	struct feed_state *state = feeds_find_state(feeds, names[0]);

	state->next_at_sec = time_now_sec() - 1;
	return state;
}

/* ---- tests -------------------------------------------------------------------- */

static const int64_t no_copy[] = { -1 };

/* It is not fetched, and due again when the source should be asked. */
static void test_taken(void **unused)
{
	(void)unused;
	open_shared(no_copy);
	assert_int_equal(asked_count, 1);
	assert_string_equal(asked_digest, "");
	assert_true(state_of(0)->is_shared);
	answer(FETCH_IS_NEW, "d1", HOUR / 2);
	judge_shared(FEED_RESULT_NEW);
	assert_int_equal(started_count, 0);
	assert_string_equal(state_of(0)->from, "mx2");
	assert_string_equal(state_of(0)->digest, "d1");
	assert_next(0, HOUR / 2);
	/* Nobody is told of it: the other host has it. */
	for (int result = 0; result < FEED_RESULT_COUNT; result++)
		assert_int_equal(told_results[result], 0);
	/* A late second answer has no effect. */
	answer(FETCH_IS_NEW, "d2", 0);
	assert_int_equal(arrival_count, 0);
}

/* No other host has one: this one fetches, and tells. */
static void test_fetched(void **unused)
{
	(void)unused;
	open_shared(no_copy);
	feeds_take_shared(feeds, names[0], NULL);
	assert_int_equal(running_count, 1);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_shared(FEED_RESULT_NEW);
	assert_int_equal(told_results[FEED_RESULT_NEW], 1);
	assert_null(state_of(0)->from);
	assert_null(state_of(0)->digest);
	feeds_note_digest(feeds, names[0], "d7");
	assert_string_equal(state_of(0)->digest, "d7");
	assert_int_equal(asked_count, 1);
}

/* The server is gone. */
static void test_alone(void **unused)
{
	const int64_t ages[] = { 2 * HOUR };

	(void)unused;
	open_shared(ages);
	feeds_share(feeds, NULL);
	assert_false(state_of(0)->is_shared);
	assert_int_equal(running_count, 1);
	end_fetch(urls[0], FETCH_HAS_FAILED, 0);
	is_there = false;
	feeds_share(feeds, &sharer);
	refresh_now(0);
	assert_int_equal(asked_count, 2);
	end_fetch(urls[0], FETCH_HAS_FAILED, 0);
	assert_int_equal(told_results[FEED_RESULT_FAILED], 1);
}

/* One that is no list, that a guard holds back or that cannot be stored: fetch, and all of it. */
static void test_refused(void **unused)
{
	static const enum feed_result results[] = { FEED_RESULT_INVALID, FEED_RESULT_HELD,
						    FEED_RESULT_FAILED };

	(void)unused;
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++) {
		started_count = 0;
		open_shared(no_copy);
		answer(FETCH_IS_NEW, "d1", 0);
		judge_shared(results[i]);
		assert_false(state_of(0)->has_result);
		assert_null(state_of(0)->digest);
		assert_int_equal(started_count, 1);
		assert_null(running[0]->request.etag);
		assert_int_equal(asked_count, 1);
		end_fetch(urls[0], FETCH_IS_NEW, 0);
		judge_shared(FEED_RESULT_NEW);
		assert_int_equal(told_results[FEED_RESULT_NEW], 1);
		assert_null(state_of(0)->from);
		feeds_close(feeds);
	}
	feeds = NULL;
}

/* What is here already is not sent again, unless it is not in force. */
static void test_digest(void **unused)
{
	const int64_t ages[] = { 10 };
	struct feed_reports reports;

	(void)unused;
	open_shared(no_copy);
	answer(FETCH_IS_NEW, "d1", 0);
	judge_shared(FEED_RESULT_NEW);
	make_due();
	follow(ages);
	assert_string_equal(asked_digest, "d1");
	answer(FETCH_IS_UNCHANGED, "d1", 0);
	judge_shared(FEED_RESULT_UNCHANGED);
	assert_string_equal(state_of(0)->from, "mx2");
	reports = report(ages);
	reports.items[0].is_held = true;
	make_due();
	feeds_follow(feeds, &snapshot, &reports);
	feed_reports_done(&reports);
	assert_string_equal(asked_digest, "");
}

/* A person who asks gets what the source has, also while another host is asked. */
static void test_asked(void **unused)
{
	(void)unused;
	open_shared(no_copy);
	assert_int_equal(feeds_refresh(feeds, names[0], tell, &told_count), 0);
	assert_int_equal(running_count, 1);
	answer(FETCH_IS_NEW, "d1", 0);
	assert_int_equal(arrival_count, 0);
	end_fetch(urls[0], FETCH_IS_NEW, 0);
	judge_shared(FEED_RESULT_NEW);
	assert_int_equal(told_count, 1);
	assert_int_equal(asked_count, 1);
}

/* The feed goes away while another host is asked. */
static void test_removed(void **unused)
{
	struct feed_reports reports = { 0 };

	(void)unused;
	open_shared(no_copy);
	config.feed_count = 0;
	feeds_follow(feeds, &snapshot, &reports);
	answer(FETCH_IS_NEW, "d1", 0);
	assert_int_equal(arrival_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCHEDULE_TEST(test_taken),   SCHEDULE_TEST(test_fetched), SCHEDULE_TEST(test_alone),
		SCHEDULE_TEST(test_refused), SCHEDULE_TEST(test_digest),  SCHEDULE_TEST(test_asked),
		SCHEDULE_TEST(test_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
