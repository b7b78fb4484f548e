/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine with a fake datapath: the state in force, in the kernel and on disk, after each
 * kind of change and after each failure.
 */
#include "engine/engine.h"

#include "engine/import.h"
#include "engine/sample.h"
#include "engine_requests.h"
#include "store/hits.h"

/* ---- add and delete ---------------------------------------------------------- */

static void test_add_and_delete(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_int_equal(last_event(), HISTORY_ADD);
	/* Others stay as they are. */
	assert_true(fake_has("partners", "198.51.100.0/24"));
	assert_true(fake_has("drop", "203.0.113.0/24"));
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.1"));
	assert_int_equal(last_event(), HISTORY_DELETE);
}

static void test_refused_changes(void **unused)
{
	const size_t applied = fake_apply_count;

	(void)unused;
	assert_int_equal(add("nobody", "192.0.2.1", 0), OUTCOME_NOT_FOUND);
	assert_int_equal(add("drop", "0.0.0.0/0", 0), OUTCOME_INVALID);
	assert_int_equal(add("partners", "198.51.100.9", 0), OUTCOME_CONFLICT);
	assert_int_equal(delete ("partners", "192.0.2.99"), OUTCOME_NOT_FOUND);
	assert_int_equal(delete ("partners", "198.51.100.0/24"), OUTCOME_CONFLICT);
	assert_int_equal(fake_apply_count, applied);
}

/* The kernel refuses: neither policy nor disk has changed, and the next change works. */
static void test_kernel_refuses(void **unused)
{
	struct snapshot *before = engine_snapshot(fixture_engine);

	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	before = engine_snapshot(fixture_engine);
	fake_refuses = true;
	assert_int_equal(add("partners", "192.0.2.2", 0), OUTCOME_INTERNAL);
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_INTERNAL);
	assert_int_equal(protect("partners", "192.0.2.1"), OUTCOME_INTERNAL);
	assert_int_equal(reload(true), OUTCOME_INTERNAL);
	fake_refuses = false;
	assert_ptr_equal(engine_snapshot(fixture_engine), before);
	assert_int_equal(last_event(), HISTORY_ADD);
	fixture_stop_engine();
	fixture_start_engine();
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_false(fake_has("partners", "192.0.2.2"));
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
}

/* Entries, ids and counts survive a restart of the engine. */
static void test_restart(void **unused)
{
	uint32_t id;

	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	id = fake_find("partners", "192.0.2.1")->id;
	fixture_stop_engine();
	fixture_start_engine();
	assert_int_equal(fake_find("partners", "192.0.2.1")->id, id);
	assert_true(fake_is_enforcing);
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
}

static void test_protected(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_int_equal(protect("partners", "192.0.2.1"), OUTCOME_OK);
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_CONFLICT);
	assert_int_equal(add("partners", "192.0.2.1", 60), OUTCOME_CONFLICT);
	assert_true(fake_has("partners", "192.0.2.1"));
}

/* ---- reload ------------------------------------------------------------------ */

static void test_reload(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	fixture_write("partners.list", "198.51.100.0/24\n!198.51.100.9\n192.0.2.128/25\n");
	assert_int_equal(reload(false), OUTCOME_OK);
	assert_true(fake_has("partners", "192.0.2.128/25"));
	/* Entries that are in no file stay in force. */
	assert_true(fake_has("partners", "192.0.2.1"));
	assert_int_equal(last_event(), HISTORY_RELOAD);
}

static void test_reload_with_errors(void **unused)
{
	struct snapshot *before = engine_snapshot(fixture_engine);

	(void)unused;
	fixture_write("partners.list", "nonsense\n");
	assert_int_equal(reload(false), OUTCOME_CONFIGURATION);
	assert_ptr_equal(engine_snapshot(fixture_engine), before);
	fixture_write("ipwld.yaml", "interfaces: [a]\nstate_dir: /elsewhere\n");
	assert_int_equal(reload(false), OUTCOME_CONFIGURATION);
	assert_ptr_equal(engine_snapshot(fixture_engine), before);
	assert_true(fake_has("partners", "198.51.100.0/24"));
}

/* An entry whose list is gone rests until that is back. */
static void test_list_goes_and_comes(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	fixture_configure("lists: [{name: partners, action: block}]\n");
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_null(fake_find("partners", "192.0.2.1"));
	fixture_configure(LISTS);
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_true(fake_has("partners", "192.0.2.1"));
}

/* A trial reads all and changes nothing. */
static void test_trial(void **unused)
{
	struct snapshot *before = engine_snapshot(fixture_engine), *next = NULL;
	const size_t applied = fake_apply_count;
	struct refusal refusal = { 0 };
	struct lines warnings = { 0 };

	(void)unused;
	fixture_write("partners.list", "192.0.2.0/24\n");
	assert_int_equal(engine_prepare(fixture_engine, NULL, true, &warnings, &next, &refusal), 0);
	assert_true(list_has(policy_find_list(next->policy, "partners"),
			     &(struct prefix) { .addr = { 192, 0, 2 }, .len = 24 }, false));
	engine_abandon(fixture_engine, next);
	assert_ptr_equal(engine_snapshot(fixture_engine), before);
	assert_int_equal(fake_apply_count, applied);
	lines_done(&warnings);
}

static void test_detach(void **unused)
{
	char error[DATAPATH_ERROR_BYTES];

	(void)unused;
	assert_false(engine_is_detached(fixture_engine));
	assert_int_equal(engine_detach(fixture_engine, error), 0);
	assert_true(engine_is_detached(fixture_engine));
	assert_false(fake_is_pinned);
	assert_int_equal(reload(false), OUTCOME_OK);
	assert_true(fake_is_pinned);
	assert_false(engine_is_detached(fixture_engine));
}

/* ---- guard ------------------------------------------------------------------- */

static void write_hundred(const char *prefix)
{
	FILE *file = fopen("partners.list", "w");

	assert_non_null(file);
	for (int i = 0; i < 100; i++)
		fprintf(file, "%s.%d\n", prefix, i);
	assert_int_equal(fclose(file), 0);
}

/* Entries in use do not go by themselves; unused ones do. */
static void test_guard(void **unused)
{
	(void)unused;
	fixture_configure("guard: {max_removed_entries: 10, max_removed_share: 50}\n" LISTS);
	write_hundred("192.0.2");
	assert_int_equal(reload(true), OUTCOME_OK);
	for (int i = 0; i < 100; i++) {
		char text[32];

		snprintf(text, sizeof(text), "192.0.2.%d", i);
		fake_count("partners", text, 1);
	}
	write_hundred("198.51.100");
	assert_int_equal(reload(false), OUTCOME_HELD);
	assert_int_equal(last_event(), HISTORY_HELD);
	assert_true(fake_has("partners", "192.0.2.7"));
	assert_int_equal(reload(true), OUTCOME_OK);
	assert_false(fake_has("partners", "192.0.2.7"));
	/* Nobody has used these. */
	write_hundred("192.0.2");
	assert_int_equal(reload(false), OUTCOME_OK);
}

/* ---- import ------------------------------------------------------------------ */

static enum outcome import(const char *text, bool is_dry_run, struct import_result *ret_result)
{
	struct import import = {
		.list = strdup("partners"),
		.input = { .bytes = text,
			   .byte_count = strlen(text),
			   .name = "list.txt",
			   .format = FORMAT_PLAIN },
		.is_dry_run = is_dry_run,
	};
	struct import_progress progress = { 0 };
	struct refusal refusal = { 0 };
	struct lines warnings = { 0 };
	enum outcome outcome;

	import.piece_entries = 100;
	memset(ret_result, 0, sizeof(*ret_result));
	assert_true(engine_import_step(fixture_engine, &alice, &import, &progress, ret_result,
				       &warnings, &refusal) <= 0);
	outcome = refusal.outcome;
	refusal_done(&refusal);
	lines_done(&warnings);
	import_progress_done(&progress);
	import_result_done(ret_result);
	free(import.list);
	return outcome;
}

static void test_import(void **unused)
{
	struct import_result result;
	const size_t applied = fake_apply_count;

	(void)unused;
	assert_int_equal(import("192.0.2.1\n192.0.2.2\n", true, &result), OUTCOME_OK);
	assert_int_equal(result.added_count, 2);
	assert_int_equal(fake_apply_count, applied);
	assert_int_equal(import("192.0.2.1\n192.0.2.2\n192.0.2.2\n", false, &result), OUTCOME_OK);
	assert_int_equal(fake_apply_count, applied + 1);
	assert_int_equal(result.added_count, 2);
	assert_true(fake_has("partners", "192.0.2.1") && fake_has("partners", "192.0.2.2"));
	assert_int_equal(last_event(), HISTORY_IMPORT);
	assert_int_equal(import("192.0.2.2\n192.0.2.3\n", false, &result), OUTCOME_OK);
	assert_int_equal(result.added_count, 1);
	assert_int_equal(result.replaced_count, 1);
	/* All or nothing. */
	assert_int_equal(import("192.0.2.4\nnonsense\n", false, &result), OUTCOME_INVALID);
	assert_int_equal(import("192.0.2.4\n198.51.100.9\n", false, &result), OUTCOME_CONFLICT);
	assert_false(fake_has("partners", "192.0.2.4"));
	fake_refuses = true;
	assert_int_equal(import("192.0.2.4\n", false, &result), OUTCOME_INTERNAL);
	fake_refuses = false;
	fixture_stop_engine();
	fixture_start_engine();
	assert_false(fake_has("partners", "192.0.2.4"));
	assert_true(fake_has("partners", "192.0.2.3"));
}

/* ---- an import in pieces -------------------------------------------------------- */

static const char long_text[] = "192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.4\n192.0.2.5\n"
				"192.0.2.6\n192.0.2.7\n";

static struct import long_import = {
	.list = (char[]) { "partners" },
	.input = { .bytes = long_text,
		   .byte_count = sizeof(long_text) - 1,
		   .name = "list.txt",
		   .format = FORMAT_PLAIN },
	.piece_entries = 3,
};

/* What came of a long import so far. */
static struct import_progress progress;
static struct import_result long_result;
static struct refusal long_refusal;

static int step(void)
{
	struct lines warnings = { 0 };
	int result = engine_import_step(fixture_engine, &alice, &long_import, &progress,
					&long_result, &warnings, &long_refusal);

	lines_done(&warnings);
	return result;
}

/* Read the list, and put the first piece in force. */
static void begin_long_import(void)
{
	const size_t applied = fake_apply_count;

	long_result = (struct import_result) { .added_count = 0 };
	assert_int_equal(step(), 1);
	assert_int_equal(fake_apply_count, applied);
	assert_int_equal(step(), 1);
	assert_int_equal(fake_apply_count, applied + 1);
	assert_true(fake_has("partners", "192.0.2.3"));
	assert_false(fake_has("partners", "192.0.2.4"));
}

static void end_long_import(void)
{
	import_progress_done(&progress);
	import_result_done(&long_result);
	refusal_done(&long_refusal);
}

/* Between two pieces others change the list. All pieces are one record. */
static void test_import_in_pieces(void **unused)
{
	(void)unused;
	begin_long_import();
	assert_int_equal(add("partners", "192.0.2.7", 0), OUTCOME_OK);
	assert_int_equal(add("partners", "192.0.2.200", 0), OUTCOME_OK);
	assert_int_equal(step(), 1);
	assert_int_equal(step(), 0);
	assert_int_equal(long_result.added_count, 6);
	assert_int_equal(long_result.replaced_count, 1);
	end_long_import();
	fixture_stop_engine();
	fixture_start_engine();
	assert_true(fake_has("partners", "192.0.2.1") && fake_has("partners", "192.0.2.7"));
	assert_true(fake_has("partners", "192.0.2.200"));
}

/* A piece that fails leaves those before it in force, and the refusal says how many these are. */
static void test_import_fails_later(void **unused)
{
	(void)unused;
	begin_long_import();
	fake_refuses = true;
	assert_int_equal(step(), -ECANCELED);
	fake_refuses = false;
	assert_int_equal(long_refusal.outcome, OUTCOME_INTERNAL);
	assert_non_null(strstr(long_refusal.message, "the first 3 of 7 entries were imported"));
	end_long_import();
	assert_false(fake_has("partners", "192.0.2.4"));
	fixture_stop_engine();
	fixture_start_engine();
	assert_true(fake_has("partners", "192.0.2.3"));
	assert_false(fake_has("partners", "192.0.2.4"));
}

/* ---- a database that is lost ------------------------------------------------- */

/* Nothing is dropped while manual entries are missing, until a reload. */
static void test_lost_database(void **unused)
{
	(void)unused;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	fixture_stop_engine();
	fixture_write("state/state.db", "This is no database, and never was one. ");
	fixture_start_engine();
	assert_non_null(engine_snapshot(fixture_engine)->suspension);
	assert_false(fake_is_enforcing);
	assert_int_equal(reload(false), OUTCOME_OK);
	assert_null(engine_snapshot(fixture_engine)->suspension);
	assert_true(fake_is_enforcing);
}

/* ---- hits -------------------------------------------------------------------- */

static uint64_t remembered_packets(const char *text)
{
	const struct prefix prefix = fixture_prefix(text);
	const struct list *list =
	    policy_find_list(engine_snapshot(fixture_engine)->policy, "partners");
	struct hit_memory memory = { 0 };

	assert_true(hits_find(engine_hits(fixture_engine), list, &prefix, 0, NULL, 0, &memory));
	return memory.total.packets;
}

/* A pass reads each rule once, in steps of any size. An id that is reused for another prefix
 * starts anew. */
static void test_sample(void **unused)
{
	(void)unused;
	write_hundred("192.0.2");
	assert_int_equal(reload(true), OUTCOME_OK);
	fake_count("partners", "192.0.2.7", 3);
	while (!engine_sample(fixture_engine))
		;
	assert_int_equal(remembered_packets("192.0.2.7"), 3);
	assert_int_equal(remembered_packets("192.0.2.8"), 0);
	fake_count("partners", "192.0.2.7", 2);
	while (!engine_sample(fixture_engine))
		;
	assert_int_equal(remembered_packets("192.0.2.7"), 5);
	write_hundred("192.0.3");
	assert_int_equal(reload(true), OUTCOME_OK);
	while (!engine_sample(fixture_engine))
		;
	assert_int_equal(remembered_packets("192.0.2.7"), 5);
	assert_int_equal(remembered_packets("192.0.3.7"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_add_and_delete),
		ENGINE_TEST(test_refused_changes),
		ENGINE_TEST(test_kernel_refuses),
		ENGINE_TEST(test_restart),
		ENGINE_TEST(test_protected),
		ENGINE_TEST(test_reload),
		ENGINE_TEST(test_reload_with_errors),
		ENGINE_TEST(test_list_goes_and_comes),
		ENGINE_TEST(test_trial),
		ENGINE_TEST(test_detach),
		ENGINE_TEST(test_guard),
		ENGINE_TEST(test_import),
		ENGINE_TEST(test_import_in_pieces),
		ENGINE_TEST(test_import_fails_later),
		ENGINE_TEST(test_lost_database),
		ENGINE_TEST(test_sample),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
