/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the entries of two copies of a feed. */
#ifndef FEEDS_DIFF_H
#define FEEDS_DIFF_H

#include "base/lines.h"
#include "core/entry.h"
#include "core/prefix_search.h"

struct feed_diff {
	struct lines added; /* the first prefixes; "!" before an exclusion */
	struct lines removed;
	size_t added_count;
	size_t removed_count;
	size_t overruled_count; /* exclusions of the newer set that are not in force */
};

/* Compare two finished sets. NULL is an empty set. At most @lines_max lines of each kind are
 * kept. Exclusions inside one of @protected (sorted) are not in force (core/overrule.h). They
 * are neither added nor removed. */
void feed_diff_make(const struct entry_set *from, const struct entry_set *to,
		    struct prefix_array protected, size_t lines_max, struct feed_diff *ret_diff);
void feed_diff_done(struct feed_diff *diff);

#endif
