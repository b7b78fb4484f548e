/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections of the benchmark, and what they are told. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

struct bench_options {
	const char *ipwld; /* the program, or NULL */
	const char *json;  /* where to write the report, or NULL */
	size_t size_max;   /* of lists */
	bool is_quick;	   /* few packets: shows that all works, the figures are rough */
};

/* What a packet costs that the lists do not matter to. */
void packets_measure(const struct bench_options *options);
/* What a decision costs, and the program around it. */
void decision_measure(const struct bench_options *options);
/* What it costs to recognise attempts and to report them. */
void attempts_measure(const struct bench_options *options);
/* Packets over a wire into ipwl, and into what it replaces. */
void path_measure(const struct bench_options *options);
/* What this machine's caches and atomic operations cost. */
void limits_measure(const struct bench_options *options);
/* Loading, changing and releasing tables: time, memory, CPUs held. */
void load_measure(const struct bench_options *options);
/* How long senders wait for a mail server with a lane. */
void greeting_measure(const struct bench_options *options);
/* The daemon with a list: start, memory, commands, scrapes. */
void daemon_measure(const struct bench_options *options);
/* The same with ten million prefixes. */
void large_measure(const struct bench_options *options);

#endif
