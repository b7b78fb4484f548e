/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The maps. `counters` and `interface_state` exist once for each interface, all
 * others once for the machine; user/datapath/ pins them and fills them.
 */
#ifndef IPWL_MAPS_BPF_H
#define IPWL_MAPS_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ipwl.h"
#include "ipwl_event.h"
#include "ipwl_index.h"

#define NSEC_PER_SEC 1000000000ULL

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_ROOT_COUNT);
	__type(key, __u32);
	__type(value, struct ipwl_roots);
} roots SEC(".maps");

struct region {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, IPWL_REGION_BYTES);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, IPWL_REGION_SLOTS); /* generation * IPWL_REGIONS_MAX + number */
	__type(key, __u32);
	__array(values, struct region);
} regions SEC(".maps");

/* Without preallocation, which LPM tries demand, max_entries costs nothing.
 * Inner maps give sizes, not types: clang 14 leaves their types out of BTF. */
struct table4 {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, IPWL_TABLE_ENTRIES_MAX);
	__uint(key_size, sizeof(struct ipwl_key4));
	__uint(value_size, sizeof(struct ipwl_match));
};

struct table6 {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, IPWL_TABLE_ENTRIES_MAX);
	__uint(key_size, sizeof(struct ipwl_key6));
	__uint(value_size, sizeof(struct ipwl_match));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, IPWL_TABLE_SLOTS);
	__type(key, __u32);
	__array(values, struct table4);
} tables4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, IPWL_TABLE_SLOTS);
	__type(key, __u32);
	__array(values, struct table6);
} tables6 SEC(".maps");

/* All chunks have the same size, so the lookup in them is inlined. Mapped arrays begin
 * at a page, so no record lies in two cache lines. */
struct chunk {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_CHUNK_RULES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct ipwl_rule_record));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, IPWL_CHUNKS_MAX);
	__type(key, __u32);
	__array(values, struct chunk);
} chunks SEC(".maps");

/* By CPU. Not a per-CPU map, which user space cannot map. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set by the loader */
	__type(key, __u32);
	__type(value, struct ipwl_pending);
} pendings SEC(".maps");

/* By generation; an empty slot: no filter. */
struct filter {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, IPWL_FILTER_WORDS * sizeof(__u32));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, IPWL_GENERATIONS);
	__type(key, __u32);
	__array(values, struct filter);
} filters SEC(".maps");

/* No program reads this map. An update of a map of maps returns only when no packet uses the
 * old content any more, and user space updates this map to wait for that. */
struct nothing {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct nothing);
} barrier SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_CLASSES_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_class);
} classes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, IPWL_LISTS_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_list);
} lists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_LANES_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_lane);
} lanes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_LISTS_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_lane_counters);
} lane_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_LISTS_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_reject);
} rejects SEC(".maps");

/* Only connections that a limit has admitted get in, so forged sources cannot push others out. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, IPWL_REJECT_FLOWS);
	__type(key, struct ipwl_reject_flow);
	__type(value, __u32);
} rejected SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, IPWL_LIST_COUNTER_COUNT);
	__type(key, __u32);
	__type(value, struct ipwl_traffic);
} list_counters SEC(".maps");

/* No program reads this map. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_AVERTED_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_block_set);
} averted_sets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, IPWL_AVERTED_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_traffic);
} averted_counters SEC(".maps");

/* By slot of a block list: SYNs that were answered. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, IPWL_LISTS_MAX);
	__type(key, __u32);
	__type(value, struct ipwl_traffic);
} answer_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, IPWL_COUNTER_COUNT);
	__type(key, __u32);
	__type(value, struct ipwl_traffic);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_interface_state);
} interface_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_attempt_settings);
} attempt_settings SEC(".maps");

static __always_inline struct ipwl_settings *settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct ipwl_attempt_settings *attempt_settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&attempt_settings, &zero);
}

static __always_inline struct ipwl_interface_state *interface_state_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&interface_state, &zero);
}

#endif
