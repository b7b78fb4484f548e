/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a source address to the match that decides, by the index or the tables of the
 * generation in force. */
#ifndef IPWL_CLASSIFY_BPF_H
#define IPWL_CLASSIFY_BPF_H

#include <bpf/bpf_endian.h>

#include "ipwl_lookup.h"
#include "ipwl_verdict.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

static __always_inline const char *ipwl_region(const void *unused __attribute__((unused)),
					       __u32 slot)
{
	void *region = bpf_map_lookup_elem(&regions, &slot);
	__u32 zero = 0;

	return region ? bpf_map_lookup_elem(region, &zero) : NULL;
}

/* @number: IPWL_ROOT */
static __always_inline const __u32 *root_of(__u32 number, enum ipwl_family family)
{
	struct ipwl_roots *root = bpf_map_lookup_elem(&roots, &number);

	return root ? root->words[family == IPWL_FAMILY_IPV6] : NULL;
}

static __always_inline const __u32 *filter_of(__u32 generation)
{
	void *filter = bpf_map_lookup_elem(&filters, &generation);
	__u32 zero = 0;

	return filter ? bpf_map_lookup_elem(filter, &zero) : NULL;
}

/* The id of a match's rule. A global function, so that the verifier walks through it once. */
__noinline __u32 rule_id(__u32 rule)
{
	return rule & IPWL_PLACE_FLAG ? ipwl_rule_at(NULL, rule) : rule;
}

/* A global function, so that the verifier checks the loop once instead of once for each path to
 * it. Returns a struct ipwl_match, which fits a word. */
__noinline __u64 index_match6(__u32 number, __u64 high, __u64 low)
{
	const __u32 *root = root_of(number, IPWL_FAMILY_IPV6);
	struct ipwl_match match = { .rule = 0 };
	__u64 word;

	if (root)
		match = ipwl_match6(root, NULL, number / IPWL_PORT_GROUPS, high, low);
	__builtin_memcpy(&word, &match, sizeof(word));
	return word;
}

static __always_inline struct ipwl_match index_match(const struct packet *packet, __u32 generation,
						     __u32 number)
{
	struct ipwl_match match = { .rule = 0 };
	__u64 word;

	if (packet->family == IPWL_FAMILY_IPV4) {
		const __u32 *root = root_of(number, IPWL_FAMILY_IPV4);
		__be32 address;

		__builtin_memcpy(&address, packet->key4.addr, sizeof(address));
		if (root)
			match = ipwl_match4(root, filter_of(generation), NULL, generation,
					    bpf_ntohl(address));
	} else {
		__be64 high, low;

		__builtin_memcpy(&high, packet->key6.addr, sizeof(high));
		__builtin_memcpy(&low, packet->key6.addr + sizeof(high), sizeof(low));
		word = index_match6(number, bpf_be64_to_cpu(high), bpf_be64_to_cpu(low));
		__builtin_memcpy(&match, &word, sizeof(match));
	}
	return match;
}

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

/* The group of the packet's port, in a generation that has several. */
static __always_inline __u32 group_of(const struct ipwl_settings *settings, __u32 generation,
				      __u32 port)
{
	__u32 word = port / 64 % IPWL_PORT_WORDS, group = 0;

	for (int bit = 0; bit < IPWL_PORT_GROUP_BITS; bit++)
		group |= (settings->port_groups[generation][bit][word] >> port % 64 & 1) << bit;
	return group;
}

/* A match without a rule has no class. */
static __always_inline const struct ipwl_class *class_of(const struct ipwl_match *match)
{
	__u32 class = match->class;

	return match->rule ? bpf_map_lookup_elem(&classes, &class) : NULL;
}

static __always_inline struct ipwl_decision classify(const struct ipwl_settings *settings,
						     const struct packet *packet)
{
	/* Read once for each packet, so that one generation decides. */
	__u32 decides = *(const volatile __u32 *)&settings->decides;
	__u32 generation = decides & IPWL_DECIDES_GENERATION;
	__u32 number = IPWL_ROOT(generation, 0);
	struct ipwl_match match;

	if (decides & IPWL_DECIDES_BY_PORT)
		number += group_of(settings, generation, packet->port);
	if (decides & IPWL_DECIDES_BY_INDEX) {
		match = index_match(packet, generation, number);
	} else {
		__u32 slot = number * IPWL_ACTION_COUNT;

		match = ipwl_merge(table_match(packet, slot + IPWL_ACTION_ALLOW),
				   table_match(packet, slot + IPWL_ACTION_BLOCK));
	}
	return ipwl_decide(&match, class_of(&match), settings->enforce);
}

#endif
