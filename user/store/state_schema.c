/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each version of state.db as a step from the one before: a step is never changed once it
 * has been released. */
#include "store/state_schema.h"

#include <errno.h>
#include <stdio.h>

static const char entries[] = "CREATE TABLE entries ("
			      " list TEXT NOT NULL,"
			      " prefix TEXT NOT NULL,"
			      " action TEXT NOT NULL,"
			      " reason TEXT,"
			      " author TEXT,"
			      " added_at INTEGER NOT NULL,"
			      " expires_at INTEGER NOT NULL," /* 0: never */
			      " PRIMARY KEY (list, prefix)) WITHOUT ROWID;"
			      "CREATE TABLE suspension (reason TEXT NOT NULL);";

static const char history[] =
    "CREATE TABLE protections ("
    " list TEXT NOT NULL,"
    " prefix TEXT NOT NULL,"
    " reason TEXT,"
    " author TEXT,"
    " protected_at INTEGER NOT NULL,"
    " PRIMARY KEY (list, prefix)) WITHOUT ROWID;"
    "CREATE TABLE history ("
    " id INTEGER PRIMARY KEY,"
    " at INTEGER NOT NULL,"
    " event TEXT NOT NULL,"
    " origin TEXT,"
    " author TEXT,"
    " via TEXT,"
    " reason TEXT,"
    " undoes INTEGER,"	   /* the record that this one reverts, or NULL */
    " undone_by INTEGER);" /* the record that reverts this one, or NULL */
    "CREATE TABLE history_changes ("
    " history INTEGER NOT NULL,"
    " position INTEGER NOT NULL,"
    " list TEXT NOT NULL,"
    " action TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " prefix TEXT," /* NULL: a summary */
    " place BLOB,"  /* family, address, length: in the order of prefixes */
    " added INTEGER NOT NULL,"
    " removed INTEGER NOT NULL,"
    " was TEXT," /* the manual entry before, and after, as JSON; NULL: none */
    " now TEXT,"
    " PRIMARY KEY (history, position)) WITHOUT ROWID;"
    "CREATE INDEX history_changes_place ON history_changes (place) WHERE place IS NOT NULL;";

static const char *const steps[STATE_SCHEMA_VERSION] = { entries, history };

int state_schema_upgrade(sqlite3 *db, int from)
{
	char set_version[64];
	int version;

	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return -EIO;
	for (version = from; version < STATE_SCHEMA_VERSION; version++)
		if (sqlite3_exec(db, steps[version], NULL, NULL, NULL) != SQLITE_OK)
			return -EIO;
	snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d; COMMIT;",
		 STATE_SCHEMA_VERSION);
	return sqlite3_exec(db, set_version, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}
