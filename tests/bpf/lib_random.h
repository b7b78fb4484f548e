/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers that a seed repeats, and random packets. */
#ifndef TESTS_LIB_RANDOM_H
#define TESTS_LIB_RANDOM_H

#include "lib_packet.h"

struct random {
	uint64_t state;
};

/* Start with IPWL_SEED, or with the time; prints the seed. */
struct random random_start(void);

/* IPWL_ROUNDS or @fallback. */
size_t random_rounds(size_t fallback);

uint64_t random_next(struct random *random);
/* 0 to @limit - 1. */
uint32_t random_below(struct random *random, uint32_t limit);
bool random_chance(struct random *random, unsigned int percent);

/* A recipe in which each thing that can be unusual is, now and then. */
struct recipe random_recipe(struct random *random, const struct prefix *source,
			    const uint16_t *ports, size_t port_count);

/* Change some bytes, mostly of the headers, or the length. */
void random_mutate(struct random *random, struct packet *packet);

#endif
