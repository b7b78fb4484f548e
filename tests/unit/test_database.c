/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Databases: versions step by step, damage, full disks, and what a failure leaves. */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "config_fixture.h"

#define PATH "test.db"

static const char *const steps[] = {
	"CREATE TABLE words (word TEXT NOT NULL UNIQUE)",
	"ALTER TABLE words ADD COLUMN size INTEGER NOT NULL DEFAULT 7",
	"CREATE TABLE broken (",
};
static const struct database_schema first = { .steps = steps, .version = 1 };
static const struct database_schema second = { .steps = steps, .version = 2, .is_checked = true };
static const struct database_schema kept = { .steps = steps, .version = 2, .keeps_former = true };
static const struct database_schema broken = { .steps = steps, .version = 3 };

static int reset(void **state)
{
	(void)state;
	(void)remove(PATH);
	return 0;
}

static struct database *open_or_fail(const struct database_schema *schema)
{
	char message[DATABASE_MESSAGE_BYTES];
	struct database *database;

	assert_int_equal(database_open(PATH, schema, &database, message), DATABASE_OK);
	assert_non_null(database);
	assert_null(database_error(database));
	return database;
}

static int put_word(struct database *database, const char *word)
{
	static const char insert[] = "INSERT INTO words (word) VALUES (?)";
	sqlite3_stmt *statement;

	if (database_statement(database, insert, &statement))
		return -EIO;
	database_bind_text(statement, 1, word);
	return database_run(database, statement);
}

static int64_t number_of(struct database *database, const char *sql)
{
	sqlite3_stmt *row;
	int64_t number;

	assert_int_equal(database_prepare(database, sql, &row), 0);
	assert_int_equal(database_step(database, row), 1);
	number = sqlite3_column_int64(row, 0);
	assert_int_equal(database_step(database, row), 0);
	sqlite3_finalize(row);
	return number;
}

#define WORDS "SELECT count(*) FROM words"

static void write_file(const char *bytes, size_t count)
{
	FILE *file = fopen(PATH, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
}

/* ---- versions --------------------------------------------------------------- */

static void test_new(void **state)
{
	mode_t umask_before = umask(0);
	struct database *database = open_or_fail(&second);
	struct stat status;

	(void)state;
	umask(umask_before);
	assert_int_equal(number_of(database, "PRAGMA user_version"), 2);
	assert_int_equal(number_of(database, "PRAGMA synchronous"), 2);
	assert_int_equal(stat(PATH, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	database_close(database);
}

static void test_upgrade(void **state)
{
	struct database *database = open_or_fail(&first);

	(void)state;
	assert_int_equal(put_word(database, "one"), 0);
	database_close(database);
	database = open_or_fail(&second);
	assert_int_equal(number_of(database, "SELECT size FROM words WHERE word = 'one'"), 7);
	database_close(database);
	/* It does not change when it is opened again. */
	database_close(open_or_fail(&second));
}

/* A copy of the old file is kept for users who return to the earlier release. */
static void test_upgrade_keeps_the_former(void **state)
{
	char message[DATABASE_MESSAGE_BYTES];
	struct database *database = open_or_fail(&first);
	struct stat status;

	(void)state;
	assert_int_equal(put_word(database, "one"), 0);
	database_close(database);
	assert_int_equal(symlink("/nonexistent/victim", PATH ".v1"), 0);
	database_close(open_or_fail(&kept));
	assert_int_equal(lstat(PATH ".v1", &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	database_close(open_or_fail(&kept));
	assert_int_equal(rename(PATH ".v1", PATH), 0);
	database = open_or_fail(&first);
	assert_int_equal(number_of(database, WORDS), 1);
	database_close(database);
	/* A new one has none. */
	assert_int_equal(remove(PATH), 0);
	database_close(open_or_fail(&kept));
	assert_int_equal(access(PATH ".v0", F_OK), -1);
	assert_int_equal(access(PATH ".v1", F_OK), -1);
	/* Where no copy can be kept nothing changes. */
	assert_int_equal(remove(PATH), 0);
	database_close(open_or_fail(&first));
	assert_int_equal(mkdir(PATH ".v1", 0700), 0);
	assert_int_equal(database_open(PATH, &kept, &database, message), DATABASE_OUTDATED);
	assert_non_null(strstr(message, "no copy of it can be kept"));
	assert_int_equal(number_of(database, "PRAGMA user_version"), 1);
	database_close(database);
	assert_int_equal(rmdir(PATH ".v1"), 0);
}

static void test_link_is_not_followed(void **state)
{
	char message[DATABASE_MESSAGE_BYTES];
	struct database *database;

	(void)state;
	assert_int_equal(symlink("victim.db", PATH), 0);
	assert_int_equal(database_open(PATH, &first, &database, message), DATABASE_UNREADABLE);
	assert_string_equal(message, "it is a symbolic link");
	assert_int_equal(access("victim.db", F_OK), -1);
}

static void test_upgrade_fails(void **state)
{
	char message[DATABASE_MESSAGE_BYTES] = "";
	struct database *database = open_or_fail(&first);

	(void)state;
	assert_int_equal(put_word(database, "one"), 0);
	database_close(database);
	assert_int_equal(database_open(PATH, &broken, &database, message), DATABASE_OUTDATED);
	assert_true(*message);
	/* All of the upgrade is undone, also the step that could be made. */
	assert_int_equal(number_of(database, WORDS), 1);
	assert_int_equal(number_of(database, "PRAGMA user_version"), 1);
	database_close(database);
	database_close(open_or_fail(&first));
}

static void test_first_schema_fails(void **state)
{
	char message[DATABASE_MESSAGE_BYTES] = "";
	struct database *database;

	(void)state;
	assert_int_equal(database_open(PATH, &broken, &database, message), DATABASE_UNUSABLE);
	assert_null(database);
}

static void test_later_version(void **state)
{
	char message[DATABASE_MESSAGE_BYTES];
	struct database *database = open_or_fail(&second);

	(void)state;
	database_close(database);
	assert_int_equal(database_open(PATH, &first, &database, message), DATABASE_UNREADABLE);
	assert_string_equal(message, "its schema version is 2, but this ipwld knows only 1");
	assert_null(database);
}

/* ---- damage ----------------------------------------------------------------- */

static void test_no_database(void **state)
{
	static const char text[] =
	    "This has never been a database, and it is long enough to be read "
	    "as the header of one, which has a hundred bytes.\n";
	char message[DATABASE_MESSAGE_BYTES] = "";
	struct database *database;
	glob_t found;

	(void)state;
	write_file(text, sizeof(text));
	assert_int_equal(database_open(PATH, &first, &database, message), DATABASE_CORRUPT);
	assert_null(database);
	assert_int_equal(database_set_aside(PATH, message), 0);
	assert_int_equal(access(PATH, F_OK), -1);
	assert_int_equal(glob(PATH ".corrupt-*", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_string_equal(found.gl_pathv[0], message);
	assert_int_equal(remove(message), 0);
	globfree(&found);
	database_close(open_or_fail(&first));
}

/* A page is overwritten: only the check of all pages finds it at once. */
static void test_damaged_page(void **state)
{
	struct database *database = open_or_fail(&second);
	char message[DATABASE_MESSAGE_BYTES], word[64];
	sqlite3_stmt *row;
	FILE *file;

	(void)state;
	assert_int_equal(database_begin(database), 0);
	for (int i = 0; i < 500; i++) {
		snprintf(word, sizeof(word), "a word that takes some room, number %d", i);
		assert_int_equal(put_word(database, word), 0);
	}
	assert_int_equal(database_commit(database), 0);
	database_close(database);
	file = fopen(PATH, "r+e");
	assert_non_null(file);
	/* From the second page on: the first one has the schema. */
	assert_int_equal(fseek(file, 1024, SEEK_SET), 0);
	for (int i = 0; i < 20 * 1024; i++)
		assert_int_not_equal(fputc(0xff, file), EOF);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(database_open(PATH, &second, &database, message), DATABASE_CORRUPT);
	database = open_or_fail(&(struct database_schema) { .steps = steps, .version = 2 });
	assert_false(database_is_corrupt(database));
	assert_int_equal(database_prepare(database, "SELECT word FROM words", &row), 0);
	assert_int_equal(database_step(database, row), -EIO);
	sqlite3_finalize(row);
	assert_true(database_is_corrupt(database));
	assert_non_null(database_error(database));
	database_close(database);
}

static void test_set_aside_takes_the_journal(void **state)
{
	char message[DATABASE_MESSAGE_BYTES], journal[DATABASE_MESSAGE_BYTES + 16];
	FILE *file = fopen(PATH "-journal", "we");

	(void)state;
	assert_non_null(file);
	fclose(file);
	write_file("x", 1);
	assert_int_equal(database_set_aside(PATH, message), 0);
	assert_int_equal(access(PATH "-journal", F_OK), -1);
	snprintf(journal, sizeof(journal), "%s-journal", message);
	assert_int_equal(remove(journal), 0);
	assert_int_equal(remove(message), 0);
	assert_int_equal(database_set_aside(PATH, message), -ENOENT);
}

/* ---- transactions ----------------------------------------------------------- */

static void test_commit_and_rollback(void **state)
{
	struct database *database = open_or_fail(&first);

	(void)state;
	assert_int_equal(database_begin(database), 0);
	assert_int_equal(database_begin(database), 0); /* it is open already */
	assert_int_equal(put_word(database, "one"), 0);
	assert_int_equal(database_last_id(database), 1);
	assert_int_equal(database_change_count(database), 1);
	database_rollback(database);
	database_rollback(database);
	assert_int_equal(number_of(database, WORDS), 0);
	assert_int_equal(database_begin(database), 0);
	assert_int_equal(put_word(database, "two"), 0);
	assert_int_equal(database_commit(database), 0);
	database_close(database);
	database = open_or_fail(&first);
	assert_int_equal(number_of(database, WORDS), 1);
	database_close(database);
}

/* A failure rolls back the whole transaction, and is reported until one commits. */
static void test_failure(void **state)
{
	struct database *database = open_or_fail(&first);
	sqlite3_stmt *statement;

	(void)state;
	assert_int_equal(database_begin(database), 0);
	assert_int_equal(put_word(database, "one"), 0);
	assert_int_equal(put_word(database, "one"), -EIO);
	assert_non_null(strstr(database_error(database), "UNIQUE"));
	assert_false(database_is_corrupt(database));
	assert_int_equal(number_of(database, WORDS), 0);
	/* NULL is bound as NULL, and nothing is left of the run before. */
	assert_int_equal(put_word(database, NULL), -EIO);
	assert_non_null(strstr(database_error(database), "NOT NULL"));
	assert_int_equal(database_prepare(database, "SELECT nothing", &statement), -EIO);
	assert_int_equal(database_begin(database), 0);
	assert_int_equal(put_word(database, "one"), 0);
	assert_non_null(database_error(database));
	assert_int_equal(database_commit(database), 0);
	assert_null(database_error(database));
	assert_int_equal(number_of(database, WORDS), 1);
	database_close(database);
}

static void test_not_open(void **state)
{
	sqlite3_stmt *statement;

	(void)state;
	assert_int_equal(database_begin(NULL), -EIO);
	assert_int_equal(database_commit(NULL), -EIO);
	assert_int_equal(database_prepare(NULL, "SELECT 1", &statement), -EIO);
	assert_int_equal(database_statement(NULL, "SELECT 1", &statement), -EIO);
	assert_int_equal(database_fail(NULL), -EIO);
	database_rollback(NULL);
	assert_null(database_error(NULL));
	assert_false(database_is_corrupt(NULL));
	database_close(NULL);
}

/* With more statements than are kept, each one still works. */
static void test_many_statements(void **state)
{
	static char sql[100][32];
	struct database *database = open_or_fail(&first);
	sqlite3_stmt *row;

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(sql[i % 100], sizeof(sql[0]), "SELECT %d", i % 100);
		assert_int_equal(database_statement(database, sql[i % 100], &row), 0);
		assert_int_equal(database_step(database, row), 1);
		assert_int_equal(sqlite3_column_int(row, 0), i % 100);
		database_reset(row);
	}
	database_close(database);
}

static void test_full_disk(void **state)
{
	char message[DATABASE_MESSAGE_BYTES], word[1024];
	struct database *database;
	int err = 0;

	(void)state;
	assert_int_equal(mkdir("small", 0700), 0);
	if (geteuid() != 0 || mount("none", "small", "tmpfs", 0, "size=64k")) {
		rmdir("small");
		skip();
	}
	assert_int_equal(database_open("small/" PATH, &first, &database, message), DATABASE_OK);
	assert_int_equal(put_word(database, "one"), 0);
	assert_int_equal(database_begin(database), 0);
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (int i = 0; i < 1000 && !err; i++) {
		word[0] = (char)('a' + i / 26);
		word[1] = (char)('a' + i % 26);
		err = put_word(database, word);
	}
	if (!err)
		err = database_commit(database);
	assert_int_equal(err, -EIO);
	assert_non_null(strstr(database_error(database), "full"));
	assert_false(database_is_corrupt(database));
	assert_int_equal(number_of(database, WORDS), 1);
	assert_int_equal(put_word(database, "two"), 0);
	database_close(database);
	assert_int_equal(umount2("small", MNT_DETACH), 0);
	assert_int_equal(rmdir("small"), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_upgrade),
		TEST(test_upgrade_keeps_the_former),
		TEST(test_link_is_not_followed),
		TEST(test_upgrade_fails),
		TEST(test_first_schema_fails),
		TEST(test_later_version),
		TEST(test_no_database),
		TEST(test_damaged_page),
		TEST(test_set_aside_takes_the_journal),
		TEST(test_commit_and_rollback),
		TEST(test_failure),
		TEST(test_not_open),
		TEST(test_many_statements),
		TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
