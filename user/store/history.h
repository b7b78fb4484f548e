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

#include <stdbool.h>
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

/* ---- write ---------------------------------------------------------------- */

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

/* ---- read ----------------------------------------------------------------- */

struct history_filter {
	bool has_prefix;
	struct prefix prefix;		/* changes of prefixes that cover it or lie inside */
	char list[POLICY_NAME_MAX + 1]; /* changes of this list; "": all */
	int64_t since_sec;		/* records from then on */
	int64_t before_id;		/* records older than this one; 0: all */
	size_t limit;			/* so many records at most */
};

/* Call @visit for each record that has a change that passes the filter, the newest first.
 * It returns 0 or -errno, which ends the walk. Return: 0, that -errno, or -EIO. */
int history_read(struct state *state, const struct history_filter *filter,
		 int (*visit)(const struct history_record *record, void *context), void *context);

/* Find one record. Return: 0, -ENOENT or -EIO. @visit is called for it. */
int history_find(struct state *state, int64_t id,
		 int (*visit)(const struct history_record *record, void *context), void *context);

/* The id of the newest record that a user's change of manual entries made, that is in
 * effect, and that is no undo; 0: there is none. */
int history_last_change(struct state *state, int64_t *ret_id);

/* The id of the newest record with a change of that entry; 0: none. */
int history_last_of(struct state *state, const char *list, const struct prefix *prefix,
		    int64_t *ret_id);

/* Call @visit for each change of a record that passes the filter (NULL: all), in their
 * order. It returns 0 or -errno, which ends the walk. */
int history_read_changes(struct state *state, int64_t id, const struct history_filter *filter,
			 int (*visit)(const struct history_change *change, void *context),
			 void *context);

#endif
