/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of state.db, and the way there from those of earlier releases. */
#ifndef STORE_STATE_SCHEMA_H
#define STORE_STATE_SCHEMA_H

#include <sqlite3.h>

/* In user_version; a larger number is of a later release. */
#define STATE_SCHEMA_VERSION 2

/* Bring the tables of version @from (0: none) to STATE_SCHEMA_VERSION, or leave all as
 * it is. Return: 0 or -EIO: sqlite3_errmsg() tells. */
int state_schema_upgrade(sqlite3 *db, int from);

#endif
