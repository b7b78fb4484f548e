/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for which fetch. */
#ifndef FEEDS_WAITS_H
#define FEEDS_WAITS_H

#include "feeds/schedule.h"

/* For the feed @name, or for all there are. NULL: out of memory. */
struct feed_wait *feed_wait_new(const struct feeds *feeds, const char *name,
				void (*done)(struct runtime *runtime, struct feed_wait *wait),
				void *context);

/* The feed @name (NULL: none) is fetched or gone; those who wait for nothing else are
 * told, and freed. */
void feed_waits_end(struct runtime *runtime, struct feed_wait **waits, const char *name);

/* Tell all of them, and free them. */
void feed_waits_free(struct runtime *runtime, struct feed_wait **waits);

#endif
