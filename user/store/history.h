/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history: who changed what, when, why and from which source. A record is one deed:
 * an entry added, a batch imported, a reload. It has a change for each manual entry, or
 * for each list and source a summary: how many entries came and went.
 *
 * Records are written in the transaction of what they tell of, so that neither is there
 * without the other.
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
	HISTORY_RETURN, /* expired entries, for the clock had been ahead */
	HISTORY_RELOAD,
	HISTORY_FEED, /* a new copy of a feed took effect */
	HISTORY_HELD, /* a reload that the guard held: what it would have changed */
	HISTORY_EVENT_COUNT,
};

/* "add", "del", "import", … indexed by enum history_event. */
extern const char *const history_event_names[HISTORY_EVENT_COUNT];

/* A record. Strings may be NULL, and are those of the caller or, in a visit, of the
 * visit. */
struct history_record {
	int64_t id; /* given by history_begin() */
	int64_t at_sec;
	enum history_event event;
	const char *origin; /* the feed, or the file that was imported */
	const char *author; /* NULL: no user asked for it */
	const char *via;    /* "sudo": root's word for who the author is */
	const char *reason;
	int64_t undoes;	   /* the record that it reverts; 0: none */
	int64_t undone_by; /* the record that reverts it; 0: none */
};

struct history_change {
	const char *list;
	enum action action;
	enum source source;
	const struct prefix *prefix; /* NULL: a summary */
	size_t added;
	size_t removed;
	const char *was; /* the manual entry before, as manual_image() has it; NULL: none */
	const char *now; /* and after */
};

/* Begin a record in the transaction that is open, or is begun by this. Return: 0, or -EIO:
 * all of the transaction is rolled back. */
int history_begin(struct state *state, struct history_record *record);

/* Add a change to a record that was begun; @position: the how many-eth, from 0. */
int history_put(struct state *state, const struct history_record *record, size_t position,
		const struct history_change *change);

/* Note that @undone was reverted by record @id; 0: it is in effect again. */
int history_set_undone(struct state *state, int64_t undone, int64_t id);

/**
 * history_summarise() - a record of its own, with what came and went
 * @changes: of them those without any entry added or removed are left out; if none is left
 *	     there is no record
 *
 * In a transaction of its own. For reloads and feeds, which have taken effect by then.
 */
int history_summarise(struct state *state, struct history_record *record,
		      const struct history_change *changes, size_t change_count);

/* Forget records from before @before_sec. */
int history_prune(struct state *state, int64_t before_sec);

/* ---- between history.c and history_read.c ----------------------------------- */

#define HISTORY_PLACE_BYTES 18

/* A prefix as a key of the database that sorts as prefix_compare() does, so that those
 * inside a prefix lie together. */
void history_place(const struct prefix *prefix, unsigned char place[HISTORY_PLACE_BYTES]);

#endif
