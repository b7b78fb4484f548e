/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence on disk: after a crash, on a full disk, in a damaged file. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "evidence_fixture.h"

/* ---- accidents
 * --------------------------------------------------------------------------------------- */

/* Note batches for ever: batch N has N items of one address, and its position is N. */
static void write_for_ever(int ready)
{
	static struct evidence items[400];

	open_store();
	for (int batch = 1;; batch++) {
		struct evidence_item list[400];
		struct evidence_noting noting;
		char position[16];
		const int count = 1 + batch % 400;

		for (int i = 0; i < count; i++) {
			items[i] = make(EVIDENCE_ACCEPTED, (unsigned int)i * 4 + 1, FIRST_DAY);
			list[i] = (struct evidence_item) { .evidence = &items[i],
							   .subject = items[i].address,
							   .has_subject = true };
		}
		snprintf(position, sizeof(position), "%d", batch);
		if (evidence_note(store, list, (size_t)count, &wide, &noting) ||
		    evidence_set_position(store, "r", position) || evidence_commit(store))
			_exit(1);
		if (batch == 1 && write(ready, "x", 1) != 1)
			_exit(1);
	}
}

/* Killed at any moment, the evidence is exactly that of the batches before the position. */
static void test_killed(void **state)
{
	char ready_byte;

	(void)state;
	for (int round = 0; round < 12; round++) {
		const struct timespec delay = { .tv_nsec = 1000000 * (1 + random() % 60) };
		char *position = NULL;
		int64_t expected = 0;
		int ready[2], status;
		pid_t child;

		reset(NULL);
		assert_int_equal(pipe(ready), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child)
			write_for_ever(ready[1]);
		assert_int_equal(read(ready[0], &ready_byte, 1), 1);
		nanosleep(&delay, NULL);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		close(ready[0]);
		close(ready[1]);
		open_store();
		assert_int_equal(evidence_position(store, "r", &position), 0);
		assert_non_null(position);
		for (int batch = 1; batch <= strtol(position, NULL, 10); batch++)
			expected += 1 + batch % 400;
		close_store(NULL);
		assert_int_equal(query("SELECT sum(accepted) FROM days"), expected);
		free(position);
	}
}

/* A corrupt database is renamed, also if that shows only later. */
static void test_corrupt(void **state)
{
	const struct evidence evidence = make(EVIDENCE_HAM, 1, FIRST_DAY);
	char *lost = NULL;

	(void)state;
	fixture_write(PATH, "this is not a database, whatever its name may say");
	assert_int_equal(evidence_open(".", &store, &lost), 0);
	assert_non_null(lost);
	assert_non_null(strstr(lost, "learn.db.corrupt-"));
	free(lost);
	assert_null(evidence_error(store));
	note(&evidence, 1);
}

/* Nothing can be written: the error says so, and it works again when there is a directory. */
static void test_unusable(void **state)
{
	const struct evidence evidence = make(EVIDENCE_HAM, 1, FIRST_DAY);
	struct evidence_item item = { .evidence = &evidence,
				      .subject = evidence.address,
				      .has_subject = true };
	struct evidence_noting noting;
	char *lost = NULL;

	(void)state;
	assert_int_equal(mkdir(PATH, 0700), 0);
	assert_int_equal(evidence_open(".", &store, &lost), 0);
	assert_null(lost);
	assert_non_null(strstr(evidence_error(store), "learn.db"));
	assert_int_equal(evidence_note(store, &item, 1, &wide, &noting), -EIO);
	assert_int_equal(evidence_ready(store, &lost), -EIO);
	assert_int_equal(rmdir(PATH), 0);
	assert_int_equal(evidence_ready(store, &lost), 0);
	assert_null(lost);
	assert_null(evidence_error(store));
	note(&evidence, 1);
}

/* A file that cannot grow is like a full disk: the batch fails as a whole, and later ones do not.
 */
static void test_full_disk(void **state)
{
	static struct evidence items[3000];
	static struct evidence_item list[3000];
	struct evidence_noting noting;
	struct rlimit limit, small;

	(void)state;
	open_store();
	items[0] = make(EVIDENCE_HAM, 1, FIRST_DAY);
	note(items, 1);
	for (unsigned int i = 0; i < 3000; i++) {
		items[i] = make(EVIDENCE_HAM, i, FIRST_DAY);
		list[i] = (struct evidence_item) { .evidence = &items[i],
						   .subject = items[i].address,
						   .has_subject = true };
	}
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 160000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(evidence_note(store, list, 3000, &wide, &noting) ||
		    evidence_set_position(store, "r", "1") || evidence_commit(store));
	assert_non_null(evidence_error(store));
	evidence_rollback(store);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(query("SELECT sum(ham) FROM days"), 1);
	assert_int_equal(evidence_row_count(store), 1);
	note(items, 3000);
	assert_null(evidence_error(store));
	assert_int_equal(query("SELECT sum(ham) FROM days"), 3001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_killed),
		TEST(test_corrupt),
		TEST(test_unusable),
		TEST(test_full_disk),
	};

	return cmocka_run_group_tests_name("evidence_accidents", tests, fixture_open,
					   fixture_close);
}
