/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a source address to a decision, by the tables of the generation in force. */
#ifndef IPWL_CLASSIFY_BPF_H
#define IPWL_CLASSIFY_BPF_H

#include "ipwl_verdict.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

static __always_inline struct ipwl_match *table_match(const struct packet *packet, __u32 slot)
{
	void *table;

	if (packet->family == IPWL_FAMILY_IPV4) {
		table = bpf_map_lookup_elem(&tables4, &slot);
		return table ? bpf_map_lookup_elem(table, &packet->key4) : NULL;
	}
	table = bpf_map_lookup_elem(&tables6, &slot);
	return table ? bpf_map_lookup_elem(table, &packet->key6) : NULL;
}

static __always_inline struct ipwl_decision classify(const struct ipwl_settings *settings,
						     const struct packet *packet)
{
	/* Once a packet: allow and block are of the same generation. */
	__u32 generation = *(const volatile __u32 *)&settings->generation;
	__u32 slot = generation % IPWL_GENERATIONS * IPWL_ACTION_COUNT;

	return ipwl_decide(table_match(packet, slot + IPWL_ACTION_ALLOW),
			   table_match(packet, slot + IPWL_ACTION_BLOCK), settings->enforce);
}

#endif
