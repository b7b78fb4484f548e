/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What main loop and worker tell each other about feeds. */
#ifndef FEEDS_REPORT_H
#define FEEDS_REPORT_H

#include <stdbool.h>

#include "base/lines.h"
#include "base/outcome.h"
#include "config/feed_config.h"
#include "feeds/copy.h"
#include "feeds/diff.h"

/* What came of a fetch. */
enum feed_result {
	FEED_RESULT_NEW,       /* another copy is in force */
	FEED_RESULT_UNCHANGED, /* the source has what is in force */
	FEED_RESULT_HELD,      /* a guard holds the new copy back */
	FEED_RESULT_INVALID,   /* what came is no list of the feed's format */
	FEED_RESULT_FAILED,    /* nothing came */
	FEED_RESULT_COUNT,
};

/* "new", "unchanged", … indexed by enum feed_result. */
extern const char *const feed_result_names[FEED_RESULT_COUNT];

/* A feed's copies, as the worker has them. */
struct feed_report {
	char *name;
	bool has_copy;
	int64_t fetched_at_sec;		     /* the copy in force */
	int64_t checked_at_sec;		     /* when the source last had no other */
	size_t entry_count;		     /* exclusions apart */
	size_t skipped_count;		     /* lines and records that were left out */
	size_t cut_counts[FEED_SPACE_COUNT]; /* entries of which space was cut out */
	const char *format;		     /* name, or NULL: nothing was read yet */
	char *trouble;			     /* with the stored copy, or NULL */
	bool is_held;
	int64_t held_at_sec;
	size_t held_entry_count;
	struct lines held_reasons;
	/* Of the newest copy, to ask the source whether there is a newer one. */
	char *url;
	char *etag;
	char *last_modified;
};

struct feed_reports {
	struct feed_report *items;
	size_t count;
};

void feed_report_done(struct feed_report *report);
void feed_reports_done(struct feed_reports *reports);

/* A copy of a feed on its way to the worker, and how it was judged there. */
struct feed_arrival {
	char *name;
	int body_fd;	       /* what was fetched; -1: the source has no other */
	struct feed_copy copy; /* about it; without the bytes */

	enum feed_result result;
	struct refusal refusal;	   /* why it was not taken, unless it was */
	struct lines warnings;	   /* of what was done all the same */
	struct feed_report report; /* name is NULL if there is none */
	struct feed_diff diff;	   /* against the copy in force before */
};

/* Return: 0 or -ENOMEM. */
int feed_arrival_init(struct feed_arrival *arrival, const char *name);
void feed_arrival_done(struct feed_arrival *arrival);

#endif
