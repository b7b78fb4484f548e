/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When feeds are fetched, and how it went: the main loop's side. */
#ifndef FEEDS_SCHEDULE_H
#define FEEDS_SCHEDULE_H

#include "config/config.h"
#include "feeds/report.h"

struct event_base;
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

/* Who judges what was fetched: take() takes over what is in @arrival, and feeds_finish() is
 * to be called when it is judged. Return: 0 or -ENOMEM. */
struct feed_judge {
	int (*take)(void *context, struct feed_arrival *arrival);
	void *context;
};

/**
 * feeds_open() - begin to fetch
 * @config: in force; must live until feeds_follow() gives another
 * @reports: of that configuration; taken over
 *
 * Return: 0 or -errno.
 */
int feeds_open(struct event_base *base, const struct feed_judge *judge, const struct config *config,
	       struct feed_reports *reports, struct feeds **ret_feeds);
/* Ends all fetches. NULL is fine. */
void feeds_close(struct feeds *feeds);

/* ipwld is stopping: begin no more fetches. */
void feeds_end(struct feeds *feeds);

/* Follow a new configuration; @reports is taken over. */
void feeds_follow(struct feeds *feeds, const struct config *config, struct feed_reports *reports);

/* A copy was judged. Return: whether another one is in force by it. */
bool feeds_finish(struct feeds *feeds, struct feed_arrival *arrival);

size_t feeds_count(const struct feeds *feeds);
const struct feed_state *feeds_at(const struct feeds *feeds, size_t index);
struct feed_state *feeds_find_state(const struct feeds *feeds, const char *name);

/* Take what the worker says of a feed, if it is still one; @report is taken over. */
void feeds_take_report(struct feeds *feeds, struct feed_report *report);

struct feed_wait;

/**
 * feeds_refresh() - fetch now
 * @name: of the feed, or NULL: all
 * @done: called when all are fetched and judged, or gone; then @wait is freed
 *
 * Return: 0; -ENOENT: there is no such feed; -ENOMEM.
 */
int feeds_refresh(struct feeds *feeds, const char *name, void (*done)(const struct feed_wait *wait),
		  void *context);

#endif
