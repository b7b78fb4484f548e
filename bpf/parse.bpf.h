/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses a frame down to the source address of a packet to a mail port. It knows headers but
 * no lists. Each exit follows what Linux, since 5.10, does with the packet; the table in
 * docs/architecture.md names the kernel's functions.
 *
 *  - Malformed is what the host's own stack discards as broken for sure, so calling it
 *    that lets nothing through.
 *  - Where the ports cannot be read and the stack may still deliver the packet to a mail
 *    port, it is taken for mail, and so the source decides.
 *  - All else is not mail, or arrives on another device once its tunnel is taken off.
 */
#ifndef IPWL_PARSE_BPF_H
#define IPWL_PARSE_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "frame.bpf.h"
#include "ipwl.h"
#include "packet.bpf.h"
#include "walk.bpf.h"

/* A function, which costs more, skips further headers. */
#define TAGS_INLINE 2
/* RFC 791 section 3.1. */
#define IP4_MORE_FRAGMENTS 0x2000
#define IP4_OFFSET_MASK 0x1fff
/* The stack truncates all fragments but the last to a multiple of this (ip_frag_queue()). So
 * the first fragment of an IPv4 packet that it accepts has at least so many bytes, which
 * contain the ports. */
#define FIRST_FRAGMENT_BYTES_MIN 8
/* Of a TCP header, up to its flags. */
#define TCP_FLAGS_BYTES 14

static __always_inline int is_port_set(const struct ipwl_settings *settings, __u16 port)
{
	return (settings->ports[port / 64] >> (port % 64)) & 1;
}

/* Whether it is mail. */
static __always_inline int judge_port(struct packet *packet, const struct ipwl_settings *settings,
				      __be16 port)
{
	packet->port = bpf_ntohs(port);
	return is_port_set(settings, (__u16)packet->port) ? 1 : stop(packet, IPWL_OTHER);
}

/* A header before the length of the packet cannot be read. */
static __always_inline int stop_before_length(const struct cursor *cursor, struct packet *packet)
{
	const int is_all =
	    cursor->reading == BY_COPY || whole_bytes(&cursor->frame) == cursor->frame.bytes;

	return stop(packet, is_all ? IPWL_MALFORMED : OUT_OF_REACH);
}

static __always_inline int parse_ethernet(struct cursor *cursor, struct packet *packet,
					  __be16 *ret_type)
{
	struct ethhdr copy, *ethernet = peek(cursor, &copy, sizeof(*ethernet));
	__be16 type;

	if (!ethernet)
		return stop_before_length(cursor, packet);
	type = ethernet->h_proto;
	cursor->offset += sizeof(*ethernet);

#pragma unroll
	for (int i = 0; i < TAGS_INLINE; i++) {
		struct vlan_tag tag_copy, *tag;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		tag = peek(cursor, &tag_copy, sizeof(*tag));
		if (!tag)
			return stop_before_length(cursor, packet);
		type = tag->type;
		cursor->offset += sizeof(*tag);
	}
	if (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)) {
		struct walk walk = walk_from(cursor, bpf_ntohs(type));

		if (walk.verdict == IPWL_MALFORMED)
			return stop_before_length(cursor, packet);
		if (walk.verdict != IPWL_OTHER || !move_to(cursor, walk.offset))
			return stop(packet, OUT_OF_REACH);
		type = bpf_htons(walk.type);
	}
	*ret_type = type;
	return 1;
}

static __always_inline int parse_extensions(struct cursor *cursor, struct packet *packet)
{
	struct walk walk = walk_from(cursor, cursor->protocol);

	if (walk.verdict != IPWL_OTHER)
		return stop(packet, walk.verdict);
	if (is_extension(walk.type))
		return stop(packet, PORTLESS);
	if (!move_to(cursor, walk.offset))
		return stop(packet, OUT_OF_REACH);
	cursor->protocol = (__u8)walk.type;
	cursor->is_first_fragment = walk.is_first_fragment;
	return 1;
}

static __always_inline int parse_ipv4(struct cursor *cursor, struct packet *packet)
{
	struct iphdr copy, *ip = peek(cursor, &copy, sizeof(*ip));
	__u32 left = packet->bytes - cursor->offset;
	__u32 header_bytes, total_bytes;
	__u16 fragment;

	packet->family = IPWL_FAMILY_IPV4;
	packet->ip_offset = (__u16)cursor->offset;
	if (!ip)
		return stop_before_length(cursor, packet);
	if (ip->version != 4 || ip->ihl < 5)
		return stop(packet, IPWL_MALFORMED);
	header_bytes = ip->ihl * 4;
	total_bytes = bpf_ntohs(ip->tot_len);
	if (total_bytes > left) {
		packet->bytes = whole_bytes(&cursor->frame);
		left = packet->bytes - cursor->offset;
	}
	/* GRO writes 0 for a length that does not fit (BIG TCP, Linux 6.3). XDP sees no frame
	 * of that length. */
	if (total_bytes == 0 && left > 0xffff)
		total_bytes = left;
	if (total_bytes < header_bytes || total_bytes > left)
		return stop(packet, IPWL_MALFORMED);

	packet->key4.prefixlen = 32;
	__builtin_memcpy(packet->key4.addr, &ip->saddr, sizeof(packet->key4.addr));
	cursor->protocol = ip->protocol;
	fragment = bpf_ntohs(ip->frag_off);
	cursor->limit = cursor->offset + total_bytes;
	if (fragment & (IP4_OFFSET_MASK | IP4_MORE_FRAGMENTS)) {
		if (fragment & IP4_OFFSET_MASK)
			return stop(packet, IPWL_FRAGMENT);
		if (total_bytes - header_bytes < FIRST_FRAGMENT_BYTES_MIN)
			return stop(packet, IPWL_MALFORMED);
		cursor->is_first_fragment = 1;
	}
	if (!move_to(cursor, cursor->offset + header_bytes))
		return stop(packet, OUT_OF_REACH);
	if (cursor->protocol == IPPROTO_TCP)
		return 1;
	return cursor->protocol == IPPROTO_AH ? parse_extensions(cursor, packet)
					      : stop(packet, IPWL_OTHER);
}

static __always_inline int parse_ipv6(struct cursor *cursor, struct packet *packet)
{
	struct ipv6hdr copy, *ip = peek(cursor, &copy, sizeof(*ip));
	__u32 payload_bytes, left;

	packet->family = IPWL_FAMILY_IPV6;
	packet->ip_offset = (__u16)cursor->offset;
	if (!ip)
		return stop_before_length(cursor, packet);
	if (ip->version != 6)
		return stop(packet, IPWL_MALFORMED);
	packet->key6.prefixlen = 128;
	__builtin_memcpy(packet->key6.addr, &ip->saddr, sizeof(packet->key6.addr));
	cursor->protocol = ip->nexthdr;
	payload_bytes = bpf_ntohs(ip->payload_len);
	cursor->offset += sizeof(*ip);
	left = packet->bytes - cursor->offset;
	if (payload_bytes == 0 || payload_bytes > left) {
		packet->bytes = whole_bytes(&cursor->frame);
		left = packet->bytes - cursor->offset;
	}
	/* A length of 0 means a jumbogram (RFC 2675), as long as its frame; the stack assumes
	 * that even without the option. It also means that GRO made a packet longer than the
	 * field allows. */
	if (payload_bytes == 0 && (cursor->protocol == IPPROTO_HOPOPTS || left > 0xffff))
		payload_bytes = left;
	if (payload_bytes > left)
		return stop(packet, IPWL_MALFORMED);
	cursor->limit = cursor->offset + payload_bytes;
	return is_extension(cursor->protocol) ? parse_extensions(cursor, packet) : 1;
}

/* The header reaches as far as the flags. */
static __always_inline void read_connection(const struct tcphdr *tcp, struct packet *packet)
{
	packet->is_connection = tcp->syn && !tcp->ack;
	packet->flow = (__u64)bpf_ntohs(tcp->source) << 48 | (__u64)bpf_ntohs(tcp->dest) << 32 |
		       bpf_ntohl(tcp->seq);
}

/* Of a first fragment that ends inside the TCP header. */
static __always_inline int parse_half_tcp(struct cursor *cursor, struct packet *packet,
					  const struct ipwl_settings *settings)
{
	struct tcphdr copy, *tcp;
	__be16 port;

	if (is_inside(cursor, TCP_FLAGS_BYTES)) {
		tcp = peek(cursor, &copy, TCP_FLAGS_BYTES);
		if (!tcp)
			return stop(packet, OUT_OF_REACH);
		read_connection(tcp, packet);
		port = tcp->dest;
	} else {
		tcp = peek(cursor, &copy, FIRST_FRAGMENT_BYTES_MIN);
		if (!tcp)
			return stop_short(cursor, packet, FIRST_FRAGMENT_BYTES_MIN);
		port = tcp->dest;
	}
	return judge_port(packet, settings, port);
}

static __always_inline int parse_tcp(struct cursor *cursor, struct packet *packet,
				     const struct ipwl_settings *settings)
{
	struct tcphdr copy, *tcp;

	if (cursor->protocol != IPPROTO_TCP)
		return stop(packet, IPWL_OTHER);
	tcp = peek(cursor, &copy, sizeof(*tcp));
	if (!tcp) {
		if (cursor->is_first_fragment && !is_inside(cursor, sizeof(*tcp)))
			return parse_half_tcp(cursor, packet, settings);
		return stop_short(cursor, packet, sizeof(*tcp));
	}
	/* A first fragment may end inside the options. */
	if (!cursor->is_first_fragment &&
	    (tcp->doff < 5 || cursor->offset + tcp->doff * 4 > cursor->limit))
		return stop(packet, IPWL_MALFORMED);
	packet->tcp_offset = (__u16)cursor->offset;
	read_connection(tcp, packet);
	return judge_port(packet, settings, tcp->dest);
}

static __always_inline int parse_headers(const struct frame *frame, enum reading reading,
					 const struct ipwl_settings *settings,
					 struct packet *packet)
{
	struct cursor cursor = { .frame = *frame, .reading = reading, .limit = frame->bytes };
	__be16 type;
	int go_on;

	packet->family = IPWL_FAMILY_NONE;
	packet->bytes = frame->bytes;
	packet->is_connection = 0;
	packet->flow = 0;
	packet->ip_offset = 0;
	packet->tcp_offset = 0;
	packet->port = 0;
	if (!parse_ethernet(&cursor, packet, &type))
		return 0;
	if (type == bpf_htons(ETH_P_IP))
		go_on = parse_ipv4(&cursor, packet);
	else if (type == bpf_htons(ETH_P_IPV6))
		go_on = parse_ipv6(&cursor, packet);
	else
		go_on = stop(packet, IPWL_OTHER);
	return go_on && parse_tcp(&cursor, packet, settings);
}

/**
 * parse_packet() - find out whether a frame is mail, and from whom
 *
 * Return: 1: to a mail port, or it may be; packet->key4 or key6 is the source by family;
 * 0: not mail, packet->verdict says what. bytes and family are always set.
 */
static __always_inline int parse_packet(struct frame *frame, const struct ipwl_settings *settings,
					struct packet *packet)
{
	if (parse_headers(frame, BY_POINTER, settings, packet))
		return 1;
	if (packet->verdict == IPWL_MALFORMED || packet->family == IPWL_FAMILY_NONE)
		packet->bytes = whole_bytes(frame);
	if (packet->verdict == OUT_OF_REACH) {
		frame->bytes = packet->bytes = whole_bytes(frame);
		if ((frame->skb || has_xdp_frags) &&
		    parse_headers(frame, BY_COPY, settings, packet))
			return 1;
	}
	if (packet->verdict != PORTLESS && packet->verdict != OUT_OF_REACH)
		return 0;
	/* The packet has more VLAN tags than the parser skips. Without a source, there is
	 * nobody to judge. */
	return packet->family != IPWL_FAMILY_NONE || stop(packet, IPWL_OTHER);
}

#endif
