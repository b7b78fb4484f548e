/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections of blocked sources that a program rejects in words (user/reject/). The XDP program
 * lets few packets pass, and ipwl_tc hands them to that program's listener, as to a lane. Whatever
 * is in the way, they are dropped: nothing gets to the mail server.
 *
 * The second SYN of an attempt is handed over, and no other. The listener sends its SYN-ACK again
 * once (TCP_SYNCNT), so there are no more answers than questions before a handshake is complete;
 * and because a SYN must have the option that each SYN-ACK has, no answer is longer. Other
 * packets pass if they belong to a connection that was handed over.
 */
#ifndef IPWL_REJECT_BPF_H
#define IPWL_REJECT_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>

#include "lane.bpf.h"
#include "maps.bpf.h"
#include "metadata.bpf.h"
#include "reset.bpf.h"

/* Behind one tag at most: ipwl_tc finds the IP header behind the Ethernet header, because the
 * kernel has taken one tag away. */
#define REJECT_IP_OFFSET_MAX (ETH_HLEN + 4)
#define REJECT_IP_OFFSET_MASK 0x1f
/* RFC 9293 section 3.2: kind and length of the option. */
#define TCP_OPTION_MSS 0x0204
#define TCP_AE 0x01 /* in the byte of the header's length: accurate ECN */

static __always_inline __u32 reject_now_sec(void)
{
	return (__u32)(bpf_ktime_get_boot_ns() / NSEC_PER_SEC);
}

/* Whether the list may hand over one more connection. CPUs that ask at the same moment may exceed
 * the limit by one each. */
static __always_inline int reject_admits(__u32 slot, int is_ipv6)
{
	struct ipwl_reject *reject = bpf_map_lookup_elem(&rejects, &slot);
	__u64 now_ns = bpf_ktime_get_boot_ns();
	__u64 due_ns;

	if (!reject || !reject->interval_ns)
		return 0;
	due_ns = reject->due_ns;
	if (due_ns > now_ns + reject->burst_ns) {
		__sync_fetch_and_add(&reject->limited[is_ipv6], 1);
		return 0;
	}
	reject->due_ns = (due_ns > now_ns ? due_ns : now_ns) + reject->interval_ns;
	return 1;
}

static __always_inline int reject_is_known(const struct ipwl_reject_flow *flow)
{
	const __u32 *until_sec = bpf_map_lookup_elem(&rejected, flow);

	return until_sec && *until_sec > reject_now_sec();
}

/* ---- XDP ---------------------------------------------------------------------- */

/* Read the addresses. Return: the TCP header, which has 20 bytes, or NULL: not directly behind
 * the IP header. Each family is checked by itself, with the pointer that is read. */
static __always_inline struct tcphdr *reject_read(void *header, const void *end,
						  struct ipwl_reject_flow *flow)
{
	if (*(const __u8 *)header == 0x45) {
		struct iphdr *ip = header;

		if (ip->protocol != IPPROTO_TCP ||
		    ip->frag_off & bpf_htons((__u16)~IP4_DONT_FRAGMENT))
			return NULL;
		flow->source[0] = ip->saddr;
		flow->destination[0] = ip->daddr;
		return (void *)(ip + 1);
	}
	if (*(const __u8 *)header >> 4 == 6) {
		struct ipv6hdr *ip = header;

		if (header + sizeof(*ip) + sizeof(struct tcphdr) > end ||
		    ip->nexthdr != IPPROTO_TCP)
			return NULL;
		__builtin_memcpy(flow->source, &ip->saddr, sizeof(flow->source));
		__builtin_memcpy(flow->destination, &ip->daddr, sizeof(flow->destination));
		return (void *)(ip + 1);
	}
	return NULL;
}

/* Whether the SYN may be answered. All hosts that send mail put this option first. */
static __always_inline int reject_is_syn(const struct tcphdr *tcp, const void *end)
{
	const __be16 *option = (const void *)(tcp + 1);

	return is_plain_syn(tcp) && !(((const __u8 *)tcp)[12] & TCP_AE) && tcp->doff > 5 &&
	       (const void *)(option + 2) <= end && *option == bpf_htons(TCP_OPTION_MSS);
}

/**
 * reject_pass() - let a packet of a blocked source pass, if the program that rejects is to see it
 * @ip_offset: where the IP header begins
 * @slot: of the list that blocks it
 *
 * The packet is not the first SYN of an attempt. A global function, so that the verifier checks it
 * once. Packet pointers are invalid afterwards.
 *
 * Return: XDP_PASS or XDP_DROP.
 */
__noinline int reject_pass(struct xdp_md *ctx, __u32 ip_offset, __u32 slot)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ipwl_reject_flow flow = { .port_to = 0 };
	const struct tcphdr *tcp;
	void *header;

	if (ip_offset > REJECT_IP_OFFSET_MAX)
		return XDP_DROP;
	asm volatile("%0 &= 0x1f" : "+r"(ip_offset)); /* see move_to() */
	header = data + ip_offset;
	asm volatile("" : "+r"(header));
	if (header + sizeof(struct iphdr) + sizeof(struct tcphdr) > end)
		return XDP_DROP;
	tcp = reject_read(header, end, &flow);
	if (!tcp)
		return XDP_DROP;
	flow.port_from = tcp->source;
	flow.port_to = tcp->dest;
	if (tcp->syn) {
		if (!reject_is_syn(tcp, end) ||
		    !reject_admits(slot, *(const __u8 *)header >> 4 == 6))
			return XDP_DROP;
	} else if (!reject_is_known(&flow)) {
		return XDP_DROP;
	}
	*(__u8 *)header ^= IPWL_REJECT_VERSION_BITS;
	return metadata_write(ctx, slot) ? XDP_PASS : XDP_DROP;
}

/* ---- tc ----------------------------------------------------------------------- */

/* Undo what XDP has done to the packet. Packet pointers are invalid afterwards. Return: 1, or 0 if
 * it is not such a packet. */
static __always_inline int reject_restore(struct __sk_buff *skb)
{
	__u8 first;

	if (skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6))
		return 0;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &first, sizeof(first)))
		return 0;
	first ^= IPWL_REJECT_VERSION_BITS;
	return !bpf_skb_store_bytes(skb, ETH_HLEN, &first, sizeof(first), 0);
}

/* Have the other packets of the connection pass. Not inlined: see lane_is_local(). Return: 0, or
 * the kernel's error. */
static __noinline int reject_remember(struct __sk_buff *skb, const struct packet *packet)
{
	const __u32 until_sec = reject_now_sec() + IPWL_REJECT_LIFE_SEC;
	struct ipwl_reject_flow flow = {
		.port_from = bpf_htons((__u16)(packet->flow >> 48)),
		.port_to = bpf_htons((__u16)(packet->flow >> 32)),
	};

	if (packet->family == IPWL_FAMILY_IPV4) {
		if (bpf_skb_load_bytes(skb, packet->ip_offset + 12, flow.source, 4) ||
		    bpf_skb_load_bytes(skb, packet->ip_offset + 16, flow.destination, 4))
			return -1;
	} else if (bpf_skb_load_bytes(skb, packet->ip_offset + 8, flow.source,
				      sizeof(flow.source)) ||
		   bpf_skb_load_bytes(skb, packet->ip_offset + 24, flow.destination,
				      sizeof(flow.destination))) {
		return -1;
	}
	return (int)bpf_map_update_elem(&rejected, &flow, &until_sec, BPF_ANY);
}

/* Whether the SYN is the second one of its attempt. */
static __always_inline int reject_is_second(const struct packet *packet)
{
	__u64 high, low;

	source_of(packet, &high, &low);
	return attempt_repeats(high, low, packet->flow) == 1;
}

static __always_inline int reject_syn(struct __sk_buff *skb, const struct ipwl_lane *lane,
				      struct bpf_sock_tuple *tuple, const struct packet *packet)
{
	int outcome;

	/* Also one in TIME_WAIT: the kernel would look for the listener of the mail port. */
	if (!reject_is_second(packet) || lane_has_connection(skb, tuple, packet->family))
		return -1;
	if (!lane_is_on(lane, packet->family == IPWL_FAMILY_IPV6))
		return IPWL_LANE_OFF;
	if (!lane_is_local(skb, tuple, packet->family))
		return IPWL_LANE_MISSED;
	outcome = lane_assign(skb, lane, tuple, packet);
	return outcome == IPWL_LANE_HANDED && reject_remember(skb, packet) ? IPWL_LANE_MISSED
									   : outcome;
}

/* Of a connection that was handed over, as XDP has found. If it has no socket, the packet may be
 * the ACK of a SYN cookie. */
static __always_inline int reject_other(struct __sk_buff *skb, const struct ipwl_lane *lane,
					struct bpf_sock_tuple *tuple, const struct packet *packet)
{
	__u32 state = lane_find_state(skb, tuple, packet->family);

	if (!state || state == BPF_TCP_LISTEN)
		return lane_assign(skb, lane, tuple, packet);
	if (state != BPF_TCP_NEW_SYN_RECV)
		return IPWL_LANE_HANDED;
	/* If the listener is gone, the kernel would look for that of the mail port. */
	lane_redirect(lane, tuple, packet->family);
	return lane_find_state(skb, tuple, packet->family) == BPF_TCP_LISTEN ? IPWL_LANE_HANDED
									     : -1;
}

/* What becomes of a packet: IPWL_LANE_HANDED, or it is dropped. Not inlined: see
 * lane_is_local(). */
static __noinline int reject_decide(struct __sk_buff *skb, const struct ipwl_lane *lane,
				    const struct packet *packet)
{
	struct bpf_sock_tuple tuple;

	if (!packet->tcp_offset || !lane_read(skb, packet, &tuple))
		return -1;
	return packet->is_connection ? reject_syn(skb, lane, &tuple, packet)
				     : reject_other(skb, lane, &tuple, packet);
}

#endif
