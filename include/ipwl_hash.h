/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyed hash of the tables that strangers fill (ipwl_event.h, ipwl_limit.h), for the BPF
 * programs and user space. */
#ifndef IPWL_HASH_H
#define IPWL_HASH_H

#include <linux/types.h>

/* Words of a key. Random, never known outside this machine. */
#define IPWL_HASH_KEYS 7

/**
 * ipwl_hash_words() - hash six words of 32 bits
 * @keys: IPWL_HASH_KEYS words
 *
 * The upper half of the result is strongly universal (Lemire and Kaser, "Strongly universal string
 * hashing is fast"): whatever the words are, two different inputs agree in n of its bits with a
 * probability of 2^-n.
 */
static inline __attribute__((always_inline)) __u64 ipwl_hash_words(const __u64 *keys, __u64 high,
								   __u64 low, __u64 flow)
{
	return keys[0] + (keys[1] + (high >> 32)) * (keys[2] + (__u32)high) +
	       (keys[3] + (low >> 32)) * (keys[4] + (__u32)low) +
	       (keys[5] + (flow >> 32)) * (keys[6] + (__u32)flow);
}

#endif
