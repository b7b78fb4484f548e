/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of what was counted: their rings, the looks that make them, and their file. */
#include "store/sample_store.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <sqlite3.h>

#include "config_fixture.h"
#include "random_prefix.h"
#include "sql_number.h"

#define MINUTE 60
#define DAY 86400
#define NOW (20000LL * DAY + 3600)
#define COOKIE 0x8000000000000001ULL /* does not fit into a signed number */

static const enum sample_series both[] = { SAMPLES_OF_DAY, SAMPLES_OF_WEEK };

/* ---- rings ------------------------------------------------------------------ */

static struct samples empty_samples(void)
{
	struct samples samples;

	assert_int_equal(samples_init(&samples), 0);
	return samples;
}

static void add(struct samples *samples, int64_t from_sec, int64_t to_sec, uint64_t count)
{
	const struct verdict_counts counts[IPWL_VERDICT_COUNT] = {
		[IPWL_BLOCK] = { .packets = 3 * count, .connections = count },
	};

	samples_add(samples, from_sec, to_sec, counts);
}

static uint64_t blocked_at(const struct samples *samples, enum sample_series series,
			   int64_t start_sec)
{
	const struct sample *sample = samples_find(samples, series, start_sec);

	assert_non_null(sample);
	return sample->counts[IPWL_BLOCK].connections;
}

/* The sum of a series at that time, and for how long it was counted. */
static uint64_t blocked_in(const struct samples *samples, enum sample_series series,
			   int64_t now_sec, int64_t *ret_covered_sec)
{
	uint64_t sum = 0;

	*ret_covered_sec = 0;
	for (int64_t start = samples_oldest_sec(series, now_sec); start <= now_sec;
	     start += samples_extents[series].step_sec) {
		const struct sample *sample = samples_find(samples, series, start);

		if (!sample)
			continue;
		sum += sample->counts[IPWL_BLOCK].connections;
		*ret_covered_sec += sample->covered_sec;
	}
	return sum;
}

static void test_one_minute(void **state)
{
	struct samples samples = empty_samples();

	(void)state;
	add(&samples, NOW, NOW + MINUTE, 12);
	assert_int_equal(blocked_at(&samples, SAMPLES_OF_DAY, NOW), 12);
	assert_int_equal(samples_find(&samples, SAMPLES_OF_DAY, NOW)->counts[IPWL_BLOCK].packets,
			 36);
	assert_int_equal(
	    samples_find(&samples, SAMPLES_OF_DAY, NOW)->counts[IPWL_ALLOW].connections, 0);
	assert_null(samples_find(&samples, SAMPLES_OF_DAY, NOW + MINUTE));
	assert_null(samples_find(&samples, SAMPLES_OF_DAY, NOW - MINUTE));
	assert_int_equal(blocked_at(&samples, SAMPLES_OF_WEEK, NOW), 12);
	/* At the same moment, as where a page is read twice. */
	add(&samples, NOW + MINUTE, NOW + MINUTE, 5);
	assert_int_equal(blocked_at(&samples, SAMPLES_OF_DAY, NOW + MINUTE), 5);
	assert_int_equal(samples_find(&samples, SAMPLES_OF_DAY, NOW + MINUTE)->covered_sec, 0);
	samples_done(&samples);
}

static void test_a_late_look_is_shared_out(void **state)
{
	struct samples samples = empty_samples();

	(void)state;
	add(&samples, NOW + 30, NOW + 150, 1200);
	assert_int_equal(blocked_at(&samples, SAMPLES_OF_DAY, NOW), 300);
	assert_int_equal(blocked_at(&samples, SAMPLES_OF_DAY, NOW + 60), 600);
	assert_int_equal(blocked_at(&samples, SAMPLES_OF_DAY, NOW + 120), 300);
	assert_int_equal(samples_find(&samples, SAMPLES_OF_DAY, NOW + 120)->covered_sec, 30);
	samples_done(&samples);
}

static void test_the_size_is_fixed(void **state)
{
	struct samples samples = empty_samples();
	int64_t covered;

	(void)state;
	for (int64_t minute = 0; minute < 10 * 1440; minute++)
		add(&samples, NOW + minute * MINUTE, NOW + (minute + 1) * MINUTE, 1);
	for (size_t i = 0; i < 2; i++) {
		const struct samples_extent *extent = &samples_extents[both[i]];
		const int64_t last = NOW + (10 * 1440 - 1) * MINUTE;

		assert_int_equal(blocked_in(&samples, both[i], last, &covered),
				 (int64_t)extent->count * extent->step_sec / MINUTE);
		assert_int_equal(covered, (int64_t)extent->count * extent->step_sec);
		assert_null(samples_find(&samples, both[i],
					 samples_oldest_sec(both[i], last) - extent->step_sec));
	}
	samples_done(&samples);
}

/* Longer than a series lasts: only what falls into it is there. */
static void test_a_very_long_gap(void **state)
{
	struct samples samples = empty_samples();
	int64_t covered;

	(void)state;
	add(&samples, NOW, NOW + 100 * DAY, 100 * 1440 * 7);
	/* Of the last step nothing is counted yet. */
	assert_int_equal(blocked_in(&samples, SAMPLES_OF_DAY, NOW + 100 * DAY, &covered), 1439 * 7);
	assert_int_equal(covered, DAY - MINUTE);
	add(&samples, 0, INT64_C(1) << 40, UINT64_MAX / 3);
	samples_done(&samples);
}

/* The share of each step, against an oracle that works second by second in floating point. */
static void test_random_spans(void **state)
{
	static double expected[2 * DAY];
	static unsigned int begun[2 * DAY]; /* spans that begin in that second */
	struct samples samples = empty_samples();
	int64_t at = NOW, covered;
	uint64_t total = 0;

	(void)state;
	while (at < NOW + DAY / 2) {
		const int64_t seconds = (int64_t)random_below(random_below(8) ? 90 : 4000);
		const uint64_t count = random_below(1000);

		begun[at - NOW]++;
		for (int64_t i = 0; i < seconds; i++)
			expected[at - NOW + i] += (double)count / (double)seconds;
		if (!seconds)
			expected[at - NOW] += (double)count;
		add(&samples, at, at + seconds, count);
		at += seconds;
		total += count;
	}
	for (size_t i = 0; i < 2; i++) {
		const int64_t step = samples_extents[both[i]].step_sec;

		assert_int_equal(blocked_in(&samples, both[i], at, &covered), total);
		assert_int_equal(covered, at - NOW);
		for (int64_t start = NOW; start < at; start += step) {
			double sum = 0, off = 1;

			for (int64_t second = start; second < start + step; second++) {
				sum += expected[second - NOW];
				off += begun[second - NOW];
			}
			/* Each span may be off by less than one. */
			sum -= (double)blocked_at(&samples, both[i], start);
			assert_true(fabs(sum) < off + 1e-6);
		}
	}
	samples_done(&samples);
}

static void test_a_clock_that_is_set_back(void **state)
{
	struct samples samples = empty_samples();
	const struct sample *sample;

	(void)state;
	add(&samples, NOW, NOW + MINUTE, 60);
	add(&samples, NOW, NOW + MINUTE, 120);
	sample = samples_find(&samples, SAMPLES_OF_DAY, NOW);
	/* The rate is that of both. */
	assert_int_equal(sample->counts[IPWL_BLOCK].connections, 180);
	assert_int_equal(sample->covered_sec, 2 * MINUTE);
	samples_done(&samples);
}

/* ---- looks ------------------------------------------------------------------ */

/* A look at @count interfaces; each verdict has the same number. */
static struct look look_at(int64_t at_sec, uint64_t cookie, size_t count, const char *const *names,
			   const uint64_t *numbers)
{
	struct look look = { .at_sec = at_sec, .cookie = cookie, .interface_count = count };

	look.interfaces = calloc(count + 1, sizeof(*look.interfaces));
	assert_non_null(look.interfaces);
	for (size_t i = 0; i < count; i++) {
		snprintf(look.interfaces[i].name, IFNAMSIZ, "%s", names[i]);
		look.interfaces[i].is_read = numbers[i] != UINT64_MAX;
		for (int v = 0; v < IPWL_VERDICT_COUNT && look.interfaces[i].is_read; v++)
			look.interfaces[i].counts[v] =
			    (struct verdict_counts) { .packets = 10 * numbers[i],
						      .connections = numbers[i] };
	}
	return look;
}

static const char *const eth[] = { "eth0", "eth1" };
#define UNREAD UINT64_MAX

/* What the next look finds new. */
static uint64_t follow(struct look *last, struct look next, struct samples *samples)
{
	const int64_t from_sec = last->at_sec ? last->at_sec : next.at_sec, to_sec = next.at_sec;
	int64_t covered;
	const uint64_t before = blocked_in(samples, SAMPLES_OF_WEEK, to_sec, &covered);

	look_follow(last, &next, from_sec, samples);
	assert_null(next.interfaces);
	return blocked_in(samples, SAMPLES_OF_WEEK, to_sec, &covered) - before;
}

#define LOOK(at, cookie, count, ...) look_at(at, cookie, count, eth, (const uint64_t[])__VA_ARGS__)

static void test_looks(void **state)
{
	struct samples samples = empty_samples();
	struct look last = { 0 };
	int64_t at = NOW;

	(void)state;
	/* The first one knows no beginning. */
	assert_int_equal(follow(&last, LOOK(at, 1, 1, { 1000 }), &samples), 0);
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 1, { 1007 }), &samples), 7);
	/* An interface that is new has counted since the last look. */
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 2, { 1008, 20 }), &samples), 21);
	/* Its counters were made anew. */
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 2, { 1010, 5 }), &samples), 7);
	/* It cannot be read for a while. */
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 2, { 1010, UNREAD }), &samples), 0);
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 2, { 1011, UNREAD }), &samples), 1);
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 2, { 1011, 9 }), &samples), 4);
	/* Removed from the configuration, and back. */
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 1, { 1011 }), &samples), 0);
	assert_int_equal(follow(&last, LOOK(at += 60, 1, 2, { 1011, 3 }), &samples), 3);
	/* All maps are new, and have counted more than the old ones. */
	assert_int_equal(follow(&last, LOOK(at += 60, 2, 2, { 5000, 6 }), &samples), 5006);
	assert_int_equal(follow(&last, LOOK(at += 60, 2, 2, { 5001, 6 }), &samples), 1);
	look_done(&last);
	samples_done(&samples);
}

/* ---- the file ----------------------------------------------------------------- */

#define PATH "samples.db"

static int remove_file(void **state)
{
	glob_t found;

	(void)state;
	if (!glob(PATH "*", 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void)remove(found.gl_pathv[i]);
		globfree(&found);
	}
	return 0;
}

static struct sample_store *open_store(struct samples *samples, struct look *last)
{
	struct sample_store *store = NULL;

	*samples = empty_samples();
	*last = (struct look) { 0 };
	assert_int_equal(sample_store_new(".", &store), 0);
	assert_int_equal(sample_store_load(store, samples, last), 0);
	assert_null(sample_store_error(store));
	return store;
}

static void close_store(struct sample_store *store, struct samples *samples, struct look *last)
{
	sample_store_free(store);
	samples_done(samples);
	look_done(last);
}

static void write_since(struct sample_store *store, const struct samples *samples,
			const struct look *last, int64_t from_sec)
{
	struct placed_sample *items;
	size_t count;

	assert_int_equal(samples_copy(samples, from_sec, last->at_sec, &items, &count), 0);
	assert_int_equal(sample_store_write(store, items, count, last), 0);
	free(items);
}

static void test_the_file(void **state)
{
	struct samples samples, again;
	struct look last, last_again;
	struct sample_store *store = open_store(&samples, &last);

	(void)state;
	assert_int_equal(last.at_sec, 0);
	follow(&last, LOOK(NOW, COOKIE, 2, { 1, 2 }), &samples);
	write_since(store, &samples, &last, 0);
	follow(&last, LOOK(NOW + 70, COOKIE, 2, { 71, 2 }), &samples);
	write_since(store, &samples, &last, NOW);
	sample_store_free(store);

	store = open_store(&again, &last_again);
	for (size_t i = 0; i < 2; i++) {
		const size_t bytes = samples_extents[both[i]].count * sizeof(struct sample);

		assert_memory_equal(again.series[both[i]], samples.series[both[i]], bytes);
	}
	assert_int_equal(last_again.at_sec, NOW + 70);
	assert_true(last_again.cookie == COOKIE);
	assert_int_equal(last_again.interface_count, 2);
	/* What was counted while nobody looked. */
	assert_int_equal(follow(&last_again, LOOK(NOW + 3600, COOKIE, 2, { 171, 2 }), &again), 100);
	close_store(store, &again, &last_again);
	samples_done(&samples);
	look_done(&last);
}

static void test_the_file_does_not_grow(void **state)
{
	struct samples samples;
	struct look last;
	struct sample_store *store = open_store(&samples, &last);
	int64_t at = NOW;

	(void)state;
	for (int i = 0; i < 60; i++) {
		const int64_t before = at;

		at += DAY / 2;
		follow(&last, LOOK(at, COOKIE, 1, { (uint64_t)at }), &samples);
		write_since(store, &samples, &last, before);
	}
	assert_int_equal(sql_number(PATH, "SELECT count(*) FROM samples"),
			 samples_extents[SAMPLES_OF_DAY].count +
			     samples_extents[SAMPLES_OF_WEEK].count);
	assert_int_equal(sql_number(PATH, "SELECT count(*) FROM look"), 1);
	assert_int_equal(sql_number(PATH, "SELECT count(*) FROM counters"), 1);
	close_store(store, &samples, &last);
}

static void test_a_damaged_file(void **state)
{
	struct samples samples;
	struct look last;
	struct sample_store *store;
	glob_t found;

	(void)state;
	fixture_write(PATH, "This is no database, but it is long enough to look like one, perhaps. "
			    "It goes on, so that there is a whole header to be read by SQLite.");
	store = open_store(&samples, &last);
	assert_int_equal(last.at_sec, 0);
	assert_int_equal(glob(PATH ".corrupt-*", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	globfree(&found);
	follow(&last, LOOK(NOW, COOKIE, 1, { 1 }), &samples);
	write_since(store, &samples, &last, 0);
	assert_int_equal(sql_number(PATH, "SELECT at FROM look"), NOW);
	close_store(store, &samples, &last);
}

/* Rows that this version cannot have written. */
/* A file of an ipwl without limits: what it has stays, and the new verdicts are 0. */
static void test_a_file_without_limits(void **state)
{
	static const char *const statements[] = {
		"UPDATE samples SET counts = substr(counts, 1, 128)",
		"UPDATE counters SET counts = substr(counts, 1, 128)",
		"PRAGMA user_version = 1",
	};
	struct samples samples, again;
	struct look last, last_again;
	struct sample_store *store = open_store(&samples, &last);
	int64_t covered, covered_again;
	uint64_t count;

	(void)state;
	follow(&last, LOOK(NOW - 60, COOKIE, 1, { 100 }), &samples);
	follow(&last, LOOK(NOW, COOKIE, 1, { 2660 }), &samples);
	write_since(store, &samples, &last, 0);
	sample_store_free(store);
	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++)
		sql_number(PATH, statements[i]);
	store = open_store(&again, &last_again);
	count = blocked_in(&samples, SAMPLES_OF_DAY, NOW, &covered);
	assert_int_equal(count, 2560);
	assert_int_equal(blocked_in(&again, SAMPLES_OF_DAY, NOW, &covered_again), count);
	assert_int_equal(covered_again, covered);
	assert_int_equal(last_again.interface_count, last.interface_count);
	assert_memory_equal(last_again.interfaces[0].counts, last.interfaces[0].counts,
			    IPWL_WOULD_LIMIT * sizeof(struct verdict_counts));
	assert_int_equal(last_again.interfaces[0].counts[IPWL_WOULD_LIMIT].packets, 0);
	assert_int_equal(last_again.interfaces[0].counts[IPWL_LIMITED].connections, 0);
	samples_done(&samples);
	look_done(&last);
	close_store(store, &again, &last_again);
}

static void test_strange_rows(void **state)
{
	static const char *const strange[] = {
		"INSERT INTO samples VALUES (7, 0, 0, 1, zeroblob(160))",
		"INSERT INTO samples VALUES (0, 1, 61, 1, zeroblob(160))",
		"INSERT INTO samples VALUES (0, 2, -60, 1, zeroblob(160))",
		"INSERT INTO samples VALUES (0, 3, 60, -1, zeroblob(160))",
		"INSERT INTO samples VALUES (0, 4, 120, 1, 'text')",
		"INSERT INTO samples VALUES ('x', 5, 'y', 'z', NULL)",
		"INSERT INTO counters VALUES ('a-name-that-is-too-long', zeroblob(160))",
		"INSERT INTO counters VALUES ('eth0', zeroblob(3))",
	};
	struct samples samples;
	struct look last;
	struct sample_store *store = open_store(&samples, &last);
	int64_t covered;

	(void)state;
	follow(&last, LOOK(NOW, COOKIE, 0, { 0 }), &samples);
	write_since(store, &samples, &last, 0);
	close_store(store, &samples, &last);
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
		sql_number(PATH, strange[i]);
	store = open_store(&samples, &last);
	assert_int_equal(last.interface_count, 0);
	assert_int_equal(blocked_in(&samples, SAMPLES_OF_DAY, 3600, &covered), 0);
	assert_int_equal(covered, 0);
	close_store(store, &samples, &last);
}

static void test_a_directory_that_is_missing(void **state)
{
	struct sample_store *store;
	struct samples samples = empty_samples();
	struct look last = { 0 };

	(void)state;
	assert_int_equal(sample_store_new("./missing", &store), 0);
	assert_int_equal(sample_store_load(store, &samples, &last), -EIO);
	assert_non_null(sample_store_error(store));
	follow(&last, LOOK(NOW, COOKIE, 1, { 1 }), &samples);
	assert_int_equal(sample_store_write(store, NULL, 0, &last), -EIO);
	assert_int_equal(mkdir("missing", 0700), 0);
	write_since(store, &samples, &last, 0);
	assert_null(sample_store_error(store));
	close_store(store, &samples, &last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_minute),
		cmocka_unit_test(test_a_late_look_is_shared_out),
		cmocka_unit_test(test_the_size_is_fixed),
		cmocka_unit_test(test_a_very_long_gap),
		cmocka_unit_test(test_random_spans),
		cmocka_unit_test(test_a_clock_that_is_set_back),
		cmocka_unit_test(test_looks),
		cmocka_unit_test_setup(test_the_file, remove_file),
		cmocka_unit_test_setup(test_the_file_does_not_grow, remove_file),
		cmocka_unit_test_setup(test_a_damaged_file, remove_file),
		cmocka_unit_test_setup(test_a_file_without_limits, remove_file),
		cmocka_unit_test_setup(test_strange_rows, remove_file),
		cmocka_unit_test_setup(test_a_directory_that_is_missing, remove_file),
	};

	random_start("samples");
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
