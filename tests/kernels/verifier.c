// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads the programs as ipwld does and prints how many instructions the verifier
 * of this kernel walked through for each. More than allowed is a failure: the
 * verifier gives up at a million, and other kernels than this one count otherwise.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

/* The verifier's statistics alone (BPF_LOG_STATS, Linux 5.2). */
#define LOG_STATISTICS 4
#define LOG_BYTES 65536
#define PROGRAMS_MAX 8

/* The kernel's own sentence: "processed 4711 insns (limit 1000000) …". */
static unsigned long walked_instructions(const char *log)
{
	const char *sentence = strstr(log, "processed ");

	return sentence ? strtoul(sentence + strlen("processed "), NULL, 10) : 0;
}

/* Returns whether the count is known and low enough. */
static bool report(const char *program, const char *log, unsigned long allowed)
{
	unsigned long walked = walked_instructions(log);

	printf("%s: %lu instructions walked, %lu allowed\n", program, walked, allowed);
	if (walked == 0)
		printf("%s: no count in the kernel's log: %s\n", program, log);
	return walked > 0 && walked <= allowed;
}

#define REFUSAL_BYTES (1 << 24)
#define REFUSAL_LINES 60

/* Load once more, and print the end of what the verifier says of the program that it
 * refuses. */
static void print_refusal(void)
{
	char *log = calloc(1, REFUSAL_BYTES);
	struct bpf_program *program;
	struct ipwl_bpf *skeleton;
	const char *line;

	if (!log || load_open(&skeleton))
		return;
	bpf_object__for_each_program(program, skeleton->obj)
	{
		bpf_program__set_log_level(program, 1);
		bpf_program__set_log_buf(program, log, REFUSAL_BYTES);
	}
	if (ipwl_bpf__load(skeleton)) {
		line = log + strlen(log);
		for (int lines = 0; line > log && lines <= REFUSAL_LINES; line--)
			lines += line[-1] == '\n';
		printf("%s\n", line);
	}
	ipwl_bpf__destroy(skeleton);
	free(log);
}

int main(int argc, char **argv)
{
	char logs[PROGRAMS_MAX][LOG_BYTES] = { 0 };
	struct bpf_program *program;
	struct ipwl_bpf *skeleton;
	bool is_good;
	int count = 0, err;

	if (argc != 2) {
		fprintf(stderr, "usage: verifier ALLOWED_INSTRUCTIONS\n");
		return 2;
	}
	err = load_open(&skeleton);
	if (err) {
		fprintf(stderr, "verifier: cannot open the BPF object: %s\n", strerror(-err));
		return 1;
	}
	bpf_object__for_each_program(program, skeleton->obj)
	{
		if (count == PROGRAMS_MAX)
			break;
		bpf_program__set_log_level(program, LOG_STATISTICS);
		bpf_program__set_log_buf(program, logs[count++], LOG_BYTES);
	}
	err = ipwl_bpf__load(skeleton);
	if (err) {
		fprintf(stderr, "verifier: cannot load: %s\n", strerror(-err));
		print_refusal();
	}
	is_good = !err;
	count = 0;
	bpf_object__for_each_program(program, skeleton->obj)
	{
		is_good &= count < PROGRAMS_MAX && report(bpf_program__name(program), logs[count],
							  strtoul(argv[1], NULL, 10));
		count++;
	}
	ipwl_bpf__destroy(skeleton);
	return is_good ? 0 : 1;
}
