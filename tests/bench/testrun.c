/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs programs in turns, so that what else happens on this machine meets all. */
#include "testrun.h"

#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "machine.h"
#include "report.h"

#define RUNS 24
#define RUNS_QUICK 3
#define REPEAT 65536
#define REPEAT_QUICK 8192

double testrun(const struct runner *runner, const struct packet *packet, size_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->size, .repeat = (int)repeat);
	uint32_t zero = 0;
	double start;

	if (runner->tail && bpf_map_update_elem(runner->tails, &zero, &runner->tail, 0))
		die("cannot set the next program: %m");
	start = cpu_ns();
	if (bpf_prog_test_run_opts(runner->program, &options))
		die("test run: %m");
	if (options.retval == 0 /* XDP_ABORTED */)
		die("a program under test gave up");
	return (cpu_ns() - start) / (double)repeat;
}

void testrun_compare(const struct bench_options *options, const struct runner *runners,
		     size_t count, const struct packet *packet, double *ret_ns)
{
	size_t repeat = options->is_quick ? REPEAT_QUICK : REPEAT;
	size_t runs = options->is_quick ? RUNS_QUICK : RUNS;
	double times[TESTRUN_RUNNERS_MAX][RUNS];

	/* Others take from the caches what a run could find there, but never add to it: the
	 * shortest of runs tells most of the program. Each run starts by waiting for all
	 * CPUs, in time that is not counted. */
	machine_set_urgent(true);
	for (size_t run = 0; run < runs; run++)
		for (size_t i = 0; i < count; i++)
			times[i][run] = testrun(&runners[i], packet, repeat);
	machine_set_urgent(false);
	for (size_t i = 0; i < count; i++)
		ret_ns[i] = smallest(times[i], runs);
}

struct packet testrun_packet(const char *source, uint16_t port, uint8_t flags, bool is_udp)
{
	struct recipe recipe = {
		.port_from = 40000,
		.port_to = port,
		.flags = flags,
		.is_not_tcp = is_udp,
		.protocol = PROTOCOL_UDP,
		/* What a segment of a mail holds does not matter, but a SYN has none. */
		.payload_bytes = flags == TCP_SYN ? 0 : 1000,
	};
	struct packet packet;

	if (prefix_parse(source, strlen(source), &recipe.source, NULL))
		die("%s is no address", source);
	packet_build(&recipe, &packet);
	return packet;
}
