/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The longest time that the kernel has held a CPU. On each CPU a thread of real-time
 * priority sleeps for a moment again and again: no process keeps it from running when
 * it should, only kernel code does that does not let go.
 */
#ifndef BENCH_STALL_H
#define BENCH_STALL_H

#include "report.h"

void stall_start(void);
/* Report the longest delay, on any CPU, since the start, and which thread ran there
 * before: a kernel thread, or what a softirq interrupted. */
void stall_stop(const char *what, struct goal goal);

#endif
