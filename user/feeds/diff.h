/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one copy of a feed lists and another does not. */
#ifndef FEEDS_DIFF_H
#define FEEDS_DIFF_H

#include "base/lines.h"
#include "core/entry.h"
#include "core/prefix_search.h"

struct feed_diff {
	struct lines added; /* prefixes, the first of them; "!" before an exclusion */
	struct lines removed;
	size_t added_count;
	size_t removed_count;
	size_t overruled_count; /* exclusions of the newer set that are not in force */
};

/* Compare two finished sets; NULL is an empty one. At most @lines_max lines are kept
 * of either side. Exclusions inside one of @protected (sorted) are not in force
 * (core/overrule.h), and neither added nor removed. */
void feed_diff_make(const struct entry_set *from, const struct entry_set *to,
		    struct prefix_array protected, size_t lines_max, struct feed_diff *ret_diff);
void feed_diff_done(struct feed_diff *diff);

#endif
