/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting: by interface and by list for each CPU, by rule in batches (struct ipwl_pending). */
#ifndef IPWL_COUNT_BPF_H
#define IPWL_COUNT_BPF_H

#include "classify.bpf.h"
#include "ipwl_verdict.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

/* Set by the loader: two packets may be in progress on one CPU, so there are no batches. */
const volatile __u8 counts_directly = 0;

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

/* ---- records ------------------------------------------------------------- */

/* @pending: with the id of its rule */
static __always_inline struct ipwl_rule_record *record_of(__u64 pending)
{
	__u32 chunk_key = (__u32)pending / IPWL_CHUNK_RULES % IPWL_CHUNKS_MAX;
	__u32 rule_key = (__u32)pending % IPWL_CHUNK_RULES;
	void *chunk = bpf_map_lookup_elem(&chunks, &chunk_key);

	return chunk ? bpf_map_lookup_elem(chunk, &rule_key) : NULL;
}

/* Store the upper 16 bits of a word, which others may be adding to. */
static __always_inline void store_upper(__u64 *word, __u16 value)
{
	volatile __u16 *parts = (void *)word;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	parts[3] = value;
#else
	parts[0] = value;
#endif
}

/* The later of two hits stays. Two CPUs that add at the same moment may leave the earlier one
 * until the next packet. */
static __always_inline void note_hit(struct ipwl_rule_record *record, __u32 second)
{
	__u32 last = (__u32)(record->other_packets >> IPWL_RECORD_COUNT_BITS) << 16 |
		     (__u32)(record->connections >> IPWL_RECORD_COUNT_BITS);

	if (last >= second)
		return;
	store_upper(&record->other_packets, (__u16)(second >> 16));
	store_upper(&record->connections, (__u16)second);
}

/* A global function, so that the verifier walks through it once, and not for each packet of a
 * batch. */
__noinline int add_to_record(__u64 pending, __u32 second)
{
	struct ipwl_rule_record *record = record_of(pending);

	if (!record)
		return 0;
	__sync_fetch_and_add(
	    pending & IPWL_PENDING_CONNECTION ? &record->connections : &record->other_packets, 1);
	__sync_fetch_and_add(&record->bytes,
			     pending >> IPWL_PENDING_RULE_BITS & IPWL_PENDING_BYTES_MASK);
	if (pending & IPWL_PENDING_AVERTED)
		__sync_fetch_and_add(&record->averted_packets, 1);
	note_hit(record, second);
	return 0;
}

static __always_inline __u64 with_rule_id(__u64 pending)
{
	if (!(pending & IPWL_PLACE_FLAG))
		return pending;
	return pending >> IPWL_PENDING_RULE_BITS << IPWL_PENDING_RULE_BITS |
	       rule_id((__u32)pending);
}

/* ---- batches --------------------------------------------------------------- */

/* Read, so that the records are in the cache when they are added to. No read depends on
 * another one, so the CPU waits for many at once. A global function, too. */
__noinline int fetch_record(__u64 pending)
{
	const struct ipwl_rule_record *record = record_of(pending);

	if (record)
		(void)*(const volatile __u64 *)&record->other_packets;
	return 0;
}

/* The steps of add_batch(). Each is a global function, so that the verifier walks through its
 * loop once, and not for each end of the loop before. */

/* Put the ids of rules in the place of their places. */
__noinline int find_rules(__u32 cpu)
{
	struct ipwl_pending *batch = bpf_map_lookup_elem(&pendings, &cpu);

	if (!batch)
		return 0;
	for (__u32 i = 0; i < IPWL_PENDING_MAX && i < batch->count; i++)
		batch->packets[i] = with_rule_id(batch->packets[i]);
	return 0;
}

__noinline int fetch_records(__u32 cpu)
{
	struct ipwl_pending *batch = bpf_map_lookup_elem(&pendings, &cpu);

	if (!batch)
		return 0;
	for (__u32 i = 0; i < IPWL_PENDING_MAX && i < batch->count; i++)
		fetch_record(batch->packets[i]);
	return 0;
}

/* Add the batch of a CPU to the records. The caller holds it. */
__noinline int add_batch(__u32 cpu)
{
	struct ipwl_pending *batch = bpf_map_lookup_elem(&pendings, &cpu);

	find_rules(cpu);
	fetch_records(cpu);
	if (!batch)
		return 0;
	for (__u32 i = 0; i < IPWL_PENDING_MAX && i < batch->count; i++)
		add_to_record(batch->packets[i], batch->second);
	batch->count = 0;
	return 0;
}

static __always_inline __u32 second_now(void)
{
	return (__u32)(bpf_ktime_get_boot_ns() / NSEC_PER_SEC);
}

/* Have the batch be of this second. Asking for the time takes longer than all else, so it is
 * asked for only once in each tick of the kernel. */
static __always_inline void renew_second(struct ipwl_pending *batch, __u32 cpu)
{
	__u64 jiffies = bpf_jiffies64();
	__u32 second;

	if (jiffies == batch->jiffies)
		return;
	batch->jiffies = jiffies;
	second = second_now();
	if (second == batch->second)
		return;
	if (batch->count)
		add_batch(cpu);
	batch->second = second;
}

/* An interrupt that finds a batch held knows that the holder goes on only afterwards. So the
 * compiler must keep the order, and the CPU sees its own stores in order. */
static __always_inline void hold(struct ipwl_pending *batch, __u32 holder)
{
	*(volatile __u32 *)&batch->holder = holder;
	asm volatile("" ::: "memory");
}

static __always_inline __u32 holder_of(const struct ipwl_pending *batch)
{
	return *(const volatile __u32 *)&batch->holder;
}

static __always_inline void release(struct ipwl_pending *batch)
{
	asm volatile("" ::: "memory");
	*(volatile __u32 *)&batch->holder = IPWL_HELD_BY_NONE;
}

static __always_inline void count_rule(__u64 pending, __u32 batches)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct ipwl_pending *batch = bpf_map_lookup_elem(&pendings, &cpu);
	__u32 at;

	if (counts_directly || !batch || holder_of(batch) != IPWL_HELD_BY_NONE) {
		add_to_record(with_rule_id(pending), second_now());
		return;
	}
	hold(batch, IPWL_HELD_BY_CPU);
	renew_second(batch, cpu);
	if (batches) {
		at = batch->count;
		batch->packets[at % IPWL_PENDING_MAX] = pending;
		batch->count = at + 1;
		if (at + 1 >= IPWL_PENDING_MAX)
			add_batch(cpu);
	} else {
		add_to_record(with_rule_id(pending), batch->second);
	}
	release(batch);
}

/* An index out of range finds no counter. */
static __always_inline void count_averted(const struct packet *packet, __u32 class)
{
	__u32 key = class - IPWL_CLASS_AVERTED;

	count_traffic(bpf_map_lookup_elem(&averted_counters, &key), packet);
}

/* Count at the rule that decided, at its list and at the block lists that it beat, if a rule
 * decided. */
static __always_inline void count_decision(const struct ipwl_settings *settings,
					   const struct packet *packet,
					   const struct ipwl_decision *decision)
{
	__u32 list_key = IPWL_LIST_COUNTER(decision->list, decision->verdict);

	if (!decision->rule)
		return;
	count_traffic(bpf_map_lookup_elem(&list_counters, &list_key), packet);
	if (decision->verdict == IPWL_AVERTED)
		count_averted(packet, decision->class);
	count_rule(decision->rule |
		       (__u64)(packet->bytes & IPWL_PENDING_BYTES_MASK) << IPWL_PENDING_RULE_BITS |
		       (packet->is_connection ? IPWL_PENDING_CONNECTION : 0) |
		       (decision->verdict == IPWL_AVERTED ? IPWL_PENDING_AVERTED : 0),
		   settings->batches);
}

#endif
