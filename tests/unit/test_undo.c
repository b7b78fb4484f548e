/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random changes of manual entries, undone and redone, compared with a model of the entries in
 * force and in the database. A fake datapath replaces the kernel.
 */
#include "engine/undo.h"

#include <errno.h>
#include <time.h>

#include "engine/entries.h"
#include "engine/protect.h"
#include "engine_fixture.h"
#include "store/history.h"
#include "store/history_read.h"
#include "store/manual.h"
#include "store/protections.h"

#define KEYS 12 /* lists × prefixes */
#define PREFIXES 6
#define RECORDS_MAX 4000
#define REOPEN_STEPS 97

/* ---- the model ------------------------------------------------------------ */

/* An entry is identified by the number of the step that made it. */
struct image {
	int reason; /* 0: there is none */
	bool has_expiry;
	int protection; /* 0: none */
};

static struct image now_of[KEYS];

/* Records by their ids, from 1. */
static struct {
	size_t key;
	struct image before, after;
	size_t undoes; /* 0: it is no undo */
} records[RECORDS_MAX];
static size_t record_count;

static size_t undo_counts[2]; /* refused, done */

static bool is_same(struct image a, struct image b)
{
	return a.reason == b.reason && a.has_expiry == b.has_expiry && a.protection == b.protection;
}

/* The record that undoes it and is in effect itself; 0: none. */
static size_t undone_by(size_t id)
{
	size_t i;

	for (i = id + 1; i <= record_count; i++)
		if (records[i].undoes == id && !undone_by(i))
			return i;
	return 0;
}

static void become(size_t key, struct image after, size_t undoes)
{
	record_count++;
	records[record_count].key = key;
	records[record_count].before = now_of[key];
	records[record_count].after = after;
	records[record_count].undoes = undoes;
	now_of[key] = after;
}

/* The record that `undo` reverts without a number; 0: none. */
static size_t last_change(void)
{
	size_t id;

	for (id = record_count; id > 0; id--)
		if (!records[id].undoes && !undone_by(id))
			break;
	return id;
}

/* ---- the engine ----------------------------------------------------------- */

static const char *const list_names[] = { "partners", "drop" };

static const char *list_of(size_t key)
{
	return list_names[key / PREFIXES];
}

/* One inside the other, and neighbours. */
static struct prefix prefix_of(size_t key)
{
	const size_t index = key % PREFIXES;
	struct prefix prefix = { .addr = { 192, 0, 2 }, .len = (uint8_t)(24 + index / 2 * 4) };

	if (index % 2)
		prefix.addr[2] = 3;
	return prefix;
}

enum change { ADD, DELETE, PROTECT, UNPROTECT };

/* Return: whether it was done. */
static bool change(enum change change, size_t key, int step, bool has_ttl)
{
	char name[64], reason[16];
	const struct prefix wanted = prefix_of(key);
	struct entry_change asked = { .list = name,
				      .is_forced = true,
				      .prefixes = &wanted,
				      .prefix_count = 1,
				      .ttl_sec = has_ttl ? 100000 : 0 };
	const struct deed by = { .author = "alice", .reason = reason };
	struct refusal refusal = { 0 };
	struct lines lines = { 0 };
	bool is_done;
	int err = -EINVAL;

	snprintf(name, sizeof(name), "%s", list_of(key));
	snprintf(reason, sizeof(reason), "%d", step);
	if (change == ADD)
		err = engine_add(fixture_engine, &by, &asked, &lines, &refusal);
	else if (change == DELETE)
		err = engine_delete(fixture_engine, &by, &asked, &lines, &refusal);
	else if (change == PROTECT)
		err = engine_protect(fixture_engine, &by, &asked, &refusal);
	else
		err = engine_unprotect(fixture_engine, &by, &asked, &refusal);
	is_done = refusal.outcome == OUTCOME_OK;
	assert_true(is_done == !err);
	assert_true(is_done == (refusal.message == NULL));
	refusal_done(&refusal);
	lines_done(&lines);
	return is_done;
}

static bool undo(size_t asked, bool is_dry_run)
{
	const struct deed by = { .author = "bob" };
	struct refusal refusal = { 0 };
	struct undo_result result;
	int64_t id;
	bool is_done = !engine_find_undoable(fixture_engine, (int64_t)asked, &id, &refusal) &&
		       !engine_undo(fixture_engine, &by, &(struct undo_records) { &id, 1 },
				    is_dry_run, &result, &refusal);

	assert_true(is_done == (refusal.outcome == OUTCOME_OK));
	if (is_done) {
		assert_true(!asked || id == (int64_t)asked);
		assert_int_equal(result.record_id, is_dry_run ? 0 : record_count + 1);
	}
	refusal_done(&refusal);
	return is_done;
}

/* ---- comparison ----------------------------------------------------------- */

static int count_entry(const struct state_entry *entry, void *context)
{
	(void)entry;
	++*(size_t *)context;
	return 0;
}

static void assert_entry(size_t key)
{
	const struct list *list =
	    policy_find_list(engine_snapshot(fixture_engine)->policy, list_of(key));
	const struct prefix prefix = prefix_of(key);
	const struct entry *entry = engine_find_manual(list, &prefix);
	char reason[16];
	char *image = NULL;

	assert_true((entry != NULL) == (now_of[key].reason != 0));
	assert_int_equal(manual_image(engine_state(fixture_engine), list->name, &prefix, &image),
			 0);
	assert_true((image != NULL) == (entry != NULL));
	assert_true(protections_have(engine_view(fixture_engine).protections, list->name,
				     &prefix) == (now_of[key].protection != 0));
	if (entry) {
		snprintf(reason, sizeof(reason), "%d", now_of[key].reason);
		assert_string_equal(entry->reason, reason);
		assert_string_equal(entry->about->author, "alice");
		assert_true((entry->about->expires_at_sec != 0) == now_of[key].has_expiry);
		snprintf(reason, sizeof(reason), "\"%d\"", now_of[key].reason);
		assert_non_null(strstr(image, reason));
	}
	free(image);
}

static int check_record(const struct history_record *record, void *context)
{
	const size_t id = (size_t)record->id;

	assert_int_equal(record->undoes, records[id].undoes);
	assert_int_equal(record->undone_by, undone_by(id));
	++*(size_t *)context;
	return 0;
}

static void assert_as_modelled(void)
{
	const struct history_filter all = { .limit = RECORDS_MAX };
	size_t key, expected = 0, count = 0;

	for (key = 0; key < KEYS; key++) {
		assert_entry(key);
		expected += now_of[key].reason != 0;
	}
	assert_int_equal(state_read(engine_state(fixture_engine), count_entry, NULL, &count), 0);
	assert_int_equal(count, expected);
	count = 0;
	assert_int_equal(history_read(engine_state(fixture_engine), &all, check_record, &count), 0);
	assert_int_equal(count, record_count);
}

/* ---- at random ------------------------------------------------------------ */

static uint32_t next_random(uint32_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	return *random ^= *random << 5;
}

static void step_add(size_t key, int step, bool has_ttl)
{
	const bool is_allowed = !(now_of[key].protection && has_ttl);

	assert_true(change(ADD, key, step, has_ttl) == is_allowed);
	if (is_allowed)
		become(key,
		       (struct image) { .reason = step,
					.has_expiry = has_ttl,
					.protection = now_of[key].protection },
		       0);
}

static void step_delete(size_t key, int step)
{
	const bool is_allowed = now_of[key].reason && !now_of[key].protection;

	assert_true(change(DELETE, key, step, false) == is_allowed);
	if (is_allowed)
		become(key, (struct image) { 0 }, 0);
}

static void step_protect(size_t key, int step)
{
	struct image after = now_of[key];
	const bool is_allowed = after.reason != 0;

	after.has_expiry = false;
	after.protection = step;
	assert_true(change(PROTECT, key, step, false) == is_allowed);
	if (is_allowed)
		become(key, after, 0);
}

static void step_unprotect(size_t key, int step)
{
	struct image after = now_of[key];
	const bool is_allowed = after.protection != 0;

	after.protection = 0;
	assert_true(change(UNPROTECT, key, step, false) == is_allowed);
	if (is_allowed)
		become(key, after, 0);
}

/* @asked: 0: the last change. */
static void step_undo(size_t asked)
{
	const size_t id = asked ? asked : last_change();
	const bool is_allowed = id && id <= record_count && !undone_by(id) &&
				is_same(now_of[records[id].key], records[id].after);

	/* What is only looked at changes nothing. */
	assert_true(undo(asked, true) == is_allowed);
	assert_as_modelled();
	assert_true(undo(asked, false) == is_allowed);
	if (is_allowed)
		become(records[id].key, records[id].before, id);
	undo_counts[is_allowed]++;
}

/* The kernel refuses: all is as before, in force and in the database. */
static void step_failure(size_t key, int step)
{
	fake_refuses = true;
	assert_false(change(ADD, key, step, false));
	change(DELETE, key, step, false);
	change(PROTECT, key, step, false);
	undo(0, false);
	fake_refuses = false;
}

/* The daemon begins again, on the same maps. */
static void reopen(void)
{
	fixture_stop_engine();
	fixture_start_engine();
}

static void test_at_random(void **unused)
{
	const char *seed = getenv("IPWL_SEED");
	uint32_t random = seed ? (uint32_t)strtoul(seed, NULL, 10) : (uint32_t)time(NULL);
	int step;

	(void)unused;
	print_message("IPWL_SEED=%u\n", random);
	random |= 1;
	for (step = 1; step < 1200; step++) {
		const size_t key = next_random(&random) % KEYS;
		const uint32_t choice = next_random(&random) % 16;

		if (choice < 5)
			step_add(key, step, next_random(&random) % 2);
		else if (choice < 7)
			step_delete(key, step);
		else if (choice < 9)
			step_protect(key, step);
		else if (choice < 10)
			step_unprotect(key, step);
		else if (choice < 12)
			step_undo(0);
		else if (choice < 15)
			/* Often one of the last, for these may be undone. */
			step_undo(record_count > 8 && next_random(&random) % 4
				      ? record_count - next_random(&random) % 8
				      : next_random(&random) % (record_count + 2) + 1);
		else
			step_failure(key, step);
		if (step % REOPEN_STEPS == 0)
			reopen();
		assert_as_modelled();
	}
	/* Enough of both, or nothing has been shown. */
	assert_true(undo_counts[0] > 20 && undo_counts[1] > 50);
}

/* All of it back, one after another, and then all of it again. */
static void test_all_the_way_back(void **unused)
{
	size_t id, undo_count = 0, undone[RECORDS_MAX];
	struct image last[KEYS];

	(void)unused;
	for (id = record_count; id > 0; id--)
		if (!records[id].undoes && !undone_by(id) &&
		    !is_same(now_of[records[id].key], records[id].after))
			/* One that was undone out of turn stands in the way. */
			break;
	memcpy(last, now_of, sizeof(last));
	while (last_change() > id && undo_count < RECORDS_MAX) {
		step_undo(0);
		undone[undo_count++] = record_count;
	}
	assert_as_modelled();
	while (undo_count)
		step_undo(undone[--undo_count]);
	assert_as_modelled();
	assert_memory_equal(last, now_of, sizeof(last));
}

static int open_engine(void **unused)
{
	if (fixture_open(unused))
		return -1;
	fixture_configure("lists:\n  - {name: partners, action: allow}\n"
			  "  - {name: drop, action: block}\n");
	fixture_start_engine();
	return 0;
}

static int close_engine(void **unused)
{
	fixture_stop_engine();
	return fixture_close(unused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_random),
		cmocka_unit_test(test_all_the_way_back),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
