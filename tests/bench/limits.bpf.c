// SPDX-License-Identifier: GPL-2.0-or-later
/* What bounds every lookup: reads that wait for each other, and locked additions. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "limits_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LIMITS_LINES);
	__type(key, __u32);
	__type(value, struct limits_line);
} flat SEC(".maps");

struct chunk {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIMITS_CHUNK_LINES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct limits_line));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, LIMITS_CHUNKS);
	__type(key, __u32);
	__array(values, struct chunk);
} chunks SEC(".maps");

/* Where the walk is. */
__u32 at_next, at_chunk, at_place;

/* Each address is known only when the line before is there. */
SEC("xdp")
int walk_flat(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 key = at_next;

	for (int i = 0; i < LIMITS_STEPS; i++) {
		struct limits_line *line = bpf_map_lookup_elem(&flat, &key);

		if (!line)
			return XDP_ABORTED;
		key = line->next;
	}
	at_next = key;
	return XDP_PASS;
}

SEC("xdp")
int walk_chunks(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 chunk_key = at_chunk, key = at_place;

	for (int i = 0; i < LIMITS_STEPS; i++) {
		void *chunk = bpf_map_lookup_elem(&chunks, &chunk_key);
		struct limits_line *line;

		if (!chunk)
			return XDP_ABORTED;
		line = bpf_map_lookup_elem(chunk, &key);
		if (!line)
			return XDP_ABORTED;
		chunk_key = line->chunk;
		key = line->place;
	}
	at_chunk = chunk_key;
	at_place = key;
	return XDP_PASS;
}

/* As a rule's counters: of one cache line. */
struct {
	__u64 packets, bytes, connections;
} counters __attribute__((aligned(64)));

SEC("xdp")
int add_one(struct xdp_md *ctx __attribute__((unused)))
{
	for (int i = 0; i < LIMITS_STEPS; i++)
		__sync_fetch_and_add(&counters.packets, 1);
	return XDP_PASS;
}

SEC("xdp")
int add_three(struct xdp_md *ctx __attribute__((unused)))
{
	for (int i = 0; i < LIMITS_STEPS; i++) {
		__sync_fetch_and_add(&counters.packets, 1);
		__sync_fetch_and_add(&counters.bytes, 60);
		__sync_fetch_and_add(&counters.connections, 1);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
