/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who ran before a watching thread, as BPF and user space see it. */
#ifndef BENCH_STALL_ABI_H
#define BENCH_STALL_ABI_H

#define STALL_CPUS_MAX 1024
#define STALL_NAME_BYTES 16

struct stall_before {
	char name[STALL_NAME_BYTES]; /* of the thread that ran before */
};

#endif
