/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a copy made into entries of source `feed`. */
#ifndef FEEDS_PARSE_H
#define FEEDS_PARSE_H

#include "base/lines.h"
#include "config/feed_config.h"
#include "feeds/copy.h"
#include "formats/read.h"

/* Lines about one copy that are kept. */
#define FEED_LINES_MAX 20

/* What a copy holds. */
struct feed_body {
	struct entry_set *set; /* finished, with one reference */
	struct format_result result;
	size_t cut_counts[FEED_SPACE_COUNT]; /* entries of which space was cut out */
};

/**
 * feed_parse() - read a copy in the format of its feed
 * @ret_body: on error only its result counts
 * @details: errors and warnings of the lines are added, the first of them
 *
 * Space that is to be cut out, by the feed's settings or because it was when the copy was
 * judged, is gone, the host's own addresses as they are now; if those cannot be found out they
 * stay, for the guards to see. Return: 0; -EINVAL: it is no list of that format; -ENOMEM.
 */
int feed_parse(const struct feed_config *feed, const struct feed_copy *copy,
	       struct feed_body *ret_body, struct lines *details);

/* Whether entries read before have addresses that are to be cut out and are this host's
 * by now. */
bool feed_is_own_uncut(const struct feed_config *feed, const struct feed_copy *copy,
		       const struct entry_set *set);

/* What is cut out of each new copy, as feed_copy.cut_spaces. */
unsigned int feed_cut_spaces(const struct feed_config *feed);

#endif
