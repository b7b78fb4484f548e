/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the benchmark share. What fails ends the program. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/rules.h"
#include "core/table.h"
#include "datapath/datapath.h"

/* Print to stderr and exit. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

double now_sec(void);

/* ---- report.c: a table for people, and JSON ----------------------------- */

void report_machine(void);
void report_section(const char *title, const char *columns);
/* A figure beside its baseline. */
void report_compare(const char *what, double value, double baseline);
void report_value(const char *what, double value, const char *unit);
/* Write all that was reported as JSON. */
void report_write(const char *path);

/* ---- lists.c: list files ------------------------------------------------ */

struct bench_lists {
	char dir[64];
	char allow[96], block[96]; /* paths */
	char changed_block[96];	   /* the same, 1 % of its entries replaced */
	size_t prefix_count;
};

/* Write files with together @count prefixes: a fifth IPv6, a tenth to allow. */
void lists_make(size_t count, struct bench_lists *ret_lists);
void lists_remove(const struct bench_lists *lists);

/* ---- load.c: what the daemon does with them ----------------------------- */

struct bench_policy {
	struct policy *policy;
	struct tables tables;
};

struct bench_datapath {
	char bpffs_dir[64];
	struct datapath *datapath;
	struct interface *interface;
	struct rule_ids ids;
};

void bench_datapath_open(struct bench_datapath *bench);
void bench_datapath_close(struct bench_datapath *bench);

/* Load the lists into the kernel, and report times and memory. */
void load_measure(struct bench_datapath *bench, const struct bench_lists *lists,
		  struct bench_policy *ret_loaded);
void load_release(struct bench_policy *loaded);

/* ---- packets.c: what a packet costs ------------------------------------- */

/* Packets that are no mail, and mail from one source. */
void packets_measure_fixed(const struct bench_datapath *bench);
/* Mail of random and of listed sources. */
void packets_measure_random(const struct bench_datapath *bench, const struct bench_policy *loaded);

/* ---- daemon.c ----------------------------------------------------------- */

/* Start ipwld with the lists on a veth device that is made for it; report its memory
 * and the time until it is ready. */
void daemon_measure(const char *ipwld, const struct bench_lists *lists);

#endif
