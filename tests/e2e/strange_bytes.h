/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What strange packets are made with: random numbers, and bytes put one behind the other. */
#ifndef TESTS_E2E_STRANGE_BYTES_H
#define TESTS_E2E_STRANGE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "strange.h"

/* ---- random numbers: SplitMix64 --------------------------------------------- */

static uint64_t state;

static inline void draw_from(uint64_t seed)
{
	state = seed;
}

static inline uint32_t draw(uint32_t limit)
{
	uint64_t value = state += 0x9e3779b97f4a7c15U;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
	value = (value ^ value >> 27) * 0x94d049bb133111ebU;
	value ^= value >> 31;
	return (uint32_t)((value >> 32) * limit >> 32);
}

static inline bool chance(unsigned int percent)
{
	return draw(100) < percent;
}

/* ---- bytes ------------------------------------------------------------------- */

struct bytes {
	size_t size;
	uint8_t data[STRANGE_FRAME_BYTES];
};

static inline void put(struct bytes *bytes, const void *from, size_t count)
{
	size_t room = sizeof(bytes->data) - bytes->size;

	count = count < room ? count : room;
	memcpy(bytes->data + bytes->size, from, count);
	bytes->size += count;
}

static inline void put_number(struct bytes *bytes, uint64_t number, size_t count)
{
	while (count-- > 0)
		put(bytes, &(uint8_t) { (uint8_t)(number >> (8 * count)) }, 1);
}

static inline void put_fill(struct bytes *bytes, uint8_t value, size_t count)
{
	while (count-- > 0)
		put(bytes, &value, 1);
}

static inline void put_random(struct bytes *bytes, size_t count)
{
	while (count-- > 0)
		put_number(bytes, draw(256), 1);
}

/* RFC 1071. */
static inline uint32_t sum(const uint8_t *data, size_t size, uint32_t start)
{
	for (size_t i = 0; i < size; i++)
		start += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return start;
}

static inline uint16_t fold(uint32_t total)
{
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

static inline void store_16(uint8_t *at, uint16_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

#endif
