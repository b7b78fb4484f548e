/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fleet in state.db: records, changes of this host, and the scope of entries. */
#include "store/fleet.h"

#include <errno.h>
#include <sqlite3.h>

#include "config_fixture.h"
#include "fleet_fixture.h"
#include "random_prefix.h"
#include "store/learned_entries.h"
#include "store/manual.h"

#define DIRECTORY "state"
#define DATABASE DIRECTORY "/state.db"
#define RECORDS 300

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

static void run_sql(const char *sql)
{
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(DATABASE, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

/* ---- records ------------------------------------------------------------------------- */

struct kept {
	struct fleet_record *records[2 * RECORDS]; /* the record, and what is held */
};

static size_t index_of(const char *origin, const struct prefix *prefix, bool is_held)
{
	return 2 * ((size_t)(origin[2] - '1') * RECORDS / 3 + prefix->addr[3]) + is_held;
}

static int compare_row(const struct fleet_record *record, bool is_held, void *context)
{
	struct kept *kept = context;
	struct fleet_record **expected =
	    &kept->records[index_of(record->origin, &record->prefix, is_held)];
	char of_one[FLEET_VALUE_BYTES], of_other[FLEET_VALUE_BYTES];

	assert_non_null(*expected);
	fleet_record_format(record, of_one);
	fleet_record_format(*expected, of_other);
	assert_string_equal(of_one, of_other);
	assert_int_equal(record->row, (*expected)->row);
	free(*expected);
	*expected = NULL;
	return 0;
}

/* A thousand random changes; what is read afterwards is what an array has. */
static void test_records(void **unused)
{
	static const char *const origins[] = { "mx1", "mx2", "mx3" };
	struct kept kept = { 0 };
	struct state *state;

	(void)unused;
	random_start("test_fleet_store");
	state = open_state();
	for (uint64_t i = 1; i <= 1000; i++) {
		const char *origin = origins[random_number() % 3];
		struct fleet_record record = fleet_add(origin, "192.0.2.0/32", i);
		const bool is_held = random_number() % 4 == 0;
		struct fleet_record **place;

		record.prefix.addr[3] = (uint8_t)(random_number() % (RECORDS / 3));
		record.op = (enum fleet_op)(random_number() % FLEET_OP_COUNT);
		record.reason = random_number() % 2 ? "a reason" : NULL;
		record.scope.not_hosts = random_number() % 2 ? "mx4,mx5" : NULL;
		place = &kept.records[index_of(origin, &record.prefix, is_held)];
		record.row = *place ? (*place)->row : 0;
		free(*place);
		*place = NULL;
		if (random_number() % 5) {
			assert_int_equal(fleet_row_put(state, 1, &record, is_held), 0);
			if (!record.row)
				record.row = fleet_row_added(state);
			assert_true(record.row);
			*place = fleet_record_copy(&record);
		} else {
			assert_int_equal(fleet_row_drop(state, &record), 0);
		}
	}
	assert_int_equal(state_commit(state), 0);
	state_close(state);
	state = open_state();
	assert_int_equal(fleet_rows_read(state, 1, compare_row, NULL, &kept), 0);
	for (size_t i = 0; i < sizeof(kept.records) / sizeof(kept.records[0]); i++)
		assert_null(kept.records[i]);
	state_close(state);
}

static int count_row(const struct fleet_record *record, bool is_held, void *context)
{
	(void)record;
	(void)is_held;
	++*(size_t *)context;
	return 0;
}

static void note_bad(const char *origin, const char *key, void *context)
{
	assert_string_equal(origin, "mx1");
	assert_string_equal(key, "partners 192.0.2.300/32 manual");
	++*(size_t *)context;
}

static void test_bad_rows(void **unused)
{
	struct fleet_record record = fleet_add("mx1", "192.0.2.1/32", 5);
	struct state *state = open_state();
	size_t count = 0;

	(void)unused;
	assert_int_equal(fleet_row_put(state, 1, &record, false), 0);
	assert_int_equal(state_commit(state), 0);
	state_close(state);
	run_sql("INSERT INTO fleet_records (origin, key, is_held, fleet, value) VALUES "
		"('mx1', 'partners 192.0.2.300/32 manual', 0, 1, '1 add 5 allow 1 0 - - - -')");
	state = open_state();
	assert_int_equal(fleet_rows_read(state, 1, count_row, note_bad, &count), 0);
	assert_int_equal(count, 2);
	state_close(state);
}

/* ---- changes of this host ------------------------------------------------------------ */

static int write_mark(const char *list, const struct prefix *prefix, void *context)
{
	char text[PREFIX_TEXT_BYTES], *marks = context;

	sprintf(marks + strlen(marks), "%s %s\n", list, prefix_format(prefix, text));
	return 0;
}

/* Compare the marks, and delete them. */
static void assert_marks(struct state *state, const char *expected)
{
	char marks[1024] = "";

	assert_int_equal(fleet_marks_read(state, 100, write_mark, marks), 0);
	assert_string_equal(marks, expected);
	assert_int_equal(state_begin(state), 0);
	while (*expected) {
		char list[32], text[PREFIX_TEXT_BYTES];
		struct prefix prefix;

		assert_int_equal(sscanf(expected, "%31s %49s", list, text), 2);
		prefix = fleet_prefix(text);
		assert_int_equal(fleet_mark_delete(state, list, &prefix), 0);
		expected = strchr(expected, '\n') + 1;
	}
	assert_int_equal(state_commit(state), 0);
}

static struct state_entry entry_of(const char *prefix, int64_t expires_at_sec)
{
	return (struct state_entry) { .list = "partners",
				      .prefix = fleet_prefix(prefix),
				      .added_at_sec = 1000000,
				      .expires_at_sec = expires_at_sec };
}

static struct manual_batch begin_batch(struct state *state)
{
	struct manual_batch batch = { .state = state,
				      .record = { .at_sec = 1000000, .event = HISTORY_ADD } };

	assert_int_equal(manual_begin(&batch), 0);
	return batch;
}

static void put_entry(struct state *state, const struct state_entry *entry)
{
	struct manual_batch batch = begin_batch(state);

	assert_int_equal(manual_put(&batch, entry), 0);
	assert_int_equal(state_commit(state), 0);
}

static void test_marks(void **unused)
{
	const struct prefix one = fleet_prefix("192.0.2.1/32"), two = fleet_prefix("192.0.2.2/32");
	const struct state_entry stays = entry_of("192.0.2.1/32", 0);
	const struct state_entry expires = entry_of("192.0.2.2/32", 1000001);
	const struct learned_entry learned = { .prefix = two, .rule = "outbound" };
	struct state *state = open_state();
	struct manual_batch batch;
	size_t count = 0;

	(void)unused;
	put_entry(state, &stays);
	assert_marks(state, "");
	state_note_changes(state, true);
	put_entry(state, &stays);
	put_entry(state, &stays);
	assert_marks(state, "partners 192.0.2.1/32\n");
	batch = begin_batch(state);
	assert_int_equal(manual_protect(&batch, "partners", ACTION_ALLOW, &one, NULL), 0);
	assert_int_equal(state_commit(state), 0);
	assert_marks(state, "partners 192.0.2.1/32\n");
	put_entry(state, &expires);
	assert_marks(state, "partners 192.0.2.2/32\n");
	assert_int_equal(manual_expire(state, 2000000), 0);
	assert_marks(state, "partners 192.0.2.2/32\n");
	assert_int_equal(manual_return(state, 1000000, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(state_commit(state), 0);
	assert_marks(state, "partners 192.0.2.2/32\n");
	batch = begin_batch(state);
	assert_int_equal(learned_entry_put(&batch, "learned", &learned), 0);
	assert_int_equal(learned_entry_delete(&batch, "learned", &two), 0);
	assert_int_equal(manual_delete(&batch, "partners", ACTION_ALLOW, &one), 0);
	assert_int_equal(state_commit(state), 0);
	assert_marks(state, "learned 192.0.2.2/32\npartners 192.0.2.1/32\n");
	state_close(state);
}

/* A change and its mark are on the disk, or neither is. */
static void test_mark_of_a_change_that_fails(void **unused)
{
	const struct state_entry entry = entry_of("192.0.2.1/32", 0);
	struct state *state = open_state();
	struct manual_batch batch;

	(void)unused;
	state_note_changes(state, true);
	batch = begin_batch(state);
	assert_int_equal(manual_put(&batch, &entry), 0);
	state_rollback(state);
	assert_marks(state, "");
	batch = begin_batch(state);
	assert_int_equal(manual_put(&batch, &entry), 0);
	/* As if the daemon were killed. */
	state_close(state);
	state = open_state();
	assert_marks(state, "");
	state_close(state);
}

/* ---- scopes ---------------------------------------------------------------------------- */

static int expect_scope(const struct state_entry *entry, void *context)
{
	const struct scope *expected = context;

	assert_int_equal(entry->scope.is_local, expected->is_local);
	if (expected->only_hosts)
		assert_string_equal(entry->scope.only_hosts, expected->only_hosts);
	else
		assert_null(entry->scope.only_hosts);
	if (expected->not_hosts)
		assert_string_equal(entry->scope.not_hosts, expected->not_hosts);
	else
		assert_null(entry->scope.not_hosts);
	return 0;
}

static void test_scopes(void **unused)
{
	struct scope scopes[] = { { .is_local = true },
				  { .only_hosts = "mx1,mx2" },
				  { .not_hosts = "mx3" },
				  { .only_hosts = "mx1,mx2", .not_hosts = "mx2" },
				  { 0 } };
	struct state_entry entry = entry_of("192.0.2.1/32", 0);
	struct state *state = open_state();

	(void)unused;
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		struct manual_batch batch;
		char *image;

		entry.scope = scopes[i];
		put_entry(state, &entry);
		assert_int_equal(state_read(state, expect_scope, NULL, &scopes[i]), 0);
		assert_int_equal(manual_image(state, "partners", &entry.prefix, &image), 0);
		batch = begin_batch(state);
		assert_int_equal(manual_delete(&batch, "partners", ACTION_ALLOW, &entry.prefix), 0);
		assert_int_equal(
		    manual_restore(&batch, "partners", ACTION_ALLOW, &entry.prefix, image), 0);
		assert_int_equal(state_commit(state), 0);
		assert_int_equal(state_read(state, expect_scope, NULL, &scopes[i]), 0);
		/* What other releases write does not change. */
		assert_int_equal(!strstr(image, "hosts") && !strstr(image, "local"),
				 i == sizeof(scopes) / sizeof(scopes[0]) - 1);
		free(image);
	}
	state_close(state);
}

static void test_scope_names(void **unused)
{
	struct scope scope = { .only_hosts = "mx10,mx2" };
	char text[SCOPE_ORIGIN_BYTES];

	(void)unused;
	assert_true(scope_has(&(struct scope) { 0 }, "mx1"));
	assert_false(scope_has(&scope, "mx1"));
	assert_true(scope_has(&scope, "mx10"));
	scope.not_hosts = "mx2";
	assert_false(scope_has(&scope, "mx2"));
	assert_true(scope_has(&scope, "mx10"));
	assert_string_equal(scope_origin(&scope, "mx4", text),
			    "mx4 (only on mx10,mx2, not on mx2)");
	scope = (struct scope) { .is_local = true };
	assert_string_equal(scope_origin(&scope, NULL, text), "(local)");
	assert_string_equal(scope_origin(&(struct scope) { 0 }, "bob", text), "bob");
	assert_true(scope_are_hosts("mx1,mx2.example"));
	assert_false(scope_are_hosts("mx1,"));
	assert_false(scope_are_hosts(""));
	assert_false(scope_are_hosts("mx1, mx2"));
}

/* ---- earlier releases --------------------------------------------------------------------- */

static const char version_5[] =
    "DROP TABLE fleet_records; DROP TABLE fleet_changed; DROP TABLE fleets;"
    "ALTER TABLE entries DROP COLUMN is_local; ALTER TABLE entries DROP COLUMN only_hosts;"
    "ALTER TABLE entries DROP COLUMN not_hosts; PRAGMA user_version = 5;";

static void test_upgrade(void **unused)
{
	const struct state_entry entry = entry_of("192.0.2.1/32", 0);
	struct state *state = open_state();
	struct scope everywhere = { 0 };
	size_t count = 0;

	(void)unused;
	put_entry(state, &entry);
	state_close(state);
	run_sql(version_5);
	state = open_state();
	assert_null(state_error(state));
	assert_true(state_has_fleet(state));
	assert_int_equal(state_read(state, expect_scope, NULL, &everywhere), 0);
	state_note_changes(state, true);
	put_entry(state, &entry);
	assert_marks(state, "partners 192.0.2.1/32\n");
	state_close(state);
	assert_int_equal(access(DATABASE ".v5", F_OK), 0);
	/* One that cannot be upgraded is read all the same. */
	run_sql(version_5);
	run_sql("CREATE TABLE fleet_changed (in_the_way)");
	state = open_state();
	assert_non_null(state_error(state));
	assert_null(state_suspension(state));
	assert_false(state_has_fleet(state));
	assert_int_equal(state_read(state, expect_scope, NULL, &everywhere), 0);
	assert_int_equal(fleet_rows_read(state, 1, count_row, note_bad, &count), 0);
	assert_int_equal(count, 0);
	state_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_records, remove_all),
		cmocka_unit_test_setup(test_bad_rows, remove_all),
		cmocka_unit_test_setup(test_marks, remove_all),
		cmocka_unit_test_setup(test_mark_of_a_change_that_fails, remove_all),
		cmocka_unit_test_setup(test_scopes, remove_all),
		cmocka_unit_test(test_scope_names),
		cmocka_unit_test_setup(test_upgrade, remove_all),
	};

	return cmocka_run_group_tests_name("fleet store", tests, fixture_open, fixture_close);
}
