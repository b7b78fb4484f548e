/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes: hands new connections of an allow list's senders to the mail server's listener for them
 * (bpf_sk_assign(), Linux 5.7). The packet does not change, so the addresses of the connection
 * are those on the wire, and there is no NAT.
 *
 * It never drops and never changes a verdict. Whatever is in the way, the packet goes the normal
 * way, to the listener of the mail port.
 */
#ifndef IPWL_LANE_BPF_H
#define IPWL_LANE_BPF_H

#include <bpf/bpf_endian.h>

#include "attempts.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

#define AF_INET 2
#define AF_INET6 10

/* Read the addresses of a packet to a mail port. Return: 1, or 0 if they cannot be read. */
static __always_inline int lane_read(struct __sk_buff *skb, const struct packet *packet,
				     struct bpf_sock_tuple *tuple)
{
	const __be16 source = bpf_htons((__u16)(packet->flow >> 48));
	const __be16 port = bpf_htons((__u16)(packet->flow >> 32));

	__builtin_memset(tuple, 0, sizeof(*tuple));
	if (packet->family == IPWL_FAMILY_IPV4) {
		tuple->ipv4.sport = source;
		tuple->ipv4.dport = port;
		return !bpf_skb_load_bytes(skb, packet->ip_offset + 12, &tuple->ipv4.saddr, 8);
	}
	tuple->ipv6.sport = source;
	tuple->ipv6.dport = port;
	return !bpf_skb_load_bytes(skb, packet->ip_offset + 8, tuple->ipv6.saddr, 32);
}

/* The socket of a tuple, to be released, or NULL. Each size is a constant, as the verifier wants
 * it. */
static __always_inline struct bpf_sock *
lane_find_socket(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, enum ipwl_family family)
{
	if (family == IPWL_FAMILY_IPV4)
		return bpf_skc_lookup_tcp(skb, tuple, sizeof(tuple->ipv4), BPF_F_CURRENT_NETNS, 0);
	return bpf_skc_lookup_tcp(skb, tuple, sizeof(tuple->ipv6), BPF_F_CURRENT_NETNS, 0);
}

/* The state of the socket of a tuple, 0: there is none. */
static __always_inline __u32 lane_find_state(struct __sk_buff *skb, struct bpf_sock_tuple *tuple,
					     enum ipwl_family family)
{
	struct bpf_sock *socket = lane_find_socket(skb, tuple, family);
	__u32 state;

	if (!socket)
		return 0;
	state = socket->state;
	bpf_sk_release(socket);
	return state;
}

/* Whether the packet belongs to a connection that the host already has. */
static __always_inline int lane_has_connection(struct __sk_buff *skb, struct bpf_sock_tuple *tuple,
					       enum ipwl_family family)
{
	__u32 state = lane_find_state(skb, tuple, family);

	return state && state != BPF_TCP_LISTEN;
}

/* Whether the host keeps the packet for itself. The kernel drops a packet that has a socket and
 * is to be forwarded (ip_forward()). Not inlined, nor is lane_sent_cookie(): the structs of both
 * would be on the stack while the headers of the packet are walked, and in Linux 6.1 a chain
 * of calls has 512 bytes. */
static __noinline int lane_is_local(struct __sk_buff *skb, const struct bpf_sock_tuple *tuple,
				    enum ipwl_family family)
{
	struct bpf_fib_lookup route = { .ifindex = skb->ingress_ifindex };
	long answer;

	if (family == IPWL_FAMILY_IPV4) {
		route.family = AF_INET;
		route.ipv4_src = tuple->ipv4.saddr;
		route.ipv4_dst = tuple->ipv4.daddr;
	} else {
		route.family = AF_INET6;
		__builtin_memcpy(route.ipv6_src, tuple->ipv6.saddr, sizeof(route.ipv6_src));
		__builtin_memcpy(route.ipv6_dst, tuple->ipv6.daddr, sizeof(route.ipv6_dst));
	}
	route.l4_protocol = IPPROTO_TCP;
	answer = bpf_fib_lookup(skb, &route, sizeof(route), 0);
	return answer == BPF_FIB_LKUP_RET_NOT_FWDED || answer == BPF_FIB_LKUP_RET_FWD_DISABLED;
}

/* Whether the packet is the ACK of a SYN cookie that this listener has sent. No other packet
 * without SYN begins a connection. */
static __noinline int lane_sent_cookie(struct __sk_buff *skb, struct bpf_sock *listener,
				       const struct packet *packet)
{
	struct ipv6hdr ip = { .version = 0 };
	struct tcphdr tcp;

	if (!packet->tcp_offset || bpf_skb_load_bytes(skb, packet->tcp_offset, &tcp, sizeof(tcp)))
		return 0;
	if (packet->family == IPWL_FAMILY_IPV4) {
		if (bpf_skb_load_bytes(skb, packet->ip_offset, &ip, sizeof(struct iphdr)))
			return 0;
	} else {
		if (bpf_skb_load_bytes(skb, packet->ip_offset, &ip, sizeof(ip)))
			return 0;
	}
	return !bpf_tcp_check_syncookie(listener, &ip, sizeof(ip), &tcp, sizeof(tcp));
}

/* Have a tuple lead to the listener of the lane. */
static __always_inline void lane_redirect(const struct ipwl_lane *lane,
					  struct bpf_sock_tuple *tuple, enum ipwl_family family)
{
	if (family == IPWL_FAMILY_IPV4) {
		tuple->ipv4.daddr = lane->address4;
		tuple->ipv4.dport = lane->port4;
	} else {
		__builtin_memcpy(tuple->ipv6.daddr, lane->address6, sizeof(lane->address6));
		tuple->ipv6.dport = lane->port6;
	}
}

/* Assign the listener of the lane to the packet. @tuple becomes the one of the lane. Return: what
 * became of it, or -1 if no connection begins with it. */
static __always_inline int lane_assign(struct __sk_buff *skb, const struct ipwl_lane *lane,
				       struct bpf_sock_tuple *tuple, const struct packet *packet)
{
	struct bpf_sock *socket;
	int outcome = IPWL_LANE_HANDED;

	lane_redirect(lane, tuple, packet->family);
	socket = lane_find_socket(skb, tuple, packet->family);
	if (!socket)
		return IPWL_LANE_MISSED;
	if (socket->state != BPF_TCP_LISTEN)
		outcome = IPWL_LANE_MISSED;
	else if (!packet->is_connection && !lane_sent_cookie(skb, socket, packet))
		outcome = -1;
	/* Before Linux 6.6, a listener with SO_REUSEPORT is refused: -ESOCKTNOSUPPORT. */
	else if (bpf_sk_assign(skb, socket, 0))
		outcome = IPWL_LANE_MISSED;
	bpf_sk_release(socket);
	return outcome;
}

/* Whether the packet may begin a connection: a first SYN, or an ACK, with which a connection
 * begins if SYN cookies are in use. A SYN that is sent again goes the normal way: perhaps the lane
 * has not answered the first one. */
static __always_inline int lane_is_wanted(const struct packet *packet)
{
	__u64 high, low;

	if (!packet->is_connection)
		return 1;
	source_of(packet, &high, &low);
	return !attempt_repeats(high, low, packet->flow);
}

static __always_inline int lane_is_on(const struct ipwl_lane *lane, int is_ipv6)
{
	return *(const volatile __u32 *)&lane->until_sec[is_ipv6] >
	       (__u32)(bpf_ktime_get_boot_ns() / NSEC_PER_SEC);
}

/* What becomes of a packet, or -1: no connection begins with it that the lane is for. */
static __always_inline int lane_decide(struct __sk_buff *skb, const struct ipwl_lane *lane,
				       const struct ipwl_settings *settings,
				       const struct packet *packet)
{
	const int is_ipv6 = packet->family == IPWL_FAMILY_IPV6;
	struct bpf_sock_tuple tuple;

	if (packet->port != lane->mail_port || !(is_ipv6 ? lane->port6 : lane->port4))
		return -1;
	if (!lane_is_wanted(packet) || !lane_read(skb, packet, &tuple) ||
	    lane_has_connection(skb, &tuple, packet->family) ||
	    !lane_is_local(skb, &tuple, packet->family))
		return -1;
	if (!lane_is_on(lane, is_ipv6))
		return IPWL_LANE_OFF;
	if (lane->flags & IPWL_LANE_MONITORS || !settings->enforce)
		return IPWL_LANE_WOULD_HAND;
	return lane_assign(skb, lane, &tuple, packet);
}

#endif
