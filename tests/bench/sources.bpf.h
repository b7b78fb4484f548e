/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses drawn by sources.c, one after another. */
#ifndef BENCH_SOURCES_BPF_H
#define BENCH_SOURCES_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "sources_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SOURCES_LINES);
	__type(key, __u32);
	__type(value, struct sources_line);
} sources SEC(".maps");

/* Counts draws. Only one CPU draws at a time. */
__u32 position;

static __always_inline __u32 next4(void)
{
	__u32 at = position++ % SOURCES4;
	__u32 key = at / 16;
	struct sources_line *line = bpf_map_lookup_elem(&sources, &key);

	return line ? line->words[at % 16] : 0;
}

static __always_inline void next6(void *address)
{
	__u32 at = position++ % SOURCES6;
	__u32 key = at / 4;
	struct sources_line *line = bpf_map_lookup_elem(&sources, &key);

	if (line)
		__builtin_memcpy(address, &line->words[at % 4 * 4], 16);
}

#endif
