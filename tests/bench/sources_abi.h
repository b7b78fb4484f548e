/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The array of drawn addresses, as BPF and user space see it. */
#ifndef BENCH_SOURCES_ABI_H
#define BENCH_SOURCES_ABI_H

#include <linux/types.h>

/* 4 MiB. All powers of 2. */
#define SOURCES_LINES (1U << 16)
#define SOURCES4 (SOURCES_LINES * 16)
#define SOURCES6 (SOURCES_LINES * 4)

/* A cache line: the elements of an array map lie at multiples of 8 bytes. */
struct sources_line {
	__u32 words[16]; /* of addresses, in network byte order */
};

#endif
