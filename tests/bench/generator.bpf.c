// SPDX-License-Identifier: GPL-2.0-or-later
/* Sends each packet with the next source address, out of one device. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

#include "sources.bpf.h"

__u32 target;	  /* ifindex */
__u32 header_sum; /* of the IPv4 header without its source, in 16-bit words */

SEC("xdp")
int send4(struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	__u32 source = next4(), sum;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	sum = header_sum + (source & 0xffff) + (source >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->saddr = source;
	ip->check = (__u16) ~(sum + (sum >> 16));
	return (int)bpf_redirect(target, 0);
}

char _license[] SEC("license") = "GPL";
