/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the outputs of a summary. */
#ifndef CTL_SUMMARY_INTERNAL_H
#define CTL_SUMMARY_INTERNAL_H

#include "ctl/summary.h"

extern const struct column summary_connection_columns[];
extern const struct column summary_averted_columns[];
extern const struct column summary_list_columns[];
extern const struct column summary_source_columns[];
extern const struct column summary_candidate_columns[];
extern const struct column summary_learned_columns[];
extern const struct column summary_unused_columns[];
extern const struct column summary_finding_columns[];
extern const struct column summary_feed_columns[];
extern const struct column summary_change_columns[];

/* Attempts that no row contains, of all causes. */
json_int_t summary_left_out(const json_t *attempts);

/* The largest sources of all lists as rows of one table; to be freed with json_decref(). */
json_t *summary_sources(const json_t *attempts);

#endif
