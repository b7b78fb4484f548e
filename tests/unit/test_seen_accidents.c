/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts on disk: a damaged file, a full disk, a reboot, a later release. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "config_fixture.h"
#include "sql_number.h"
#include "store/seen.h"

#define PATH "seen.db"
#define NOW 1700000000
#define ROWS_MAX 100000

static struct seen_kernel_counts kernel;
static struct seen_store *store;

static int reset(void **unused)
{
	(void)unused;
	(void)remove(PATH);
	(void)remove(PATH "-journal");
	kernel = (struct seen_kernel_counts) { .cookie = 1 };
	return 0;
}

static int close_store(void **unused)
{
	(void)unused;
	seen_close(store);
	store = NULL;
	return 0;
}

/* Return: what it says of a file that was lost, or NULL. */
static char *open_store(uint64_t unread_count)
{
	char *message;

	assert_int_equal(seen_open(".", &store, &message), 0);
	seen_continue(store, &kernel, unread_count);
	return message;
}

static void note(size_t count)
{
	struct seen_row row = {
		.port = 25, .verdict = IPWL_BLOCK, .first_sec = NOW, .last_sec = NOW, .attempts = 1
	};

	for (size_t i = 0; i < count; i++) {
		row.source =
		    (struct prefix) { .addr = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i }, .len = 32 };
		seen_note(store, &row);
		kernel.reported++;
	}
}

static int add_attempts(const struct seen_row *row, void *context)
{
	*(uint64_t *)context += row->attempts;
	return 0;
}

static uint64_t attempts_in_rows(void)
{
	const struct seen_filter all = { 0 };
	uint64_t sum = 0;

	assert_int_equal(seen_walk(store, &all, add_attempts, &sum), 0);
	return sum;
}

static uint64_t lost_attempts(void)
{
	struct seen_left_out left_out;

	seen_read_left_out(store, 0, &left_out);
	assert_int_equal(seen_left_out_sum(&left_out), left_out.lost);
	return left_out.lost;
}

static void test_corrupt_at_start(void **unused)
{
	char *message;

	(void)unused;
	fixture_write(PATH, "this is not a database, whatever its name may say");
	message = open_store(0);
	assert_non_null(message);
	assert_non_null(strstr(message, "seen.db.corrupt-"));
	free(message);
	note(3);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	assert_int_equal(attempts_in_rows(), 3);
}

/* Damaged while it is open: what is waiting is not lost, and goes to the new file. */
static void test_corrupt_later(void **unused)
{
	char *message = open_store(0);
	FILE *file;

	(void)unused;
	assert_null(message);
	note(3000);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	close_store(NULL);
	file = fopen(PATH, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 4096, SEEK_SET), 0);
	for (int i = 0; i < 20 * 4096; i++)
		assert_int_not_equal(fputc(0x55, file), EOF);
	fclose(file);
	message = open_store(0);
	if (!message) {
		note(7);
		assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), -EIO);
		assert_non_null(strstr(seen_error(store), "seen.db"));
		assert_int_equal(seen_ready(store, &message), 0);
	} else {
		note(7);
	}
	assert_non_null(message);
	free(message);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	assert_null(seen_error(store));
	assert_int_equal(attempts_in_rows(), 7);
	assert_int_equal(lost_attempts(), 0);
}

/* A file that cannot grow is like a full disk. What waits is shown, and written later. */
static void test_full_disk(void **unused)
{
	struct rlimit limit, small;

	(void)unused;
	open_store(0);
	note(10);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 60000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	note(SEEN_WAITING_MAX + 5);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), -EIO);
	assert_non_null(seen_error(store));
	assert_int_equal(seen_row_count(store), 10);
	assert_int_equal(seen_waiting_count(store), SEEN_WAITING_MAX);
	assert_int_equal(attempts_in_rows(), 10 + SEEN_WAITING_MAX);
	assert_int_equal(lost_attempts(), 5);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	assert_null(seen_error(store));
	assert_int_equal(seen_waiting_count(store), 0);
	assert_int_equal(attempts_in_rows(), 10 + SEEN_WAITING_MAX);
	assert_int_equal(lost_attempts(), 5);
	close_store(NULL);
	open_store(0);
	assert_int_equal(attempts_in_rows(), 10 + SEEN_WAITING_MAX);
	assert_int_equal(lost_attempts(), 5);
}

/* It cannot be opened at the start: the loss of the former process is known once it can. */
static void test_opened_late(void **unused)
{
	char *message;

	(void)unused;
	open_store(0);
	note(10);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	note(4);
	close_store(NULL);
	assert_int_equal(rename(PATH, "aside"), 0);
	assert_int_equal(mkdir(PATH, 0700), 0);
	kernel.reported += 2; /* of which one waits in the ring */
	open_store(1);
	assert_non_null(seen_error(store));
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), -EIO);
	note(1);
	assert_int_equal(attempts_in_rows(), 1);
	assert_int_equal(rmdir(PATH), 0);
	assert_int_equal(rename("aside", PATH), 0);
	assert_int_equal(seen_ready(store, &message), 0);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	assert_int_equal(lost_attempts(), 4 + 1);
	assert_int_equal(attempts_in_rows(), 11);
}

/* New maps count from zero. */
static void test_reboot(void **unused)
{
	(void)unused;
	open_store(0);
	note(10);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	close_store(NULL);
	kernel = (struct seen_kernel_counts) { .cookie = 2, .reported = 20 };
	open_store(15);
	note(15);
	kernel.reported -= 15;
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	assert_int_equal(lost_attempts(), 5);
	close_store(NULL);
	open_store(0);
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), 0);
	assert_int_equal(lost_attempts(), 5);
}

static void test_later_schema(void **unused)
{
	(void)unused;
	open_store(0);
	close_store(NULL);
	sql_number(PATH, "PRAGMA user_version = 99");
	open_store(0);
	assert_non_null(strstr(seen_error(store), "99"));
	assert_int_equal(seen_write(store, &kernel, ROWS_MAX, NOW), -EIO);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, reset, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_corrupt_at_start), TEST(test_corrupt_later), TEST(test_full_disk),
		TEST(test_opened_late),	     TEST(test_reboot),	       TEST(test_later_schema),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
