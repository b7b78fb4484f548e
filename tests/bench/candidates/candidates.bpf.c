// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Candidates for the lookup structure, each as seven programs: a random source or a
 * random listed one, either with and without a count for the rule; the latter two for
 * packets on a wire, which they drop; and one that answers for the address in the packet.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "layout.h"

#define FRAME_BYTES 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set by the driver */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WINDOW_COUNT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} stamps SEC(".maps");

/* What keeps the compiler from leaving out the lookup. */
__u32 last_decision;
/* Lookups so far: when to note the time, and whose turn it is of the listed sources. */
__u32 turn;

#include "storage.bpf.h"

FIRST_LEVEL(sources, SOURCES_SHIFT);

static __always_inline __u32 draw_any(void)
{
	return bpf_get_prandom_u32();
}

/* One after the other from a shuffled array: the drawing shall cost no cache miss. */
static __always_inline __u32 draw_listed(void)
{
	return first_word(&sources, turn & ((1U << SOURCES_SHIFT) - 1));
}

/* Short windows, of which some are disturbed by nobody. */
static __always_inline void note_time(void)
{
	__u32 window = turn / WINDOW % WINDOW_COUNT;
	__u64 *stamp;

	if (turn++ % WINDOW)
		return;
	stamp = bpf_map_lookup_elem(&stamps, &window);
	if (stamp)
		*stamp = bpf_ktime_get_ns();
}

static __always_inline int finish(__u32 decision, int is_counted)
{
	struct record *record;
	__u32 rule = decision & DECISION_RULE;

	note_time();
	last_decision = decision;
	if (!is_counted || !decision)
		return XDP_PASS;
	record = bpf_map_lookup_elem(&records, &rule);
	if (record) {
		__sync_fetch_and_add(&record->packets, 1);
		__sync_fetch_and_add(&record->bytes, FRAME_BYTES);
	}
	return XDP_PASS;
}

static __always_inline int drop(int action __attribute__((unused)))
{
	return XDP_DROP;
}

#include "blocks.bpf.h"
#include "compact.bpf.h"
#include "levels.bpf.h"
#include "ranges.bpf.h"
#include "tries.bpf.h"

/* The address that the packet begins with, in this host's byte order. */
static __always_inline __u32 packet_address(struct xdp_md *ctx)
{
	__u32 *address = (void *)(long)ctx->data;

	return (void *)(address + 1) > (void *)(long)ctx->data_end ? 0 : *address;
}

#define PROGRAM(name, body)                                                                        \
	SEC("xdp") int name(struct xdp_md *ctx __attribute__((unused)))                            \
	{                                                                                          \
		return (int)(body);                                                                \
	}

/* @look, @count: judge an address and return an action. @answer: its decision. */
#define PROGRAMS(name, look, count, answer)                                                        \
	PROGRAM(name##_any, look(draw_any()))                                                      \
	PROGRAM(name##_any_count, count(draw_any()))                                               \
	PROGRAM(name##_listed, look(draw_listed()))                                                \
	PROGRAM(name##_listed_count, count(draw_listed()))                                         \
	PROGRAM(name##_wire, drop(look(draw_listed())))                                            \
	PROGRAM(name##_wire_count, drop(count(draw_listed())))                                     \
	PROGRAM(name##_check, answer(packet_address(ctx)))

#define CANDIDATE(name, lookup)                                                                    \
	static __always_inline int name##_look(__u32 address)                                      \
	{                                                                                          \
		return finish(lookup(address), 0);                                                 \
	}                                                                                          \
	static __always_inline int name##_count(__u32 address)                                     \
	{                                                                                          \
		return finish(lookup(address), 1);                                                 \
	}                                                                                          \
	PROGRAMS(name, name##_look, name##_count, lookup)

/* The baseline: the source is drawn and nothing is asked. */
PROGRAM(nothing_any, finish(draw_any(), 0))
PROGRAM(nothing_listed, finish(draw_listed(), 0))
PROGRAM(nothing_wire, drop(finish(draw_listed(), 0)))

CANDIDATE(tries, tries_lookup)
CANDIDATE(ranges16, ranges16_lookup)
CANDIDATE(ranges18, ranges18_lookup)
CANDIDATE(ranges20, ranges20_lookup)
CANDIDATE(blocks, blocks_lookup)
CANDIDATE(blocks_early, blocks_lookup_early)
CANDIDATE(blocks_loop, blocks_lookup_loop)
CANDIDATE(blocks_short, blocks_lookup_short)
CANDIDATE(blocks_swar, blocks_lookup_swar)
CANDIDATE(blocks_bitmap, blocks_lookup_bitmap)
CANDIDATE(pairs, pairs_lookup)
CANDIDATE(pairs_early, pairs_lookup_early)
CANDIDATE(pairs_loop, pairs_lookup_loop)
CANDIDATE(pairs_bitmap, pairs_lookup_bitmap)
CANDIDATE(pairs_bitmap22, pairs_lookup_bitmap22)
CANDIDATE(split, split_lookup)
CANDIDATE(split_bitmap, split_lookup_bitmap)
CANDIDATE(split_loop, split_lookup_loop)
CANDIDATE(dir24, dir24_lookup)
CANDIDATE(poptrie, poptrie_lookup)
PROGRAMS(inline, inline_look, inline_count, inline_answer)
PROGRAMS(compact, compact_look, compact_count, compact_answer)
PROGRAMS(aligned, aligned_look, aligned_count, aligned_answer)

char _license[] SEC("license") = "GPL";
