/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no lookup can be faster than on this machine: the time of one dependent read
 * by the size of the memory that is walked through at random, in the two ways in
 * which BPF arrays lie in memory, and of additions that are atomic.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../bpf/lib_random.h"
#include "bench.h"
#include "limits.skel.h"
#include "limits_abi.h"
#include "machine.h"
#include "report.h"
#include "testrun.h"

#define RUNS 5
/* In one run at least, and enough to come by every line once. */
#define STEPS_MIN 400000
#define STEPS_QUICK 20000

struct walk {
	struct limits_bpf *programs;
	struct limits_line *flat;  /* mapped */
	struct limits_line *lines; /* to be copied into the chunks */
	int chunks[LIMITS_CHUNKS];
};

static void open_walk(struct walk *walk)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);

	walk->programs = limits_bpf__open_and_load();
	if (!walk->programs)
		die("cannot load the walk through memory");
	walk->flat = mmap(NULL, LIMITS_LINES * sizeof(struct limits_line), PROT_READ | PROT_WRITE,
			  MAP_SHARED, bpf_map__fd(walk->programs->maps.flat), 0);
	walk->lines = calloc(LIMITS_CHUNKS * LIMITS_CHUNK_LINES, sizeof(struct limits_line));
	if (walk->flat == MAP_FAILED || !walk->lines)
		die("out of memory");
	for (uint32_t i = 0; i < LIMITS_CHUNKS; i++) {
		walk->chunks[i] =
		    bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_chunk", sizeof(i),
				   sizeof(struct limits_line), LIMITS_CHUNK_LINES, &options);
		if (walk->chunks[i] < 0 ||
		    bpf_map_update_elem(bpf_map__fd(walk->programs->maps.chunks), &i,
					&walk->chunks[i], 0))
			die("cannot make a chunk: %m");
	}
}

static void close_walk(struct walk *walk)
{
	munmap(walk->flat, LIMITS_LINES * sizeof(struct limits_line));
	free(walk->lines);
	for (uint32_t i = 0; i < LIMITS_CHUNKS; i++)
		close(walk->chunks[i]);
	limits_bpf__destroy(walk->programs);
}

static void write_chunks(const struct walk *walk, uint32_t count)
{
	static uint32_t keys[LIMITS_CHUNK_LINES];
	LIBBPF_OPTS(bpf_map_batch_opts, options);

	for (uint32_t i = 0; i < LIMITS_CHUNK_LINES; i++)
		keys[i] = i;
	for (uint32_t i = 0; i * LIMITS_CHUNK_LINES < count; i++) {
		uint32_t written = LIMITS_CHUNK_LINES;

		if (bpf_map_update_batch(walk->chunks[i], keys,
					 walk->lines + (size_t)i * LIMITS_CHUNK_LINES, &written,
					 &options))
			die("cannot fill a chunk: %m");
	}
}

/* One random circle through the first @count lines (Sattolo's algorithm). */
static void lay_out(const struct walk *walk, uint32_t count)
{
	struct random random = { .state = count };
	uint32_t *next = malloc(count * sizeof(next[0]));

	if (!next)
		die("out of memory");
	for (uint32_t i = 0; i < count; i++)
		next[i] = i;
	for (uint32_t i = count - 1; i > 0; i--) {
		uint32_t other = random_below(&random, i), old = next[i];

		next[i] = next[other];
		next[other] = old;
	}
	for (uint32_t i = 0; i < count; i++) {
		walk->lines[i].next = next[i];
		walk->lines[i].chunk = next[i] / LIMITS_CHUNK_LINES;
		walk->lines[i].place = next[i] % LIMITS_CHUNK_LINES;
	}
	memcpy(walk->flat, walk->lines, count * sizeof(walk->lines[0]));
	write_chunks(walk, count);
	walk->programs->bss->at_next = 0;
	walk->programs->bss->at_chunk = 0;
	walk->programs->bss->at_place = 0;
	free(next);
}

static double step_ns(const struct bpf_program *program, const struct packet *packet, size_t steps)
{
	struct runner runner = { .program = bpf_program__fd(program) };
	double times[RUNS];

	testrun(&runner, packet, steps / LIMITS_STEPS);
	for (size_t run = 0; run < RUNS; run++)
		times[run] = testrun(&runner, packet, steps / LIMITS_STEPS) / LIMITS_STEPS;
	return median(times, RUNS);
}

static void measure_reads(const struct bench_options *options, const struct walk *walk,
			  const struct packet *packet)
{
	report_section("one dependent read, by what is read at random", "");
	for (uint32_t kib = 16; kib <= 65536; kib *= 4) {
		uint32_t count = kib * 1024 / (uint32_t)sizeof(struct limits_line);
		size_t steps = count > STEPS_MIN ? count : STEPS_MIN;
		char what[80];

		if (options->is_quick)
			steps = STEPS_QUICK;
		lay_out(walk, count);
		snprintf(what, sizeof(what), "%u KiB, one array (vmalloc, 4 KiB pages)", kib);
		report_value(what, step_ns(walk->programs->progs.walk_flat, packet, steps), "ns",
			     NO_GOAL);
		snprintf(what, sizeof(what), "%u KiB, arrays below 32 KiB (kmalloc)", kib);
		report_value(what, step_ns(walk->programs->progs.walk_chunks, packet, steps), "ns",
			     NO_GOAL);
	}
}

static void measure_additions(const struct bench_options *options, const struct walk *walk,
			      const struct packet *packet)
{
	size_t steps = options->is_quick ? STEPS_QUICK : 4 * STEPS_MIN;

	report_section("atomic additions in one cached line, one after another", "");
	report_value("one", step_ns(walk->programs->progs.add_one, packet, steps), "ns", NO_GOAL);
	report_value("three", step_ns(walk->programs->progs.add_three, packet, steps), "ns",
		     NO_GOAL);
}

void limits_measure(const struct bench_options *options)
{
	struct packet packet = testrun_packet("192.0.2.1", 25, TCP_SYN, false);
	struct walk walk = { .flat = NULL };

	open_walk(&walk);
	measure_reads(options, &walk, &packet);
	measure_additions(options, &walk, &packet);
	close_walk(&walk);
}
