/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The benchmark: what a packet costs, what lists take to load and to hold. */
#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

static const size_t sizes[] = { 1000, 30000, 1000000 };

struct options {
	const char *ipwld; /* NULL: leave the daemon out */
	const char *json;  /* NULL: none */
	size_t size_max;
};

static struct options parse_options(int argc, char *argv[])
{
	static const struct option long_options[] = {
		{ "ipwld", required_argument, NULL, 'd' },
		{ "json", required_argument, NULL, 'j' },
		{ "max", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .size_max = SIZE_MAX };
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'd':
			options.ipwld = optarg;
			break;
		case 'j':
			options.json = optarg;
			break;
		case 'm':
			options.size_max = strtoull(optarg, NULL, 10);
			break;
		default:
			die("usage: bench [--ipwld PROGRAM] [--json FILE] [--max PREFIXES]");
		}
	}
	return options;
}

/* Interrupts mostly arrive at the first CPU. */
static void pin(void)
{
	size_t cpu = (size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("cannot pin to CPU %zu: %m", cpu);
}

static void unpin(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("cannot unpin: %m");
}

static void measure_empty(void)
{
	struct bench_datapath bench = { .bpffs_dir = "" };

	bench_datapath_open(&bench);
	packets_measure_fixed(&bench);
	bench_datapath_close(&bench);
}

static void measure_size(const struct options *options, size_t size)
{
	struct bench_datapath bench = { .bpffs_dir = "" };
	struct bench_policy loaded;
	struct bench_lists lists = { .prefix_count = size };

	lists_make(size, &lists);
	bench_datapath_open(&bench);
	load_measure(&bench, &lists, &loaded);
	packets_measure_random(&bench, &loaded);
	load_release(&loaded);
	bench_datapath_close(&bench);
	if (options->ipwld) {
		unpin();
		daemon_measure(options->ipwld, &lists);
		pin();
	}
	lists_remove(&lists);
}

int main(int argc, char *argv[])
{
	struct options options = parse_options(argc, argv);

	if (geteuid() != 0)
		die("BPF programs are loaded by root");
	/* For ipwld's device; it goes when this process does. */
	if (unshare(CLONE_NEWNET))
		die("cannot make a network namespace: %m");
	pin();
	report_machine();
	measure_empty();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i] <= options.size_max)
			measure_size(&options, sizes[i]);
	}
	if (options.json)
		report_write(options.json);
	return 0;
}
