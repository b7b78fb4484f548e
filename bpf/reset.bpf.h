/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers a SYN from a blocked source with a reset, so that an honest sender knows at once that
 * nobody will answer. The frame that came becomes the answer, so the answer is never longer.
 *
 * Only what is a plain SYN is answered. Everything else is dropped silently: IPv4 options,
 * extension headers, fragments, other flags, and addresses that no host has.
 */
#ifndef IPWL_RESET_BPF_H
#define IPWL_RESET_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>

#include "frame.bpf.h"
#include "ipwl.h"
#include "maps.bpf.h"

/* The IP header of a frame that is answered begins before this: after 12 tags at most. */
#define RESET_IP_OFFSET_MASK 0x3f
#define RESET_TTL 64
#define IP4_DONT_FRAGMENT 0x4000
/* Of the word with the header's length and the flags. */
#define TCP_FLAGS_MASK 0x3f /* without those of ECN */
#define TCP_FLAG_WORD_SYN 0x02
#define TCP_FLAG_WORD_RESET 0x5014 /* 5 words of header, RST and ACK */

/* The Internet checksum of a sum of 16-bit words (RFC 1071). */
static __always_inline __u16 checksum_of(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* Add @count words, which must be a constant. */
static __always_inline __u64 add_words(__u64 sum, const void *words, int count)
{
#pragma unroll
	for (int i = 0; i < count; i++)
		sum += ((const __u16 *)words)[i];
	return sum;
}

/* Make an answer of the TCP header. @sum: of the pseudo header's addresses. */
static __always_inline void reset_tcp(struct tcphdr *tcp, __u64 sum)
{
	__be16 port = tcp->source;

	tcp->source = tcp->dest;
	tcp->dest = port;
	/* RFC 9293 section 3.10.7.1: the SYN takes a number. */
	tcp->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + 1);
	tcp->seq = 0;
	((__be16 *)tcp)[6] = bpf_htons(TCP_FLAG_WORD_RESET);
	tcp->window = 0;
	tcp->check = 0;
	tcp->urg_ptr = 0;
	sum += bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(*tcp));
	tcp->check = checksum_of(add_words(sum, tcp, sizeof(*tcp) / 2));
}

static __always_inline int is_plain_syn(const struct tcphdr *tcp)
{
	return (((const __u8 *)tcp)[13] & TCP_FLAGS_MASK) == TCP_FLAG_WORD_SYN;
}

/* Whether a host may have this IPv4 address. */
static __always_inline int is_host4(__be32 address)
{
	__u32 first = bpf_ntohl(address) >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* Whether a host may have this IPv6 address: not ::/96, multicast, or ::1. */
static __always_inline int is_host6(const struct in6_addr *address)
{
	return address->s6_addr[0] != 0xff &&
	       (address->s6_addr32[0] || address->s6_addr32[1] || address->s6_addr32[2]);
}

static __always_inline int reset_ipv4(struct iphdr *ip)
{
	struct tcphdr *tcp = (void *)(ip + 1);
	__be32 address = ip->saddr;

	if (((const __u8 *)ip)[0] != 0x45 || ip->protocol != IPPROTO_TCP ||
	    ip->frag_off & bpf_htons((__u16)~IP4_DONT_FRAGMENT) || !is_plain_syn(tcp))
		return 0;
	if (!is_host4(ip->saddr) || !is_host4(ip->daddr) || ip->saddr == ip->daddr ||
	    checksum_of(add_words(0, ip, sizeof(*ip) / 2)))
		return 0;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->tos = 0;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(*tcp));
	ip->id = 0;
	ip->frag_off = bpf_htons(IP4_DONT_FRAGMENT);
	ip->ttl = RESET_TTL;
	ip->check = 0;
	ip->check = checksum_of(add_words(0, ip, sizeof(*ip) / 2));
	reset_tcp(tcp, add_words(0, &ip->saddr, 4));
	return 1;
}

static __always_inline int reset_ipv6(struct ipv6hdr *ip)
{
	struct tcphdr *tcp = (void *)(ip + 1);
	struct in6_addr address = ip->saddr;

	if (ip->version != 6 || ip->nexthdr != IPPROTO_TCP || !is_plain_syn(tcp) ||
	    !is_host6(&ip->saddr) || !is_host6(&ip->daddr))
		return 0;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	*(__be32 *)ip = bpf_htonl(6U << 28); /* no traffic class, no flow label */
	ip->payload_len = bpf_htons(sizeof(*tcp));
	ip->hop_limit = RESET_TTL;
	reset_tcp(tcp, add_words(0, &ip->saddr, 16));
	return 1;
}

/* Send the frame back to where it came from. Tags stay. */
static __always_inline int reset_ethernet(struct ethhdr *ethernet)
{
	__u8 address[ETH_ALEN];

	if (ethernet->h_dest[0] & 1 || ethernet->h_source[0] & 1)
		return 0;
	__builtin_memcpy(address, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, address, ETH_ALEN);
	return 1;
}

/* Count a SYN that is answered. */
static __always_inline void count_answer(__u32 slot, __u32 bytes)
{
	struct ipwl_traffic *traffic = bpf_map_lookup_elem(&answer_counters, &slot);

	if (!traffic)
		return;
	traffic->packets++;
	traffic->bytes += bytes;
}

/**
 * reset_answer() - make a reset of a packet of a blocked source, if it is a SYN
 * @ip_offset: where the IP header begins
 * @slot: of the list that blocks it
 *
 * A global function, so that the verifier checks it once. Packet pointers are invalid afterwards.
 *
 * Return: XDP_TX or XDP_DROP.
 */
__noinline int reset_answer(struct xdp_md *ctx, __u32 ip_offset, __u32 slot)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	__u32 headers, bytes;
	void *ip;
	int done;

	if (ip_offset > RESET_IP_OFFSET_MASK)
		return XDP_DROP;
	asm volatile("%0 &= 0x3f" : "+r"(ip_offset)); /* see move_to() */
	ip = data + ip_offset;
	asm volatile("" : "+r"(ip));
	/* Both families have so many bytes. */
	if ((void *)(ethernet + 1) > end || ip + sizeof(struct iphdr) + sizeof(struct tcphdr) > end)
		return XDP_DROP;
	/* Pointers are 64 bits wide, also where only their difference is used. */
	asm volatile("" : "+r"(data), "+r"(end));
	bytes = (__u32)(end - data);
	if (has_xdp_frags && bpf_xdp_get_buff_len(ctx) != bytes)
		return XDP_DROP;
	if (*(const __u8 *)ip >> 4 == 6) {
		if (ip + sizeof(struct ipv6hdr) + sizeof(struct tcphdr) > end)
			return XDP_DROP;
		done = reset_ipv6(ip);
		headers = sizeof(struct ipv6hdr);
	} else {
		done = reset_ipv4(ip);
		headers = sizeof(struct iphdr);
	}
	if (!done || !reset_ethernet(ethernet))
		return XDP_DROP;
	count_answer(slot, bytes);
	headers += ip_offset + sizeof(struct tcphdr);
	/* If this fails, what is left of the SYN is padding. */
	if (bytes > headers)
		bpf_xdp_adjust_tail(ctx, (int)headers - (int)bytes);
	return XDP_TX;
}

#endif
