// SPDX-License-Identifier: GPL-2.0-or-later
/* Receivers that do not look at a packet: the least that one can cost. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

/* What came through to the end of the line. One CPU alone receives. */
__u64 passed;

SEC("xdp.frags")
int drop_all(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

SEC("xdp.frags")
int pass_all(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

#define SOURCE_OFFSET 26 /* of an IPv4 source in a frame */
#define GOLDEN_RATIO 0x9e3779b1U

struct line {
	__u64 words[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct line);
} memory SEC(".maps");

__u32 line_count; /* that are read in */
__u64 found;

/* The least that a lookup in memory of some size can cost: one read, at a place that depends on
 * the source. */
SEC("xdp")
int read_once(struct xdp_md *ctx)
{
	const __u32 *source = (void *)(long)ctx->data + SOURCE_OFFSET;
	struct line *line;
	__u32 at;

	if ((void *)(source + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	at = (__u32)((__u64)(*source * GOLDEN_RATIO) * line_count >> 32);
	line = bpf_map_lookup_elem(&memory, &at);
	/* What it finds decides, so the packet waits for it. */
	return line && line->words[at % 8] == found ? XDP_DROP : XDP_PASS;
}

/* The first place behind XDP where a packet can be counted and dropped. */
SEC("tc")
int end_of_line(struct __sk_buff *skb __attribute__((unused)))
{
	passed++;
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
