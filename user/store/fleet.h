/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fleet in state.db: the records of all hosts that this one knows, as text (fleet/record.h),
 * and where the entries of this host have changed since it last wrote its own records.
 *
 * Records belong to a fleet. Those of a fleet that the host has left are kept apart for a while, so
 * that a fleet with a mistyped name neither gets them nor costs any.
 *
 * A MAC is not stored: each host has the key, and signs what it sends again with the key of today.
 */
#ifndef STORE_FLEET_H
#define STORE_FLEET_H

#include "fleet/replica.h"
#include "store/state.h"

/* A fleet that this host is in or was in. */
struct fleet_member {
	int64_t id; /* 0: it was never in this one */
	char name[SCOPE_HOST_BYTES_MAX + 1];
	char host[SCOPE_HOST_BYTES_MAX + 1]; /* its own name there */
	struct fleet_contact contact;
};

/* Find the fleet of that name. Return: 0, also if there is none, or -EIO. */
int fleet_member_find(struct state *state, const char *name, struct fleet_member *ret_member);

/* Note that this host is in the fleet, under the name @host. If it had another name there, what it
 * knows of @host is deleted: that is another host, or this one long ago. If no transaction is open,
 * this begins one. Return: 0, or -EIO: the transaction is rolled back. */
int fleet_member_enter(struct state *state, struct fleet_member *member, const char *host);

/* Write member->contact, likewise. */
int fleet_member_keep(struct state *state, const struct fleet_member *member);

/* Delete all other fleets that this host has not been in contact with since @since_ms, likewise. */
int fleet_members_prune(struct state *state, const struct fleet_member *member, int64_t since_ms);

/* Call @visit for each record of a fleet, and @visit_bad for each row that is none. @visit returns
 * 0 to continue or -errno to stop. Return: 0, that -errno, or -EIO. */
int fleet_rows_read(struct state *state, int64_t fleet,
		    int (*visit)(const struct fleet_record *record, bool is_held, void *context),
		    void (*visit_bad)(const char *origin, const char *key, void *context),
		    void *context);

/* Write the row of a record anew or, if it has none, add one. If no transaction is open, this
 * begins one. Return: 0, or -EIO: the transaction is rolled back. */
int fleet_row_put(struct state *state, int64_t fleet, const struct fleet_record *record,
		  bool is_held);
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
