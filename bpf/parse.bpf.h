/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a frame to the source address of a packet to a mail port. Knows headers,
 * not lists. Malformed is what the host's own stack discards as broken, so calling
 * it that lets nothing through; the one exception is an IPv6 packet with more
 * extension headers than EXTENSIONS_MAX.
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

#include "ipwl.h"

/* Set by the loader: frames may have several buffers, and the kernel has
 * bpf_xdp_get_buff_len() (Linux 5.18). */
const volatile __u8 has_xdp_frags = 0;

#define VLAN_TAGS_MAX 2
/* RFC 8200 section 4.1 knows 7 places for extension headers. */
#define EXTENSIONS_MAX 16
/* IPv4: RFC 791 section 3.1; IPv6: RFC 8200 section 4.5. */
#define IP4_MORE_FRAGMENTS 0x2000
#define IP4_OFFSET_MASK 0x1fff
#define IP6_MORE_FRAGMENTS 0x0001
#define IP6_OFFSET_MASK 0xfff8
/* RFC 791: each fragment but the last carries a multiple of 8 bytes, so a first
 * one has the ports at least. */
#define FIRST_FRAGMENT_BYTES_MIN 8

struct vlan_tag {
	__be16 tci;
	__be16 protocol;
};

/* The first two bytes of every extension header (RFC 8200 section 4). */
struct extension {
	__u8 next;
	__u8 length;
};

struct fragment {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

/* What the parser reads: a frame from its Ethernet header on. */
struct frame {
	struct xdp_md *xdp;    /* the program's context: one of the two, */
	struct __sk_buff *skb; /* the other is NULL */
	void *data;
	void *data_end; /* of what may be read: the rest may lie elsewhere */
	__u32 bytes;	/* of the frame, or of its first buffer in XDP */
};

/* Of all buffers. The call costs as much as parsing does, so it is only for frames
 * that may have more than one. */
static __always_inline __u32 whole_bytes(const struct frame *frame)
{
	if (has_xdp_frags && frame->xdp)
		return (__u32)bpf_xdp_get_buff_len(frame->xdp);
	return frame->bytes;
}

/* What the parser found. */
struct packet {
	enum ipwl_family family;
	enum ipwl_verdict verdict; /* of a packet that is not mail */
	__u32 bytes;		   /* of the whole frame */
	__u32 is_connection;	   /* SYN without ACK: 0 or 1 */
	union {
		struct ipwl_key4 key4; /* the source address, by family */
		struct ipwl_key6 key6;
	};
};

/* The verifier takes packet offsets below 0xffff. No header lies that far. */
#define OFFSET_MAX 0x7fff

/* Where the parser stands. */
struct cursor {
	void *data;
	void *data_end; /* of the bytes that may be read */
	__u32 offset;	/* from data */
	__u32 limit;	/* where the frame, then the IP packet, ends; or OFFSET_MAX */
	__u8 protocol;
	__u8 is_first_fragment;
};

static __always_inline __u32 limit_at(__u32 offset)
{
	return offset < OFFSET_MAX ? offset : OFFSET_MAX;
}

/* The next @bytes, or NULL if they are not all there. */
static __always_inline void *peek(const struct cursor *cursor, __u32 bytes)
{
	void *pos = cursor->data + cursor->offset;

	if (cursor->offset + bytes > cursor->limit || pos + bytes > cursor->data_end)
		return NULL;
	return pos;
}

/* Go on by @bytes, fewer than 64 KiB. Returns 1, or 0 if that is behind the end. */
static __always_inline int skip(struct cursor *cursor, __u32 bytes)
{
	__u32 offset = cursor->offset + bytes;

	if (offset > cursor->limit)
		return 0;
	/* Changes nothing, but tells the verifier before Linux 6.8, which does not
	 * conclude it from the comparison of two registers. */
	asm volatile("%0 &= 0x7fff" : "+r"(offset));
	cursor->offset = offset;
	return 1;
}

static __always_inline int is_port_set(const struct ipwl_settings *settings, __be16 port)
{
	__u16 number = bpf_ntohs(port);

	return (settings->ports[number / 64] >> (number % 64)) & 1;
}

/* Each of the steps below returns 1 to go on; 0: packet->verdict is known. */

static __always_inline int stop(struct packet *packet, enum ipwl_verdict verdict)
{
	packet->verdict = verdict;
	return 0;
}

static __always_inline int parse_ethernet(struct cursor *cursor, struct packet *packet,
					  __be16 *ret_protocol)
{
	struct ethhdr *ethernet = peek(cursor, sizeof(*ethernet));
	__be16 protocol;

	if (!ethernet)
		return stop(packet, IPWL_MALFORMED);
	protocol = ethernet->h_proto;
	cursor->offset += sizeof(*ethernet);

#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *tag;

		if (protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD))
			break;
		tag = peek(cursor, sizeof(*tag));
		if (!tag)
			return stop(packet, IPWL_MALFORMED);
		protocol = tag->protocol;
		cursor->offset += sizeof(*tag);
	}
	*ret_protocol = protocol;
	return 1;
}

static __always_inline int parse_ipv4(const struct frame *frame, struct cursor *cursor,
				      struct packet *packet)
{
	struct iphdr *ip = peek(cursor, sizeof(*ip));
	__u32 left = packet->bytes - cursor->offset;
	__u32 header_bytes, total_bytes;
	__u16 fragment;

	packet->family = IPWL_FAMILY_IPV4;
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return stop(packet, IPWL_MALFORMED);
	header_bytes = ip->ihl * 4;
	total_bytes = bpf_ntohs(ip->tot_len);
	if (total_bytes > left) {
		packet->bytes = whole_bytes(frame);
		left = packet->bytes - cursor->offset;
	}
	/* GRO writes 0 for what does not fit (BIG TCP, Linux 6.3); no frame that
	 * XDP sees is that long. */
	if (total_bytes == 0 && left > 0xffff)
		total_bytes = left;
	if (total_bytes < header_bytes || total_bytes > left)
		return stop(packet, IPWL_MALFORMED);

	packet->key4.prefixlen = 32;
	__builtin_memcpy(packet->key4.addr, &ip->saddr, sizeof(packet->key4.addr));
	cursor->protocol = ip->protocol;
	fragment = bpf_ntohs(ip->frag_off);
	cursor->limit = limit_at(cursor->offset + total_bytes);
	if (!skip(cursor, header_bytes))
		return stop(packet, IPWL_MALFORMED);
	if (fragment & IP4_OFFSET_MASK)
		return stop(packet, IPWL_FRAGMENT);
	cursor->is_first_fragment = !!(fragment & IP4_MORE_FRAGMENTS);
	return 1;
}

static __always_inline int is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH;
}

/* One extension header. */
static __always_inline int parse_extension(struct cursor *cursor, struct packet *packet)
{
	struct extension *extension = peek(cursor, sizeof(*extension));
	__u32 header_bytes;
	__u8 next;

	if (!extension)
		return stop(packet, IPWL_MALFORMED);
	next = extension->next;
	/* RFC 8200 section 4: in 8 bytes, without the first 8. */
	header_bytes = (extension->length + 1) * 8;
	if (cursor->protocol == IPPROTO_AH) {
		/* RFC 4302 section 2.2: in 4 bytes, minus 2. */
		header_bytes = (extension->length + 2) * 4;
	} else if (cursor->protocol == IPPROTO_FRAGMENT) {
		struct fragment *fragment = peek(cursor, sizeof(*fragment));

		if (!fragment)
			return stop(packet, IPWL_MALFORMED);
		if (fragment->offset & bpf_htons(IP6_OFFSET_MASK))
			return stop(packet, IPWL_FRAGMENT);
		cursor->is_first_fragment |= !!(fragment->offset & bpf_htons(IP6_MORE_FRAGMENTS));
		header_bytes = sizeof(*fragment);
	}
	if (!skip(cursor, header_bytes))
		return stop(packet, IPWL_MALFORMED);
	cursor->protocol = next;
	return 1;
}

static __always_inline int parse_extensions(struct cursor *cursor, struct packet *packet)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		if (!is_extension(cursor->protocol))
			return 1;
		if (!parse_extension(cursor, packet))
			return 0;
	}
	return is_extension(cursor->protocol) ? stop(packet, IPWL_MALFORMED) : 1;
}

/* What walk_extensions() takes and gives, in one word: a global function takes
 * no pointer to the caller's stack before Linux 5.12. */
struct walk {
	__u16 offset;
	__u8 protocol;
	__u8 is_first_fragment : 1;
	__u8 verdict : 7; /* IPWL_OTHER: go on */
};
_Static_assert(sizeof(struct walk) == sizeof(__u32), "fits a return value");

static __always_inline __u32 walk(void *data, void *data_end, __u32 start, __u32 limit)
{
	struct walk step;
	struct packet packet = { .verdict = IPWL_OTHER };
	struct cursor cursor = { .data = data, .data_end = data_end };
	__u32 end;

	__builtin_memcpy(&step, &start, sizeof(step));
	cursor.offset = step.offset & OFFSET_MAX;
	cursor.limit = limit_at(limit);
	cursor.protocol = step.protocol;
	parse_extensions(&cursor, &packet);
	step.offset = (__u16)cursor.offset;
	step.protocol = cursor.protocol;
	step.is_first_fragment = cursor.is_first_fragment;
	step.verdict = packet.verdict;
	__builtin_memcpy(&end, &step, sizeof(end));
	return end;
}

/*
 * Global functions, so that the verifier walks the loop once, for any argument,
 * and not anew for each path that leads to it: 10 000 instructions in place of a
 * million.
 */
__noinline __u32 xdp_walk_extensions(struct xdp_md *ctx, __u32 start, __u32 limit)
{
	return walk((void *)(long)ctx->data, (void *)(long)ctx->data_end, start, limit);
}

__noinline __u32 tc_walk_extensions(struct __sk_buff *ctx, __u32 start, __u32 limit)
{
	return walk((void *)(long)ctx->data, (void *)(long)ctx->data_end, start, limit);
}

static __always_inline int walk_extensions(const struct frame *frame, struct cursor *cursor,
					   struct packet *packet)
{
	struct walk step = { .offset = (__u16)cursor->offset, .protocol = cursor->protocol };
	__u32 start, end;

	__builtin_memcpy(&start, &step, sizeof(start));
	end = frame->skb ? tc_walk_extensions(frame->skb, start, cursor->limit)
			 : xdp_walk_extensions(frame->xdp, start, cursor->limit);
	__builtin_memcpy(&step, &end, sizeof(step));
	if (step.verdict != IPWL_OTHER)
		return stop(packet, (enum ipwl_verdict)step.verdict);
	cursor->offset = step.offset & OFFSET_MAX;
	cursor->protocol = step.protocol;
	cursor->is_first_fragment = step.is_first_fragment;
	return 1;
}

static __always_inline int parse_ipv6(const struct frame *frame, struct cursor *cursor,
				      struct packet *packet)
{
	struct ipv6hdr *ip = peek(cursor, sizeof(*ip));
	__u32 payload_bytes, left;

	packet->family = IPWL_FAMILY_IPV6;
	if (!ip || ip->version != 6)
		return stop(packet, IPWL_MALFORMED);
	packet->key6.prefixlen = 128;
	__builtin_memcpy(packet->key6.addr, &ip->saddr, sizeof(packet->key6.addr));
	cursor->protocol = ip->nexthdr;
	cursor->offset += sizeof(*ip);
	left = packet->bytes - cursor->offset;
	payload_bytes = bpf_ntohs(ip->payload_len);
	if (payload_bytes == 0 || payload_bytes > left) {
		packet->bytes = whole_bytes(frame);
		left = packet->bytes - cursor->offset;
	}
	/* Without a length, a jumbogram (RFC 2675), which is as long as its frame,
	 * as is what GRO made longer than the field can say. */
	if (payload_bytes == 0 && (cursor->protocol == IPPROTO_HOPOPTS || left > 0xffff))
		payload_bytes = left;
	if (payload_bytes > left)
		return stop(packet, IPWL_MALFORMED);
	cursor->limit = limit_at(cursor->offset + payload_bytes);

	if (!is_extension(cursor->protocol))
		return 1;
	return walk_extensions(frame, cursor, packet);
}

static __always_inline int parse_tcp(struct cursor *cursor, struct packet *packet,
				     const struct ipwl_settings *settings)
{
	struct tcphdr *tcp;

	if (cursor->protocol != IPPROTO_TCP)
		return stop(packet, IPWL_OTHER);
	tcp = peek(cursor, sizeof(*tcp));
	if (tcp) {
		/* A first fragment may end inside the header. */
		if (!cursor->is_first_fragment &&
		    (tcp->doff < 5 || cursor->offset + tcp->doff * 4 > cursor->limit))
			return stop(packet, IPWL_MALFORMED);
		packet->is_connection = tcp->syn && !tcp->ack;
	} else {
		tcp = peek(cursor, FIRST_FRAGMENT_BYTES_MIN);
		if (!tcp || !cursor->is_first_fragment)
			return stop(packet, IPWL_MALFORMED);
		if (peek(cursor, 14))
			packet->is_connection = tcp->syn && !tcp->ack;
	}
	return is_port_set(settings, tcp->dest) ? 1 : stop(packet, IPWL_OTHER);
}

/**
 * parse_packet() - find out whether a frame is mail, and from whom
 *
 * Return: 1: to a mail port, packet->key4 or key6 is the source by family;
 * 0: not mail, packet->verdict says what. bytes and family are always set.
 */
static __always_inline int parse_packet(const struct frame *frame,
					const struct ipwl_settings *settings, struct packet *packet)
{
	struct cursor cursor = {
		.data = frame->data,
		.data_end = frame->data_end,
		.limit = limit_at(frame->bytes),
	};
	__be16 protocol;
	int go_on;

	packet->family = IPWL_FAMILY_NONE;
	packet->bytes = frame->bytes;
	packet->is_connection = 0;
	if (!parse_ethernet(&cursor, packet, &protocol))
		return 0;
	if (protocol == bpf_htons(ETH_P_IP))
		go_on = parse_ipv4(frame, &cursor, packet);
	else if (protocol == bpf_htons(ETH_P_IPV6))
		go_on = parse_ipv6(frame, &cursor, packet);
	else
		go_on = stop(packet, IPWL_OTHER);
	if (!go_on && (packet->verdict == IPWL_MALFORMED || packet->family == IPWL_FAMILY_NONE))
		packet->bytes = whole_bytes(frame);
	return go_on && parse_tcp(&cursor, packet, settings);
}

#endif
