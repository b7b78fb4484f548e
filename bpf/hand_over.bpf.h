/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands packets to the lane of their list: of an allow list (lane.bpf.h), or of a block list that
 * rejects (reject.bpf.h). */
#ifndef IPWL_HAND_OVER_BPF_H
#define IPWL_HAND_OVER_BPF_H

#include <linux/pkt_cls.h>

#include "lane.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"
#include "reject.bpf.h"

/* Count what became of a SYN. */
static __always_inline void count_outcome(const struct packet *packet, __u32 slot, int outcome)
{
	int is_ipv6 = packet->family == IPWL_FAMILY_IPV6;
	struct ipwl_lane_counters *counters = bpf_map_lookup_elem(&lane_counters, &slot);

	if (counters && packet->is_connection && outcome >= 0 && outcome < IPWL_LANE_OUTCOME_COUNT)
		__sync_fetch_and_add(&counters->connections[is_ipv6][outcome], 1);
}

/**
 * hand_over() - hand a packet to a lane, if the lane is for it
 * @number: of the lane
 * @slot: of its list
 *
 * A global function, so that the verifier checks it once.
 *
 * Return: TC_ACT_UNSPEC; TC_ACT_SHOT: the source is blocked, and the packet is for nobody.
 */
__noinline int hand_over(struct __sk_buff *skb, __u32 number, __u32 slot)
{
	const struct ipwl_settings *settings = settings_get();
	struct packet packet = { .family = IPWL_FAMILY_NONE };
	const struct ipwl_lane *lane;
	__u32 key = number - 1;
	struct frame frame;
	int rejects, outcome;

	lane = bpf_map_lookup_elem(&lanes, &key);
	if (!lane || !settings)
		return TC_ACT_UNSPEC;
	rejects = lane->flags & IPWL_LANE_REJECTS;
	if (rejects && !reject_restore(skb))
		return TC_ACT_SHOT;
	frame = frame_of_tc(skb);
	if (!parse_packet(&frame, settings, &packet))
		return rejects ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	outcome =
	    rejects ? reject_decide(skb, lane, &packet) : lane_decide(skb, lane, settings, &packet);
	count_outcome(&packet, slot, outcome);
	if (!rejects)
		return TC_ACT_UNSPEC;
	if (outcome != IPWL_LANE_HANDED)
		return TC_ACT_SHOT;
	if (packet.is_connection)
		count_answer(slot, packet.bytes);
	return TC_ACT_UNSPEC;
}

#endif
