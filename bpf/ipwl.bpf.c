// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The programs: ipwl_xdp judges and counts each packet that arrives, ipwl_tc
 * gives the allowed ones their list's mark and priority, hands connections to its lane, and
 * drops what is left of those that are rejected.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "attempts.bpf.h"
#include "classify.bpf.h"
#include "count.bpf.h"
#include "flood.bpf.h"
#include "hand_over.bpf.h"
#include "ipwl.h"
#include "maps.bpf.h"
#include "metadata.bpf.h"
#include "parse.bpf.h"
#include "reject.bpf.h"
#include "reset.bpf.h"

/* Pass the list to ipwl_tc, or make ipwl_tc classify by itself. Packet pointers are invalid
 * afterwards. */
static __always_inline void pass_list(struct xdp_md *ctx, __u32 list)
{
	struct ipwl_interface_state *state;

	if (metadata_write(ctx, list))
		return;
	/* Set before the packet continues, so that ipwl_tc sees it for this packet, too. */
	state = interface_state_get();
	if (state && !state->metadata_missing)
		state->metadata_missing = 1;
}

/* What becomes of a packet that a block list drops. */
static __always_inline int answer_blocked(struct xdp_md *ctx, const struct packet *packet,
					  const struct ipwl_decision *decision)
{
	if (decision->answer == IPWL_ANSWER_RESET)
		return reset_answer(ctx, packet->ip_offset, decision->list);
	/* The first SYN of an attempt is never answered, see reject.bpf.h. */
	if (decision->answer == IPWL_ANSWER_REJECT && !packet->is_connection)
		return reject_pass(ctx, packet->ip_offset, decision->list);
	return XDP_DROP;
}

static __always_inline int judge(struct xdp_md *ctx)
{
	struct ipwl_settings *settings = settings_get();
	struct frame frame = frame_of_xdp(ctx);
	struct ipwl_decision decision;
	struct packet packet;
	__u32 is_syn;

	if (!settings)
		return XDP_PASS;
	if (!parse_packet(&frame, settings, &packet)) {
		count_interface(&packet, (enum ipwl_verdict)packet.verdict);
		return XDP_PASS;
	}
	decision = classify(settings, &packet);
	is_syn = packet.is_connection;
	if (is_syn)
		note_attempt(ctx, settings, &packet, &decision);
	count_interface(&packet, decision.verdict);
	count_decision(settings, &packet, &decision);
	if (decision.verdict == IPWL_BLOCK)
		return answer_blocked(ctx, &packet, &decision);
	if (ipwl_drops(decision.verdict))
		return XDP_DROP;
	if (decision.verdict == IPWL_ALLOW || decision.verdict == IPWL_AVERTED)
		pass_list(ctx, decision.list);
	else if (settings->flood)
		return flood_shield(ctx, packet.ip_offset, is_syn);
	return XDP_PASS;
}

SEC("xdp")
int ipwl_xdp(struct xdp_md *ctx)
{
	return judge(ctx);
}

/*
 * The same for generic XDP, always loaded without frags: the kernel copies packets
 * for a generic program with frags (skb_pp_cow_data(), Linux 6.9 and still 7.3) and
 * forgets the copy's mac_len, so that every tc program behind it finds the IP header
 * in place of the Ethernet header and no metadata.
 */
SEC("xdp")
int ipwl_generic(struct xdp_md *ctx)
{
	return judge(ctx);
}

/* The slot of the allow list that XDP did not write, or -1. It counts nothing, because XDP has
 * already counted. Not inlined, so that its stack is not on that of hand_over(). */
static __noinline int classify_again(struct __sk_buff *skb)
{
	struct ipwl_settings *settings = settings_get();
	struct ipwl_decision decision;
	struct packet packet;
	struct frame frame;

	/* Headers may lie outside the linear part. If this fails, more must be copied. */
	bpf_skb_pull_data(skb, skb->len < 512 ? skb->len : 512);
	frame = frame_of_tc(skb);
	if (!settings || !parse_packet(&frame, settings, &packet))
		return -1;
	decision = classify(settings, &packet);
	if (decision.verdict != IPWL_ALLOW && decision.verdict != IPWL_AVERTED)
		return -1;
	return (int)decision.list;
}

/* Other filters on the interface still run, unless the packet is dropped. */
static __always_inline int apply_list(struct __sk_buff *skb, __u32 slot)
{
	struct ipwl_list *list = bpf_map_lookup_elem(&lists, &slot);

	if (!list)
		return TC_ACT_UNSPEC;
	if (list->flags & IPWL_LIST_SETS_MARK)
		skb->mark = (skb->mark & ~list->mark_mask) | (list->mark & list->mark_mask);
	if (list->flags & IPWL_LIST_SETS_PRIORITY)
		skb->priority = list->priority;
	if (list->lane)
		return hand_over(skb, list->lane, slot);
	return list->action == IPWL_ACTION_BLOCK ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int ipwl_tc(struct __sk_buff *skb)
{
	int slot = metadata_read(skb);

	if (slot < 0) {
		struct ipwl_interface_state *state = interface_state_get();

		if (state && state->metadata_missing)
			slot = classify_again(skb);
	}
	return slot < 0 ? TC_ACT_UNSPEC : apply_list(skb, (__u32)slot);
}

/*
 * Add the pending packets of the CPU args[0] to the records of their rules. User space runs it
 * on that CPU, as an interrupt. If the CPU is offline, user space holds its batch and runs it
 * on another one.
 *
 * Return: 0; 1: the program has interrupted a packet that is being counted.
 */
SEC("raw_tp")
int ipwl_settle(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 cpu = (__u32)ctx->args[0];
	struct ipwl_pending *batch = bpf_map_lookup_elem(&pendings, &cpu);
	int is_own = cpu == bpf_get_smp_processor_id();
	__u32 holder;

	if (!batch)
		return 0;
	holder = holder_of(batch);
	if (holder == IPWL_HELD_BY_CPU || (!is_own && holder != IPWL_HELD_BY_USER))
		return 1;
	hold(batch, is_own ? IPWL_HELD_BY_CPU : IPWL_HELD_BY_USER);
	add_batch(cpu);
	if (is_own)
		release(batch);
	return 0;
}

/*
 * Ask the listener that a SYN in IPv4 without options goes to for a cookie. User space runs it as a
 * test to learn whether the kernel gives any.
 *
 * Return: 1; 0: it gives none.
 */
SEC("xdp")
int ipwl_probe_cookies(struct xdp_md *ctx)
{
	return flood_probe(ctx);
}

char _license[] SEC("license") = "GPL";
