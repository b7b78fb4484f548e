/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's feeds: of each the entries in force and what is known of its copies. */
#ifndef FEEDS_STORE_H
#define FEEDS_STORE_H

#include "config/config.h"
#include "feeds/guards.h"
#include "feeds/parse.h"
#include "feeds/report.h"

struct stored_feed {
	const struct feed_config *config; /* of the snapshot that the store belongs to */
	struct feed_copy copy;		  /* in force, without its bytes; url NULL: none */
	struct entry_set *set;		  /* NULL: none */
	size_t skipped_count;
	size_t cut_counts[FEED_SPACE_COUNT]; /* entries of which space was cut out */
	enum format format;		     /* as found */
	char *trouble;			     /* why the stored copy cannot be used, or NULL */
	struct feed_copy held;		     /* without its bytes; url NULL: none */
	size_t held_entry_count;
	struct lines held_reasons;
};

struct feed_store {
	char *directory;
	struct stored_feed *items; /* as in the configuration */
	size_t count;
};

/* What feeds belong to. */
struct feed_store_owner {
	const struct config *config;
	const struct policy *policy; /* has the entries of configuration and list files */
};

/**
 * feed_store_load() - the feeds of a configuration, from memory or else from the disk
 * @owner: its config must live as long as the store
 * @old: of the configuration before, or NULL; entries that were read in the same way
 *       are shared with it
 * @rereads: from the disk all the same
 * @warnings: of copies that cannot be used
 *
 * What cannot be read from the disk goes on as it was in @old. NULL: out of memory.
 */
struct feed_store *feed_store_load(const struct feed_store_owner *owner,
				   const struct feed_store *old, bool rereads,
				   struct lines *warnings);
/* NULL is fine. */
void feed_store_free(struct feed_store *store);

struct stored_feed *feed_store_find(const struct feed_store *store, const char *name);

/* Give each list of @policy the entries of its feeds; @set takes the place of those that
 * @changed has in the store (NULL: none). Return: 0 or -ENOMEM. */
int feed_store_fill(const struct feed_store *store, struct policy *policy,
		    const struct stored_feed *changed, struct entry_set *set);

/* An allow list's feed whose copy is damaged: its senders may be missing; or NULL. */
const struct stored_feed *feed_store_find_lost(const struct feed_store *store);

/* Note what the copy in force holds; takes over @body->set. */
void stored_feed_take(struct stored_feed *feed, struct feed_body *body);

/* Hold a copy that was read against the guards of @feed. */
void feed_store_guard(const struct feed_store_owner *owner, const struct stored_feed *feed,
		      const struct feed_body *body, struct lines *ret_reasons);

/* What the loop wants to know. Return: 0 or -ENOMEM. */
int stored_feed_report(const struct stored_feed *feed, struct feed_report *ret_report);
int feed_store_report(const struct feed_store *store, struct feed_reports *ret_reports);

/* Entries of a set, exclusions apart. */
size_t feed_entry_count(const struct entry_set *set);

#endif
