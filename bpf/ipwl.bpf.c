// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The programs: ipwl_xdp judges and counts each packet that arrives, ipwl_tc
 * gives the allowed ones their list's mark and priority, and hands connections to its lane.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "attempts.bpf.h"
#include "classify.bpf.h"
#include "count.bpf.h"
#include "ipwl.h"
#include "lane.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"
#include "reset.bpf.h"

/* Cleared by the loader: the tc program classifies without trying metadata. */
const volatile __u8 use_metadata = 1;

/* Set by the loader: identifies metadata of this interface of this ipwld. */
const volatile __u32 meta_owner = 0;

/* Pass the list to ipwl_tc, or make ipwl_tc classify by itself. Packet pointers are invalid
 * afterwards. */
static __always_inline void write_metadata(struct xdp_md *ctx, __u32 list)
{
	struct ipwl_interface_state *state;

	if (use_metadata && !bpf_xdp_adjust_meta(ctx, -(int)sizeof(struct ipwl_meta))) {
		struct ipwl_meta *meta = (void *)(long)ctx->data_meta;

		if ((void *)(meta + 1) > (void *)(long)ctx->data)
			return;
		meta->owner = meta_owner;
		meta->list = list;
		return;
	}
	/* Set before the packet continues, so that ipwl_tc sees it for this packet, too. */
	state = interface_state_get();
	if (state && !state->metadata_missing)
		state->metadata_missing = 1;
}

static __always_inline int judge(struct xdp_md *ctx)
{
	struct ipwl_settings *settings = settings_get();
	struct frame frame = frame_of_xdp(ctx);
	struct ipwl_decision decision;
	struct packet packet;

	if (!settings)
		return XDP_PASS;
	if (!parse_packet(&frame, settings, &packet)) {
		count_interface(&packet, (enum ipwl_verdict)packet.verdict);
		return XDP_PASS;
	}
	decision = classify(settings, &packet);
	if (packet.is_connection)
		note_attempt(ctx, settings, &packet, &decision);
	count_interface(&packet, decision.verdict);
	count_decision(settings, &packet, &decision);
	if (decision.verdict == IPWL_BLOCK)
		return decision.answer == IPWL_ANSWER_RESET
			   ? reset_answer(ctx, packet.ip_offset, decision.list)
			   : XDP_DROP;
	if (ipwl_drops(decision.verdict))
		return XDP_DROP;
	if (decision.verdict == IPWL_ALLOW || decision.verdict == IPWL_AVERTED)
		write_metadata(ctx, decision.list);
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

/* The slot of the allow list that XDP wrote into the metadata, or -1. */
static __always_inline int read_metadata(struct __sk_buff *skb)
{
	struct ipwl_meta *meta = (void *)(long)skb->data_meta;

	if ((void *)(meta + 1) > (void *)(long)skb->data || meta->owner != meta_owner)
		return -1;
	return (int)meta->list;
}

/* The same, by parsing the packet. It counts nothing, because XDP has already counted. */
static __always_inline int classify_again(struct __sk_buff *skb)
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

static __always_inline void apply_list(struct __sk_buff *skb, __u32 slot)
{
	struct ipwl_list *list = bpf_map_lookup_elem(&lists, &slot);

	if (!list)
		return;
	if (list->flags & IPWL_LIST_SETS_MARK)
		skb->mark = (skb->mark & ~list->mark_mask) | (list->mark & list->mark_mask);
	if (list->flags & IPWL_LIST_SETS_PRIORITY)
		skb->priority = list->priority;
	if (list->lane)
		lane_hand_over(skb, list->lane, slot);
}

SEC("tc")
int ipwl_tc(struct __sk_buff *skb)
{
	int slot = read_metadata(skb);

	if (slot < 0) {
		struct ipwl_interface_state *state = interface_state_get();

		if (state && state->metadata_missing)
			slot = classify_again(skb);
	}
	if (slot >= 0)
		apply_list(skb, (__u32)slot);
	/* Other filters on the interface still run. */
	return TC_ACT_UNSPEC;
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

char _license[] SEC("license") = "GPL";
