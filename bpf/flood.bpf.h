/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shield against floods of SYNs (ipwl_flood.h says what holds): when it is on, and whom it
 * answers. Global functions, so that the verifier checks them once.
 */
#ifndef IPWL_FLOOD_BPF_H
#define IPWL_FLOOD_BPF_H

#include "attempts.bpf.h"
#include "cookie.bpf.h"
#include "ipwl_flood.h"
#include "maps.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_flood);
} flood SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_flood_cpu);
} flood_cpus SEC(".maps");

/* ---- when it is on -------------------------------------------------------------- */

/* Add the SYNs of this CPU to the bucket. */
static __always_inline void flood_fill(struct ipwl_flood *to, __u64 count, __u64 now_ns)
{
	volatile __u64 *until_ns = &to->until_ns, *due_ns = &to->due_ns;
	const int is_on = *until_ns > now_ns;
	__u64 before_ns = *due_ns;

	if (before_ns < now_ns)
		before_ns = now_ns;
	before_ns += count * (is_on ? to->low_interval_ns : to->interval_ns);
	if (before_ns > now_ns + IPWL_FLOOD_BURST_NS) {
		before_ns = now_ns + IPWL_FLOOD_BURST_NS;
		if (!is_on)
			to->since_ns = now_ns;
		*until_ns = now_ns + to->quiet_ns;
	}
	*due_ns = before_ns;
}

/* Whether SYNs are answered: otherwise they are only counted. */
static __always_inline int flood_enforces(void)
{
	const struct ipwl_settings *settings = settings_get();

	return settings && settings->enforce && settings->flood == IPWL_FLOOD_ENFORCE;
}

/* Return: enum ipwl_flood_outcome. */
static __always_inline int flood_answer(struct xdp_md *ctx, __u32 ip_offset, const int is_ipv6)
{
	const __u32 ip_bytes = is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	const __u32 tcp_bytes = (__u32)flood_copy_syn(ctx, ip_offset + ip_bytes);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct flood_target target;
	__u32 bytes, answer_bytes, mss;
	struct flood_syn *syn = flood_syn_get();
	struct tcphdr *tcp;
	__be32 option;
	__s64 cookie;
	__u64 sum;
	void *ip;

	if (ip_offset > RESET_IP_OFFSET_MASK || !tcp_bytes || !syn)
		return IPWL_FLOOD_ODD;
	asm volatile("%0 &= 0x3f" : "+r"(ip_offset)); /* see move_to() */
	ip = data + ip_offset;
	asm volatile("" : "+r"(ip));
	tcp = ip + ip_bytes;
	if ((void *)(ethernet + 1) > end || (void *)(tcp + 1) > end)
		return IPWL_FLOOD_ODD;
	bytes = (__u32)(ctx->data_end - ctx->data);
	if (has_xdp_frags && bpf_xdp_get_buff_len(ctx) != bytes)
		return IPWL_FLOOD_ODD;
	if (!(is_ipv6 ? is_plain_ipv6(ip, tcp_bytes) : is_plain_ipv4(ip, tcp_bytes)) ||
	    ethernet->h_dest[0] & 1 || ethernet->h_source[0] & 1)
		return IPWL_FLOOD_ODD;
	sum = sum_addresses(ip, is_ipv6);
	if (checksum_of(sum + flood_sum_syn() + bpf_htons(IPPROTO_TCP) +
			bpf_htons((__u16)tcp_bytes)))
		return IPWL_FLOOD_ODD;

	read_target(ip, is_ipv6, &target);
	if (!find_target(tcp->dest, &target))
		return IPWL_FLOOD_REFUSED;
	cookie = make_cookie(ctx, &target, ip, tcp, syn, tcp_bytes, is_ipv6);
	if (cookie < 0)
		return IPWL_FLOOD_REFUSED;
	if (!flood_enforces())
		return IPWL_FLOOD_WOULD_ANSWER;

	mss = (__u32)flood_mss(ctx, is_ipv6) & MSS_MAX;
	option = tcp_bytes > sizeof(*tcp) ? put_mss(tcp, end, mss) : 0;
	answer_bytes = sizeof(*tcp) + (option ? sizeof(option) : 0);
	cookie_tcp(tcp, sum, (__u32)cookie, mss, option);
	if (is_ipv6)
		cookie_ipv6(ip, answer_bytes);
	else
		cookie_ipv4(ip, answer_bytes);
	reset_ethernet(ethernet);
	answer_bytes += ip_offset + ip_bytes;
	/* If this fails, what is left of the SYN is padding. */
	if (bytes > answer_bytes)
		bpf_xdp_adjust_tail(ctx, (int)answer_bytes - (int)bytes);
	return IPWL_FLOOD_ANSWERED;
}

/* Which IP the packet has. */
static __always_inline int is_ipv6_at(struct xdp_md *ctx, __u32 ip_offset)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u8 *ip;

	asm volatile("%0 &= 0x3f" : "+r"(ip_offset)); /* see move_to() */
	ip = data + ip_offset;
	asm volatile("" : "+r"(ip));
	return (const void *)(ip + 1) <= end && *ip >> 4 == 6;
}

__noinline int flood_answer4(struct xdp_md *ctx, __u32 ip_offset)
{
	return flood_answer(ctx, ip_offset, 0);
}

__noinline int flood_answer6(struct xdp_md *ctx, __u32 ip_offset)
{
	return flood_answer(ctx, ip_offset, 1);
}

/* Count a SYN. Return: whether the shield is on. */
static __always_inline int flood_note(struct ipwl_flood_cpu *cpu)
{
	struct ipwl_attempt_cpu *clock = attempt_cpu_get();
	__u32 zero = 0;
	struct ipwl_flood *to = bpf_map_lookup_elem(&flood, &zero);
	__u64 now_ns;

	if (!clock || !to)
		return 0;
	now_ns = clock->now_ns;
	cpu->pending++;
	if (cpu->pending >= IPWL_FLOOD_BATCH || cpu->tick_ns != now_ns) {
		flood_fill(to, cpu->pending, now_ns);
		cpu->pending = 0;
		cpu->tick_ns = now_ns;
	}
	return *(volatile __u64 *)&to->until_ns > now_ns;
}

/**
 * flood_shield() - count a SYN of a source in no allow list that would pass; answer it in a flood
 * @ip_offset: where the IP header begins
 * @is_syn: it is a SYN, and has been noted as an attempt; otherwise it passes. An argument, because
 *          the verifier would walk from a branch of the caller to its end twice
 *
 * Packet pointers are invalid afterwards. Return: XDP_TX or XDP_PASS.
 */
__noinline int flood_shield(struct xdp_md *ctx, __u32 ip_offset, __u32 is_syn)
{
	__u32 zero = 0;
	struct ipwl_flood_cpu *cpu = bpf_map_lookup_elem(&flood_cpus, &zero);
	__u32 outcome;

	if (!is_syn || !cpu || !flood_note(cpu))
		return XDP_PASS;
	outcome = is_ipv6_at(ctx, ip_offset) ? (__u32)flood_answer6(ctx, ip_offset)
					     : (__u32)flood_answer4(ctx, ip_offset);
	/* A compiler may know what those functions return and leave out a comparison. The verifier
	 * knows nothing of them. */
	IPWL_BOUND(outcome, IPWL_FLOOD_OUTCOME_COUNT - 1);
	cpu->outcomes[outcome]++;
	return outcome == IPWL_FLOOD_ANSWERED ? XDP_TX : XDP_PASS;
}

#endif
