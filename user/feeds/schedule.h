/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Schedules fetches and keeps their results, on the side of the main loop. */
#ifndef FEEDS_SCHEDULE_H
#define FEEDS_SCHEDULE_H

#include "config/snapshot.h"
#include "feeds/report.h"

struct event_base;
struct feed_fetcher;
struct feed_process;
struct feeds;

struct feed_state {
	struct feed_report report; /* from the worker */
	struct feeds *feeds;
	struct feed_process *process; /* the running fetch, or NULL */
	char *url;		      /* that is being fetched */
	size_t url_index;	      /* its place in the configuration (feed_config_url()) */
	int64_t retry_after_sec;      /* the longest that a source has asked for in this fetch */
	char *known_url;	      /* the configured URL when it was last checked */
	bool is_judged;		      /* the worker is judging the fetched copy */
	bool is_asked; /* an administrator asked for it; it does not wait for next_at_sec */
	int64_t next_at_sec;
	size_t failure_count; /* in a row */
	/* The last fetch. */
	bool has_result;
	enum feed_result result;
	int64_t result_at_sec;
	char *message; /* or NULL */
	uint64_t fetch_counts[FEED_RESULT_COUNT];
};

/* Judges fetched copies. take() takes over the content of @arrival; its owner calls
 * feeds_finish() when the copy is judged. Return: 0 or -ENOMEM. */
struct feed_judge {
	int (*take)(void *context, struct feed_arrival *arrival);
	void *context;
};

/**
 * feeds_open() - start to fetch the feeds of a kind
 * @fetcher: fetches them
 * @snapshot: in force; its settings and feeds must stay valid until feeds_follow() gives others
 * @reports: for its feeds; taken over
 *
 * Return: 0 or -errno.
 */
int feeds_open(enum feed_kind kind, const struct feed_fetcher *fetcher, struct event_base *base,
	       const struct feed_judge *judge, const struct snapshot *snapshot,
	       struct feed_reports *reports, struct feeds **ret_feeds);
/* End all fetches and free @feeds. NULL is fine. */
void feeds_close(struct feeds *feeds);

/* Start no more fetches, because ipwld is stopping. */
void feeds_end(struct feeds *feeds);

/* Follow another configuration, or other learned domains. Takes over @reports. */
void feeds_follow(struct feeds *feeds, const struct snapshot *snapshot,
		  struct feed_reports *reports);

/* Record that a copy was judged. Return: whether a new copy is in force. */
bool feeds_finish(struct feeds *feeds, struct feed_arrival *arrival);

/* How many fetches of all feeds, also of those that are gone, had this result. */
uint64_t feeds_result_count(const struct feeds *feeds, enum feed_result result);

size_t feeds_count(const struct feeds *feeds);
const struct feed_state *feeds_at(const struct feeds *feeds, size_t index);
struct feed_state *feeds_find_state(const struct feeds *feeds, const char *name);

/* Store the worker's report on a feed, if that feed still exists. Takes over @report. */
void feeds_take_report(struct feeds *feeds, struct feed_report *report);

struct feed_wait;

/**
 * feeds_refresh() - fetch now
 * @name: of the feed; NULL: all feeds
 * @done: called when all of them are fetched and judged, or gone. Afterwards @wait is freed
 *
 * Return: 0; -ENOENT: there is no such feed; -ENOMEM.
 */
int feeds_refresh(struct feeds *feeds, const char *name, void (*done)(const struct feed_wait *wait),
		  void *context);

#endif
