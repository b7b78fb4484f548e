/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real ipwld, on a device that is made for it. */
#ifndef BENCH_IPWLD_H
#define BENCH_IPWLD_H

#include <sys/types.h>

#include "lists.h"

#define IPWLD_METRICS_PORT 12525

struct ipwld {
	pid_t pid;
	double ready_sec; /* that it took until it was ready */
	char socket[96];  /* control.sock */
};

/* Start it with the lists and wait until it says READY. */
void ipwld_start(const char *program, const struct list_files *files, struct ipwld *ret_ipwld);
/* Stop it and take it off. */
void ipwld_stop(const struct ipwld *ipwld);
/* From the next reload on it reads this file for the block list. */
void ipwld_use_block_list(const char *path);

#endif
