/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual entries on disk: state_dir/state.db, SQLite over one connection.
 *
 * The daemon runs in any case. A corrupt database is renamed, and a new one is created. A
 * database that cannot be written is only read. state_error() says what is wrong.
 * state_suspension() returns text if entries are missing that may have kept mail from being
 * dropped. Only one thread at a time may use it.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"
#include "core/scope.h"

struct database;
struct state;

/* A manual entry. It has no effect while no list with this name and action is configured. */
struct state_entry {
	const char *list;
	enum action action;
	struct prefix prefix;
	const char *reason; /* or NULL */
	const char *author; /* or NULL */
	int64_t added_at_sec;
	int64_t expires_at_sec; /* 0: never */
	struct scope scope;
};

/* Its scope is all hosts. */
struct state_entry row_of_entry(const struct list *list, const struct entry *entry);
/* The entry shares the strings of the row, and has @about. */
struct entry entry_of_row(const struct state_entry *row, struct provenance *about);

/**
 * state_open() - open or create the database of a directory
 * @state_dir: created if it does not exist
 *
 * Return: 0, even if the database cannot be used; -ENOMEM.
 */
int state_open(const char *state_dir, struct state **ret_state);
/* NULL is fine. */
void state_close(struct state *state);

const char *state_path(const struct state *state);
/* What is wrong with the database at present, or NULL. */
const char *state_error(const struct state *state);

/* Why enforcement must be suspended, or NULL; if a database was set aside, state_error() says the
 * same. The reason is that existing entries could not be
 * read. If they were lost, the suspension lasts over restarts until state_acknowledge(). */
const char *state_suspension(const struct state *state);

/* Whether there was no database, or an empty file. The second suspends enforcement because there
 * must have been one. */
bool state_is_new(const struct state *state);
void state_miss(struct state *state);

/* Whether another program had locked the database, so that it could not be opened. */
bool state_is_locked(const struct state *state);

/* The administrator knows of the suspension: it ends. */
void state_acknowledge(struct state *state);

/* Call @visit for each entry, ordered by list and the text of the prefix. @visit returns 0 to
 * continue or -errno to stop. A row whose prefix or action is invalid goes to @visit_bad as
 * text. Return: 0, that -errno, or -EIO. */
int state_read(struct state *state, int (*visit)(const struct state_entry *entry, void *context),
	       void (*visit_bad)(const char *list, const char *prefix, void *context),
	       void *context);

/* Find the entry of a list and prefix. @visit is called for it, if there is one. Return: 0, what
 * @visit returned, or -EIO. */
int state_find(struct state *state, const char *list, const struct prefix *prefix,
	       int (*visit)(const struct state_entry *entry, void *context), void *context);

/* As state_read(), of entries that expired at @now_sec or before. Invalid rows are skipped. */
int state_read_expired(struct state *state, int64_t now_sec,
		       int (*visit)(const struct state_entry *entry, void *context), void *context);

/* Note each change of an entry for the fleet (fleet.h), from now on. It is off at first. */
void state_note_changes(struct state *state, bool is_on);
bool state_notes_changes(const struct state *state);
/* Whether the database has the tables of the fleet: one of an earlier release that cannot be
 * written has not. */
bool state_has_fleet(const struct state *state);

/* The database, for other files of the store that keep data in it. NULL: it could not be
 * opened. */
struct database *state_database(struct state *state);

/* Begin a transaction, unless one is open. Return: 0 or -EIO. */
int state_begin(struct state *state);

/* Write an entry, which replaces one with the same list and prefix, or delete an entry. If no
 * transaction is open, this begins one. Nothing is durable before state_commit(). Return: 0, or
 * -EIO: the transaction is rolled back. */
int state_put(struct state *state, const struct state_entry *entry);
int state_delete(struct state *state, const char *list, const struct prefix *prefix);

/* Commit the transaction. If that fails (-EIO), nothing has changed. */
int state_commit(struct state *state);
void state_rollback(struct state *state);

#endif
