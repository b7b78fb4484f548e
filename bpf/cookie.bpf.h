/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers a SYN with a cookie of the kernel (ipwl_flood.h says what holds). The frame that came
 * becomes the answer. Nothing is answered that cannot be read completely.
 */
#ifndef IPWL_COOKIE_BPF_H
#define IPWL_COOKIE_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>

#include "attempts.bpf.h"
#include "ipwl_flood.h"
#include "maps.bpf.h"
#include "reset.bpf.h"

/* Set by the loader: the kernel has bpf_tcp_raw_gen_syncookie_ipv4() and _ipv6() (Linux 6.0). */
const volatile __u8 has_raw_cookies = 0;
/* Set by the loader: the kernel has bpf_check_mtu() (Linux 5.12). */
const volatile __u8 has_check_mtu = 0;

#define TCP_OPTION_WORDS_MAX 10

struct flood_syn {
	struct tcphdr tcp;
	__be32 options[TCP_OPTION_WORDS_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1U << IPWL_FLOOD_LISTENER_BITS);
	__type(key, __u32);
	__type(value, __u64);
} flood_listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, IPWL_FLOOD_ADDRESSES_MAX);
	__type(key, struct ipwl_flood_address);
	__type(value, __u32);
} flood_addresses SEC(".maps");

/* A copy of the TCP header that is answered, with zeros behind it, by CPU. The kernel's functions
 * want it whole, and before Linux 5.18 none copies it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood_syn);
} flood_syns SEC(".maps");

/* Two words of header, or one more; SYN and ACK. */
#define TCP_FLAG_WORD_SYN_ACK 0x5012
#define TCP_HEADER_WORD 0x1000
#define TCP_MSS_WORD (2U << 24 | 4U << 16)
/* RFC 9293 section 3.7.1, of the hosts that say nothing. */
#define MSS_DEFAULT4 536
#define MSS_DEFAULT6 1220
#define MSS_MAX 0xffff
/* Ten segments (RFC 6928), for which the stack has room in any case. It tells its own window with
 * its first segment. */
#define COOKIE_WINDOW_SEGMENTS 10
#define COOKIE_WINDOW_MAX 0xffff

/* ---- cookies -------------------------------------------------------------------- */

static __always_inline struct flood_syn *flood_syn_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&flood_syns, &zero);
}

/* Return: the sum of all words of the copy, in 32 bits. */
__noinline __u64 flood_sum_syn(void)
{
	const struct flood_syn *syn = flood_syn_get();
	__u64 sum = 0;

	if (!syn)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < sizeof(*syn) / 4; i++)
		sum += ((const __u32 *)syn)[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (__u32)((sum & 0xffffffff) + (sum >> 32));
}

/**
 * flood_copy_syn() - copy the TCP header of a SYN to `flood_syns`
 * @offset: of the header in the frame
 *
 * A global function, so that the verifier walks through what comes afterwards only once.
 *
 * Return: the length of the header, and the sum of its words above it; 0: it is no plain SYN, or
 * not all there.
 */
__noinline __u64 flood_copy_syn(struct xdp_md *ctx, __u32 offset)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct flood_syn *syn = flood_syn_get();
	const struct tcphdr *tcp;
	__u32 words;

	if (!syn)
		return 0;
	asm volatile("%0 &= 0x7f" : "+r"(offset)); /* see move_to() */
	tcp = data + offset;
	asm volatile("" : "+r"(tcp));
	if ((const void *)(tcp + 1) > end || !is_plain_syn(tcp))
		return 0;
	words = tcp->doff - 5U;
	if (words > TCP_OPTION_WORDS_MAX)
		return 0;
	syn->tcp = *tcp;
	__builtin_memset(syn->options, 0, sizeof(syn->options));
#pragma unroll
	for (__u32 i = 0; i < TCP_OPTION_WORDS_MAX; i++) {
		const __be32 *word = (const __be32 *)(tcp + 1) + i;

		if (i >= words)
			break;
		if ((const void *)(word + 1) > end)
			return 0;
		syn->options[i] = *word;
	}
	return (int)(sizeof(*tcp) + words * 4);
}

/* The same length, with bounds that old verifiers have not forgotten. */
static __always_inline __u64 bounded_bytes(__u64 tcp_bytes)
{
	asm volatile("" : "+r"(tcp_bytes));
	if (tcp_bytes < sizeof(struct tcphdr))
		tcp_bytes = sizeof(struct tcphdr);
	if (tcp_bytes > sizeof(struct flood_syn))
		tcp_bytes = sizeof(struct flood_syn);
	return tcp_bytes;
}

/* The destination of a SYN. */
struct flood_target {
	struct ipwl_flood_address address;
	__u64 word; /* for flood_listeners */
	__u32 key;
};

static __always_inline int find_target(__be16 port, struct flood_target *target)
{
	const struct ipwl_attempt_settings *from = attempt_settings_get();
	const struct ipwl_attempt_cpu *clock = attempt_cpu_get();
	const __u64 mask = (1ULL << IPWL_FLOOD_SECOND_BITS) - 1;
	__u64 halves[2], hash;

	if (!from || !clock)
		return 0;
	__builtin_memcpy(halves, &target->address, sizeof(halves));
	hash = ipwl_hash_words(from->keys[0], halves[0], halves[1], port);
	target->key = (__u32)(hash >> (64 - IPWL_FLOOD_LISTENER_BITS));
	hash = ipwl_hash_words(from->keys[1], halves[0], halves[1], port);
	target->word = (hash & ~mask) | (clock->now_sec & mask);
	return 1;
}

/* Ask the listener. Return: a cookie, and the MSS that it contains above it; or -errno. */
static __always_inline __s64 ask_listener(struct xdp_md *ctx, const struct flood_target *target,
					  void *ip, const struct tcphdr *tcp, struct flood_syn *syn,
					  __u32 tcp_bytes, const int is_ipv6)
{
	struct bpf_sock_tuple tuple;
	struct bpf_sock *listener;
	__s64 cookie = -1;

	if (!bpf_map_lookup_elem(&flood_addresses, &target->address))
		return -1;
	if (is_ipv6) {
		const struct ipv6hdr *ip6 = ip;

		__builtin_memcpy(tuple.ipv6.saddr, &ip6->saddr, sizeof(tuple.ipv6.saddr));
		__builtin_memcpy(tuple.ipv6.daddr, &ip6->daddr, sizeof(tuple.ipv6.daddr));
		tuple.ipv6.sport = tcp->source;
		tuple.ipv6.dport = tcp->dest;
	} else {
		const struct iphdr *ip4 = ip;

		tuple.ipv4.saddr = ip4->saddr;
		tuple.ipv4.daddr = ip4->daddr;
		tuple.ipv4.sport = tcp->source;
		tuple.ipv4.dport = tcp->dest;
	}
	listener = bpf_skc_lookup_tcp(
	    ctx, &tuple, is_ipv6 ? sizeof(tuple.ipv6) : sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!listener)
		return -1;
	if (listener->state == BPF_TCP_LISTEN)
		cookie = bpf_tcp_gen_syncookie(
		    listener, ip, is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr),
		    &syn->tcp, (__u32)bounded_bytes(tcp_bytes));
	bpf_sk_release(listener);
	return cookie;
}

static __always_inline __s64 make_cookie(struct xdp_md *ctx, const struct flood_target *target,
					 void *ip, const struct tcphdr *tcp, struct flood_syn *syn,
					 __u32 tcp_bytes, const int is_ipv6)
{
	volatile __u64 *asked = bpf_map_lookup_elem(&flood_listeners, &target->key);
	__s64 cookie;

	if (!asked)
		return -1;
	if (has_raw_cookies && *asked == target->word)
		return is_ipv6 ? bpf_tcp_raw_gen_syncookie_ipv6(ip, &syn->tcp,
								(__u32)bounded_bytes(tcp_bytes))
			       : bpf_tcp_raw_gen_syncookie_ipv4(ip, &syn->tcp,
								(__u32)bounded_bytes(tcp_bytes));
	cookie = ask_listener(ctx, target, ip, tcp, syn, tcp_bytes, is_ipv6);
	if (cookie >= 0)
		*asked = target->word;
	return cookie;
}

/* See ipwl_probe_cookies(). */
static __always_inline int flood_probe(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);
	struct bpf_sock_tuple tuple;
	struct bpf_sock *listener;
	__s64 cookie;

	if ((void *)(tcp + 1) > end)
		return 0;
	tuple.ipv4.saddr = ip->saddr;
	tuple.ipv4.daddr = ip->daddr;
	tuple.ipv4.sport = tcp->source;
	tuple.ipv4.dport = tcp->dest;
	listener = bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!listener)
		return 0;
	cookie = bpf_tcp_gen_syncookie(listener, ip, sizeof(*ip), tcp, sizeof(*tcp));
	bpf_sk_release(listener);
	return cookie >= 0;
}

/* ---- answers -------------------------------------------------------------------- */

/* The largest segment that reaches this host by the device. */
__noinline int flood_mss(struct xdp_md *ctx, __u32 is_ipv6)
{
	const __u32 headers =
	    (is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + sizeof(struct tcphdr);
	const __u32 least = is_ipv6 ? MSS_DEFAULT6 : MSS_DEFAULT4;
	__u32 mtu = 0;

	if (!has_check_mtu || bpf_check_mtu(ctx, 0, &mtu, 0, 0) < 0 || mtu < least + headers)
		return (int)least;
	mtu -= headers;
	return mtu > MSS_MAX ? MSS_MAX : (int)mtu;
}

/* Write the option MSS, if it is inside the frame. Return: it; 0: it is not. Checked here, because
 * old verifiers have forgotten what was checked before. */
static __always_inline __be32 put_mss(struct tcphdr *tcp, const void *end, __u32 mss)
{
	__be32 *option = (__be32 *)(tcp + 1);

	asm volatile("" : "+r"(option));
	if ((void *)(option + 1) > end)
		return 0;
	*option = bpf_htonl(TCP_MSS_WORD | mss);
	return bpf_htonl(TCP_MSS_WORD | mss);
}

/* Make a SYN-ACK of the TCP header. @sum: of the pseudo header's addresses. @option: behind the
 * header; 0: none. */
static __always_inline void cookie_tcp(struct tcphdr *tcp, __u64 sum, __u32 cookie, __u32 mss,
				       __be32 option)
{
	const __u32 window = mss * COOKIE_WINDOW_SEGMENTS;
	__be16 port = tcp->source;

	tcp->source = tcp->dest;
	tcp->dest = port;
	tcp->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + 1);
	tcp->seq = bpf_htonl(cookie);
	((__be16 *)tcp)[6] =
	    bpf_htons(option ? TCP_FLAG_WORD_SYN_ACK + TCP_HEADER_WORD : TCP_FLAG_WORD_SYN_ACK);
	tcp->window = bpf_htons((__u16)(window > COOKIE_WINDOW_MAX ? COOKIE_WINDOW_MAX : window));
	tcp->check = 0;
	tcp->urg_ptr = 0;
	sum = add_words(sum + option, tcp, sizeof(*tcp) / 2);
	sum += bpf_htons(IPPROTO_TCP);
	sum += bpf_htons(sizeof(*tcp) + (option ? sizeof(option) : 0));
	tcp->check = checksum_of(sum);
}

static __always_inline int is_plain_ipv4(const struct iphdr *ip, __u32 tcp_bytes)
{
	return ((const __u8 *)ip)[0] == 0x45 && ip->protocol == IPPROTO_TCP &&
	       !(ip->frag_off & bpf_htons((__u16)~IP4_DONT_FRAGMENT)) &&
	       bpf_ntohs(ip->tot_len) == sizeof(*ip) + tcp_bytes && is_host4(ip->saddr) &&
	       is_host4(ip->daddr) && ip->saddr != ip->daddr &&
	       !checksum_of(add_words(0, ip, sizeof(*ip) / 2));
}

static __always_inline int is_plain_ipv6(const struct ipv6hdr *ip, __u32 tcp_bytes)
{
	return ip->version == 6 && ip->nexthdr == IPPROTO_TCP &&
	       bpf_ntohs(ip->payload_len) == tcp_bytes && is_host6(&ip->saddr) &&
	       is_host6(&ip->daddr);
}

static __always_inline void cookie_ipv4(struct iphdr *ip, __u32 tcp_bytes)
{
	__be32 address = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->tos = 0;
	ip->tot_len = bpf_htons((__u16)(sizeof(*ip) + tcp_bytes));
	ip->id = 0;
	ip->frag_off = bpf_htons(IP4_DONT_FRAGMENT);
	ip->ttl = RESET_TTL;
	ip->check = 0;
	ip->check = checksum_of(add_words(0, ip, sizeof(*ip) / 2));
}

static __always_inline void cookie_ipv6(struct ipv6hdr *ip, __u32 tcp_bytes)
{
	struct in6_addr address = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = address;
	*(__be32 *)ip = bpf_htonl(6U << 28); /* no traffic class, no flow label */
	ip->payload_len = bpf_htons((__u16)tcp_bytes);
	ip->hop_limit = RESET_TTL;
}

/* Of the addresses, which follow each other; so an answer has the same. */
static __always_inline __u64 sum_addresses(const void *ip, const int is_ipv6)
{
	return is_ipv6 ? add_words(0, &((const struct ipv6hdr *)ip)->saddr, 16)
		       : add_words(0, &((const struct iphdr *)ip)->saddr, 4);
}

static __always_inline void read_target(const void *ip, const int is_ipv6,
					struct flood_target *target)
{
	if (is_ipv6) {
		__builtin_memcpy(&target->address, &((const struct ipv6hdr *)ip)->daddr,
				 sizeof(target->address));
	} else {
		__builtin_memset(&target->address, 0, sizeof(target->address));
		target->address.addr[10] = target->address.addr[11] = 0xff;
		__builtin_memcpy(&target->address.addr[12], &((const struct iphdr *)ip)->daddr, 4);
	}
}

#endif
