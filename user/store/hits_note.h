/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of hits.h: what a rule has counted. */
#ifndef STORE_HITS_NOTE_H
#define STORE_HITS_NOTE_H

#include "store/hits_table.h"

/* The hits that a rule has counted and that @record does not contain yet. NULL: it contains
 * none. */
struct hit_counts hits_growth(const struct hit_record *record, uint32_t rule,
			      const struct ipwl_rule_counters *counters);

/* When a rule that has counted was last hit. The kernel notes it; @now_sec if it did not, or if
 * the clock was set since. */
int64_t hits_last_sec(const struct ipwl_rule_counters *counters, int64_t now_sec);

#endif
