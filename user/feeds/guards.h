/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeps a new copy of a feed from taking effect by itself. Looks at sets alone. */
#ifndef FEEDS_GUARDS_H
#define FEEDS_GUARDS_H

#include "base/lines.h"
#include "config/feed_config.h"

struct prefixes {
	const struct prefix *items;
	size_t count;
};

struct feed_candidate {
	enum action action;		/* of the list */
	const struct list *list;	/* whose exclusions people wrote; NULL: there are none */
	const struct entry_set *before; /* in force, finished; NULL: nothing yet */
	struct entry_set *after;	/* finished */
	bool is_cut;			/* declares another number of records than it has */
	uint64_t declared_count;
	size_t record_count;
	struct prefixes own;	   /* the MX's addresses */
	struct prefixes protected; /* as configured */
};

/**
 * feed_guards_check() - hold a new copy against the guards of its feed
 * @ret_reasons: a line for each guard that trips; none: the copy may take effect
 *
 * Numbers are those of the copy. Addresses are those that the list would hold by it: the
 * exclusions of the copy make holes, and so do those that the configuration and list files
 * have for the list; other feeds' do not, for they may go at any time. Own and protected
 * addresses are for block lists alone: to allow them harms nobody. What was to be cut out
 * (parse.h) and still is there trips, too.
 */
void feed_guards_check(const struct feed_guards *guards, const struct feed_candidate *candidate,
		       struct lines *ret_reasons);

/* Whether these bytes are a page for people, such as of an error or a login, and no
 * list in any format. */
bool feed_is_html(const char *bytes, size_t byte_count);

#endif
