/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts to connect (ipwl_event.h): recognises a SYN that is sent again, has those of unlisted
 * sources limited, and reports the first SYN of an attempt that a block list matches or that is
 * over a limit.
 *
 * Global functions, so that the verifier checks them once. Before Linux 5.12 their arguments
 * are numbers and the context only.
 */
#ifndef IPWL_ATTEMPTS_BPF_H
#define IPWL_ATTEMPTS_BPF_H

#include <bpf/bpf_endian.h>

#include "classify.bpf.h"
#include "ipwl_event.h"
#include "ipwl_verdict.h"
#include "limits.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

/* Cleared by the loader of a simulation: its packets come at other times than they say. */
const volatile __u8 has_limits = 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1U << IPWL_ATTEMPT_BUCKET_BITS);
	__type(key, __u32);
	__type(value, struct ipwl_attempt_bucket);
} attempts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1U << IPWL_SOURCE_BUCKET_BITS);
	__type(key, __u32);
	__type(value, struct ipwl_source_bucket);
} attempt_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_attempt_cpu);
} attempt_cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, IPWL_EVENTS_BYTES);
} events SEC(".maps");

/* ---- the table of attempts ---------------------------------------------------- */

static __always_inline struct ipwl_attempt_cpu *attempt_cpu_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&attempt_cpus, &zero);
}

/* Nanoseconds since boot, as of the kernel's last tick. Asking for the time takes longer than
 * all else, so it is asked for only once in each tick. */
static __always_inline __u64 tick_ns(struct ipwl_attempt_cpu *cpu)
{
	__u64 jiffies = bpf_jiffies64();

	if (jiffies != cpu->jiffies) {
		cpu->jiffies = jiffies;
		cpu->now_ns = bpf_ktime_get_boot_ns();
		cpu->now_sec = cpu->now_ns / NSEC_PER_SEC;
	}
	return cpu->now_ns;
}

/* Where an attempt is noted: its bucket and its identity there. */
struct attempt_place {
	__u64 id;
	__u32 key;
};

static __always_inline struct attempt_place attempt_place(const struct ipwl_attempt_settings *from,
							  __u64 high, __u64 low, __u64 flow)
{
	__u64 first = ipwl_hash_words(from->keys[0], high, low, flow);
	__u64 second = ipwl_hash_words(from->keys[1], high, low, flow);

	return (struct attempt_place) {
		.key = (__u32)(first >> (64 - IPWL_ATTEMPT_BUCKET_BITS)),
		/* 32 bits of one hash, 12 of the other below those of the bucket. */
		.id = second >> 32 << 12 | (first >> (64 - IPWL_ATTEMPT_BUCKET_BITS - 12) & 0xfff),
	};
}

/* Seconds that a note is still valid, or 0. */
static __always_inline __u32 life_of(__u64 note, __u16 now_sec)
{
	__u16 life = (__u16)((__u16)note - now_sec);

	return note && life <= IPWL_ATTEMPT_LIFE_MAX_SEC ? life : 0;
}

static __always_inline __u64 make_note(__u64 id, __u64 is_over, __u64 repeats, __u16 now_sec)
{
	return id << IPWL_ATTEMPT_ID_SHIFT | is_over << IPWL_ATTEMPT_OVER_SHIFT |
	       repeats << IPWL_ATTEMPT_REPEATS_SHIFT |
	       (__u16)(now_sec + (IPWL_ATTEMPT_LIFE_SEC << repeats));
}

static __always_inline __u64 repeats_of(__u64 note)
{
	return note >> IPWL_ATTEMPT_REPEATS_SHIFT & ((1 << IPWL_ATTEMPT_REPEATS_BITS) - 1);
}

/* The same attempt has been noted before: note that it was repeated. */
static __always_inline void repeat_note(volatile __u64 *note, __u64 id, __u64 before, __u64 is_over,
					__u16 now_sec)
{
	__u64 repeats = repeats_of(before);

	if (repeats < IPWL_ATTEMPT_REPEATS_MAX)
		repeats++;
	/* Otherwise the compiler forgets the limit before it shifts by it. */
	asm volatile("" : "+r"(repeats));
	*note = make_note(id, is_over, repeats & 7, now_sec);
}

/* The first place that is free, or NULL. The search begins at a place that the attempt picks, so
 * that it mostly ends there. */
static __always_inline volatile __u64 *free_note(struct ipwl_attempt_bucket *bucket, __u64 id,
						 __u16 now_sec)
{
#pragma unroll
	for (__u32 i = 0; i < IPWL_ATTEMPT_NOTES; i++) {
		volatile __u64 *note = &bucket->notes[((__u32)id + i) % IPWL_ATTEMPT_NOTES];

		if (!life_of(*note, now_sec))
			return note;
	}
	return NULL;
}

/* Whether one more event fits, by a GCRA that stands at @due_ns. */
static __always_inline int is_within(const struct ipwl_event_limit *limit, __u64 due_ns,
				     __u64 now_ns)
{
	return due_ns <= now_ns + limit->burst_ns;
}

/* What is asked of attempt_note(). */
enum attempt_wish {
	/* To be reported, if the limit of all reports allows. In a flood it mostly does not, and
	 * nothing more is done. */
	ATTEMPT_REPORT = 1 << 0,
	ATTEMPT_LIMIT = 1 << 1, /* limits hold for it, and it is only reported if it is over one */
	ATTEMPT_IPV6 = 1 << 2,	/* the family of its source */
};

/* What a SYN is. */
enum attempt {
	ATTEMPT_REPEATED = 1 << 0,    /* it has been sent before */
	ATTEMPT_IS_OVER = 1 << 1,     /* it is over a limit */
	ATTEMPT_IS_REPORTED = 1 << 2, /* it is to be reported */
};

/* Whether a SYN that begins an attempt, or is judged like one, is over a limit. */
static __always_inline int exceeds(__u64 high, __u64 low, __u64 now_ns, __u32 wishes)
{
	return wishes & ATTEMPT_LIMIT &&
	       limit_exceeds(high, low, now_ns, (wishes & ATTEMPT_IPV6) != 0);
}

/**
 * attempt_note() - note a SYN
 * @high, @low: its source (see source_of())
 * @flow: ports and sequence number
 * @wishes: enum attempt_wish
 *
 * Return: enum attempt; 0: it begins an attempt.
 */
__noinline int attempt_note(__u64 high, __u64 low, __u64 flow, __u32 wishes)
{
	const struct ipwl_attempt_settings *from = attempt_settings_get();
	struct ipwl_attempt_cpu *cpu = attempt_cpu_get();
	struct ipwl_attempt_bucket *bucket;
	struct attempt_place place;
	volatile __u64 *free;
	__u64 id, now_ns;
	volatile __u64 *found = NULL;
	__u64 before = 0;
	int result = 0;
	__u16 now_sec;

	if (!from || !cpu)
		return 0;
	place = attempt_place(from, high, low, flow);
	id = place.id;
	bucket = bpf_map_lookup_elem(&attempts, &place.key);
	if (!bucket)
		return 0;
	now_ns = tick_ns(cpu);
	now_sec = (__u16)cpu->now_sec;
	/* First the identity alone, because in a flood nobody knows which notes are still valid,
	 * neither does the CPU that predicts branches. */
#pragma unroll
	for (int i = 0; i < IPWL_ATTEMPT_NOTES; i++) {
		before = bucket->notes[i];
		if (before >> IPWL_ATTEMPT_ID_SHIFT == id && life_of(before, now_sec)) {
			found = &bucket->notes[i];
			break;
		}
	}
	/* An admitted attempt is not judged again. */
	if ((!found || before & IPWL_ATTEMPT_OVER ||
	     repeats_of(before) >= IPWL_ATTEMPT_REPEATS_MAX) &&
	    exceeds(high, low, now_ns, wishes))
		result = ATTEMPT_IS_OVER;
	if (found) {
		repeat_note(found, id, before, result != 0, now_sec);
		return result | ATTEMPT_REPEATED;
	}
	free = free_note(bucket, id, now_sec);
	if (free)
		*free = make_note(id, result != 0, 0, now_sec);
	else
		cpu->crowded++;
	if (!(wishes & ATTEMPT_REPORT) || (wishes & ATTEMPT_LIMIT && !result))
		return result;
	if (is_within(&from->limit, from->due_ns, now_ns))
		return result | ATTEMPT_IS_REPORTED;
	cpu->fates[IPWL_FATE_LIMIT]++;
	return result;
}

/* How often a SYN that has been noted was sent again, at most IPWL_ATTEMPT_REPEATS_MAX. Notes
 * nothing. */
__noinline int attempt_repeats(__u64 high, __u64 low, __u64 flow)
{
	const struct ipwl_attempt_settings *from = attempt_settings_get();
	struct ipwl_attempt_cpu *cpu = attempt_cpu_get();
	struct ipwl_attempt_bucket *bucket;
	struct attempt_place place;

	if (!from || !cpu)
		return 0;
	place = attempt_place(from, high, low, flow);
	bucket = bpf_map_lookup_elem(&attempts, &place.key);
	if (!bucket)
		return 0;
	tick_ns(cpu);
#pragma unroll
	for (int i = 0; i < IPWL_ATTEMPT_NOTES; i++) {
		__u64 note = *(volatile __u64 *)&bucket->notes[i];

		if (note >> IPWL_ATTEMPT_ID_SHIFT == place.id && life_of(note, (__u16)cpu->now_sec))
			return (int)repeats_of(note);
	}
	return 0;
}

/* ---- limits ------------------------------------------------------------------- */

static __always_inline __u64 due_after(const struct ipwl_event_limit *limit, __u64 due_ns,
				       __u64 now_ns)
{
	return (due_ns > now_ns ? due_ns : now_ns) + limit->interval_ns;
}

/* The note of a source, an unused one for it, or NULL if all are in use. */
static __always_inline struct ipwl_source_note *
source_note_of(const struct ipwl_attempt_settings *from, __u64 high, __u64 low, __u64 now_ns)
{
	__u64 first = ipwl_hash_words(from->keys[0], high, low, 0);
	__u64 second = ipwl_hash_words(from->keys[1], high, low, 0);
	__u32 key = (__u32)(first >> (64 - IPWL_SOURCE_BUCKET_BITS));
	struct ipwl_source_bucket *bucket = bpf_map_lookup_elem(&attempt_sources, &key);
	struct ipwl_source_note *free = NULL;
	__u32 id = (__u32)(second >> 32);

	if (!bucket)
		return NULL;
#pragma unroll
	for (int i = 0; i < IPWL_SOURCE_NOTES; i++) {
		struct ipwl_source_note *note = &bucket->notes[i];

		if (note->id == id && note->due_ns)
			return note;
		if (note->due_ns <= now_ns)
			free = note;
	}
	if (free) {
		free->id = id;
		free->left_out = 0;
		free->due_ns = now_ns;
	}
	return free;
}

/* Whether the limit of the source allows a report. The limit of all does, and the report counts
 * towards it; CPUs that report at the same moment may exceed it by one each. */
static __always_inline int limit_event(__u64 high, __u64 low, __u64 now_ns, __u32 *ret_left_out)
{
	struct ipwl_attempt_settings *settings = attempt_settings_get();
	struct ipwl_source_note *note;

	*ret_left_out = 0;
	if (!settings)
		return 0;
	note = source_note_of(settings, high, low, now_ns);
	if (note) {
		if (!is_within(&settings->source_limit, note->due_ns, now_ns)) {
			note->left_out++;
			return 0;
		}
		note->due_ns = due_after(&settings->source_limit, note->due_ns, now_ns);
		*ret_left_out = note->left_out;
		note->left_out = 0;
	}
	settings->due_ns = due_after(&settings->limit, settings->due_ns, now_ns);
	return 1;
}

/* ---- events ------------------------------------------------------------------- */

/* What reporting needs of a packet and its decision, as one number. */
union event_word {
	struct {
		__u32 rule : 24;
		__u32 verdict : 4;
		__u32 family : 4;
		__u16 list;
		__u16 ip_offset;
	};
	__u64 word;
};
_Static_assert(sizeof(union event_word) == sizeof(__u64), "an argument");
_Static_assert(IPWL_CHUNKS_MAX *IPWL_CHUNK_RULES == 1U << 24, "rules fit");

/* Copy the beginning of the frame. */
static __always_inline void copy_packet(struct xdp_md *ctx, struct ipwl_event *event)
{
	const __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 bytes, i;

	/* Pointers are 64 bits wide, also where only their difference is used. */
	asm volatile("" : "+r"(data), "+r"(end));
	event->bytes = bytes =
	    has_xdp_frags ? (__u32)bpf_xdp_get_buff_len(ctx) : (__u32)(end - data);
	event->packet_bytes = 0;
	if (has_xdp_frags) {
		/* Of the last byte: so the verifier of 6.1 knows that it is not 0 bytes. */
		__u64 last = (__u64)bytes - 1;

		if (last > IPWL_EVENT_PACKET_BYTES - 1)
			last = IPWL_EVENT_PACKET_BYTES - 1;
		asm volatile("" : "+r"(last));
		if (!bpf_xdp_load_bytes(ctx, 0, event->packet, (__u32)(last + 1)))
			event->packet_bytes = (__u16)(last + 1);
		return;
	}
#pragma clang loop unroll(disable)
	for (i = 0; i < IPWL_EVENT_PACKET_BYTES; i++) {
		if (data + i + 1 > end)
			break;
		event->packet[i] = data[i];
	}
	event->packet_bytes = (__u16)i;
}

/* Report an attempt, if the limit of its source allows. */
__noinline int attempt_report(struct xdp_md *ctx, __u64 high, __u64 low, __u64 flow, __u64 word)
{
	const union event_word about = { .word = word };
	const int is_ipv6 = about.family == IPWL_FAMILY_IPV6;
	struct ipwl_attempt_cpu *cpu = attempt_cpu_get();
	struct ipwl_event *event;
	__u32 left_out;

	if (!cpu)
		return 0;
	if (!limit_event(high, is_ipv6 ? 0 : low, cpu->now_ns, &left_out)) {
		cpu->fates[IPWL_FATE_SOURCE_LIMIT]++;
		return 0;
	}
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		cpu->fates[IPWL_FATE_RING_FULL]++;
		return 0;
	}
	event->time_ns = bpf_ktime_get_boot_ns();
	__builtin_memset(event->source, 0, sizeof(event->source));
	if (is_ipv6) {
		__be64 halves[2] = { bpf_cpu_to_be64(high), bpf_cpu_to_be64(low) };

		__builtin_memcpy(event->source, halves, sizeof(halves));
	} else {
		__be32 address = bpf_htonl((__u32)low);

		__builtin_memcpy(event->source, &address, sizeof(address));
	}
	event->port_from = (__u16)(flow >> 48);
	event->port_to = (__u16)(flow >> 32);
	event->ifindex = ctx->ingress_ifindex;
	event->rule = about.rule;
	event->list = about.list;
	event->family = about.family;
	event->verdict = about.verdict;
	event->left_out = left_out;
	event->ip_offset = about.ip_offset;
	event->reserved = 0;
	copy_packet(ctx, event);
	bpf_ringbuf_submit(event, 0);
	cpu->fates[IPWL_FATE_REPORTED]++;
	return 0;
}

/* ---- the hook ------------------------------------------------------------------ */

/* The source as two numbers: an IPv6 address, or an IPv4-mapped one. */
static __always_inline void source_of(const struct packet *packet, __u64 *ret_high, __u64 *ret_low)
{
	if (packet->family == IPWL_FAMILY_IPV4) {
		__be32 address;

		__builtin_memcpy(&address, packet->key4.addr, sizeof(address));
		*ret_high = 0;
		*ret_low = 0xffffULL << 32 | bpf_ntohl(address);
	} else {
		__be64 halves[2];

		__builtin_memcpy(halves, packet->key6.addr, sizeof(halves));
		*ret_high = bpf_be64_to_cpu(halves[0]);
		*ret_low = bpf_be64_to_cpu(halves[1]);
	}
}

/* Note a SYN to a mail port: is_connection becomes 0 if it has been sent before, and an unlisted
 * source may turn out to be limited. */
static __always_inline void note_attempt(struct xdp_md *ctx, const struct ipwl_settings *settings,
					 struct packet *packet, struct ipwl_decision *decision)
{
	union event_word about = { .word = 0 };
	__u32 limits = has_limits ? settings->limits : IPWL_LIMITS_OFF;
	__u32 wishes = 0;
	__u64 high, low;
	int attempt;

	source_of(packet, &high, &low);
	if (limits && decision->verdict == IPWL_UNLISTED)
		wishes = ATTEMPT_LIMIT | (settings->events ? ATTEMPT_REPORT : 0) |
			 (packet->family == IPWL_FAMILY_IPV6 ? ATTEMPT_IPV6 : 0);
	else if (settings->events && decision->verdict >= IPWL_AVERTED)
		wishes = ATTEMPT_REPORT;
	attempt = attempt_note(high, low, packet->flow, wishes);
	if (attempt & ATTEMPT_REPEATED)
		packet->is_connection = 0;
	if (attempt & ATTEMPT_IS_OVER)
		decision->verdict = ipwl_limit_verdict(limits, settings->enforce);
	if (!(attempt & ATTEMPT_IS_REPORTED))
		return;
	about.rule = rule_id(decision->rule);
	about.verdict = decision->verdict;
	about.family = packet->family;
	about.list = (__u16)decision->list;
	about.ip_offset = packet->ip_offset;
	attempt_report(ctx, high, low, packet->flow, about.word);
}

#endif
