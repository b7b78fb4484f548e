/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of sources, a table of fingerprints of those that were looked up, and two buckets of
 * queries. */
#include "rescue/waiting.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/siphash.h"

#define DAY_SEC 86400.0
#define WAYS 8
#define BUCKETS (RESCUE_KNOWN_MAX / WAYS)

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

struct rescue_waiting {
	struct prefix queue[RESCUE_QUEUE_MAX];
	size_t first;
	size_t count;
	struct bucket second;
	struct bucket day;
	double filled_at_sec; /* the buckets; 0: they are full */
	uint8_t key[SIPHASH_KEY_BYTES];
	struct known known[BUCKETS][WAYS];
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

/* ---- the queue ------------------------------------------------------------------------ */

static bool is_queued(const struct rescue_waiting *waiting, const struct prefix *source)
{
	for (size_t i = 0; i < waiting->count; i++)
		if (!prefix_compare(&waiting->queue[(waiting->first + i) % RESCUE_QUEUE_MAX],
				    source))
			return true;
	return false;
}

size_t rescue_waiting_take(struct rescue_waiting *waiting, double now_sec, size_t extra,
			   struct prefix *ret_sources, size_t max)
{
	const struct bucket *second = &waiting->second, *day = &waiting->day;
	double allowed;
	size_t count;

	fill(waiting, now_sec);
	allowed = second->tokens < day->tokens ? second->tokens : day->tokens;
	if (!waiting->count || allowed < (double)(extra + 1))
		return 0;
	count = waiting->count < max ? waiting->count : max;
	if (allowed < (double)(count + extra))
		count = (size_t)allowed - extra;
	for (size_t i = 0; i < count; i++)
		ret_sources[i] = waiting->queue[(waiting->first + i) % RESCUE_QUEUE_MAX];
	waiting->first = (waiting->first + count) % RESCUE_QUEUE_MAX;
	waiting->count -= count;
	rescue_waiting_spend(waiting, now_sec, count + extra);
	return count;
}

size_t rescue_waiting_clear(struct rescue_waiting *waiting)
{
	const size_t count = waiting->count;

	waiting->count = 0;
	return count;
}

size_t rescue_waiting_count(const struct rescue_waiting *waiting)
{
	return waiting->count;
}

/* ---- those that were looked up ----------------------------------------------------------- */

static struct known *find_bucket(struct rescue_waiting *waiting, const struct prefix *source,
				 uint64_t *ret_fingerprint)
{
	uint8_t bytes[1 + sizeof(source->addr)] = { (uint8_t)source->family };
	uint64_t hash;

	memcpy(bytes + 1, source->addr, sizeof(source->addr));
	hash = siphash(waiting->key, bytes, sizeof(bytes));
	*ret_fingerprint = hash;
	return waiting->known[hash % BUCKETS];
}

static bool is_known(struct rescue_waiting *waiting, const struct prefix *source, double now_sec)
{
	uint64_t fingerprint;
	const struct known *bucket = find_bucket(waiting, source, &fingerprint);

	for (size_t i = 0; i < WAYS; i++)
		if (bucket[i].fingerprint == fingerprint && bucket[i].until_sec > now_sec)
			return true;
	return false;
}

void rescue_waiting_remember(struct rescue_waiting *waiting, const struct prefix *source,
			     double now_sec, double until_sec)
{
	uint64_t fingerprint;
	struct known *bucket = find_bucket(waiting, source, &fingerprint);
	struct known *place = &bucket[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (bucket[i].fingerprint == fingerprint && bucket[i].until_sec > now_sec) {
			place = &bucket[i];
			break;
		}
		if (bucket[i].until_sec < place->until_sec)
			place = &bucket[i];
	}
	*place = (struct known) { fingerprint, until_sec };
}

enum rescue_offer rescue_waiting_offer(struct rescue_waiting *waiting, const struct prefix *source,
				       double now_sec)
{
	if (is_known(waiting, source, now_sec))
		return RESCUE_KNOWN;
	if (is_queued(waiting, source))
		return RESCUE_WAITS;
	if (waiting->count == RESCUE_QUEUE_MAX)
		return RESCUE_FULL;
	waiting->queue[(waiting->first + waiting->count++) % RESCUE_QUEUE_MAX] = *source;
	return RESCUE_QUEUED;
}
