/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When feeds are fetched, and how it went: the main loop's side. */
#ifndef FEEDS_SCHEDULE_H
#define FEEDS_SCHEDULE_H

#include "config/feed_config.h"
#include "feeds/report.h"

struct runtime;
struct feed_process;
struct feeds;

struct feed_state {
	struct feed_report report; /* of the worker */
	struct feeds *feeds;
	struct feed_process *process; /* fetches, or NULL */
	char *url;		      /* that is being fetched */
	char *known_url;	      /* as configured, when last looked at */
	bool is_judged;		      /* what was fetched is with the worker */
	bool is_asked;		      /* by an administrator, not to wait for next_at_sec */
	int64_t next_at_sec;
	size_t failure_count; /* in a row */
	/* The last fetch. */
	bool has_result;
	enum feed_result result;
	int64_t result_at_sec;
	char *message; /* or NULL */
	uint64_t fetch_counts[FEED_RESULT_COUNT];
};

/* Return: 0 or -errno; takes over @reports, which is of the configuration in force. */
int feeds_open(struct runtime *runtime, struct feed_reports *reports, struct feeds **ret_feeds);
/* Ends all fetches. NULL is fine. */
void feeds_close(struct feeds *feeds);

/* Follow a new configuration; @reports is taken over. */
void feeds_follow(struct feeds *feeds, struct feed_reports *reports);

size_t feeds_count(const struct feeds *feeds);
const struct feed_state *feeds_at(const struct feeds *feeds, size_t index);
struct feed_state *feeds_find_state(const struct feeds *feeds, const char *name);

/* Take what the worker says of a feed, if it is still one; @report is taken over. */
void feeds_take_report(struct feeds *feeds, struct feed_report *report);

/* Those who wait for fetches that they asked for. */
struct feed_wait {
	struct feed_wait *next;
	struct {
		char *name;
		bool is_pending;
	} * feeds;
	size_t count;
	size_t pending_count;
	void (*done)(struct runtime *runtime, struct feed_wait *wait);
	void *context;
};

/**
 * feeds_refresh() - fetch now
 * @name: of the feed, or NULL: all
 * @done: called when all are fetched and judged, or gone; then @wait is freed
 *
 * Return: 0; -ENOENT: there is no such feed; -ENOMEM.
 */
int feeds_refresh(struct feeds *feeds, const char *name,
		  void (*done)(struct runtime *runtime, struct feed_wait *wait), void *context);

#endif
