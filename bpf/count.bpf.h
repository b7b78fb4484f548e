/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting: by interface and by list for each CPU, by rule atomically. */
#ifndef IPWL_COUNT_BPF_H
#define IPWL_COUNT_BPF_H

#include "ipwl_verdict.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

static __always_inline void count_traffic(struct ipwl_traffic *traffic, const struct packet *packet)
{
	if (!traffic)
		return;
	traffic->packets++;
	traffic->bytes += packet->bytes;
	traffic->connections += packet->is_connection;
}

static __always_inline void count_interface(const struct packet *packet, enum ipwl_verdict verdict)
{
	__u32 key = IPWL_COUNTER(packet->family, verdict);

	count_traffic(bpf_map_lookup_elem(&counters, &key), packet);
}

/* Count at the rule that decided and at its list, if a rule decided. */
static __always_inline void count_decision(const struct packet *packet,
					   const struct ipwl_decision *decision)
{
	__u32 chunk_key = decision->rule / IPWL_CHUNK_RULES;
	__u32 rule_key = decision->rule % IPWL_CHUNK_RULES;
	__u32 list_key = decision->list;
	struct ipwl_rule_counters *rule;
	void *chunk;

	if (!decision->rule)
		return;
	count_traffic(bpf_map_lookup_elem(&list_counters, &list_key), packet);
	chunk = bpf_map_lookup_elem(&chunks, &chunk_key);
	if (!chunk)
		return;
	rule = bpf_map_lookup_elem(chunk, &rule_key);
	if (!rule)
		return;
	__sync_fetch_and_add(&rule->packets, 1);
	__sync_fetch_and_add(&rule->bytes, packet->bytes);
	if (packet->is_connection)
		__sync_fetch_and_add(&rule->connections, 1);
	if (decision->verdict == IPWL_AVERTED)
		__sync_fetch_and_add(&rule->averted_packets, 1);
}

#endif
