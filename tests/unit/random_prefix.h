/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers that IPWL_SEED repeats, and random prefixes that lie close
 * together: nested, adjacent, and at both ends of the address space.
 */
#ifndef UNIT_RANDOM_PREFIX_H
#define UNIT_RANDOM_PREFIX_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/prefix.h"

static uint64_t random_state;

/* Seed from IPWL_SEED or at random, and print the seed. */
static inline void random_start(const char *name)
{
	const char *seed = getenv("IPWL_SEED");
	uint32_t fresh = 1;

	if (seed)
		random_state = strtoull(seed, NULL, 10);
	else if (getrandom(&fresh, sizeof(fresh), 0) == sizeof(fresh))
		random_state = fresh;
	printf("%s: IPWL_SEED=%llu\n", name, (unsigned long long)random_state);
	fflush(stdout);
}

/* splitmix64 */
static inline uint64_t random_number(void)
{
	uint64_t mixed = random_state += 0x9e3779b97f4a7c15;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return mixed ^ mixed >> 31;
}

/* 0 to @limit - 1 */
static inline unsigned int random_below(unsigned int limit)
{
	return (unsigned int)(random_number() % limit);
}

static inline bool random_chance(unsigned int percent)
{
	return random_below(100) < percent;
}

static inline uint8_t random_len(enum family family)
{
	static const uint8_t edges[FAMILY_COUNT][8] = {
		{ 0, 1, 8, 24, 30, 31, 32, 32 },
		{ 0, 1, 63, 64, 65, 127, 128, 128 },
	};

	if (random_chance(40))
		return edges[family][random_below(8)];
	return (uint8_t)random_below(prefix_max_len(family) + 1U);
}

/* One of a few addresses, or its neighbour by one bit. */
static inline struct prefix random_address(enum family family)
{
	static const uint8_t bases[4][16] = {
		{ 0 },
		{ 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
		{ 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 1 },
		{ 192, 0, 2, 129, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 1, 0 },
	};
	struct prefix address = { .family = (uint8_t)family, .len = prefix_max_len(family) };

	memcpy(address.addr, bases[random_below(4)], address.len / 8U);
	if (random_chance(60)) {
		unsigned int bit = random_below(address.len);

		address.addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	return address;
}

static inline struct prefix random_prefix(enum family family)
{
	struct prefix address = random_address(family);

	return prefix_truncate(&address, random_len(family));
}

static inline struct prefix random_prefix_any(void)
{
	return random_prefix(random_chance(50) ? FAMILY_IPV4 : FAMILY_IPV6);
}

#endif
