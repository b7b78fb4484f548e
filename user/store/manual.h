/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes manual entries in state.db, and records each change in the history.
 *
 * A protected entry has no expiry. Only a user can remove it, after removing the protection.
 */
#ifndef STORE_MANUAL_H
#define STORE_MANUAL_H

#include "store/history.h"

/* A record and its changes, in one transaction. Each function returns 0, or -EIO: the
 * transaction is rolled back. state_commit() ends the transaction. */
struct manual_batch {
	struct state *state;
	struct history_record record;
	size_t change_count;
	size_t added_count;
	size_t removed_count;
};

/* Begin a batch. The caller has set `state` and `record`. */
int manual_begin(struct manual_batch *batch);
int manual_put(struct manual_batch *batch, const struct state_entry *entry);
int manual_delete(struct manual_batch *batch, const char *list, enum action action,
		  const struct prefix *prefix);
/* Protect an entry. @entry is added first, because there is none yet; NULL: it exists already. */
int manual_protect(struct manual_batch *batch, const char *list, enum action action,
		   const struct prefix *prefix, const struct state_entry *entry);
int manual_unprotect(struct manual_batch *batch, const char *list, enum action action,
		     const struct prefix *prefix);
/* Restore the entry from an earlier @image. NULL: delete the entry. */
int manual_restore(struct manual_batch *batch, const char *list, enum action action,
		   const struct prefix *prefix, const char *image);

/**
 * manual_expire() - delete the entries that expired at @now_sec or before
 *
 * Nothing is written if there are none. The deletion is committed. Return: 0, -ENOMEM or -EIO:
 * nothing has changed.
 */
int manual_expire(struct state *state, int64_t now_sec);

/**
 * manual_return() - restore entries that expired while the wall clock was ahead of @now_sec
 * @ret_count: number of restored entries; unless it is 0, the transaction is still open
 *
 * An entry is restored if three conditions hold: its expiry is recorded at a time later than
 * @now_sec, its own time of expiry is later than @now_sec, and nothing has changed the entry
 * since. Return: 0; -ENOMEM or -EIO: nothing has changed.
 */
int manual_return(struct state *state, int64_t now_sec, size_t *ret_count);

/**
 * manual_image() - describe an entry in the database, with its protection
 * @ret_image: JSON, always the same text for the same entry; the caller frees it. NULL: there
 *             is no such entry
 *
 * Members: added_at, author, expires_at (0: never), reason; protected: null, or an object with
 * at, author and reason; if the scope is not all hosts: local, only_hosts, not_hosts. Return: 0 or
 * -EIO: the transaction is rolled back.
 */
int manual_image(struct state *state, const char *list, const struct prefix *prefix,
		 char **ret_image);

/* The Unix time at which the entry of an image expires; 0: never. */
int64_t manual_image_expiry_sec(const char *image);

#endif
