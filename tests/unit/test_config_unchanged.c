/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which list files a second look at the configuration reads again. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/snapshot.h"
#include "config_fixture.h"

/* So old must a file be that a change is sure to show in its times. */
#define OLD_SEC 4

#define LISTS                                                                                      \
	"interfaces: [a]\nlists:\n"                                                                \
	"- {name: old, action: block, files: [old.list]}\n"                                        \
	"- {name: two, action: allow, files: [more.list, two.list]}\n"                             \
	"- {name: brief, action: block, format: crowdsec-csv, files: [brief.csv]}\n"

static struct snapshot *former;

static struct snapshot *read_anew(const char *text)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	struct snapshot *snapshot;

	fixture_write("c.yaml", text);
	diagnostics_init(&diagnostics);
	assert_int_equal(config_load("c.yaml", former, &diagnostics, &config), 0);
	/* A warning of what was not read again is told again. */
	fixture_assert(&diagnostics,
		       "old.list:2: warning: 192.1.2.1 is duplicated, first at old.list:1\n");
	diagnostics_done(&diagnostics);
	snapshot = snapshot_new(config);
	assert_non_null(snapshot);
	return snapshot;
}

static bool is_shared(const struct snapshot *snapshot, const char *list)
{
	return policy_find_list(snapshot->policy, list)->sets[SOURCE_FILE] ==
	       policy_find_list(former->policy, list)->sets[SOURCE_FILE];
}

static void assert_shared(const char *text, bool is_old_shared, bool is_two_shared)
{
	struct snapshot *snapshot = read_anew(text);

	assert_int_equal(is_shared(snapshot, "old"), is_old_shared);
	assert_int_equal(is_shared(snapshot, "two"), is_two_shared);
	assert_false(is_shared(snapshot, "brief"));
	assert_int_equal(snapshot->config->list_inputs[0].files[0].result.duplicate_count, 1);
	assert_int_equal(snapshot->config->list_inputs[1].file_count, 2);
	snapshot_unref(snapshot);
}

static int set_up(void **state)
{
	if (fixture_open(state))
		return -1;
	fixture_write("old.list", "192.1.2.1\n192.1.2.1\n");
	fixture_write("more.list", "192.1.1.1\n");
	fixture_write("two.list", "192.1.2.2\n");
	/* Entries that expire are dropped some day, and come back if the clock was wrong. */
	fixture_write("brief.csv", "value,expiration\n192.1.2.3,2099-01-01T00:00:00Z\n");
	sleep(OLD_SEC);
	former = read_anew(LISTS);
	return 0;
}

static int tear_down(void **state)
{
	snapshot_unref(former);
	return fixture_close(state);
}

static void test_unchanged(void **state)
{
	(void)state;
	assert_shared(LISTS, true, true);
}

static void test_other_settings(void **state)
{
	(void)state;
	assert_shared("interfaces: [a]\nlists:\n"
		      "- {name: old, action: block, host_bits: cut, files: [old.list]}\n"
		      "- {name: two, action: allow, files: [more.list, two.list]}\n"
		      "- {name: brief, action: block, format: crowdsec-csv, files: [brief.csv]}\n",
		      false, true);
	assert_shared("interfaces: [a]\nlists:\n"
		      "- {name: old, action: allow, files: [old.list]}\n"
		      "- {name: two, action: allow, files: [two.list, more.list]}\n"
		      "- {name: brief, action: block, format: crowdsec-csv, files: [brief.csv]}\n",
		      false, false);
}

/* A change that keeps the size and restores the time of modification. */
static void test_hidden_change(void **state)
{
	struct snapshot *snapshot;
	struct timespec times[2];
	struct stat status;

	(void)state;
	assert_int_equal(stat("two.list", &status), 0);
	fixture_write("two.list", "192.1.2.9\n");
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, "two.list", times, 0), 0);
	snapshot = read_anew(LISTS);
	assert_true(is_shared(snapshot, "old"));
	assert_int_equal(
	    policy_find_list(snapshot->policy, "two")->sets[SOURCE_FILE]->entries[1].prefix.addr[3],
	    9);
	snapshot_unref(former);
	former = snapshot;
	/* It was read just after it was written: the next change could have the same time. */
	assert_shared(LISTS, true, false);
}

static void test_replaced(void **state)
{
	struct snapshot *snapshot;

	(void)state;
	fixture_write("new.list", "192.1.2.1\n192.1.2.1\n");
	assert_int_equal(rename("new.list", "old.list"), 0);
	snapshot = read_anew(LISTS);
	assert_false(is_shared(snapshot, "old"));
	snapshot_unref(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_other_settings),
		cmocka_unit_test(test_hidden_change),
		cmocka_unit_test(test_replaced),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
