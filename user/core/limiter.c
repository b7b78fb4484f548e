// SPDX-License-Identifier: GPL-2.0-or-later
/* Leaky buckets in a hash table with open addressing. A bucket contains attempts, each of a
 * minute's nanoseconds, and leaks as many attempts a minute as the limit says. The key of the hash
 * is random, because the sources may have been chosen by an attacker. */
#include "core/limiter.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define FIRST_CAPACITY 1024
#define ATTEMPT 60000000000ULL

struct limiter_bucket {
	struct prefix source; /* length 0: a free place */
	uint64_t level;	      /* ATTEMPT for each attempt */
	int64_t at_ns;	      /* when it had this level */
};

int limiter_init(struct limiter *limiter, const struct limits *limits)
{
	*limiter = (struct limiter) { .limits = *limits, .capacity = FIRST_CAPACITY };
	limiter->buckets = calloc(limiter->capacity, sizeof(*limiter->buckets));
	if (!limiter->buckets)
		return -ENOMEM;
	/* Without a random key it is slower with such sources, but not wrong. */
	if (getrandom(limiter->key, sizeof(limiter->key), GRND_NONBLOCK) < 0)
		limiter->key[0] = 1;
	return 0;
}

void limiter_done(struct limiter *limiter)
{
	free(limiter->buckets);
	*limiter = (struct limiter) { .capacity = 0 };
}

/* The place of a source, which may be free. Addresses and networks differ by their lengths. */
static struct limiter_bucket *find_bucket(const struct limiter *limiter,
					  const struct prefix *source)
{
	size_t index = siphash(limiter->key, source, sizeof(*source));

	for (;; index++) {
		struct limiter_bucket *bucket = &limiter->buckets[index & (limiter->capacity - 1)];

		if (!bucket->source.len || !prefix_compare(&bucket->source, source))
			return bucket;
	}
}

static int grow(struct limiter *limiter)
{
	struct limiter_bucket *old = limiter->buckets;
	const size_t old_capacity = limiter->capacity;

	limiter->buckets = calloc(old_capacity * 2, sizeof(*limiter->buckets));
	if (!limiter->buckets) {
		limiter->buckets = old;
		return -ENOMEM;
	}
	limiter->capacity = old_capacity * 2;
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].source.len)
			*find_bucket(limiter, &old[i].source) = old[i];
	free(old);
	return 0;
}

static void leak(struct limiter_bucket *bucket, uint32_t per_minute, int64_t at_ns)
{
	uint64_t passed_ns;

	if (at_ns <= bucket->at_ns)
		return;
	passed_ns = (uint64_t)(at_ns - bucket->at_ns);
	if (passed_ns > bucket->level / per_minute)
		bucket->level = 0;
	else
		bucket->level -= passed_ns * per_minute;
	bucket->at_ns = at_ns;
}

/* Find the bucket of each limit, as it is now; NULL: there is no limit. Return: 0; -ENOMEM;
 * -ENOSPC. */
static int open_buckets(struct limiter *limiter, const struct prefix *address, int64_t at_ns,
			struct limiter_bucket *ret_buckets[IPWL_LIMIT_COUNT])
{
	if ((limiter->count + IPWL_LIMIT_COUNT) * 4 > limiter->capacity * 3 && grow(limiter))
		return -ENOMEM;
	for (int i = 0; i < IPWL_LIMIT_COUNT; i++) {
		const struct prefix source = limit_source((enum ipwl_limit)i, address);
		struct limiter_bucket *bucket;

		ret_buckets[i] = NULL;
		if (!limiter->limits.of[i].per_minute)
			continue;
		bucket = find_bucket(limiter, &source);
		if (!bucket->source.len && limiter->count >= LIMITER_SOURCES_MAX)
			return -ENOSPC;
		if (!bucket->source.len) {
			*bucket = (struct limiter_bucket) { .source = source, .at_ns = at_ns };
			limiter->count++;
		}
		leak(bucket, limiter->limits.of[i].per_minute, at_ns);
		ret_buckets[i] = bucket;
	}
	return 0;
}

int limiter_judge(struct limiter *limiter, const struct prefix *address, int64_t at_ns)
{
	struct limiter_bucket *buckets[IPWL_LIMIT_COUNT];
	int err = open_buckets(limiter, address, at_ns, buckets);

	if (err == -ENOSPC) {
		limiter->left_out++;
		return 0;
	}
	if (err)
		return err;
	for (int i = 0; i < IPWL_LIMIT_COUNT; i++)
		if (buckets[i] && buckets[i]->level > (limiter->limits.of[i].burst - 1) * ATTEMPT)
			return 1;
	for (int i = 0; i < IPWL_LIMIT_COUNT; i++)
		if (buckets[i])
			buckets[i]->level += ATTEMPT;
	return 0;
}
