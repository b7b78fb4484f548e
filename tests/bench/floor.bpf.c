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

/* The first place behind XDP where a packet can be counted and dropped. */
SEC("tc")
int end_of_line(struct __sk_buff *skb __attribute__((unused)))
{
	passed++;
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
