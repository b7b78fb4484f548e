/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Schedules fetches and keeps their results, on the side of the main loop. */
#ifndef FEEDS_SCHEDULE_H
#define FEEDS_SCHEDULE_H

#include "config/snapshot.h"
#include "feeds/report.h"

struct event_base;
struct feed_fetcher;
struct fetched;
struct feed_process;
struct feeds;

/* Lets hosts share what they fetch (runtime/fleet_feeds.c). Functions are called by the loop. */
struct feed_sharer {
	/* Ask whether another host has a copy before this one fetches. @digest: of the copy in
	 * force, or NULL. Return: whether feeds_take_shared() follows, later. */
	bool (*ask)(void *context, const struct feed_config *feed, const struct feed_report *report,
		    const char *digest);
	/* This host has fetched by itself. If the result is NEW or UNCHANGED, the copy in force is
	 * what the source had at @asked_at_sec. */
	void (*tell)(void *context, const struct feed_config *feed, enum feed_result result,
		     int64_t asked_at_sec);
	void *context;
};

/* A copy of another host. */
struct shared_copy {
	struct fetched *fetched; /* new or unchanged; takes the body, as feed_request.done() */
	const char *url;	 /* of the feed: where the other host has fetched it */
	const char *digest;
	const char *host;
	int64_t age_sec; /* since the source had no other copy */
};

struct feed_state {
	struct feed_report report; /* from the worker */
	struct feeds *feeds;
	struct feed_process *process; /* the running fetch, or NULL */
	char *url;		      /* that is being fetched */
	size_t url_index;	      /* its place in the configuration (feed_config_url()) */
	int64_t retry_after_sec;      /* the longest that a source has asked for in this fetch */
	char *known_url;	      /* the configured URL when it was last checked */
	bool is_judged;		      /* the worker is judging the fetched copy */
	bool is_shared;		      /* another host may have a copy: that is being found out */
	bool is_taken;		      /* the copy that is judged is another host's */
	int64_t age_sec;	      /* of that one */
	char *digest;		      /* of that one, then of the copy in force; NULL: not known */
	bool is_doubtful;	      /* the newest copy may not be the source's: fetch it whole */
	int64_t asked_at_sec;	      /* when the last fetch began */
	bool is_asked; /* an administrator asked for it; it does not wait for next_at_sec */
	int64_t next_at_sec;
	size_t failure_count; /* in a row */
	/* The last fetch. */
	bool has_result;
	enum feed_result result;
	int64_t result_at_sec;
	char *message; /* or NULL */
	char *from;    /* another host, whose copy was taken; NULL: this one has fetched */
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

/* Ask other hosts first, from now on. NULL: no more; feeds that wait for an answer are fetched. */
void feeds_share(struct feeds *feeds, const struct feed_sharer *sharer);

/* The answer to feed_sharer.ask(). @copy: NULL: there is none, so fetch. */
void feeds_take_shared(struct feeds *feeds, const char *name, const struct shared_copy *copy);

/* The digest of the copy in force, which this host has fetched. */
void feeds_note_digest(struct feeds *feeds, const char *name, const char *digest);

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
