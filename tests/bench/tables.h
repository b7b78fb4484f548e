/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwl's data path with list files in force, without a daemon. */
#ifndef BENCH_TABLES_H
#define BENCH_TABLES_H

#include "core/rules.h"
#include "datapath/datapath.h"
#include "lists.h"

struct bench_datapath {
	char bpffs_dir[64];
	struct datapath *datapath;
	struct interface *interface;
	struct rule_ids ids;
};

/* @device: the interface's name; nothing is attached to it here. */
void bench_datapath_open(struct bench_datapath *bench, const char *device);
void bench_datapath_close(struct bench_datapath *bench);

/* ipwl's XDP program of the interface. */
int bench_datapath_program(const struct bench_datapath *bench);
/* What it is loaded with (BPF_F_XDP_HAS_FRAGS). */
uint32_t bench_datapath_program_flags(const struct bench_datapath *bench);
/* Have @object, not loaded yet, use the data path's maps where it has one of that
 * name. */
struct bpf_object;
void bench_datapath_share(const struct bench_datapath *bench, struct bpf_object *object);

/* Seconds that each step took. */
struct load_times {
	double read, number, apply;
};

double load_times_sum(const struct load_times *times);

/* From files to the kernel, in force. @from: what is in force, or NULL. */
void bench_policy_load(struct bench_datapath *bench, const char *allow, const char *block,
		       const struct policy *from, struct policy **ret_policy,
		       struct load_times *ret_times);
/* The same, with an index that is all made anew, as after a restart. */
void bench_policy_replace(struct bench_datapath *bench, const char *allow, const char *block,
			  const struct policy *from, struct policy **ret_policy,
			  struct load_times *ret_times);

#endif
