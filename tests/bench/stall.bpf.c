// SPDX-License-Identifier: GPL-2.0-or-later
/* Notes what ran before each of the watching threads, to say who made it late. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "stall_abi.h"

/* What is read of the kernel's own. */
struct task_struct {
	int pid;
	int tgid;
	char comm[STALL_NAME_BYTES];
} __attribute__((preserve_access_index));

__u32 watcher_tgid;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STALL_CPUS_MAX);
	__type(key, __u32); /* thread id of a watcher */
	__type(value, struct stall_before);
} before SEC(".maps");

/* Its arguments: whether it was preempted, the thread before, the next one. */
SEC("tp_btf/sched_switch")
int note_switch(__u64 *arguments)
{
	const struct task_struct *prev = (const void *)arguments[1];
	const struct task_struct *next = (const void *)arguments[2];
	__u32 watcher = (__u32)next->pid;
	struct stall_before *noted;

	if ((__u32)next->tgid != watcher_tgid)
		return 0;
	noted = bpf_map_lookup_elem(&before, &watcher);
	if (noted)
		bpf_probe_read_kernel_str(noted->name, sizeof(noted->name), prev->comm);
	return 0;
}

char _license[] SEC("license") = "GPL";
