/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and checking state.db, and putting a corrupt one aside. */
#include "store/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/state_schema.h"

#define BUSY_TIMEOUT_MS 2000

static enum state_file_result describe(sqlite3 *db, bool existed,
				       char message[STATE_FILE_MESSAGE_BYTES])
{
	int code = sqlite3_errcode(db) & 0xff;

	snprintf(message, STATE_FILE_MESSAGE_BYTES, "%s", sqlite3_errmsg(db));
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return STATE_FILE_CORRUPT;
	return existed ? STATE_FILE_UNREADABLE : STATE_FILE_UNUSABLE;
}

/* The first column of the first row, as text; "" if there is none. */
static int query_text(sqlite3 *db, const char *sql, char *text, size_t text_bytes)
{
	sqlite3_stmt *statement;
	const char *column;
	int step;

	text[0] = '\0';
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return -EIO;
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW) {
		column = (const char *)sqlite3_column_text(statement, 0);
		snprintf(text, text_bytes, "%s", column ? column : "");
	}
	/* Does not reset the error that sqlite3_errcode() tells. */
	sqlite3_finalize(statement);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -EIO;
}

/* Nothing of what is there is lost; what changes could not be kept. */
static enum state_file_result upgrade(sqlite3 *db, int version, bool existed,
				      char message[STATE_FILE_MESSAGE_BYTES])
{
	if (!state_schema_upgrade(db, version))
		return STATE_FILE_OK;
	describe(db, existed, message);
	/* Some errors have rolled back already; a second time does no harm. */
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	/* Version 0 has no entries of ours. */
	return version ? STATE_FILE_OUTDATED : STATE_FILE_UNUSABLE;
}

static enum state_file_result check_schema(sqlite3 *db, bool existed,
					   char message[STATE_FILE_MESSAGE_BYTES])
{
	char text[32];
	long version;

	if (query_text(db, "PRAGMA user_version", text, sizeof(text)))
		return describe(db, existed, message);
	version = strtol(text, NULL, 10);
	if (version == STATE_SCHEMA_VERSION)
		return STATE_FILE_OK;
	if (version < 0 || version > STATE_SCHEMA_VERSION) {
		snprintf(message, STATE_FILE_MESSAGE_BYTES,
			 "its schema version is %ld, this ipwld knows %d", version,
			 STATE_SCHEMA_VERSION);
		return STATE_FILE_UNREADABLE;
	}
	return upgrade(db, (int)version, existed, message);
}

enum state_file_result state_file_open(const char *path, sqlite3 **ret_db,
				       char message[STATE_FILE_MESSAGE_BYTES])
{
	char check[STATE_FILE_MESSAGE_BYTES];
	struct stat status;
	bool existed = stat(path, &status) ? errno != ENOENT : status.st_size > 0;

	/* Reasons and authors are not for everybody, whatever the umask. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	if (sqlite3_open_v2(path, ret_db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		return describe(*ret_db, existed, message);
	sqlite3_extended_result_codes(*ret_db, 1);
	sqlite3_busy_timeout(*ret_db, BUSY_TIMEOUT_MS);
	/* Small pages, which only a new database takes: a change writes each page it touches
	 * twice, and disks are full by the kilobyte. */
	if (sqlite3_exec(*ret_db,
			 "PRAGMA page_size = 1024; PRAGMA journal_mode = DELETE; "
			 "PRAGMA synchronous = FULL",
			 NULL, NULL, NULL) != SQLITE_OK ||
	    query_text(*ret_db, "PRAGMA quick_check(1)", check, sizeof(check)))
		return describe(*ret_db, existed, message);
	if (strcmp(check, "ok")) {
		snprintf(message, STATE_FILE_MESSAGE_BYTES, "%s", check);
		return STATE_FILE_CORRUPT;
	}
	return check_schema(*ret_db, existed, message);
}

/* The journal goes first: a new database must never meet the old one's. */
static int rename_with_journal(const char *path, const char *aside)
{
	char journal[PATH_MAX], aside_journal[PATH_MAX];

	if (snprintf(journal, sizeof(journal), "%s-journal", path) >= (int)sizeof(journal) ||
	    snprintf(aside_journal, sizeof(aside_journal), "%s-journal", aside) >=
		(int)sizeof(aside_journal))
		return -ENAMETOOLONG;
	if (rename(journal, aside_journal) && errno != ENOENT)
		return -errno;
	return rename(path, aside) ? -errno : 0;
}

int state_file_set_aside(const char *path, char message[STATE_FILE_MESSAGE_BYTES])
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	char *aside;
	int err;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	if (asprintf(&aside, "%s.corrupt-%s", path, stamp) < 0)
		return -ENOMEM;
	err = rename_with_journal(path, aside);
	if (err)
		snprintf(message, STATE_FILE_MESSAGE_BYTES,
			 "it is corrupt and cannot be renamed to %s: %s", aside, strerror(-err));
	else
		snprintf(message, STATE_FILE_MESSAGE_BYTES, "%s", aside);
	free(aside);
	return err;
}
