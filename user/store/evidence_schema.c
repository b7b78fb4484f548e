/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The versions of the tables of learn.db. Never change a released step. */
#include "store/evidence_internal.h"

/* Days are counted since 1970, UTC. An address is a key as in evidence_bind_subject(). */
static const char tables[] =
    "CREATE TABLE memory ("
    " key BLOB NOT NULL," /* for the hashes of persons */
    " newest INTEGER NOT NULL);"
    "CREATE TABLE positions (reader TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE days ("
    " address BLOB NOT NULL,"
    " day INTEGER NOT NULL,"
    " sent INTEGER NOT NULL,"
    " accepted INTEGER NOT NULL,"
    " rejected INTEGER NOT NULL,"
    " listed INTEGER NOT NULL,"
    " ham INTEGER NOT NULL,"
    " spam INTEGER NOT NULL,"
    " reply INTEGER NOT NULL,"
    " reported_ham INTEGER NOT NULL,"
    " reported_spam INTEGER NOT NULL,"
    " last INTEGER NOT NULL," /* accepted message or inbound session; 0: none */
    " PRIMARY KEY (address, day)) WITHOUT ROWID;"
    "CREATE TABLE names (address BLOB PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE complaints ("
    " address BLOB NOT NULL,"
    " person INTEGER NOT NULL," /* a hash */
    " at INTEGER NOT NULL,"
    " PRIMARY KEY (address, person)) WITHOUT ROWID;"
    "CREATE TABLE domains (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE sent ("
    " domain INTEGER NOT NULL,"
    " person INTEGER NOT NULL,"
    " day INTEGER NOT NULL,"
    " messages INTEGER NOT NULL,"
    " PRIMARY KEY (domain, person, day)) WITHOUT ROWID;"
    "CREATE INDEX sent_person ON sent (person, day);"
    "CREATE TABLE users ("
    " person INTEGER NOT NULL,"
    " day INTEGER NOT NULL,"
    " new_domains INTEGER NOT NULL,"
    " PRIMARY KEY (person, day)) WITHOUT ROWID;"
    "CREATE TABLE links ("
    " address BLOB NOT NULL,"
    " domain INTEGER NOT NULL,"
    " first_day INTEGER NOT NULL," /* with authenticated mail */
    " last_day INTEGER NOT NULL,"
    " days INTEGER NOT NULL,"
    " server_day INTEGER NOT NULL," /* the last delivery to it; 0: none */
    " PRIMARY KEY (address, domain)) WITHOUT ROWID;"
    "CREATE INDEX links_domain ON links (domain);"
    "CREATE TABLE touched (address BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE touched_domains (domain INTEGER PRIMARY KEY);"
    "CREATE TABLE learned ("
    " address BLOB PRIMARY KEY,"
    " state TEXT NOT NULL,"
    " rule TEXT NOT NULL,"
    " cause TEXT NOT NULL,"
    " is_rejected INTEGER NOT NULL,"
    " is_noticed INTEGER NOT NULL,"
    " is_held INTEGER NOT NULL,"
    " score REAL NOT NULL,"
    " since INTEGER NOT NULL,"
    " added INTEGER NOT NULL," /* 0: not in force */
    " next INTEGER NOT NULL,"
    " due INTEGER NOT NULL," /* 0: never */
    " domain TEXT NOT NULL,"
    " organisation TEXT NOT NULL,"
    " why TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX learned_due ON learned (due) WHERE due > 0;";

/* See learn/names.h. */
static const char names[] = "ALTER TABLE names ADD COLUMN other TEXT NOT NULL DEFAULT '';"
			    "ALTER TABLE names ADD COLUMN also TEXT NOT NULL DEFAULT '';";

static const char sessions[] = "ALTER TABLE days ADD COLUMN outbound INTEGER NOT NULL DEFAULT 0;"
			       "ALTER TABLE days ADD COLUMN inbound INTEGER NOT NULL DEFAULT 0;";

/* Bit n: there was authenticated mail n days before last_day. Of older rows only the first and the
 * last day are known. */
static const char recent[] =
    "ALTER TABLE links ADD COLUMN recent INTEGER NOT NULL DEFAULT 0;"
    "UPDATE links SET recent = 1 | CASE WHEN last_day - first_day BETWEEN 1 AND 59 THEN 1 << "
    "(last_day - first_day) ELSE 0 END WHERE days > 0;";

static const char *const steps[] = { tables, names, sessions, recent };

/* It is not checked, because it grows large. What is in force is in state.db, too. */
const struct database_schema evidence_schema = {
	.steps = steps,
	.version = sizeof(steps) / sizeof(*steps),
	.is_large = true,
};
