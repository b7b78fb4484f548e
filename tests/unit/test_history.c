/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history on disk: recording, searching, pruning, and the upgrade from the first release. */
#include "store/history_read.h"

#include <errno.h>
#include <sqlite3.h>
#include <time.h>

#include "config_fixture.h"
#include "store/manual.h"
#include "store/protections.h"

#define DATABASE "state.db"
#define NOW 1000000

static int reset(void **unused)
{
	(void)unused;
	(void)remove(DATABASE);
	(void)remove(DATABASE "-journal");
	return 0;
}

static struct state *open_state(void)
{
	struct state *state = NULL;

	assert_int_equal(state_open(".", &state), 0);
	return state;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static void run_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(DATABASE, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static struct manual_batch begin(struct state *state, enum history_event event, int64_t at_sec)
{
	struct manual_batch batch = {
		.state = state,
		.record = { .at_sec = at_sec, .event = event, .author = "alice", .reason = "why" }
	};

	assert_int_equal(manual_begin(&batch), 0);
	return batch;
}

static void put(struct manual_batch *batch, const char *list, const char *prefix,
		const char *reason, int64_t expires_at_sec)
{
	const struct state_entry entry = { .list = list,
					   .action = ACTION_ALLOW,
					   .prefix = prefix_of(prefix),
					   .reason = reason,
					   .author = "bob",
					   .added_at_sec = NOW,
					   .expires_at_sec = expires_at_sec };

	assert_int_equal(manual_put(batch, &entry), 0);
}

static void add(struct state *state, const char *list, const char *prefix, const char *reason,
		int64_t expires_at_sec)
{
	struct manual_batch batch = begin(state, HISTORY_ADD, NOW);

	put(&batch, list, prefix, reason, expires_at_sec);
	assert_int_equal(state_commit(state), 0);
}

/* ---- as text -------------------------------------------------------------- */

struct text {
	struct state *state;
	const struct history_filter *filter;
	char bytes[8192];
};

static int describe_change(const struct history_change *change, void *context)
{
	char prefix[PREFIX_TEXT_BYTES];
	struct text *text = context;
	size_t used = strlen(text->bytes);

	snprintf(text->bytes + used, sizeof(text->bytes) - used, " %s %s %s +%zu -%zu",
		 change->list, source_names[change->source],
		 change->prefix ? prefix_format(change->prefix, prefix) : "sum", change->added,
		 change->removed);
	return 0;
}

static int describe(const struct history_record *record, void *context)
{
	struct text *text = context;
	size_t used = strlen(text->bytes);

	snprintf(text->bytes + used, sizeof(text->bytes) - used, "%s%lld %s:", used ? "\n" : "",
		 (long long)record->id, history_event_names[record->event]);
	return history_read_changes(text->state, record->id, text->filter, describe_change, text);
}

static void assert_history(struct state *state, const struct history_filter *filter,
			   const char *expected)
{
	const struct history_filter all = { .limit = 1000 };
	struct text text = { .state = state, .filter = filter };

	assert_int_equal(history_read(state, filter ? filter : &all, describe, &text), 0);
	assert_string_equal(text.bytes, expected);
}

static void assert_image(struct state *state, const char *prefix, const char *expected)
{
	const struct prefix parsed = prefix_of(prefix);
	char *image = NULL;

	assert_int_equal(manual_image(state, "partners", &parsed, &image), 0);
	if (expected)
		assert_string_equal(image, expected);
	else
		assert_null(image);
	free(image);
}

/* ---- what is recorded ----------------------------------------------------- */

static void test_records(void **unused)
{
	const struct prefix prefix = prefix_of("192.0.2.7");
	struct state *state = open_state();
	struct manual_batch batch;

	(void)unused;
	add(state, "partners", "192.0.2.7", "one", 0);
	add(state, "partners", "192.0.2.7", "two", 0);
	batch = begin(state, HISTORY_DELETE, NOW);
	assert_int_equal(manual_delete(&batch, "partners", ACTION_ALLOW, &prefix), 0);
	assert_int_equal(state_commit(state), 0);
	state_close(state);
	state = open_state();
	assert_history(state, NULL,
		       "3 del: partners manual 192.0.2.7/32 +0 -1\n"
		       "2 add: partners manual 192.0.2.7/32 +0 -0\n"
		       "1 add: partners manual 192.0.2.7/32 +1 -0");
	state_close(state);
}

/* Neither exists without the other. */
static void test_rollback(void **unused)
{
	struct state *state = open_state();
	struct manual_batch batch = begin(state, HISTORY_ADD, NOW);

	(void)unused;
	put(&batch, "partners", "192.0.2.7", NULL, 0);
	state_rollback(state);
	assert_history(state, NULL, "");
	assert_image(state, "192.0.2.7", NULL);
	batch = begin(state, HISTORY_ADD, NOW);
	put(&batch, "partners", "192.0.2.7", NULL, 0);
	/* As when the daemon is killed. */
	state_close(state);
	state = open_state();
	assert_history(state, NULL, "");
	assert_image(state, "192.0.2.7", NULL);
	state_close(state);
}

/* A history that cannot be written: the entry is not there either. */
static void test_history_refuses(void **unused)
{
	struct manual_batch batch;
	struct state *state = open_state();

	(void)unused;
	state_close(state);
	run_sql("CREATE TRIGGER t BEFORE INSERT ON history_changes BEGIN "
		"SELECT RAISE(ABORT, 'no room'); END");
	state = open_state();
	batch = begin(state, HISTORY_ADD, NOW);
	const struct state_entry entry = { .list = "partners",
					   .action = ACTION_ALLOW,
					   .prefix = prefix_of("192.0.2.7") };

	assert_int_equal(manual_put(&batch, &entry), -EIO);
	assert_non_null(strstr(state_error(state), "no room"));
	assert_image(state, "192.0.2.7", NULL);
	assert_history(state, NULL, "");
	state_close(state);
}

static void test_summaries(void **unused)
{
	const struct history_change changes[] = {
		{ .list = "a", .action = ACTION_ALLOW, .source = SOURCE_FILE },
		{ .list = "b",
		  .action = ACTION_BLOCK,
		  .source = SOURCE_FEED,
		  .added = 3,
		  .removed = 1 },
	};
	struct history_record record = { .at_sec = NOW,
					 .event = HISTORY_FEED,
					 .origin = "spamhaus" };
	struct state *state = open_state();

	(void)unused;
	assert_int_equal(history_summarise(state, &record, changes, 1), 0);
	assert_history(state, NULL, "");
	assert_int_equal(history_summarise(state, &record, changes, 2), 0);
	assert_history(state, NULL, "1 feed: b feed sum +3 -1");
	state_close(state);
}

static void test_expiry(void **unused)
{
	struct state *state = open_state();

	(void)unused;
	add(state, "partners", "192.0.2.7", "x", NOW + 1);
	add(state, "partners", "192.0.2.8", "x", NOW + 1);
	add(state, "partners", "192.0.2.9", "x", NOW + 2);
	assert_int_equal(manual_expire(state, NOW), 0);
	assert_history(state, &(struct history_filter) { .limit = 1 },
		       "3 add: partners manual 192.0.2.9/32 +1 -0");
	assert_int_equal(manual_expire(state, NOW + 1), 0);
	assert_history(state, &(struct history_filter) { .limit = 1 },
		       "4 expire: partners manual 192.0.2.7/32 +0 -1 "
		       "partners manual 192.0.2.8/32 +0 -1");
	assert_image(state, "192.0.2.7", NULL);
	state_close(state);
}

static void test_images(void **unused)
{
	const struct prefix prefix = prefix_of("192.0.2.7");
	struct protections *protections = protections_new();
	struct state *state = open_state();
	struct manual_batch batch;
	char *before = NULL, *described;

	(void)unused;
	add(state, "partners", "192.0.2.7", "x", NOW + 60);
	assert_image(state, "192.0.2.7",
		     "{\"added_at\":1000000,\"author\":\"bob\",\"expires_at\":1000060,"
		     "\"protected\":null,\"reason\":\"x\"}");
	assert_int_equal(manual_image(state, "partners", &prefix, &before), 0);
	batch = begin(state, HISTORY_PROTECT, NOW + 5);
	assert_int_equal(manual_protect(&batch, "partners", ACTION_ALLOW, &prefix, NULL), 0);
	assert_int_equal(state_commit(state), 0);
	assert_image(state, "192.0.2.7",
		     "{\"added_at\":1000000,\"author\":\"bob\",\"expires_at\":0,\"protected\":"
		     "{\"at\":1000005,\"author\":\"alice\",\"reason\":\"why\"},\"reason\":\"x\"}");
	assert_int_equal(protections_load(protections, state), 0);
	assert_true(protections_have(protections, "partners", &prefix));
	assert_false(protections_have(protections, "other", &prefix));
	described = protections_describe(protections, "partners", &prefix);
	assert_string_equal(described, "by alice at 1970-01-12T13:46:45Z: why");
	free(described);
	/* A protected entry does not expire. */
	assert_int_equal(manual_expire(state, NOW + 100), 0);
	assert_true(protections_have(protections, "partners", &prefix));
	batch = begin(state, HISTORY_UNDO, NOW + 6);
	assert_int_equal(manual_restore(&batch, "partners", ACTION_ALLOW, &prefix, before), 0);
	assert_int_equal(state_commit(state), 0);
	assert_image(state, "192.0.2.7", before);
	batch = begin(state, HISTORY_UNDO, NOW + 7);
	assert_int_equal(manual_restore(&batch, "partners", ACTION_ALLOW, &prefix, NULL), 0);
	assert_int_equal(state_commit(state), 0);
	assert_image(state, "192.0.2.7", NULL);
	assert_int_equal(protections_load(protections, state), 0);
	assert_false(protections_have(protections, "partners", &prefix));
	protections_free(protections);
	free(before);
	state_close(state);
}

/* ---- filters, against a walk over all ------------------------------------- */

static uint32_t next_random(uint32_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	return *random ^= *random << 5;
}

/* Few bits differ, so that prefixes lie in each other. */
static struct prefix random_prefix(uint32_t *random)
{
	const bool is_ipv6 = next_random(random) % 3 == 0;
	const unsigned int max_len = is_ipv6 ? 128 : 32;
	struct prefix prefix = { .family = is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4,
				 .len = (uint8_t)max_len };

	for (size_t i = 0; i < max_len / 8; i++)
		prefix.addr[i] = next_random(random) % 4 ? 0 : (uint8_t)next_random(random);
	return prefix_truncate(&prefix, (uint8_t)(next_random(random) % (max_len + 1)));
}

struct found {
	int64_t ids[300];
	size_t count;
};

static int note_id(const struct history_record *record, void *context)
{
	struct found *found = context;

	found->ids[found->count++] = record->id;
	return 0;
}

static void test_filters_at_random(void **unused)
{
	static struct prefix prefixes[200];
	static const char *const names[] = { "a", "b" };
	const char *seed = getenv("IPWL_SEED");
	uint32_t random = seed ? (uint32_t)strtoul(seed, NULL, 10) : (uint32_t)time(NULL);
	struct state *state = open_state();
	size_t i, j;

	(void)unused;
	print_message("IPWL_SEED=%u\n", random);
	random |= 1;
	for (i = 0; i < 200; i++) {
		char text[PREFIX_TEXT_BYTES];
		struct manual_batch batch = begin(state, HISTORY_ADD, NOW + (int64_t)i);

		prefixes[i] = random_prefix(&random);
		put(&batch, names[i % 2], prefix_format(&prefixes[i], text), NULL, 0);
		assert_int_equal(state_commit(state), 0);
	}
	for (i = 0; i < 500; i++) {
		struct history_filter filter = { .has_prefix = true,
						 .prefix =
						     next_random(&random) % 2
							 ? random_prefix(&random)
							 : prefixes[next_random(&random) % 200],
						 .since_sec = NOW + next_random(&random) % 20,
						 .before_id = next_random(&random) % 250,
						 .limit = next_random(&random) % 250 + 1 };
		struct found found = { .count = 0 };
		size_t expected = 0;

		if (next_random(&random) % 2)
			filter.list[0] = names[0][0];
		assert_int_equal(history_read(state, &filter, note_id, &found), 0);
		for (j = 200; j > 0 && expected < filter.limit; j--) {
			if ((filter.list[0] && (j - 1) % 2) ||
			    (filter.before_id && (int64_t)j >= filter.before_id) ||
			    NOW + (int64_t)j - 1 < filter.since_sec ||
			    !(prefix_contains(&filter.prefix, &prefixes[j - 1]) ||
			      prefix_contains(&prefixes[j - 1], &filter.prefix)))
				continue;
			assert_true(expected < found.count);
			assert_int_equal(found.ids[expected++], j);
		}
		assert_int_equal(found.count, expected);
	}
	state_close(state);
}

static void test_prune(void **unused)
{
	struct state *state = open_state();
	struct manual_batch batch;

	(void)unused;
	batch = begin(state, HISTORY_ADD, NOW);
	put(&batch, "partners", "192.0.2.7", NULL, 0);
	assert_int_equal(state_commit(state), 0);
	batch = begin(state, HISTORY_ADD, NOW + 1);
	put(&batch, "partners", "192.0.2.8", NULL, 0);
	assert_int_equal(state_commit(state), 0);
	assert_int_equal(history_prune(state, NOW), 0);
	assert_history(state, NULL,
		       "2 add: partners manual 192.0.2.8/32 +1 -0\n"
		       "1 add: partners manual 192.0.2.7/32 +1 -0");
	assert_int_equal(history_prune(state, NOW + 1), 0);
	assert_history(state, NULL, "2 add: partners manual 192.0.2.8/32 +1 -0");
	/* Entries do not go with their records. */
	assert_image(state, "192.0.2.7",
		     "{\"added_at\":1000000,\"author\":\"bob\",\"expires_at\":0,"
		     "\"protected\":null,\"reason\":null}");
	state_close(state);
}

/* ---- from the first release ----------------------------------------------- */

static const char first_release[] =
    "CREATE TABLE entries (list TEXT NOT NULL, prefix TEXT NOT NULL, action TEXT NOT NULL,"
    " reason TEXT, author TEXT, added_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,"
    " PRIMARY KEY (list, prefix)) WITHOUT ROWID;"
    "CREATE TABLE suspension (reason TEXT NOT NULL);"
    "INSERT INTO entries VALUES ('partners', '192.0.2.7/32', 'allow', 'x', 'bob', 1000000, 0);"
    "INSERT INTO entries VALUES ('gone', '192.0.2.8/32', 'block', NULL, NULL, 5, 6);"
    "PRAGMA user_version = 1;";

static void test_upgrade(void **unused)
{
	struct state *state;

	(void)unused;
	run_sql(first_release);
	state = open_state();
	assert_null(state_error(state));
	assert_null(state_suspension(state));
	assert_image(state, "192.0.2.7",
		     "{\"added_at\":1000000,\"author\":\"bob\",\"expires_at\":0,"
		     "\"protected\":null,\"reason\":\"x\"}");
	assert_history(state, NULL, "");
	add(state, "partners", "192.0.2.7", "y", 0);
	assert_int_equal(manual_expire(state, 6), 0);
	assert_history(state, NULL,
		       "2 expire: gone manual 192.0.2.8/32 +0 -1\n"
		       "1 add: partners manual 192.0.2.7/32 +0 -0");
	state_close(state);
	/* The second time there is nothing to upgrade. */
	state = open_state();
	assert_null(state_error(state));
	state_close(state);
}

static void test_suspension_outlives_upgrade(void **unused)
{
	struct state *state;

	(void)unused;
	run_sql(first_release);
	run_sql("INSERT INTO suspension VALUES ('entries were lost')");
	state = open_state();
	assert_string_equal(state_suspension(state), "entries were lost");
	state_close(state);
}

static int count_entry(const struct state_entry *entry, void *context)
{
	(void)entry;
	++*(int *)context;
	return 0;
}

/* The entries can still be read. Changes are refused, and nothing is half done. */
static void test_upgrade_fails(void **unused)
{
	struct state *state;
	struct history_record record = { .at_sec = NOW };
	int count = 0;

	(void)unused;
	run_sql(first_release);
	run_sql("CREATE TABLE history_changes (x)");
	state = open_state();
	assert_non_null(state_error(state));
	assert_null(state_suspension(state));
	assert_int_equal(state_read(state, count_entry, NULL, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(history_begin(state, &record), -EIO);
	assert_non_null(state_error(state));
	state_close(state);
	/* Once that is mended it is done. */
	run_sql("DROP TABLE history_changes");
	state = open_state();
	assert_null(state_error(state));
	add(state, "partners", "192.0.2.7", "y", 0);
	state_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_records, reset),
		cmocka_unit_test_setup(test_rollback, reset),
		cmocka_unit_test_setup(test_history_refuses, reset),
		cmocka_unit_test_setup(test_summaries, reset),
		cmocka_unit_test_setup(test_expiry, reset),
		cmocka_unit_test_setup(test_images, reset),
		cmocka_unit_test_setup(test_filters_at_random, reset),
		cmocka_unit_test_setup(test_prune, reset),
		cmocka_unit_test_setup(test_upgrade, reset),
		cmocka_unit_test_setup(test_suspension_outlives_upgrade, reset),
		cmocka_unit_test_setup(test_upgrade_fails, reset),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
