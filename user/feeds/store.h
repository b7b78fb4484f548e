/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's feeds of one kind: the entries of each in force, and data about its copies. */
#ifndef FEEDS_STORE_H
#define FEEDS_STORE_H

#include "config/snapshot.h"
#include "feeds/guards.h"
#include "feeds/parse.h"
#include "feeds/report.h"

/* Notes about a domain that are reported. */
#define FEED_NOTES_MAX 50

struct stored_feed {
	const struct feed_config *config; /* belongs to the snapshot of this store */
	struct feed_copy copy; /* the copy in force, without its bytes; `url` NULL: none */
	struct entry_set *set; /* NULL: none */
	/* Of shared providers, left out: only evidence lists them. NULL: none. */
	struct entry_set *shared;
	size_t skipped_count;
	struct lines notes;   /* what is missing from the addresses of a domain */
	struct lines foreign; /* domains of other organisations that its record includes */
	size_t cut_counts[FEED_SPACE_COUNT]; /* entries of which space was cut out */
	enum format format;		     /* the format that was read */
	char *trouble;			     /* why the stored copy cannot be used, or NULL */
	struct feed_copy held;		     /* without its bytes; url NULL: none */
	size_t held_entry_count;
	struct lines held_reasons;
	struct feed_copy gone; /* without its bytes; url NULL: the source has something */
	size_t gone_count;     /* how often it had nothing since the start, in a row */
};

struct feed_store {
	enum feed_kind kind;
	char *directory;
	struct stored_feed *items; /* in the order of the configuration */
	size_t count;
};

/**
 * feed_store_load() - load the feeds of a kind, from memory or from disk
 * @owner: to which the feeds belong, with the entries from configuration and list files; a
 *         snapshot with its feeds must outlive the store
 * @old: the store of the previous configuration, or NULL. Entries that are read in the same way
 *       are shared with it
 * @rereads: read from disk in any case
 * @warnings: about copies that cannot be used
 *
 * If a copy cannot be read from disk, its entries in @old stay in force. NULL: out of memory.
 */
struct feed_store *feed_store_load(enum feed_kind kind, const struct snapshot *owner,
				   const struct feed_store *old, bool rereads,
				   struct lines *warnings);
/* NULL is fine. */
void feed_store_free(struct feed_store *store);

struct stored_feed *feed_store_find(const struct feed_store *store, const char *name);

/* Give each list of @policy the entries of its feeds. For the feed @changed (NULL: none), @set
 * replaces the entries in the store. Return: 0 or -ENOMEM. */
int feed_store_fill(const struct feed_store *store, struct policy *policy,
		    const struct stored_feed *changed, struct entry_set *set);

/* Find a feed of an allow list whose copy is damaged, so that senders may be missing. NULL:
 * there is none. */
const struct stored_feed *feed_store_find_lost(const struct feed_store *store);

/* Store the content of the copy in force. Takes over what is in @body. */
void stored_feed_take(struct stored_feed *feed, struct feed_body *body);

/* Check a copy against the guards of @feed. */
void feed_store_guard(const struct snapshot *owner, const struct stored_feed *feed,
		      const struct feed_body *body, struct lines *ret_reasons);

/* Make the reports for the main loop. Return: 0 or -ENOMEM. */
int stored_feed_report(const struct stored_feed *feed, struct feed_report *ret_report);
int feed_store_report(const struct feed_store *store, struct feed_reports *ret_reports);

/* Find the records of shared providers in a new copy of a domain. Return: 0, also for another
 * kind of feed; -ENOMEM. */
int feed_store_find_shared(const struct snapshot *owner, const struct feed_store *store,
			   const struct stored_feed *feed, struct feed_copy *copy);

/* Count the entries of a set, without exclusions. */
size_t feed_entry_count(const struct entry_set *set);

#endif
