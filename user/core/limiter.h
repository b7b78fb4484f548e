/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judges attempts by limits as the kernel would (ipwl_limit.h), but exactly: it has a bucket for
 * each source, and its times are those of the caller. */
#ifndef CORE_LIMITER_H
#define CORE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/siphash.h"
#include "core/limits.h"

/* Sources beyond this number, of both limits together, are not limited. The table then takes about
 * 64 MiB. */
#define LIMITER_SOURCES_MAX (1U << 20)

struct limiter_bucket;

struct limiter {
	struct limits limits; /* the mode does not matter */
	struct limiter_bucket *buckets;
	size_t capacity;
	size_t count;
	uint64_t left_out; /* attempts of sources beyond the number */
	uint8_t key[SIPHASH_KEY_BYTES];
};

/* Return: 0 or -ENOMEM. */
int limiter_init(struct limiter *limiter, const struct limits *limits);
/* Fine if all zero. */
void limiter_done(struct limiter *limiter);

/**
 * limiter_judge() - judge an attempt, and count it if it is admitted
 * @at_ns: not before the last one; what is earlier counts as the same moment
 *
 * Return: 1: it is over a limit; 0: it is admitted; -ENOMEM.
 */
int limiter_judge(struct limiter *limiter, const struct prefix *address, int64_t at_ns);

#endif
