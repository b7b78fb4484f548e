/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The longest time that the kernel has held a CPU. On each CPU a thread of real-time
 * priority sleeps for a moment again and again: no process keeps it from running when
 * it should, only kernel code does that does not let go.
 */
#ifndef BENCH_STALL_H
#define BENCH_STALL_H

void stall_start(void);
/* Returns the longest delay in milliseconds, on any CPU, since the start. */
double stall_stop_ms(void);

#endif
