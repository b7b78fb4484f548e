// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs that give each test run another source address and hand the packet on:
 * to ipwl, or, for the baseline, to a program that does nothing.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_helpers.h>

/* Sources to draw from; a power of 2. */
#define SOURCES (1 << 20)

struct address6 {
	__u32 words[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SOURCES);
	__type(key, __u32);
	__type(value, __u32);
} sources4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SOURCES);
	__type(key, __u32);
	__type(value, struct address6);
} sources6 SEC(".maps");

SEC("xdp")
int empty(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

/* The next one in turn: drawn at random it would miss the caches, and with the result
 * unused in the baseline that would go unnoticed there. */
static __u32 turn;

static __always_inline __u32 next_source(void)
{
	return turn++ % SOURCES;
}

/* A test run does not take away the metadata that the run before it has written. */
static __always_inline void drop_metadata(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *meta = (void *)(long)ctx->data_meta;

	if (meta < data)
		bpf_xdp_adjust_meta(ctx, (int)(data - meta));
}

/* The same packet each time. */
SEC("xdp")
int draw_nothing(struct xdp_md *ctx)
{
	drop_metadata(ctx);
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

static __always_inline int go_on4(struct xdp_md *ctx, __u32 source)
{
	struct iphdr *ip;

	drop_metadata(ctx);
	ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	ip->saddr = source;
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

/* Any IPv4 address. */
SEC("xdp")
int draw_any4(struct xdp_md *ctx)
{
	return go_on4(ctx, bpf_get_prandom_u32());
}

SEC("xdp")
int draw_listed4(struct xdp_md *ctx)
{
	__u32 key = next_source();
	__u32 *source = bpf_map_lookup_elem(&sources4, &key);

	return source ? go_on4(ctx, *source) : XDP_ABORTED;
}

SEC("xdp")
int draw_listed6(struct xdp_md *ctx)
{
	__u32 key = next_source();
	struct address6 *source = bpf_map_lookup_elem(&sources6, &key);
	struct ipv6hdr *ip;

	drop_metadata(ctx);
	ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	if (!source || (void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(&ip->saddr, source, sizeof(*source));
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
