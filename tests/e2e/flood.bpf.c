// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes each packet of a test run one of the frames in turn, counts it, and sends it
 * out of a device; and sees how many the device at the other end has taken off its
 * ring, so that it never sends more than fit there.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "flood.h"

/* A veth device's ring takes 256 frames (VETH_RING_SIZE in drivers/net/veth.c). */
#define IN_FLIGHT_MAX 192

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOOD_FRAMES_MAX);
	__type(key, __u32);
	__type(value, struct flood_frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOOD_FRAMES_MAX);
	__type(key, __u32);
	__type(value, __u64);
} sent SEC(".maps");

const volatile __u32 ifindex = 0;
const volatile __u32 frame_count = 0;
const volatile __u32 peer_ifindex = 0;
const volatile __u32 peer_namespace = 0; /* its inode */

__u64 sent_total = 0;
__u64 taken_total = 0;
/* Of one CPU: the helper runs on no other. */
__u32 turn = 0;

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	__u32 key = turn;
	struct flood_frame *frame = bpf_map_lookup_elem(&frames, &key);
	__u64 *count = bpf_map_lookup_elem(&sent, &key);

	if (!frame || !count || data + sizeof(*frame) > data_end)
		return XDP_ABORTED;
	if (sent_total >= *(volatile __u64 *)&taken_total + IN_FLIGHT_MAX)
		return XDP_DROP;
	turn = key + 1 < frame_count ? key + 1 : 0;
	__builtin_memcpy(data, frame, sizeof(*frame));
	(*count)++;
	sent_total++;
	return (int)bpf_redirect(ifindex, 0);
}

/* The kernel's types, as far as they are read: the loader finds the fields. */
#define KERNEL_TYPE __attribute__((preserve_access_index))

struct ns_common {
	unsigned int inum;
} KERNEL_TYPE;

struct net {
	struct ns_common ns;
} KERNEL_TYPE;

typedef struct {
	struct net *net;
} KERNEL_TYPE possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} KERNEL_TYPE;

struct napi_struct {
	struct net_device *dev;
} KERNEL_TYPE;

/* Arguments: the NAPI instance, packets taken, budget. */
SEC("tp_btf/napi_poll")
int taken(__u64 *ctx)
{
	const struct napi_struct *napi = (const void *)ctx[0];
	const struct net_device *device = napi->dev;

	if (device && (__u32)device->ifindex == peer_ifindex &&
	    device->nd_net.net->ns.inum == peer_namespace)
		__sync_fetch_and_add(&taken_total, (__u64)(int)ctx[1]);
	return 0;
}

char _license[] SEC("license") = "GPL";
