/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps track of requests that wait for fetches. */
#ifndef FEEDS_WAITS_H
#define FEEDS_WAITS_H

#include <stdbool.h>
#include <stddef.h>

struct feed_state;

/* A request that waits for fetches. */
struct feed_wait {
	struct feed_wait *next;
	struct {
		char *name;
		bool is_pending;
	} * feeds;
	size_t count;
	size_t pending_count;
	void (*done)(const struct feed_wait *wait);
	void *context;
};

/* Create a wait for the feeds with these names. NULL: out of memory. */
struct feed_wait *feed_wait_new(const char *const names[], size_t count,
				void (*done)(const struct feed_wait *wait), void *context);

/* Record that the feed @name (NULL: none) is fetched or gone. Each wait with no other pending
 * feed is notified and freed. */
void feed_waits_end(struct feed_wait **waits, const char *name);

/* Notify and free all waits. */
void feed_waits_free(struct feed_wait **waits);

/* The copy that the last fetch brought was held back, and is accepted now. */
void feed_state_accept(struct feed_state *state);

#endif
