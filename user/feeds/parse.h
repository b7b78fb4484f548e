/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts the bytes of a copy to entries. */
#ifndef FEEDS_PARSE_H
#define FEEDS_PARSE_H

#include "base/lines.h"
#include "config/feed_config.h"
#include "feeds/copy.h"
#include "formats/read.h"

/* Maximum number of lines that are kept about one copy. */
#define FEED_LINES_MAX 20

/* The content of a copy. */
struct feed_body {
	struct entry_set *set;	  /* finished, with one reference */
	struct entry_set *shared; /* the same, of shared providers whose addresses need evidence;
				   * NULL: none */
	struct format_result result;
	size_t cut_counts[FEED_SPACE_COUNT]; /* entries from which space was removed */
	struct lines notes;		     /* what is missing from the addresses of a domain */
	struct lines foreign; /* domains of other organisations that its record includes */
	bool is_gone;	      /* it is empty because the domain has nothing any more */
};

void feed_body_done(struct feed_body *body);

/**
 * feed_parse() - read a copy in the format of its feed
 * @ret_body: for feed_body_done(); on error, only its result is valid
 * @details: the first errors and warnings of lines are added
 *
 * Space is removed from the entries if the feed's settings say so, or if it was removed when
 * the copy was judged. The host's own addresses are read again each time. If that fails, they
 * stay in the entries, and the guards see them.
 *
 * Return: 0; -EINVAL: this is no list in that format; -ENOMEM.
 */
int feed_parse(const struct feed_config *feed, const struct feed_copy *copy,
	       struct feed_body *ret_body, struct lines *details);

/* Whether entries that were read earlier contain addresses that should be removed because they
 * now belong to this host. */
bool feed_is_own_uncut(const struct feed_config *feed, const struct feed_copy *copy,
		       const struct entry_set *set);

/* The space that is removed from each new copy, in the form of feed_copy.cut_spaces. */
unsigned int feed_cut_spaces(const struct feed_config *feed);

#endif
