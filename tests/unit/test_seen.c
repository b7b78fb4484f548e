/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random attempts, writes, crashes and restarts, compared with sums kept apart from the code. */
#include "store/seen.h"

#include <errno.h>
#include <time.h>

#include "config_fixture.h"

#define NOW 1700000000
#define SOURCES 60
#define LISTS 3
#define ROWS_MAX 100000 /* no limit here */
#define COOKIE 0x8000000000000001ULL

static unsigned int seed;

static uint32_t next_random(uint32_t range)
{
	return (uint32_t)rand_r(&seed) % range;
}

static struct prefix source_of(size_t i)
{
	struct prefix source = { .addr = { 203, 0, (uint8_t)(i % 3), (uint8_t)i }, .len = 32 };

	if (i % 5 == 0)
		source =
		    (struct prefix) { .addr = { 0x20, 1, 0xd, 0xb8, (uint8_t)(i % 3), (uint8_t)i },
				      .family = FAMILY_IPV6,
				      .len = 128 };
	return source;
}

static struct seen_match match_of(size_t i)
{
	struct seen_match match = { .has_entry = i != 0 };

	snprintf(match.list, sizeof(match.list), "%s", i == 0 ? "" : i == 1 ? "drop" : "spam");
	if (i)
		match.entry = (struct prefix) { .addr = { 203 }, .len = (uint8_t)(8 * i) };
	return match;
}

static struct seen_row row_at_random(int64_t now_sec)
{
	const bool is_averted = !next_random(4);
	struct seen_row row = {
		.source = source_of(next_random(SOURCES)),
		.port = next_random(3) ? 25 : 465,
		.verdict = is_averted	    ? IPWL_AVERTED
			   : next_random(3) ? IPWL_BLOCK
					    : IPWL_WOULD_BLOCK,
		.decided = match_of(next_random(LISTS)),
		.attempts = 1,
		.left_out = next_random(3) ? 0 : next_random(9),
	};

	if (is_averted)
		row.beaten = match_of(1 + next_random(LISTS - 1));
	row.first_sec = row.last_sec = now_sec - next_random(3);
	return row;
}

/* ---- the oracle --------------------------------------------------------------- */

static struct seen_row expected[20000];
static size_t expected_count;
static struct seen_kernel_counts kernel;
static uint64_t lost, unread;

static bool is_same_match(const struct seen_match *a, const struct seen_match *b)
{
	return !strcmp(a->list, b->list) && a->has_entry == b->has_entry &&
	       (!a->has_entry || !prefix_compare(&a->entry, &b->entry));
}

static bool is_same_row(const struct seen_row *a, const struct seen_row *b)
{
	return !prefix_compare(&a->source, &b->source) && a->port == b->port &&
	       a->verdict == b->verdict && is_same_match(&a->decided, &b->decided) &&
	       is_same_match(&a->beaten, &b->beaten) &&
	       a->first_sec / SEEN_SLOT_SEC == b->first_sec / SEEN_SLOT_SEC;
}

static void expect(const struct seen_row *row)
{
	struct seen_row *sum = expected;

	while (sum < expected + expected_count && !is_same_row(sum, row))
		sum++;
	if (sum == expected + expected_count) {
		assert_true(++expected_count <= sizeof(expected) / sizeof(*expected));
		*sum = *row;
		return;
	}
	sum->attempts += row->attempts;
	sum->left_out += row->left_out;
	if (row->first_sec < sum->first_sec)
		sum->first_sec = row->first_sec;
	if (row->last_sec > sum->last_sec)
		sum->last_sec = row->last_sec;
}

struct sums {
	uint64_t rows, attempts, left_out;
	bool is_exact;
	struct seen_row last;
};

static int add_row(const struct seen_row *row, void *context)
{
	struct sums *sums = context;
	size_t i = 0;

	if (sums->rows && prefix_compare(&row->source, &sums->last.source) < 0)
		fail_msg("not in the order of sources");
	sums->last = *row;
	sums->rows++;
	sums->attempts += row->attempts;
	sums->left_out += row->left_out;
	if (!sums->is_exact)
		return 0;
	while (i < expected_count && !is_same_row(&expected[i], row))
		i++;
	assert_true(i < expected_count);
	assert_int_equal(row->attempts, expected[i].attempts);
	assert_int_equal(row->left_out, expected[i].left_out);
	assert_int_equal(row->first_sec, expected[i].first_sec);
	assert_int_equal(row->last_sec, expected[i].last_sec);
	return 0;
}

static struct sums sum_rows(struct seen_store *store, const struct seen_filter *filter,
			    bool is_exact)
{
	struct sums sums = { .is_exact = is_exact };

	assert_int_equal(seen_walk(store, filter, add_row, &sums), 0);
	return sums;
}

/* ---- the store ------------------------------------------------------------------ */

static struct seen_store *open_store(void)
{
	struct seen_store *store;
	char *message;

	assert_int_equal(seen_open(".", &store, &message), 0);
	assert_null(message);
	assert_null(seen_error(store));
	seen_continue(store, &kernel, unread);
	return store;
}

static void write_store(struct seen_store *store, uint64_t rows_max, int64_t now_sec)
{
	assert_int_equal(seen_write(store, &kernel, rows_max, now_sec), 0);
	assert_null(seen_error(store));
}

static int set_up(void **unused)
{
	const char *given = getenv("IPWL_SEED");

	(void)unused;
	(void)remove("seen.db");
	seed = given ? (unsigned int)strtoul(given, NULL, 10) : (unsigned int)time(NULL);
	print_message("IPWL_SEED=%u\n", seed);
	expected_count = 0;
	lost = unread = 0;
	/* These maps have counted before. */
	kernel = (struct seen_kernel_counts) { COOKIE, 100, 10, 20, 30 };
	return 0;
}

/* What the kernel reports and leaves out. @ret_rows: what it reports. */
static size_t kernel_works(int64_t now_sec, struct seen_row rows[64])
{
	const size_t count = next_random(64);

	for (size_t i = 0; i < count; i++) {
		rows[i] = row_at_random(now_sec);
		kernel.reported++;
		kernel.source_limit += rows[i].left_out;
	}
	return count;
}

static void note_all(struct seen_store *store, const struct seen_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		seen_note(store, &rows[i]);
		expect(&rows[i]);
	}
}

/* ipwld is killed after it has consumed events. Others wait in the ring for the next one. */
static struct seen_store *kill_and_restart(struct seen_store *store, int64_t now_sec)
{
	struct seen_row rows[64];
	const size_t count = kernel_works(now_sec, rows);
	const size_t consumed = next_random((uint32_t)count + 1);

	/* Without a commit, the kernel's counts of what was left out are not lost. */
	for (size_t i = 0; i < consumed; i++)
		seen_note(store, &rows[i]);
	seen_close(store);
	for (size_t i = 0; i < consumed; i++)
		kernel.source_limit -= rows[i].left_out;
	lost += consumed;
	unread = count - consumed;
	store = open_store();
	note_all(store, rows + consumed, unread);
	return store;
}

static void check_filters(struct seen_store *store, int64_t now_sec)
{
	const struct seen_filter filter = {
		.since_sec = now_sec - next_random(4000),
		.has_prefix = next_random(2),
		.prefix = next_random(2) ? source_of(next_random(SOURCES))
					 : (struct prefix) { .addr = { 203, 0, 1 }, .len = 24 },
	};
	const struct sums sums = sum_rows(store, &filter, true);
	size_t count = 0;

	for (size_t i = 0; i < expected_count; i++)
		count +=
		    expected[i].last_sec >= filter.since_sec &&
		    (!filter.has_prefix || prefix_contains(&filter.prefix, &expected[i].source));
	assert_int_equal(sums.rows, count);
}

static void test_at_random(void **unused)
{
	struct seen_store *store = open_store();
	const struct seen_kernel_counts start = kernel;
	const struct seen_filter all = { 0 };
	struct seen_left_out left_out;
	int64_t now_sec = NOW;

	(void)unused;
	for (int round = 0; round < 150; round++, now_sec += next_random(200)) {
		struct seen_row rows[64];

		note_all(store, rows, kernel_works(now_sec, rows));
		kernel.limit += next_random(5);
		kernel.ring_full += next_random(2);
		if (next_random(3))
			write_store(store, ROWS_MAX, now_sec);
		if (!next_random(10)) {
			write_store(store, ROWS_MAX, now_sec);
			store = kill_and_restart(store, now_sec);
		}
		if (next_random(2)) {
			write_store(store, ROWS_MAX, now_sec);
			check_filters(store, now_sec);
		}
	}
	write_store(store, ROWS_MAX, now_sec);
	assert_int_equal(sum_rows(store, &all, true).rows, expected_count);
	assert_int_equal(seen_row_count(store), expected_count);
	seen_read_left_out(store, 0, &left_out);
	assert_int_equal(left_out.source_limit, 0);
	assert_int_equal(left_out.limit, kernel.limit - start.limit);
	assert_int_equal(left_out.ring_full, kernel.ring_full - start.ring_full);
	assert_int_equal(left_out.rows, 0);
	assert_int_equal(left_out.lost, lost);
	assert_int_equal(seen_since_sec(store) >= NOW, 1);
	seen_close(store);
}

/* ---- limits ---------------------------------------------------------------------- */

static uint64_t total_of(struct seen_store *store)
{
	const struct seen_filter all = { 0 };
	struct sums sums = sum_rows(store, &all, false);
	struct seen_left_out left_out;

	seen_read_left_out(store, 0, &left_out);
	assert_int_equal(sums.rows, seen_row_count(store));
	return sums.attempts + sums.left_out + seen_left_out_sum(&left_out);
}

/* Whatever the limit, what is shown and what was left out are all there was. */
static void test_limit(void **unused)
{
	struct seen_store *store = open_store();
	uint64_t total = 0, rows_max = 50;
	int64_t now_sec = NOW;

	(void)unused;
	for (int round = 0; round < 200; round++, now_sec += next_random(400)) {
		struct seen_row rows[64];
		const size_t count = kernel_works(now_sec, rows);

		note_all(store, rows, count);
		for (size_t i = 0; i < count; i++)
			total += 1 + rows[i].left_out;
		if (!next_random(10))
			rows_max = 1 + next_random(200);
		write_store(store, rows_max, now_sec);
		assert_true(seen_row_count(store) <= rows_max);
		assert_int_equal(total_of(store), total);
		if (!next_random(10)) {
			seen_close(store);
			unread = 0;
			store = open_store();
		}
	}
	seen_close(store);
}

/* A flood of forged sources gets the room that is free, and gives it back. */
static void test_flood(void **unused)
{
	enum { SLOTS = 40, ROOM = 1000, EACH = 20 };

	struct seen_store *store = open_store();
	struct seen_row row = { .port = 25, .verdict = IPWL_BLOCK, .attempts = 1 };
	struct seen_filter filter = { .has_prefix = true };
	uint64_t flood_rows;
	struct seen_left_out left_out;

	(void)unused;
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		row.first_sec = row.last_sec = NOW + slot * SEEN_SLOT_SEC;
		for (uint32_t i = 0; i < EACH; i++) {
			row.source =
			    (struct prefix) { .addr = { 192, 0, (uint8_t)slot, (uint8_t)i },
					      .len = 32 };
			seen_note(store, &row);
		}
		for (uint32_t i = 0; slot == SLOTS / 2 && i < 10 * ROOM; i++) {
			row.source =
			    (struct prefix) { .addr = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i },
					      .len = 32 };
			seen_note(store, &row);
		}
		write_store(store, ROOM, row.first_sec);
	}
	/* Rows give way in portions. */
	assert_in_range(seen_row_count(store), ROOM - 256, ROOM);
	filter.prefix = (struct prefix) { .addr = { 192 }, .len = 8 };
	assert_int_equal(sum_rows(store, &filter, false).rows, SLOTS * EACH);
	filter.prefix = (struct prefix) { .addr = { 10 }, .len = 8 };
	flood_rows = sum_rows(store, &filter, false).rows;
	assert_int_equal(flood_rows, seen_row_count(store) - SLOTS * EACH);
	seen_read_left_out(store, 0, &left_out);
	assert_int_equal(left_out.rows, 10 * ROOM - flood_rows);
	seen_close(store);
}

/* ---- delete ------------------------------------------------------------------------ */

static void test_prune_and_forget(void **unused)
{
	struct seen_store *store = open_store();
	struct seen_row row = { .port = 25, .verdict = IPWL_BLOCK, .attempts = 1 };
	const struct prefix forgotten = { .addr = { 203, 0, 113 }, .len = 24 };
	const struct seen_filter all = { 0 };
	uint64_t count;

	(void)unused;
	for (uint8_t i = 0; i < 100; i++) {
		row.source = (struct prefix) { .addr = { 203, 0, 112 + i % 2, i }, .len = 32 };
		row.first_sec = row.last_sec = NOW + i * SEEN_SLOT_SEC;
		seen_note(store, &row);
	}
	write_store(store, ROWS_MAX, NOW);
	/* Ends exactly then: kept. */
	assert_int_equal(seen_prune(store, (NOW / SEEN_SLOT_SEC + 10) * SEEN_SLOT_SEC), 0);
	assert_int_equal(sum_rows(store, &all, false).rows, 90);
	seen_note(store, &row); /* 203.0.113.99, waits */
	assert_int_equal(seen_forget(store, &forgotten, &count), 0);
	assert_int_equal(count, 45);
	assert_int_equal(seen_waiting_count(store), 0);
	assert_int_equal(sum_rows(store, &all, false).rows, 45);
	write_store(store, ROWS_MAX, NOW);
	seen_close(store);
	kernel.reported += 101;
	store = open_store();
	assert_int_equal(seen_row_count(store), 45);
	assert_int_equal(sum_rows(store, &all, false).rows, 45);
	seen_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_at_random, set_up),
		cmocka_unit_test_setup(test_limit, set_up),
		cmocka_unit_test_setup(test_flood, set_up),
		cmocka_unit_test_setup(test_prune_and_forget, set_up),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
