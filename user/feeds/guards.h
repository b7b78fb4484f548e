/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guards decide whether a new copy of a feed may take effect automatically. They look only
 * at sets. */
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
	const struct list *list;	/* its written exclusions count; NULL: none */
	const struct entry_set *before; /* in force, finished; NULL: nothing yet */
	struct entry_set *after;	/* finished */
	bool is_cut;			/* the declared number of records is wrong */
	uint64_t declared_count;
	size_t record_count;
	struct prefixes own;	   /* the host's own addresses */
	struct prefixes protected; /* from the configuration */
};

/**
 * feed_guards_check() - check a new copy against the guards of its feed
 * @ret_reasons: a line for each guard that trips; empty: the copy may take effect
 *
 * Numbers are counted in the copy. Addresses are those that the list would hold because of the
 * copy. The copy's own exclusions are subtracted, and so are the list's exclusions from
 * configuration and list files. Exclusions of other feeds are not, because they may disappear
 * at any time. Own and protected addresses are only checked in block lists, because allowing
 * them does no harm. Space that should have been removed (parse.h) but is still there trips a
 * guard, too.
 */
void feed_guards_check(const struct feed_guards *guards, const struct feed_candidate *candidate,
		       struct lines *ret_reasons);

/* So few addresses are never too many, where addresses are counted. */
#define GUARD_ADDRESSES_FEW 1024

/* Whether these bytes are a web page, like an error or login page, and not a list in any
 * format. */
bool feed_is_html(const char *bytes, size_t byte_count);

#endif
