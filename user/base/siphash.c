/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After Aumasson and Bernstein, "SipHash: a fast short-input PRF". */
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

static uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static uint64_t read_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

/* The last @left of @count bytes, which are fewer than a word. */
static uint64_t read_rest(const uint8_t *rest, size_t left, size_t count)
{
	uint64_t word = 0;

	if (!left)
		return 0;
	/* One read of the last eight bytes, of which the first ones are in another word. */
	if (count >= sizeof(word))
		return read_word(rest + left - sizeof(word)) >> 8 * (sizeof(word) - left);
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)rest[i] << 8 * i;
	return word;
}

static void mix(uint64_t v[4], unsigned int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

uint64_t siphash(const uint8_t key[SIPHASH_KEY_BYTES], const void *bytes, size_t count)
{
	const uint64_t k0 = read_word(key), k1 = read_word(key + 8);
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
			  k1 ^ 0x7465646279746573 };
	const uint8_t *rest = bytes;
	size_t left = count;

	for (; left >= 8; rest += 8, left -= 8)
		absorb(v, read_word(rest));
	absorb(v, (uint64_t)(count & 0xff) << 56 | read_rest(rest, left, count));
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
