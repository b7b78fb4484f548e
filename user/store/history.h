/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history records who changed what, when, why and from which source. A record stands for
 * one action: adding an entry, importing a batch, or a reload. It has one change for each
 * manual entry, or one summary for each list and source: how many entries were added and
 * removed.
 *
 * A record is written in the same transaction as the change that it describes, so neither
 * exists without the other.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stddef.h>

#include "store/state.h"

enum history_event {
	HISTORY_ADD,
	HISTORY_DELETE,
	HISTORY_IMPORT, /* a batch of manual entries */
	HISTORY_PROTECT,
	HISTORY_UNPROTECT,
	HISTORY_UNDO,
	HISTORY_EXPIRE,
	HISTORY_RETURN, /* entries came back that had expired while the clock was ahead */
	HISTORY_RELOAD,
	HISTORY_FEED,	 /* a new copy of a feed took effect */
	HISTORY_LEARNED, /* learned entries came or went */
	HISTORY_DETACH,	 /* ipwl was removed from all interfaces */
	HISTORY_DOMAIN,	 /* other addresses of a domain took effect */
	HISTORY_RESCUE,	 /* a DNS allow list knew sources that a block list matched */
	HISTORY_FLEET,	 /* entries of other hosts came or went */
	HISTORY_HELD,	 /* the guard held a reload; the record tells what it would have changed */
	HISTORY_EVENT_COUNT,
};

/* "add", "del", "import", … indexed by enum history_event. */
extern const char *const history_event_names[HISTORY_EVENT_COUNT];

/* A record. Strings may be NULL. They belong to the caller or, in a visit, are valid during the
 * visit. */
struct history_record {
	int64_t id; /* set by history_begin() */
	int64_t at_sec;
	enum history_event event;
	const char *origin; /* the feed or domain, or the file that was imported */
	const char *author; /* NULL: no user asked for it */
	const char *via;    /* "sudo": root has named the author */
	const char *reason;
	int64_t undoes;	   /* the record that it reverts; 0: none */
	int64_t undone_by; /* the record that reverts it; 0: none */
};

struct history_change {
	const char *list;
	enum action action;
	enum source source;
	const struct prefix *prefix; /* NULL: this is a summary */
	size_t added;
	size_t removed;
	const char *was; /* the manual entry before, as from manual_image(); NULL: none */
	const char *now; /* the manual entry afterwards, in the same form */
};

/* Begin a record in the open transaction, or begin a transaction. Return: 0, or -EIO: the whole
 * transaction is rolled back. */
int history_begin(struct state *state, struct history_record *record);

/* Add a change to a record after history_begin(). @position: the change's place in the record,
 * from 0. Return: 0, or -EIO: the whole transaction is rolled back. */
int history_put(struct state *state, const struct history_record *record, size_t position,
		const struct history_change *change);

/* Note that record @id reverted record @undone. @id 0: @undone is in effect again. */
int history_set_undone(struct state *state, int64_t undone, int64_t id);

/* Note that all records that record @id reverted are in effect again. Return: 0 or -EIO. */
int history_clear_undone(struct state *state, int64_t id);

/**
 * history_summarise() - write and commit a record of summaries
 * @changes: those that add or remove no entry are left out; if none is left, no record is
 *           written
 *
 * Used for reloads and feeds, which have already taken effect. Return: 0 or -EIO.
 */
int history_summarise(struct state *state, struct history_record *record,
		      const struct history_change *changes, size_t change_count);

/* Delete the records from before @before_sec. Return: 0 or -EIO. */
int history_prune(struct state *state, int64_t before_sec);

/* ---- between history.c and history_read.c ----------------------------------- */

#define HISTORY_PLACE_BYTES 18

/* Write a prefix as a key of the database. Keys sort as in prefix_compare(), so all prefixes
 * inside a prefix are adjacent. */
void history_place(const struct prefix *prefix, unsigned char place[HISTORY_PLACE_BYTES]);

#endif
