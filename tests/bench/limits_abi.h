/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk through memory, as BPF and user space see it. */
#ifndef BENCH_LIMITS_ABI_H
#define BENCH_LIMITS_ABI_H

#include <linux/types.h>

/* One step of the walk fills a cache line: where the next one is. */
struct limits_line {
	__u32 next;	    /* in the flat array */
	__u32 chunk, place; /* in the array of arrays */
	__u32 unused[13];
};
_Static_assert(sizeof(struct limits_line) == 64, "a cache line");

/* 64 MiB. */
#define LIMITS_LINES (1U << 20)
/* With the map's own header less than 32 KiB, up to which the kernel takes the memory
 * from its direct map, in huge pages. */
#define LIMITS_CHUNK_LINES 500
#define LIMITS_CHUNKS ((LIMITS_LINES + LIMITS_CHUNK_LINES - 1) / LIMITS_CHUNK_LINES)
/* Steps in one run of the program. */
#define LIMITS_STEPS 256

#endif
