/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hits that are remembered, with counters made up here in the place of the kernel's. */
#include "store/hits.h"

#include <errno.h>
#include <sqlite3.h>
#include <time.h>

#include "config_fixture.h"
#include "rule_list.h"

#define DAY 86400
#define NOW (20000LL * DAY + 3600)
#define PREFIX_COUNT 40
#define RULE_LIMIT 400
#define COOKIE 0x8000000000000001ULL /* does not fit into a signed number */

/* The kernel's counters, by rule id. */
static struct ipwl_rule_counters kernel[RULE_LIMIT];

/* A list whose rules are the first prefixes, of these ids; 0: an exclusion. */
static struct rule rules[PREFIX_COUNT];
static struct list lists[] = {
	{ .name = (char[]) { "other" }, .action = ACTION_BLOCK },
	{ .name = (char[]) { "partners" }, .action = ACTION_ALLOW },
};
static const struct policy policy = { .lists = lists, .list_count = 2 };
#define LIST (&lists[1])

static int reset(void **state)
{
	size_t i;

	(void)state;
	(void)remove("hits.db");
	memset(kernel, 0, sizeof(kernel));
	for (i = 0; i < PREFIX_COUNT; i++)
		rules[i] = (struct rule) {
			.prefix = { .addr = { 192, 0, 2, (uint8_t)i }, .len = 32 },
			.id = (uint32_t)i + 1,
		};
	list_set_rules(&lists[1], rules, PREFIX_COUNT);
	return 0;
}

static struct hits *open_hits(uint64_t cookie, bool adopted)
{
	struct hits *hits = NULL;

	assert_int_equal(hits_open(".", cookie, adopted, &hits), 0);
	assert_int_equal(hits_since_sec(hits), 0);
	return hits;
}

static struct hits *load_hits(uint64_t cookie, bool adopted, int64_t now_sec)
{
	struct hits *hits = open_hits(cookie, adopted);

	assert_int_equal(hits_load(hits, now_sec), 0);
	assert_null(hits_error(hits));
	return hits;
}

static void look(struct hits *hits, int64_t now_sec)
{
	struct hits_reading readings[PREFIX_COUNT];
	size_t noted = 0;

	for (size_t i = 0; i < lists[1].rule_count; i++)
		if (rules[i].id)
			readings[noted++] =
			    (struct hits_reading) { .rule = &rules[i],
						    .counters = &kernel[rules[i].id] };
	hits_note(hits, LIST, readings, noted, now_sec);
	hits_end_pass(hits);
}

static void flush_and_close(struct hits *hits, int64_t now_sec)
{
	assert_int_equal(hits_flush(hits, true, now_sec), 0);
	hits_close(hits);
}

static void count(size_t prefix, uint64_t packets)
{
	struct ipwl_rule_counters *counters = &kernel[rules[prefix].id];

	counters->packets += packets;
	counters->connections += packets / 2;
	counters->averted_packets += packets / 4;
}

static struct hit_memory memory_of(struct hits *hits, size_t prefix)
{
	struct hit_memory memory = { 0 };

	assert_true(hits_find(hits, LIST, &rules[prefix].prefix, 0, NULL, 0, &memory));
	return memory;
}

static uint64_t sum_days(struct hits *hits, size_t prefix, unsigned int days, int64_t now_sec)
{
	struct hit_counts counts = { 0 };

	assert_int_equal(hits_sum_days(hits, LIST, &rules[prefix].prefix, days, now_sec, &counts),
			 0);
	return counts.packets;
}

/* ---- what is remembered --------------------------------------------------- */

static void test_total_and_last_hit(void **unused)
{
	struct hit_memory memory;
	struct hits *hits = load_hits(COOKIE, false, NOW);

	(void)unused;
	assert_int_equal(hits_since_sec(hits), NOW);
	count(3, 8);
	look(hits, NOW + 5);
	assert_int_equal(memory_of(hits, 3).total.packets, 8);
	assert_int_equal(memory_of(hits, 3).total.connections, 4);
	assert_int_equal(memory_of(hits, 3).total.averted_packets, 2);
	assert_int_equal(memory_of(hits, 3).last_hit_sec, NOW + 5);
	assert_int_equal(memory_of(hits, 4).last_hit_sec, 0);
	/* No hit since: the time stays. */
	look(hits, NOW + 10);
	assert_int_equal(memory_of(hits, 3).last_hit_sec, NOW + 5);
	/* A list of the same name and another action is another. */
	const struct list blocking = { .name = LIST->name, .action = ACTION_BLOCK };

	assert_true(hits_find(hits, &blocking, &rules[3].prefix, 0, NULL, 0, &memory));
	assert_int_equal(memory.last_hit_sec, 0);
	hits_close(hits);
}

/* Hits since the last pass are included. */
static void test_counters_of_now(void **unused)
{
	struct hits *hits = load_hits(COOKIE, false, NOW);
	struct hit_memory memory;

	(void)unused;
	count(3, 8);
	look(hits, NOW);
	count(3, 1);
	assert_true(hits_find(hits, LIST, &rules[3].prefix, 4, &kernel[4], NOW + 7, &memory));
	assert_int_equal(memory.total.packets, 9);
	assert_int_equal(memory.last_hit_sec, NOW + 7);
	/* Of another rule: all of it is new. */
	assert_true(hits_find(hits, LIST, &rules[3].prefix, 5, &kernel[4], NOW + 7, &memory));
	assert_int_equal(memory.total.packets, 17);
	hits_close(hits);
}

static void test_restart_and_reboot(void **unused)
{
	struct hits *hits = load_hits(COOKIE, false, NOW);

	(void)unused;
	count(3, 8);
	look(hits, NOW);
	flush_and_close(hits, NOW);
	/* Counted while no daemon ran, on the same maps. */
	count(3, 4);
	hits = load_hits(COOKIE, true, NOW + DAY);
	assert_int_equal(hits_since_sec(hits), NOW);
	assert_int_equal(memory_of(hits, 3).last_hit_sec, NOW);
	look(hits, NOW + DAY);
	assert_int_equal(memory_of(hits, 3).total.packets, 12);
	assert_int_equal(memory_of(hits, 3).last_hit_sec, NOW + DAY);
	flush_and_close(hits, NOW + DAY);
	/* New maps: they may well show more than the old ones did. */
	memset(kernel, 0, sizeof(kernel));
	count(3, 20);
	hits = load_hits(COOKIE + 1, false, NOW + 2 * DAY);
	look(hits, NOW + 2 * DAY);
	assert_int_equal(memory_of(hits, 3).total.packets, 32);
	flush_and_close(hits, NOW + 2 * DAY);
}

static void test_days(void **unused)
{
	struct hits *hits = load_hits(COOKIE, false, NOW);
	int64_t now_sec = NOW;
	unsigned int day;

	(void)unused;
	for (day = 0; day <= 40; day++, now_sec += DAY) {
		count(3, 1);
		look(hits, now_sec);
		/* What is not written yet counts too; it is entered a day late, so that
		 * there may be one more. */
		assert_in_range(sum_days(hits, 3, 7, now_sec), day < 7 ? day + 1 : 8,
				day < 7 ? day + 1 : 9);
		if (day % 3)
			assert_int_equal(hits_flush(hits, true, now_sec), 0);
		assert_int_equal(hits_prune(hits, &policy, 0, now_sec), 0);
	}
	now_sec -= DAY;
	assert_in_range(sum_days(hits, 3, 30, now_sec), 31, 32);
	assert_int_equal(sum_days(hits, 4, 30, now_sec), 0);
	assert_in_range(sum_days(hits, 3, 1000, now_sec), 31, 34);
	assert_int_equal(memory_of(hits, 3).total.packets, 41);
	flush_and_close(hits, now_sec);
}

/* Maps that counted before anybody remembered: how often is known, not when. */
static void test_first_database_of_old_maps(void **unused)
{
	struct hits *hits = load_hits(COOKIE, true, NOW);

	(void)unused;
	count(3, 8);
	look(hits, NOW);
	assert_int_equal(memory_of(hits, 3).total.packets, 8);
	assert_int_equal(memory_of(hits, 3).last_hit_sec, 0);
	assert_int_equal(sum_days(hits, 3, 30, NOW), 0);
	count(3, 1);
	look(hits, NOW + 1);
	assert_int_equal(memory_of(hits, 3).last_hit_sec, NOW + 1);
	assert_int_equal(sum_days(hits, 3, 30, NOW), 1);
	hits_close(hits);
}

/* The same id for the same prefix, and its counter at zero. */
static void test_rule_that_begins_anew(void **unused)
{
	const uint32_t added[] = { 2, 4 };
	struct hits *hits = load_hits(COOKIE, false, NOW);

	(void)unused;
	count(3, 8);
	look(hits, NOW);
	memset(&kernel[4], 0, sizeof(kernel[4]));
	hits_restart_rules(hits, added, 2);
	count(3, 9);
	look(hits, NOW);
	assert_int_equal(memory_of(hits, 3).total.packets, 17);
	hits_close(hits);
}

static void test_prune(void **unused)
{
	struct hits *hits = load_hits(COOKIE, false, NOW);

	(void)unused;
	count(3, 1);
	count(PREFIX_COUNT - 1, 1);
	look(hits, NOW);
	assert_int_equal(hits_flush(hits, true, NOW), 0);
	list_set_rules(&lists[1], rules, PREFIX_COUNT - 1);
	assert_int_equal(hits_prune(hits, &policy, NOW, NOW), 0);
	assert_int_equal(memory_of(hits, PREFIX_COUNT - 1).total.packets, 1);
	assert_int_equal(hits_prune(hits, &policy, NOW + 1, NOW), 0);
	assert_int_equal(memory_of(hits, PREFIX_COUNT - 1).total.packets, 0);
	assert_int_equal(memory_of(hits, 3).total.packets, 1);
	hits_close(hits);
	hits = load_hits(COOKIE, true, NOW);
	assert_int_equal(memory_of(hits, PREFIX_COUNT - 1).total.packets, 0);
	assert_int_equal(memory_of(hits, 3).total.packets, 1);
	hits_close(hits);
}

/* ---- trouble -------------------------------------------------------------- */

/* Locked by another: nothing is lost, it is written the next time. */
static void test_flush_fails(void **unused)
{
	struct hits *hits = load_hits(COOKIE, false, NOW);
	sqlite3 *db;

	(void)unused;
	count(3, 8);
	look(hits, NOW);
	assert_int_equal(sqlite3_open("hits.db", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(hits_flush(hits, true, NOW), -EIO);
	assert_non_null(strstr(hits_error(hits), "hits.db"));
	assert_int_equal(memory_of(hits, 3).total.packets, 8);
	sqlite3_close(db);
	assert_int_equal(hits_flush(hits, true, NOW), 0);
	assert_null(hits_error(hits));
	assert_int_equal(sum_days(hits, 3, 7, NOW), 8);
	hits_close(hits);
	hits = load_hits(COOKIE, true, NOW);
	assert_int_equal(memory_of(hits, 3).total.packets, 8);
	hits_close(hits);
}

static void test_no_directory(void **unused)
{
	struct hits *hits = NULL;
	struct hit_memory memory;

	(void)unused;
	assert_int_equal(hits_open("missing", COOKIE, false, &hits), 0);
	assert_int_equal(hits_load(hits, NOW), -EIO);
	assert_non_null(hits_error(hits));
	assert_false(hits_find(hits, LIST, &rules[3].prefix, 0, NULL, 0, &memory));
	hits_close(hits);
}

static void assert_begun_anew(uint64_t expected_packets)
{
	struct hits *hits = load_hits(COOKIE, true, NOW + 1);

	assert_int_equal(hits_since_sec(hits), NOW + 1);
	look(hits, NOW + 1);
	assert_int_equal(memory_of(hits, 3).total.packets, expected_packets);
	flush_and_close(hits, NOW + 1);
}

static void test_corrupt(void **unused)
{
	struct hits *hits;
	FILE *file;

	(void)unused;
	fixture_write_bytes("hits.db", "This is not a database, however long it may be.", 47);
	count(3, 8);
	assert_begun_anew(8);
	/* Damaged behind its first page. */
	hits = load_hits(COOKIE, true, NOW);
	flush_and_close(hits, NOW);
	file = fopen("hits.db", "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 1024, SEEK_SET), 0);
	while (ftell(file) < 6 * 1024)
		assert_int_not_equal(fputc(0x55, file), EOF);
	fclose(file);
	assert_begun_anew(8);
}

static void test_later_schema(void **unused)
{
	struct hits *hits = load_hits(COOKIE, false, NOW);
	sqlite3 *db;

	(void)unused;
	hits_close(hits);
	assert_int_equal(sqlite3_open("hits.db", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	hits = open_hits(COOKIE, true);
	assert_int_equal(hits_load(hits, NOW), -EIO);
	assert_non_null(strstr(hits_error(hits), "99"));
	hits_close(hits);
}

/* ---- at random ------------------------------------------------------------ */

static uint32_t next_random(uint32_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	return *random ^= *random << 5;
}

/* What should be remembered of each prefix, kept apart from the code under test. */
static struct {
	uint64_t total;
	uint64_t unseen; /* since the last look */
	int64_t last_sec;
} oracle[PREFIX_COUNT];

static void see_all(int64_t now_sec)
{
	size_t i;

	for (i = 0; i < PREFIX_COUNT; i++) {
		if (!oracle[i].unseen || !rules[i].id)
			continue;
		oracle[i].total += oracle[i].unseen;
		oracle[i].unseen = 0;
		oracle[i].last_sec = now_sec;
	}
}

/* Like a reload that removes a prefix and adds it again: it gets a new id, or the old one. */
static void renumber(struct hits *hits, size_t prefix, uint32_t *random)
{
	uint32_t id = next_random(random) % 2
			  ? rules[prefix].id
			  : (uint32_t)(next_random(random) % (RULE_LIMIT - 1)) + 1;
	size_t i;

	for (i = 0; i < PREFIX_COUNT; i++)
		if (i != prefix && rules[i].id == id)
			return;
	rules[prefix].id = id;
	memset(&kernel[id], 0, sizeof(kernel[id]));
	hits_restart_rules(hits, &id, 1);
	oracle[prefix].unseen = 0;
}

static void test_at_random(void **unused)
{
	const char *seed = getenv("IPWL_SEED");
	uint32_t random = seed ? (uint32_t)strtoul(seed, NULL, 10) : (uint32_t)time(NULL);
	struct hits *hits = load_hits(COOKIE, false, NOW);
	int64_t now_sec = NOW;
	uint64_t cookie = COOKIE;
	size_t i;
	int step;

	(void)unused;
	print_message("IPWL_SEED=%u\n", random);
	random |= 1;
	memset(oracle, 0, sizeof(oracle));
	for (step = 0; step < 3000; step++) {
		size_t prefix = next_random(&random) % PREFIX_COUNT;

		now_sec += next_random(&random) % 100;
		switch (next_random(&random) % 12) {
		case 0:
			look(hits, now_sec);
			see_all(now_sec);
			break;
		case 1:
			renumber(hits, prefix, &random);
			break;
		case 2: /* a restart */
			look(hits, now_sec);
			see_all(now_sec);
			flush_and_close(hits, now_sec);
			hits = load_hits(cookie, true, now_sec);
			break;
		case 3: /* a reboot */
			look(hits, now_sec);
			see_all(now_sec);
			flush_and_close(hits, now_sec);
			memset(kernel, 0, sizeof(kernel));
			hits = load_hits(++cookie, false, now_sec);
			break;
		case 4:
			assert_int_equal(hits_flush(hits, true, now_sec), 0);
			assert_int_equal(hits_prune(hits, &policy, 0, now_sec), 0);
			break;
		default:
			i = next_random(&random) % 20 + 1;
			count(prefix, i);
			oracle[prefix].unseen += i;
		}
	}
	look(hits, now_sec);
	see_all(now_sec);
	for (i = 0; i < PREFIX_COUNT; i++) {
		assert_int_equal(memory_of(hits, i).total.packets, oracle[i].total);
		assert_int_equal(memory_of(hits, i).last_hit_sec, oracle[i].last_sec);
	}
	flush_and_close(hits, now_sec);
}

static int close_all(void **state)
{
	rule_array_unref(lists[1].rules);
	return fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_total_and_last_hit, reset),
		cmocka_unit_test_setup(test_counters_of_now, reset),
		cmocka_unit_test_setup(test_restart_and_reboot, reset),
		cmocka_unit_test_setup(test_days, reset),
		cmocka_unit_test_setup(test_first_database_of_old_maps, reset),
		cmocka_unit_test_setup(test_rule_that_begins_anew, reset),
		cmocka_unit_test_setup(test_prune, reset),
		cmocka_unit_test_setup(test_flush_fails, reset),
		cmocka_unit_test_setup(test_no_directory, reset),
		cmocka_unit_test_setup(test_corrupt, reset),
		cmocka_unit_test_setup(test_later_schema, reset),
		cmocka_unit_test_setup(test_at_random, reset),
	};

	return cmocka_run_group_tests(tests, fixture_open, close_all);
}
