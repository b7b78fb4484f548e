/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual entries on disk: what is stored, and what happens if a database cannot be used. */
#include "store/state.h"

#include <errno.h>
#include <glob.h>
#include <sqlite3.h>

#include "config_fixture.h"
#include "store/manual.h"

#define DIRECTORY "state"
#define DATABASE DIRECTORY "/state.db"
#define NOW 1000000

static int remove_all(void **state)
{
	(void)state;
	nftw(DIRECTORY, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static struct state *open_state(void)
{
	struct state *state = NULL;

	assert_int_equal(state_open(DIRECTORY, &state), 0);
	return state;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static void put(struct state *state, const char *list, const char *prefix, const char *reason,
		int64_t expires_at_sec)
{
	const struct state_entry entry = {
		.list = list,
		.action = ACTION_BLOCK,
		.prefix = prefix_of(prefix),
		.reason = reason,
		.author = "alice",
		.added_at_sec = NOW,
		.expires_at_sec = expires_at_sec,
	};

	assert_int_equal(state_put(state, &entry), 0);
}

static void put_and_commit(struct state *state, const char *list, const char *prefix)
{
	put(state, list, prefix, NULL, 0);
	assert_int_equal(state_commit(state), 0);
}

static int describe(const struct state_entry *entry, void *context)
{
	char prefix[PREFIX_TEXT_BYTES];
	char *text = context;

	sprintf(text + strlen(text), "%s %s %s %s %s %lld %lld\n", entry->list,
		action_names[entry->action], prefix_format(&entry->prefix, prefix),
		entry->reason ? entry->reason : "-", entry->author ? entry->author : "-",
		(long long)entry->added_at_sec, (long long)entry->expires_at_sec);
	return 0;
}

static void describe_bad(const char *list, const char *prefix, void *context)
{
	char *text = context;

	sprintf(text + strlen(text), "bad: %s %s\n", list, prefix);
}

static void assert_entries(struct state *state, const char *expected)
{
	char text[4096] = "";

	assert_int_equal(state_read(state, describe, describe_bad, text), 0);
	assert_string_equal(text, expected);
}

/* One statement by another program's hand. */
static void run_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(DATABASE, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* ---- entries ------------------------------------------------------------ */

static void test_keeps_entries(void **unused)
{
	struct state *state = open_state();

	(void)unused;
	assert_null(state_error(state));
	assert_null(state_suspension(state));
	put(state, "drop", "192.0.2.0/24", "spam", NOW + 60);
	assert_int_equal(state_commit(state), 0);
	put_and_commit(state, "drop", "2001:db8::1");
	put_and_commit(state, "bar", "192.0.2.0/24");
	state_close(state);

	state = open_state();
	assert_entries(state, "bar block 192.0.2.0/24 - alice 1000000 0\n"
			      "drop block 192.0.2.0/24 spam alice 1000000 1000060\n"
			      "drop block 2001:db8::1/128 - alice 1000000 0\n");
	put(state, "drop", "192.0.2.0/24", "more spam", 0);
	assert_int_equal(state_commit(state), 0);
	const struct prefix prefix = prefix_of("2001:db8::1");

	assert_int_equal(state_delete(state, "drop", &prefix), 0);
	assert_int_equal(state_commit(state), 0);
	assert_entries(state, "bar block 192.0.2.0/24 - alice 1000000 0\n"
			      "drop block 192.0.2.0/24 more spam alice 1000000 0\n");
	state_close(state);
}

static void test_rollback(void **unused)
{
	struct state *state = open_state();

	(void)unused;
	put(state, "drop", "192.0.2.0/24", NULL, 0);
	state_rollback(state);
	assert_entries(state, "");
	put(state, "drop", "192.0.2.1", NULL, 0);
	/* As when the daemon is killed. */
	state_close(state);
	state = open_state();
	assert_entries(state, "");
	assert_null(state_error(state));
	state_close(state);
}

static void test_deletes_expired(void **unused)
{
	struct state *state = open_state();

	(void)unused;
	put(state, "drop", "192.0.2.1", NULL, NOW - 1);
	assert_int_equal(state_commit(state), 0);
	put(state, "drop", "192.0.2.2", NULL, NOW);
	assert_int_equal(state_commit(state), 0);
	put(state, "drop", "192.0.2.3", NULL, NOW + 1);
	assert_int_equal(state_commit(state), 0);
	put_and_commit(state, "drop", "192.0.2.4");
	assert_int_equal(manual_expire(state, NOW), 0);
	assert_entries(state, "drop block 192.0.2.3/32 - alice 1000000 1000001\n"
			      "drop block 192.0.2.4/32 - alice 1000000 0\n");
	state_close(state);
}

static int refuse(const struct state_entry *entry, void *context)
{
	(void)entry;
	++*(int *)context;
	return -ENOMEM;
}

static void test_visitor_ends_the_walk(void **unused)
{
	struct state *state = open_state();
	int visits = 0;

	(void)unused;
	put_and_commit(state, "drop", "192.0.2.1");
	put_and_commit(state, "drop", "192.0.2.2");
	assert_int_equal(state_read(state, refuse, describe_bad, &visits), -ENOMEM);
	assert_int_equal(visits, 1);
	assert_null(state_error(state));
	state_close(state);
}

/* Rows that others spoiled do not hide the rest. */
static void test_bad_rows(void **unused)
{
	struct state *state = open_state();

	(void)unused;
	put_and_commit(state, "drop", "192.0.2.1");
	state_close(state);
	run_sql(
	    "INSERT INTO entries (list, prefix, action, reason, author, "
	    "added_at, expires_at) VALUES ('drop', '192.0.2.1/24', 'block', NULL, NULL, 1, 0),"
	    "('drop', 'x', 'block', NULL, NULL, 1, 0), ('drop', '192.0.2.3/32', 'b', NULL, NULL, "
	    "1, 0)");
	state = open_state();
	assert_entries(state, "bad: drop 192.0.2.1/24\ndrop block 192.0.2.1/32 - alice 1000000 0\n"
			      "bad: drop 192.0.2.3/32\nbad: drop x\n");
	state_close(state);
}

/* ---- databases that cannot be used --------------------------------------- */

static size_t count_files(const char *pattern)
{
	glob_t found;
	size_t count;

	count = glob(pattern, 0, NULL, &found) ? 0 : found.gl_pathc;
	globfree(&found);
	return count;
}

/* The file is kept, a new one works, and the suspension outlives restarts. */
static void assert_set_aside(void)
{
	struct state *state = open_state();

	assert_non_null(state_suspension(state));
	assert_non_null(strstr(state_suspension(state), DATABASE ".corrupt-"));
	assert_non_null(state_error(state));
	assert_int_equal(count_files(DATABASE ".corrupt-*Z"), 1);
	put_and_commit(state, "drop", "192.0.2.9");
	state_close(state);

	state = open_state();
	assert_non_null(state_suspension(state));
	assert_entries(state, "drop block 192.0.2.9/32 - alice 1000000 0\n");
	state_acknowledge(state);
	assert_null(state_suspension(state));
	assert_null(state_error(state));
	state_close(state);

	state = open_state();
	assert_null(state_suspension(state));
	assert_null(state_error(state));
	assert_entries(state, "drop block 192.0.2.9/32 - alice 1000000 0\n");
	state_close(state);
}

static void make_database(void)
{
	struct state *state = open_state();

	put_and_commit(state, "drop", "192.0.2.1");
	state_close(state);
}

static void test_no_database(void **unused)
{
	(void)unused;
	assert_int_equal(mkdir(DIRECTORY, 0700), 0);
	fixture_write(DATABASE, "This is no database, but a text of some length.\n");
	fixture_write(DATABASE "-journal", "and this is no journal");
	assert_set_aside();
}

static void test_damaged_database(void **unused)
{
	FILE *file;

	(void)unused;
	make_database();
	file = fopen(DATABASE, "r+");
	assert_non_null(file);
	/* Overwrite the second page and those after it: tables and indexes. */
	assert_int_equal(fseek(file, 4096, SEEK_SET), 0);
	for (int i = 0; i < 8192; i++)
		assert_int_equal(fputc(0x5a, file), 0x5a);
	assert_int_equal(fclose(file), 0);
	assert_set_aside();
}

static void test_truncated_database(void **unused)
{
	(void)unused;
	make_database();
	assert_int_equal(truncate(DATABASE, 4096 + 100), 0);
	assert_set_aside();
}

/* An empty file has lost nothing that we know of. */
static void test_empty_file(void **unused)
{
	struct state *state;

	(void)unused;
	assert_int_equal(mkdir(DIRECTORY, 0700), 0);
	fixture_write(DATABASE, "");
	state = open_state();
	assert_null(state_suspension(state));
	assert_null(state_error(state));
	assert_true(state_is_new(state));
	put_and_commit(state, "drop", "192.0.2.1");
	state_close(state);
	state = open_state();
	assert_false(state_is_new(state));
	state_close(state);
}

/* Only the caller can know that there must have been one. */
static void test_missed(void **unused)
{
	struct state *state = open_state();

	(void)unused;
	assert_true(state_is_new(state));
	state_miss(state);
	for (int restarts = 0; restarts < 2; restarts++) {
		assert_non_null(strstr(state_suspension(state), "was missing or empty"));
		assert_string_equal(state_error(state), state_suspension(state));
		state_close(state);
		state = open_state();
		assert_false(state_is_new(state));
	}
	state_acknowledge(state);
	state_close(state);
	state = open_state();
	assert_null(state_suspension(state));
	state_close(state);
}

/* What a newer release wrote is neither read nor touched. */
static void test_newer_schema(void **unused)
{
	struct state *state;
	char text[4096] = "";

	(void)unused;
	make_database();
	run_sql("PRAGMA user_version = 99");
	state = open_state();
	assert_non_null(state_suspension(state));
	assert_non_null(strstr(state_error(state), "version"));
	assert_int_equal(state_read(state, describe, describe_bad, text), -EIO);
	const struct prefix prefix = prefix_of("192.0.2.1");

	assert_int_equal(state_delete(state, "drop", &prefix), -EIO);
	state_acknowledge(state);
	assert_null(state_suspension(state));
	assert_non_null(state_error(state));
	state_close(state);
	assert_int_equal(count_files(DATABASE "*"), 1);
	run_sql("PRAGMA user_version = 3");
	state = open_state();
	assert_entries(state, "drop block 192.0.2.1/32 - alice 1000000 0\n");
	state_close(state);
}

static void test_no_directory(void **unused)
{
	struct state *state = NULL;
	char text[4096] = "";

	(void)unused;
	fixture_write("file", "");
	assert_int_equal(state_open("file/state", &state), 0);
	assert_non_null(state_error(state));
	/* There never were entries. */
	assert_null(state_suspension(state));
	assert_int_equal(state_read(state, describe, describe_bad, text), -EIO);
	state_close(state);
}

/* A reader's lock makes a change fail, and nothing else. */
static void test_locked_database(void **unused)
{
	struct state *state = open_state();
	const struct prefix prefix = prefix_of("192.0.2.1");
	struct state *second;
	sqlite3 *other;

	(void)unused;
	put_and_commit(state, "drop", "192.0.2.1");
	assert_int_equal(sqlite3_open(DATABASE, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(state_delete(state, "drop", &prefix), -EIO);
	assert_non_null(state_error(state));
	assert_null(state_suspension(state));
	assert_false(state_is_locked(state));
	/* One that is opened now cannot know the entries. */
	second = open_state();
	assert_true(state_is_locked(second));
	assert_non_null(strstr(state_suspension(second), "database is locked"));
	state_close(second);
	sqlite3_close(other);
	assert_int_equal(state_delete(state, "drop", &prefix), 0);
	assert_int_equal(state_commit(state), 0);
	assert_null(state_error(state));
	assert_entries(state, "");
	state_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_keeps_entries, remove_all),
		cmocka_unit_test_teardown(test_rollback, remove_all),
		cmocka_unit_test_teardown(test_deletes_expired, remove_all),
		cmocka_unit_test_teardown(test_visitor_ends_the_walk, remove_all),
		cmocka_unit_test_teardown(test_bad_rows, remove_all),
		cmocka_unit_test_teardown(test_no_database, remove_all),
		cmocka_unit_test_teardown(test_damaged_database, remove_all),
		cmocka_unit_test_teardown(test_truncated_database, remove_all),
		cmocka_unit_test_teardown(test_empty_file, remove_all),
		cmocka_unit_test_teardown(test_missed, remove_all),
		cmocka_unit_test_teardown(test_newer_schema, remove_all),
		cmocka_unit_test_teardown(test_no_directory, remove_all),
		cmocka_unit_test_teardown(test_locked_database, remove_all),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
