/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of manual entries at random, undone and done again, against a model of what
 * should be there: in force, and in the database. Without a kernel: the switch from one
 * policy to the next is made up here.
 */
#include "engine/records.h"
#include "store/history_read.h"

#include <errno.h>
#include <time.h>

#include "config/snapshot.h"
#include "config_fixture.h"
#include "store/protections.h"

#define KEYS 12 /* lists × prefixes */
#define PREFIXES 6
#define RECORDS_MAX 4000
#define REOPEN_STEPS 97

static struct engine the_engine;
static bool may_switch = true;

/* ---- in the place of the kernel ------------------------------------------- */

int engine_switch(struct engine *engine, struct snapshot *next, bool commits_state,
		  char error[DATAPATH_ERROR_BYTES])
{
	assert_ptr_equal(engine, &the_engine);
	assert_true(commits_state);
	if (!may_switch || state_commit(the_engine.state)) {
		snprintf(error, DATAPATH_ERROR_BYTES, "the kernel refuses");
		return -EBUSY;
	}
	snapshot_unref(the_engine.current);
	the_engine.current = snapshot_ref(next);
	return 0;
}

json_t *engine_impact_json(struct engine *engine, const struct list *list,
			   const struct prefix *prefix)
{
	(void)engine;
	(void)list;
	(void)prefix;
	return json_object();
}

/* ---- the model ------------------------------------------------------------ */

/* An entry is known by the number of the step that made it what it is. */
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

/* Which record `undo` takes without a number; 0: none. */
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

/* Return: whether it was done. */
static bool run(enum job_type type, size_t key, int step, bool has_ttl)
{
	static void (*const runners[])(struct engine * used, struct job * job) = {
		[JOB_ADD] = engine_add,
		[JOB_DELETE] = engine_delete,
		[JOB_PROTECT] = engine_protect,
		[JOB_UNPROTECT] = engine_unprotect,
	};
	struct job *job = job_new(type, NULL, NULL);
	bool is_done;

	assert_non_null(job);
	job->list_name = strdup(list_of(key));
	job->prefix = prefix_of(key);
	assert_true(asprintf(&job->reason, "%d", step) > 0);
	job->author = strdup("alice");
	job->ttl_sec = has_ttl ? 100000 : 0;
	runners[type](&the_engine, job);
	is_done = job->outcome == OUTCOME_OK;
	assert_true(is_done == (job->message == NULL));
	job_free(job);
	return is_done;
}

static bool undo(size_t id, bool is_dry_run)
{
	struct job *job = job_new(JOB_UNDO, NULL, NULL);
	bool is_done;

	assert_non_null(job);
	job->record_id = (int64_t)id;
	job->is_dry_run = is_dry_run;
	job->author = strdup("bob");
	engine_undo(&the_engine, job);
	is_done = job->outcome == OUTCOME_OK;
	if (is_done)
		assert_non_null(json_object_get(job->answer, "undone"));
	job_free(job);
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
	const struct list *list = policy_find_list(the_engine.current->policy, list_of(key));
	const struct prefix prefix = prefix_of(key);
	const struct entry *entry = engine_find_manual(list, &prefix);
	char reason[16];
	char *image = NULL;

	assert_true((entry != NULL) == (now_of[key].reason != 0));
	assert_int_equal(manual_image(the_engine.state, list->name, &prefix, &image), 0);
	assert_true((image != NULL) == (entry != NULL));
	assert_true(protections_have(the_engine.protections, list->name, &prefix) ==
		    (now_of[key].protection != 0));
	if (entry) {
		snprintf(reason, sizeof(reason), "%d", now_of[key].reason);
		assert_string_equal(entry->reason, reason);
		assert_string_equal(entry->author, "alice");
		assert_true((entry->expires_at_sec != 0) == now_of[key].has_expiry);
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
	assert_int_equal(state_read(the_engine.state, count_entry, NULL, &count), 0);
	assert_int_equal(count, expected);
	count = 0;
	assert_int_equal(history_read(the_engine.state, &all, check_record, &count), 0);
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

	assert_true(run(JOB_ADD, key, step, has_ttl) == is_allowed);
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

	assert_true(run(JOB_DELETE, key, step, false) == is_allowed);
	if (is_allowed)
		become(key, (struct image) { 0 }, 0);
}

static void step_protect(size_t key, int step)
{
	struct image after = now_of[key];
	const bool is_allowed = after.reason != 0;

	after.has_expiry = false;
	after.protection = step;
	assert_true(run(JOB_PROTECT, key, step, false) == is_allowed);
	if (is_allowed)
		become(key, after, 0);
}

static void step_unprotect(size_t key, int step)
{
	struct image after = now_of[key];
	const bool is_allowed = after.protection != 0;

	after.protection = 0;
	assert_true(run(JOB_UNPROTECT, key, step, false) == is_allowed);
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
	may_switch = false;
	assert_false(run(JOB_ADD, key, step, false));
	run(JOB_DELETE, key, step, false);
	run(JOB_PROTECT, key, step, false);
	undo(0, false);
	may_switch = true;
}

static void reopen(void)
{
	state_close(the_engine.state);
	assert_int_equal(state_open(".", &the_engine.state), 0);
	assert_int_equal(protections_load(the_engine.protections, the_engine.state), 0);
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
	struct diagnostics diagnostics;
	struct config *config = NULL;

	if (fixture_open(unused))
		return -1;
	fixture_write("c.yaml", "interfaces: [a]\nlists:\n  - {name: partners, action: allow}\n"
				"  - {name: drop, action: block}\n");
	diagnostics_init(&diagnostics);
	if (config_load("c.yaml", &diagnostics, &config))
		return -1;
	diagnostics_done(&diagnostics);
	the_engine.current = snapshot_new(config);
	the_engine.protections = protections_new();
	return the_engine.current && the_engine.protections ? state_open(".", &the_engine.state)
							    : -1;
}

static int close_engine(void **unused)
{
	state_close(the_engine.state);
	protections_free(the_engine.protections);
	snapshot_unref(the_engine.current);
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
