/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources that wait for a look-up in one zone. SYNs can be forged, so everything is bounded: the
 * queue, the memory of sources that were looked up, and the queries of a second and of a day.
 * Times are seconds of the clock that never steps.
 */
#ifndef RESCUE_WAITING_H
#define RESCUE_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

/* Sources in the queue of a zone, and more of those that come again when it is full. */
#define RESCUE_QUEUE_MAX 1024
#define RESCUE_AGAIN_MAX 256
/* Sources that a zone remembers. A new one takes the place of the one that is forgotten next. */
#define RESCUE_KNOWN_MAX 65536

struct rescue_waiting;

/* @per_day: queries in any 24 hours: at most half of them at once, the other half spread. NULL: out
 * of memory. */
struct rescue_waiting *rescue_waiting_new(uint32_t per_second, uint32_t per_day);
/* NULL is fine. */
void rescue_waiting_free(struct rescue_waiting *waiting);

enum rescue_offer {
	RESCUE_QUEUED,
	RESCUE_WAITS, /* it is in the queue already */
	RESCUE_KNOWN, /* it was looked up a short time ago */
	RESCUE_FULL,  /* the queue is full */
};

/* Put a source into the queue. If that is full, one that has come before takes precedence. */
enum rescue_offer rescue_waiting_offer(struct rescue_waiting *waiting, const struct prefix *source,
				       double now_sec);

/* Take up to @max sources off the queue, so that they and @extra more queries are within the
 * limits: first those that have come again, then those that wait longest. Return: how many; 0:
 * none, and nothing was counted. */
size_t rescue_waiting_take(struct rescue_waiting *waiting, double now_sec, size_t extra,
			   struct prefix *ret_sources, size_t max);

/* Count queries that are made in any case: later ones wait until they fit. */
void rescue_waiting_spend(struct rescue_waiting *waiting, double now_sec, size_t queries);

/* Do not look a source up again before that time. */
void rescue_waiting_remember(struct rescue_waiting *waiting, const struct prefix *source,
			     double now_sec, double until_sec);

/* Empty the queue. Return: how many sources were in it. */
size_t rescue_waiting_clear(struct rescue_waiting *waiting);

size_t rescue_waiting_count(const struct rescue_waiting *waiting);
/* Queries that the limit of the day has left for now. */
double rescue_waiting_left(struct rescue_waiting *waiting, double now_sec);

#endif
