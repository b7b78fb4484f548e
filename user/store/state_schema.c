/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The versions of the tables of state.db. Each step makes one version from the one before. */
#include "store/state_schema.h"

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

/* Learned entries in force: learned_entries.h. */
static const char learned[] = "CREATE TABLE learned ("
			      " prefix TEXT PRIMARY KEY,"
			      " rule TEXT NOT NULL,"
			      " why TEXT,"
			      " added_at INTEGER NOT NULL) WITHOUT ROWID;";

/* Partner domains and their life cycle: learned_domains.h. */
static const char domains[] = "CREATE TABLE learned_domains ("
			      " domain TEXT PRIMARY KEY,"
			      " state TEXT NOT NULL,"
			      " cause TEXT NOT NULL,"
			      " is_rejected INTEGER NOT NULL,"
			      " is_noticed INTEGER NOT NULL,"
			      " is_held INTEGER NOT NULL,"
			      " score REAL NOT NULL,"
			      " since INTEGER NOT NULL,"
			      " added INTEGER NOT NULL," /* 0: not in force */
			      " next INTEGER NOT NULL,"
			      " why TEXT NOT NULL) WITHOUT ROWID;";

/* Entries of the rescue: rescued.h. */
static const char rescued[] = "CREATE TABLE rescued ("
			      " prefix TEXT PRIMARY KEY,"
			      " zone TEXT NOT NULL,"
			      " why TEXT,"
			      " added_at INTEGER NOT NULL,"
			      " expires_at INTEGER NOT NULL) WITHOUT ROWID;";

/* On which hosts manual entries are in force, and the fleet: fleet.h. */
static const char fleet[] = "ALTER TABLE entries ADD COLUMN is_local INTEGER NOT NULL DEFAULT 0;"
			    "ALTER TABLE entries ADD COLUMN only_hosts TEXT;"
			    "ALTER TABLE entries ADD COLUMN not_hosts TEXT;"
			    "CREATE TABLE fleets ("
			    " id INTEGER PRIMARY KEY,"
			    " name TEXT NOT NULL UNIQUE,"
			    " host TEXT NOT NULL,"
			    " contact INTEGER NOT NULL," /* in ms; 0: never */
			    " returned INTEGER NOT NULL);"
			    "CREATE TABLE fleet_records ("
			    " id INTEGER PRIMARY KEY,"
			    " fleet INTEGER NOT NULL,"
			    " origin TEXT NOT NULL,"
			    " key TEXT NOT NULL,"
			    " is_held INTEGER NOT NULL,"
			    " value TEXT NOT NULL);"
			    "CREATE TABLE fleet_changed ("
			    " list TEXT NOT NULL,"
			    " prefix TEXT NOT NULL,"
			    " PRIMARY KEY (list, prefix)) WITHOUT ROWID;";

static const char *const steps[] = { entries, history, learned, domains, rescued, fleet };

const struct database_schema state_schema = {
	.steps = steps,
	.version = sizeof(steps) / sizeof(*steps),
	.is_checked = true,
	.keeps_former = true,
};
