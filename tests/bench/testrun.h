/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nanoseconds a run in BPF_PROG_TEST_RUN, of programs in turns. */
#ifndef BENCH_TESTRUN_H
#define BENCH_TESTRUN_H

#include "../bpf/lib_packet.h"
#include "bench.h"

#define TESTRUN_RUNNERS_MAX 4

struct runner {
	int program; /* fd */
	int tail;    /* fd of the program that is set behind it in @tails, or 0: none */
	int tails;   /* fd of its PROG_ARRAY */
};

/* Run once @repeat times; returns nanoseconds a run on this CPU. */
double testrun(const struct runner *runner, const struct packet *packet, size_t repeat);
/* Run them in turns, several times; the medians. */
void testrun_compare(const struct bench_options *options, const struct runner *runners,
		     size_t count, const struct packet *packet, double *ret_ns);

/* Mail or other TCP or UDP, as a frame. */
struct packet testrun_packet(const char *source, uint16_t port, uint8_t flags, bool is_udp);

#endif
