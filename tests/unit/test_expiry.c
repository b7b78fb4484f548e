/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes over time, with a clock that may be wrong: entries that expire and return, and old
 * data. */
#include "engine/expiry.h"

#include <sys/syscall.h>
#include <time.h>

#include "base/clock.h"
#include "engine/fleet.h"
#include "engine/sample.h"
#include "engine_requests.h"
#include "feeds/copy.h"

/* ---- the clock --------------------------------------------------------------- */

static int64_t clock_ahead_sec;	 /* the wall clock */
static int64_t clocks_ahead_sec; /* all clocks: time has passed */

/* Stands before libc's, whose names of the parameters are reserved to it.
 * NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	int err = (int)syscall(SYS_clock_gettime, clock, now);

	if (!err && clock == CLOCK_REALTIME)
		now->tv_sec += clock_ahead_sec;
	if (!err)
		now->tv_sec += clocks_ahead_sec;
	return err;
}

/* ---- expiry ------------------------------------------------------------------ */

static void test_expiry(void **unused)
{
	char error[DATAPATH_ERROR_BYTES];
	struct snapshot *with;
	int64_t expires_sec;

	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 1000), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.2", 100000), OUTCOME_OK);
	with = engine_snapshot(fixture_engine);
	expires_sec = with->next_expiry_sec;
	assert_in_range(expires_sec, 1, time_now_sec() + 1000);
	clock_ahead_sec = 1000;
	fake_refuses = true;
	assert_int_equal(engine_expire(fixture_engine, error), -EBUSY);
	assert_string_equal(error, "the kernel refuses");
	assert_true(fake_has("partners", "192.0.2.1"));
	fake_refuses = false;
	assert_int_equal(engine_expire(fixture_engine, error), 0);
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_true(fake_has("partners", "192.0.2.2"));
	assert_int_equal(last_event(), HISTORY_EXPIRE);
	assert_true(engine_snapshot(fixture_engine)->next_expiry_sec > expires_sec + 1000);
	clock_ahead_sec = 0;
}

static void expire_at(int64_t ahead_sec)
{
	char error[DATAPATH_ERROR_BYTES];

	clock_ahead_sec = ahead_sec;
	assert_int_equal(engine_expire(fixture_engine, error), 0);
}

/* The wall clock goes ahead, and comes back: nothing is lost that should be there, and the
 * history tells both. */
static void test_clock_ahead(void **unused)
{
	int64_t expires_sec;

	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 1000), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.2", 4000), OUTCOME_OK);
	assert_int_equal(add("drop", "192.0.2.3", 1000), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.4", 1000), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.5", 1000), OUTCOME_OK);
	expires_sec = engine_snapshot(fixture_engine)->next_expiry_sec;
	expire_at(2000);
	assert_int_equal(last_event(), HISTORY_EXPIRE);
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_true(fake_has("partners", "192.0.2.2"));
	assert_false(fake_has("drop", "192.0.2.3"));
	/* A user's change of an entry in the meantime takes precedence. */
	assert_int_equal(add("partners", "192.0.2.4", 0), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.5", 0), OUTCOME_OK);
	assert_int_equal(delete ("partners", "192.0.2.5"), OUTCOME_OK);
	/* Not far enough back. */
	expire_at(1500);
	assert_int_equal(last_event(), HISTORY_DELETE);
	assert_false(fake_has("partners", "192.0.2.1"));
	expire_at(0);
	assert_int_equal(last_event(), HISTORY_RETURN);
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_true(fake_has("drop", "192.0.2.3"));
	assert_true(fake_has("partners", "192.0.2.4"));
	assert_false(fake_has("partners", "192.0.2.5"));
	assert_int_equal(engine_snapshot(fixture_engine)->next_expiry_sec, expires_sec);
	/* Once is enough. */
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
	expire_at(0);
	assert_int_equal(last_event(), HISTORY_DELETE);
	assert_false(fake_has("partners", "192.0.2.1"));
	/* When its time has really come it goes. */
	expire_at(1001);
	assert_int_equal(last_event(), HISTORY_EXPIRE);
	assert_false(fake_has("drop", "192.0.2.3"));
	clock_ahead_sec = 0;
}

/* The machine boots with a wrong clock. */
static void test_clock_ahead_at_the_start(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 1000), OUTCOME_OK);
	fixture_stop_engine();
	clock_ahead_sec = 2000;
	fixture_start_engine();
	assert_false(fake_has("partners", "192.0.2.1"));
	fixture_stop_engine();
	clock_ahead_sec = 0;
	fixture_start_engine();
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_int_equal(last_event(), HISTORY_RETURN);
}

/* It is out of force, but its row could not be deleted. */
static void test_clock_ahead_on_a_full_disk(void **unused)
{
	const struct state_entry row = { .list = "partners",
					 .action = ACTION_ALLOW,
					 .prefix = fixture_prefix("192.0.2.1"),
					 .author = "alice",
					 .added_at_sec = time_now_sec(),
					 .expires_at_sec = time_now_sec() + 1000 };

	(void)unused;
	expire_at(2000);
	assert_int_equal(state_put(engine_state(fixture_engine), &row), 0);
	assert_int_equal(state_commit(engine_state(fixture_engine)), 0);
	expire_at(0);
	assert_true(fake_has("partners", "192.0.2.1"));
}

/* Store a copy that looks as if it had just been fetched. */
static void write_copy(const char *text)
{
	const struct feed_copy copy = { .url = (char[]) { "https://x/y" },
					.fetched_at_sec = time_now_sec(),
					.checked_at_sec = time_now_sec(),
					.bytes = (char *)(uintptr_t)text,
					.byte_count = strlen(text),
					.checksum = feed_copy_checksum(text, strlen(text)) };
	char error[FEED_COPY_ERROR_BYTES];

	assert_int_equal(feed_copy_prepare("state/feeds", "one", COPY_IN_FORCE, &copy, error), 0);
	assert_int_equal(feed_copy_commit("state/feeds", "one", COPY_IN_FORCE), 0);
}

/* Of a feed, too, whether it was in memory or read while the clock was ahead. */
static void test_clock_ahead_of_a_feed(void **unused)
{
	(void)unused;
	fixture_stop_engine();
	fixture_configure("lists:\n  - name: partners\n    action: allow\n"
			  "    feeds: [{name: one, url: 'https://x/y', format: crowdsec-csv}]\n");
	write_copy("value,expiration\n192.0.2.1,1000s\n192.0.2.2,100d\n");
	fixture_start_engine();
	assert_true(fake_has("partners", "192.0.2.1"));
	expire_at(2000);
	assert_false(fake_has("partners", "192.0.2.1"));
	expire_at(0);
	assert_true(fake_has("partners", "192.0.2.1"));
	expire_at(2000);
	/* Forgotten in memory. */
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_true(fake_has("partners", "192.0.2.2"));
	expire_at(0);
	assert_true(fake_has("partners", "192.0.2.1"));
	fixture_stop_engine();
	clock_ahead_sec = 2000;
	fixture_start_engine();
	assert_false(fake_has("partners", "192.0.2.1"));
	/* If the copy has been damaged in the meantime, the entries stay. */
	fixture_write("state/feeds/one.copy", "damaged");
	expire_at(0);
	assert_true(fake_has("partners", "192.0.2.2"));
}

/* Of another host of the fleet, too. */
static void test_clock_ahead_of_the_fleet(void **unused)
{
	struct fleet_record record = { .origin = "mx2",
				       .list = "partners",
				       .prefix = fixture_prefix("192.0.2.1"),
				       .kind = FLEET_MANUAL,
				       .version = (uint64_t)time_now_ms() << FLEET_COUNTER_BITS,
				       .expires_at_sec = time_now_sec() + 1000 };
	const struct fleet_record *records[] = { &record };
	struct refusal refusal = { 0 };
	struct fleet_taking taking;

	(void)unused;
	fixture_stop_engine();
	fixture_configure("fleet: {name: mail, host: mx1, url: 'redis://127.0.0.1', key_file: /k}\n"
			  "lists:\n  - {name: partners, action: allow}\n");
	fixture_start_engine();
	assert_int_equal(engine_fleet_take(fixture_engine, records, 1, true, &taking, &refusal), 0);
	assert_true(fake_has("partners", "192.0.2.1"));
	expire_at(2000);
	assert_false(fake_has("partners", "192.0.2.1"));
	expire_at(0);
	assert_true(fake_has("partners", "192.0.2.1"));
	expire_at(1001);
	assert_false(fake_has("partners", "192.0.2.1"));
	clock_ahead_sec = 0;
}

/* If the kernel rejects a change, nothing changes, not even on disk, and it is tried again. */
static void test_return_fails(void **unused)
{
	char error[DATAPATH_ERROR_BYTES];

	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 1000), OUTCOME_OK);
	expire_at(2000);
	clock_ahead_sec = 0;
	fake_refuses = true;
	assert_int_equal(engine_expire(fixture_engine, error), -EBUSY);
	fake_refuses = false;
	assert_int_equal(last_event(), HISTORY_EXPIRE);
	assert_false(fake_has("partners", "192.0.2.1"));
	expire_at(0);
	assert_int_equal(last_event(), HISTORY_RETURN);
	assert_true(fake_has("partners", "192.0.2.1"));
}

static void sample_after(int64_t passed_sec)
{
	clocks_ahead_sec += passed_sec;
	while (!engine_sample(fixture_engine))
		;
}

/* What is old is forgotten, but not on the word of a clock that has just been set. */
static void test_forget_the_old(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	sample_after(0);
	sample_after(86400);
	assert_int_equal(last_event(), HISTORY_ADD);
	clock_ahead_sec = 10LL * 366 * 86400;
	sample_after(60);
	sample_after(3600);
	clock_ahead_sec = 0;
	sample_after(60);
	sample_after(86400);
	assert_int_equal(last_event(), HISTORY_ADD);
	clock_ahead_sec = 10LL * 366 * 86400;
	sample_after(60);
	assert_int_equal(last_event(), HISTORY_ADD);
	sample_after(86400);
	assert_int_equal(last_event(), HISTORY_EVENT_COUNT);
	clock_ahead_sec = clocks_ahead_sec = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_expiry),
		ENGINE_TEST(test_clock_ahead),
		ENGINE_TEST(test_clock_ahead_at_the_start),
		ENGINE_TEST(test_clock_ahead_on_a_full_disk),
		ENGINE_TEST(test_clock_ahead_of_a_feed),
		ENGINE_TEST(test_clock_ahead_of_the_fleet),
		ENGINE_TEST(test_return_fails),
		ENGINE_TEST(test_forget_the_old),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
