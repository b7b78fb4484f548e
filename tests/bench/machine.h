/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machine this is, and which of its CPUs a measurement runs on. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Print it, and return the same as an object. */
json_t *machine_describe(void);

/* The size of the last-level cache, which other machines may share with this virtual one. 0:
 * unknown. */
size_t machine_cache_bytes(void);

/* Stay on the last CPU: interrupts mostly arrive at the first. */
void machine_pin(void);
/* Run anywhere again, as the kernel likes. */
void machine_unpin(void);

/* Run before all others on this CPU (SCHED_FIFO), which whatever is started does not. */
void machine_set_urgent(bool is_urgent);

double now_sec(void);
/* Time on the CPU, whatever else runs on this machine. */
double cpu_ns(void);

/* Sorts @values. */
double median(double *values, size_t count);
double smallest(const double *values, size_t count);
double largest(const double *values, size_t count);

#endif
