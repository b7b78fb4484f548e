/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual entries on disk: state_dir/state.db, SQLite over one connection.
 *
 * The daemon runs with whatever state there is: a database that is corrupt is put
 * aside, one that cannot be written is read. state_error() tells, and
 * state_suspension() when entries are missing that may have kept mail from being
 * dropped. Not for two threads at once.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <stdint.h>

#include "core/policy.h"

struct database;
struct state;

/* A manual entry; it stays of no effect while no list of that name and action is
 * configured. */
struct state_entry {
	const char *list;
	enum action action;
	struct prefix prefix;
	const char *reason; /* or NULL */
	const char *author; /* or NULL */
	int64_t added_at_sec;
	int64_t expires_at_sec; /* 0: never */
};

struct state_entry row_of_entry(const struct list *list, const struct entry *entry);
/* Strings are those of the row. */
struct entry entry_of_row(const struct state_entry *row);

/**
 * state_open() - open, or make, the database of a directory
 * @state_dir: made if missing
 *
 * Return: 0 also where the database cannot be used; -ENOMEM.
 */
int state_open(const char *state_dir, struct state **ret_state);
/* NULL is fine. */
void state_close(struct state *state);

const char *state_path(const struct state *state);
/* What is wrong with the database now, or NULL. */
const char *state_error(const struct state *state);

/* Why enforcement must be suspended, or NULL: entries that were there could not be
 * read. Kept over restarts until state_acknowledge(). */
const char *state_suspension(const struct state *state);
void state_acknowledge(struct state *state);

/* Call @visit for each entry, by list and prefix; it returns 0 or -errno, which ends
 * the walk. Rows whose prefix cannot be parsed go to @visit_bad as text.
 * Return: 0, that -errno, or -EIO. */
int state_read(struct state *state, int (*visit)(const struct state_entry *entry, void *context),
	       void (*visit_bad)(const char *list, const char *prefix, void *context),
	       void *context);

/* The same for those that expired at @now_sec or before; a row that cannot be parsed is
 * passed over. */
int state_read_expired(struct state *state, int64_t now_sec,
		       int (*visit)(const struct state_entry *entry, void *context), void *context);

/* For the files of the store that keep more in it; NULL: it could not be opened. */
struct database *state_database(struct state *state);

/* Begin a transaction, unless one is open. Return: 0 or -EIO. */
int state_begin(struct state *state);

/* Put an entry, in place of one of its list and prefix, or delete one, in the transaction
 * that is open or begun by this; nothing lasts before state_commit(). Return: 0, or -EIO:
 * it is rolled back. */
int state_put(struct state *state, const struct state_entry *entry);
int state_delete(struct state *state, const char *list, const struct prefix *prefix);

/* End the transaction. A commit that fails (-EIO) has changed nothing. */
int state_commit(struct state *state);
void state_rollback(struct state *state);

#endif
