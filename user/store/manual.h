/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of manual entries in state.db, each with its trace in the history.
 *
 * A protected entry is removed by nothing but a user, and only once it is unprotected. It
 * has no expiry.
 */
#ifndef STORE_MANUAL_H
#define STORE_MANUAL_H

#include "store/history.h"

/* A record with its changes as they are made, in one transaction. Each function returns 0,
 * or -EIO: the transaction is rolled back; state_commit() ends it. */
struct manual_batch {
	struct state *state;
	struct history_record record;
	size_t change_count;
	size_t added_count;
	size_t removed_count;
};

/* Begin: @batch has state and record. */
int manual_begin(struct manual_batch *batch);
int manual_put(struct manual_batch *batch, const struct state_entry *entry);
int manual_delete(struct manual_batch *batch, const char *list, enum action action,
		  const struct prefix *prefix);
/* @entry: put first, for there is none yet; NULL: there is. */
int manual_protect(struct manual_batch *batch, const char *list, enum action action,
		   const struct prefix *prefix, const struct state_entry *entry);
int manual_unprotect(struct manual_batch *batch, const char *list, enum action action,
		     const struct prefix *prefix);
/* Give the entry the @image that it once had; NULL: none. */
int manual_restore(struct manual_batch *batch, const char *list, enum action action,
		   const struct prefix *prefix, const char *image);

/**
 * manual_expire() - delete the entries that expired at @now_sec or before
 *
 * Nothing is written if there are none. In a transaction of its own.
 */
int manual_expire(struct state *state, int64_t now_sec);

/**
 * manual_return() - bring back what expired while the wall clock was ahead of @now_sec
 * @ret_count: how many entries; if there are any, the transaction is open
 *
 * An entry comes back if its expiry is recorded at a time that is yet to come, its own is
 * too, and nothing has changed it since. Return: 0; -ENOMEM; -EIO: nothing has changed.
 */
int manual_return(struct state *state, int64_t now_sec, size_t *ret_count);

/**
 * manual_image() - an entry as it is in the database, with its protection
 * @ret_image: JSON, the same text for the same entry; NULL: there is none; to be freed
 *
 * Members: added_at, author, expires_at (0: never), reason; protected: null, or an object
 * of at, author, reason.
 */
int manual_image(struct state *state, const char *list, const struct prefix *prefix,
		 char **ret_image);

/* When the entry of an image expires; 0: never. */
int64_t manual_image_expiry_sec(const char *image);

#endif
