/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages about feeds between the main loop and the worker. */
#ifndef FEEDS_REPORT_H
#define FEEDS_REPORT_H

#include <stdbool.h>

#include "base/lines.h"
#include "base/outcome.h"
#include "config/feed_config.h"
#include "feeds/copy.h"
#include "feeds/diff.h"

/* The result of a fetch. */
enum feed_result {
	FEED_RESULT_NEW,       /* a new copy is in force */
	FEED_RESULT_UNCHANGED, /* the source has no newer copy */
	FEED_RESULT_HELD,      /* a guard holds the new copy back */
	FEED_RESULT_INVALID,   /* the data is no list in the feed's format */
	FEED_RESULT_FAILED,    /* no data was received */
	FEED_RESULT_COUNT,
};

/* "new", "unchanged", … indexed by enum feed_result. */
extern const char *const feed_result_names[FEED_RESULT_COUNT];

/* The state of a feed's copies in the worker. */
struct feed_report {
	char *name;
	bool has_copy;
	bool is_learned;		     /* a domain that no configuration names */
	int64_t fetched_at_sec;		     /* the copy in force */
	int64_t checked_at_sec;		     /* when the source last had no newer copy */
	size_t entry_count;		     /* without exclusions */
	size_t skipped_count;		     /* skipped lines and records */
	struct lines notes;		     /* what is missing from the addresses of a domain */
	int64_t gone_since_sec;		     /* a domain has nothing any more; 0: it has */
	size_t cut_counts[FEED_SPACE_COUNT]; /* entries from which space was removed */
	const char *format;		     /* its name; NULL: nothing was read yet */
	char *trouble;			     /* with the stored copy, or NULL */
	bool is_held;
	int64_t held_at_sec;
	size_t held_entry_count;
	struct lines held_reasons;
	/* Data of the newest copy, to ask the source whether there is a newer one. */
	char *url;
	char *etag;
	char *last_modified;
};

struct feed_reports {
	struct feed_report *items;
	size_t count;
};

/* Whether trouble with the source is worth a word. A learned domain that never had addresses need
 * not have an SPF record. */
bool feed_report_matters(const struct feed_report *report);

void feed_report_done(struct feed_report *report);
void feed_reports_done(struct feed_reports *reports);

/* A copy of a feed for the worker, and the worker's decision about it. */
struct feed_arrival {
	enum feed_kind kind;
	char *name;
	int body_fd;	       /* the fetched data; -1: the source has no newer copy */
	bool is_gone;	       /* the fetched data says that there is nothing any more */
	char *gone_message;    /* its words, or NULL */
	struct feed_copy copy; /* data about the copy, without its bytes */

	enum feed_result result;
	struct refusal refusal;	   /* why the copy was not accepted */
	struct lines warnings;	   /* warnings about an accepted copy */
	struct feed_report report; /* name is NULL if there is none */
	struct feed_diff diff;	   /* compared with the copy in force before */
};

/* Return: 0 or -ENOMEM. */
int feed_arrival_init(struct feed_arrival *arrival, enum feed_kind kind, const char *name);
void feed_arrival_done(struct feed_arrival *arrival);

#endif
