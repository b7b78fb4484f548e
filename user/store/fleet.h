/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fleet in state.db: the records of all hosts that this one knows, as text (fleet/record.h),
 * and where the entries of this host have changed since it last wrote its own records.
 *
 * A MAC is not stored: each host has the key, and signs what it sends again with the key of today.
 */
#ifndef STORE_FLEET_H
#define STORE_FLEET_H

#include "fleet/record.h"
#include "store/state.h"

/* Call @visit for each record, and @visit_bad for each row that is none. @visit returns 0 to
 * continue or -errno to stop. Return: 0, that -errno, or -EIO. */
int fleet_rows_read(struct state *state,
		    int (*visit)(const struct fleet_record *record, bool is_held, void *context),
		    void (*visit_bad)(const char *origin, const char *key, void *context),
		    void *context);

/* Write the row of a record anew or, if it has none, add one. If no transaction is open, this
 * begins one. Return: 0, or -EIO: the transaction is rolled back. */
int fleet_row_put(struct state *state, const struct fleet_record *record, bool is_held);
/* The row that was added last. */
int64_t fleet_row_added(struct state *state);
/* Delete the row of a record. Return: the same. */
int fleet_row_drop(struct state *state, const struct fleet_record *record);

/* Describe an entry of another host for the history: JSON with the members added_at, author,
 * expires_at (0: never), host and reason. The caller frees it. NULL: out of memory. */
char *fleet_entry_image(const struct entry *entry);

/* ---- changes of this host -------------------------------------------------------------- */

/* Note that entries of a list and prefix have changed, in the open transaction, or begin one; does
 * nothing unless state_notes_changes(). Return: 0, or -EIO: the transaction is rolled back. */
int fleet_mark_put(struct state *state, const char *list, const struct prefix *prefix);
/* Call @visit for up to @count_max marks. It must not change them, and returns 0 to continue or
 * -errno to stop. Return: 0, that -errno, or -EIO. */
int fleet_marks_read(struct state *state, size_t count_max,
		     int (*visit)(const char *list, const struct prefix *prefix, void *context),
		     void *context);
/* Delete a mark in the open transaction, or begin one. Return: 0, or -EIO: rolled back. */
int fleet_mark_delete(struct state *state, const char *list, const struct prefix *prefix);

#endif
