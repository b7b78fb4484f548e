/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lists take of the kernel's memory, measured from two sides. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

struct memory {
	double kernel;	/* bytes of slab, per-CPU and vmalloc, of the whole machine */
	double used;	/* bytes that are not available: of kernel and processes */
	double own;	/* bytes of this process */
	double maps;	/* bytes of BPF maps, by the kernel's own account */
	uint32_t count; /* of those maps */
	uint32_t last;	/* the last map's id; newer ones have higher ids */
};

/* Wait until what was freed before is back (at most ten seconds), then look. @last: of
 * an earlier look: leave out the maps that were there then, which others may free; 0:
 * none. */
struct memory memory_now(uint32_t last);

/* A field of /proc/PID/status in bytes: "VmRSS:", "VmHWM:". */
double memory_of_process(pid_t pid, const char *name);

#endif
