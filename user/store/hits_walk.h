/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Visits all remembered hits of hits.h, to find the entries that are hit most. For the worker. */
#ifndef STORE_HITS_WALK_H
#define STORE_HITS_WALK_H

#include "store/hits.h"

/* Days for which the hits of single days are kept, with today. */
#define HITS_DAYS_KEPT 32

struct hit_usage {
	const char *list;
	enum action action;
	struct prefix prefix;
	struct hit_counts counts; /* since the day asked for */
	int64_t last_hit_sec;	  /* 0: unknown */
};

/**
 * hits_walk() - visit each entry that has been hit
 * @from_day: count the hits from this day on (days since 1970, UTC); INT64_MIN: all hits
 *
 * Entries that are no longer listed are visited, too, and so are those without a hit since
 * @from_day. Return: 0, -ENOMEM, or -EIO: hits_error() says why.
 */
int hits_walk(struct hits *hits, int64_t from_day,
	      void (*visit)(const struct hit_usage *usage, void *context), void *context);

#endif
