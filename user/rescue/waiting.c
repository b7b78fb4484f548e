/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two rings of sources, tables of fingerprints, and two buckets of queries. */
#include "rescue/waiting.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/siphash.h"

#define DAY_SEC 86400.0
#define WAYS 8
#define BUCKETS (RESCUE_KNOWN_MAX / WAYS)
/* For how long it is remembered that there was no room for a source, and after which time it has
 * come again: a host repeats its first packet after a second. */
#define MISSED_SEC (4 * 3600.0)
#define AGAIN_SEC 0.5

/* It gains @rate tokens a second, up to @most. */
struct bucket {
	double tokens;
	double most;
	double rate;
};

struct known {
	uint64_t fingerprint;
	double until_sec; /* 0: the place is free */
};

struct table {
	struct known places[BUCKETS][WAYS];
};

struct ring {
	struct prefix *items;
	size_t size;
	size_t first;
	size_t count;
};

struct rescue_waiting {
	struct prefix queue_items[RESCUE_QUEUE_MAX];
	struct prefix again_items[RESCUE_AGAIN_MAX];
	struct ring queue;
	struct ring again; /* those that came again when the queue was full; taken first */
	struct bucket second;
	struct bucket day;
	double filled_at_sec; /* the buckets; 0: they are full */
	uint8_t key[SIPHASH_KEY_BYTES];
	struct table known;  /* that were looked up */
	struct table missed; /* for which there was no room */
};

struct rescue_waiting *rescue_waiting_new(uint32_t per_second, uint32_t per_day)
{
	struct rescue_waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return NULL;
	/* Nobody outside can choose addresses that push others out of the table. */
	if (getrandom(waiting->key, sizeof(waiting->key), 0) != sizeof(waiting->key)) {
		free(waiting);
		return NULL;
	}
	waiting->queue = (struct ring) { .items = waiting->queue_items, .size = RESCUE_QUEUE_MAX };
	waiting->again = (struct ring) { .items = waiting->again_items, .size = RESCUE_AGAIN_MAX };
	waiting->second = (struct bucket) { per_second, per_second, per_second };
	/* Half of it at once, and half of it in the 24 hours after that. */
	waiting->day = (struct bucket) { per_day / 2.0, per_day / 2.0, per_day / 2.0 / DAY_SEC };
	return waiting;
}

void rescue_waiting_free(struct rescue_waiting *waiting)
{
	free(waiting);
}

/* ---- the limits --------------------------------------------------------------------- */

static void bucket_fill(struct bucket *bucket, double seconds)
{
	bucket->tokens += seconds * bucket->rate;
	if (bucket->tokens > bucket->most)
		bucket->tokens = bucket->most;
}

static void fill(struct rescue_waiting *waiting, double now_sec)
{
	const double seconds = waiting->filled_at_sec > 0 ? now_sec - waiting->filled_at_sec : 0;

	waiting->filled_at_sec = now_sec;
	bucket_fill(&waiting->second, seconds);
	bucket_fill(&waiting->day, seconds);
}

void rescue_waiting_spend(struct rescue_waiting *waiting, double now_sec, size_t queries)
{
	fill(waiting, now_sec);
	waiting->second.tokens -= (double)queries;
	waiting->day.tokens -= (double)queries;
}

double rescue_waiting_left(struct rescue_waiting *waiting, double now_sec)
{
	fill(waiting, now_sec);
	return waiting->day.tokens > 0 ? waiting->day.tokens : 0;
}

/* ---- rings ---------------------------------------------------------------------------- */

static struct prefix *ring_at(const struct ring *ring, size_t index)
{
	return &ring->items[(ring->first + index) % ring->size];
}

static bool ring_has(const struct ring *ring, const struct prefix *source)
{
	for (size_t i = 0; i < ring->count; i++)
		if (!prefix_compare(ring_at(ring, i), source))
			return true;
	return false;
}

/* Return: whether there was room. */
static bool ring_put(struct ring *ring, const struct prefix *source)
{
	if (ring->count == ring->size)
		return false;
	*ring_at(ring, ring->count++) = *source;
	return true;
}

static size_t ring_take(struct ring *ring, struct prefix *ret_sources, size_t max)
{
	const size_t count = ring->count < max ? ring->count : max;

	for (size_t i = 0; i < count; i++)
		ret_sources[i] = *ring_at(ring, i);
	ring->first = (ring->first + count) % ring->size;
	ring->count -= count;
	return count;
}

size_t rescue_waiting_count(const struct rescue_waiting *waiting)
{
	return waiting->queue.count + waiting->again.count;
}

size_t rescue_waiting_clear(struct rescue_waiting *waiting)
{
	const size_t count = rescue_waiting_count(waiting);

	waiting->queue.count = waiting->again.count = 0;
	return count;
}

size_t rescue_waiting_take(struct rescue_waiting *waiting, double now_sec, size_t extra,
			   struct prefix *ret_sources, size_t max)
{
	const struct bucket *second = &waiting->second, *day = &waiting->day;
	double allowed;
	size_t count;

	fill(waiting, now_sec);
	allowed = second->tokens < day->tokens ? second->tokens : day->tokens;
	if (!rescue_waiting_count(waiting) || allowed < (double)(extra + 1))
		return 0;
	if (allowed < (double)(max + extra))
		max = (size_t)allowed - extra;
	count = ring_take(&waiting->again, ret_sources, max);
	count += ring_take(&waiting->queue, ret_sources + count, max - count);
	rescue_waiting_spend(waiting, now_sec, count + extra);
	return count;
}

/* ---- tables ------------------------------------------------------------------------------ */

static uint64_t fingerprint_of(const struct rescue_waiting *waiting, const struct prefix *source)
{
	uint8_t bytes[1 + sizeof(source->addr)] = { (uint8_t)source->family };

	memcpy(bytes + 1, source->addr, sizeof(source->addr));
	return siphash(waiting->key, bytes, sizeof(bytes));
}

/* NULL: it is not there. */
static struct known *table_find(struct table *table, uint64_t fingerprint, double now_sec)
{
	struct known *bucket = table->places[fingerprint % BUCKETS];

	for (size_t i = 0; i < WAYS; i++)
		if (bucket[i].fingerprint == fingerprint && bucket[i].until_sec > now_sec)
			return &bucket[i];
	return NULL;
}

/* The place of a fingerprint, or that of the one that is forgotten next. */
static struct known *table_place(struct table *table, uint64_t fingerprint, double now_sec)
{
	struct known *bucket = table->places[fingerprint % BUCKETS];
	struct known *place = table_find(table, fingerprint, now_sec);

	if (place)
		return place;
	place = bucket;
	for (size_t i = 1; i < WAYS; i++)
		if (bucket[i].until_sec < place->until_sec)
			place = &bucket[i];
	return place;
}

static void table_put(struct table *table, uint64_t fingerprint, double now_sec, double until_sec)
{
	*table_place(table, fingerprint, now_sec) = (struct known) { fingerprint, until_sec };
}

void rescue_waiting_remember(struct rescue_waiting *waiting, const struct prefix *source,
			     double now_sec, double until_sec)
{
	table_put(&waiting->known, fingerprint_of(waiting, source), now_sec, until_sec);
}

/* The queue is full. Senders come again, and a flood of forged sources hardly ever repeats one, so
 * those that have been here before get another chance. */
static enum rescue_offer offer_again(struct rescue_waiting *waiting, const struct prefix *source,
				     uint64_t fingerprint, double now_sec)
{
	const struct known *missed = table_find(&waiting->missed, fingerprint, now_sec);

	if (!missed)
		table_put(&waiting->missed, fingerprint, now_sec, now_sec + MISSED_SEC);
	else if (missed->until_sec - MISSED_SEC + AGAIN_SEC <= now_sec &&
		 ring_put(&waiting->again, source))
		return RESCUE_QUEUED;
	return RESCUE_FULL;
}

enum rescue_offer rescue_waiting_offer(struct rescue_waiting *waiting, const struct prefix *source,
				       double now_sec)
{
	const uint64_t fingerprint = fingerprint_of(waiting, source);

	if (table_find(&waiting->known, fingerprint, now_sec))
		return RESCUE_KNOWN;
	if (ring_has(&waiting->queue, source) || ring_has(&waiting->again, source))
		return RESCUE_WAITS;
	if (ring_put(&waiting->queue, source))
		return RESCUE_QUEUED;
	return offer_again(waiting, source, fingerprint, now_sec);
}
