/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4: a short hash that nobody can invert or predict without the key. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_BYTES 16

uint64_t siphash(const uint8_t key[SIPHASH_KEY_BYTES], const void *bytes, size_t count);

#endif
