/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for which fetch. */
#ifndef FEEDS_WAITS_H
#define FEEDS_WAITS_H

#include <stdbool.h>
#include <stddef.h>

/* Somebody who waits for fetches that were asked for. */
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

/* For the feeds of those names. NULL: out of memory. */
struct feed_wait *feed_wait_new(const char *const names[], size_t count,
				void (*done)(const struct feed_wait *wait), void *context);

/* The feed @name (NULL: none) is fetched or gone; those who wait for nothing else are
 * told, and freed. */
void feed_waits_end(struct feed_wait **waits, const char *name);

/* Tell all of them, and free them. */
void feed_waits_free(struct feed_wait **waits);

#endif
