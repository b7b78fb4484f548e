/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts to connect: how the programs recognise them, and the events by which they report
 * them.
 *
 * An attempt is one try of a sender to connect to a mail port. If nobody answers, its SYN is
 * sent again and again: with the same ports and sequence number, after 1, 2, 4, 8, 16 and 32
 * seconds (RFC 6298; tcp_syn_retries of Linux). The programs keep a table of attempts, so that
 * only the first SYN counts as a connection and is reported.
 *
 * What holds for events:
 *  - The first SYN of an attempt is reported if its verdict is IPWL_AVERTED, IPWL_WOULD_BLOCK,
 *    IPWL_BLOCK, IPWL_WOULD_LIMIT or IPWL_LIMITED. Packets that cannot be read as far as the flags
 * of TCP are not reported.
 *  - Each attempt is reported, or counted in one of IPWL_FATE_*. Attempts that are left out
 *    because of the limit of their source are also in `left_out` of its next event.
 *  - Events are in the order of their CPUs' work, so their times may be out of order by a few
 *    microseconds.
 *  - Two CPUs that receive SYNs at the same moment may overwrite each other's note. Then a
 *    later SYN of the same attempt counts again. So it does if the table was full (see
 *    `crowded`), and if the attempt is older than the table.
 *  - No verdict depends on anything here, except that limits (ipwl_limit.h) admit a SYN that is
 *    sent again.
 */
#ifndef IPWL_EVENT_H
#define IPWL_EVENT_H

#include "ipwl.h"
#include "ipwl_hash.h"

/* ---- attempts ------------------------------------------------------------- */

/*
 * The table is an array of buckets, each a cache line. A keyed hash picks the bucket, so nobody
 * outside can aim at one. A note leaves only when it expires, never for another one. So forged
 * sources use up free places, but do not make the table forget the senders in it. A note expires
 * soon unless the SYN is sent again, which a forged source does not do.
 *
 * A note: 44 bits that identify the attempt, IPWL_ATTEMPT_OVER, 3 bits of how often its SYN was
 * sent again, and the 16 lowest bits of the second since boot at which it expires. 0: free.
 */
#define IPWL_ATTEMPT_BUCKET_BITS 12
#define IPWL_ATTEMPT_NOTES 8
#define IPWL_ATTEMPT_REPEATS_SHIFT 16
#define IPWL_ATTEMPT_REPEATS_BITS 3
/* Its last SYN was over a limit (ipwl_limit.h). */
#define IPWL_ATTEMPT_OVER_SHIFT (IPWL_ATTEMPT_REPEATS_SHIFT + IPWL_ATTEMPT_REPEATS_BITS)
#define IPWL_ATTEMPT_OVER (1U << IPWL_ATTEMPT_OVER_SHIFT)
#define IPWL_ATTEMPT_ID_SHIFT (IPWL_ATTEMPT_OVER_SHIFT + 1)
#define IPWL_ATTEMPT_ID_BITS (64 - IPWL_ATTEMPT_ID_SHIFT)
/* A note is valid for 4 s, twice as long after each repetition, and at most 128 s. */
#define IPWL_ATTEMPT_LIFE_SEC 4
#define IPWL_ATTEMPT_REPEATS_MAX 5
#define IPWL_ATTEMPT_LIFE_MAX_SEC (IPWL_ATTEMPT_LIFE_SEC << IPWL_ATTEMPT_REPEATS_MAX)

/* Value of `attempts`, by bucket. */
struct ipwl_attempt_bucket {
	__u64 notes[IPWL_ATTEMPT_NOTES];
};
_Static_assert(sizeof(struct ipwl_attempt_bucket) == 64, "a cache line");

/* ---- sources of events ------------------------------------------------------ */

/*
 * The limits of sources, in a table like the one of attempts. Only a source that has just been
 * reported is in it, so the limit of all sources together also limits how fast the table fills.
 * A source is an IPv4 address or an IPv6 /64.
 */
#define IPWL_SOURCE_BUCKET_BITS 13
#define IPWL_SOURCE_NOTES 4

struct ipwl_source_note {
	__u32 id;	/* identifies the source in its bucket */
	__u32 left_out; /* attempts since its last event */
	__u64 due_ns;	/* its GCRA's theoretical arrival time; if in the past, the place is free */
};

/* Value of `attempt_sources`, by bucket. */
struct ipwl_source_bucket {
	struct ipwl_source_note notes[IPWL_SOURCE_NOTES];
};
_Static_assert(sizeof(struct ipwl_source_bucket) == 64, "a cache line");

/* ---- settings ---------------------------------------------------------------- */

/* A limit as a GCRA: one event each `interval_ns` on average, and as many at once as fit into
 * `burst_ns`. */
struct ipwl_event_limit {
	__u64 interval_ns;
	__u64 burst_ns;
};

/* The one value of `attempt_settings`; user space writes it through mmap, except `due_ns`. */
struct ipwl_attempt_settings {
	/* Of two independent hashes (ipwl_hash.h), whose upper 32 bits are used. */
	__u64 keys[2][IPWL_HASH_KEYS];
	struct ipwl_event_limit source_limit; /* of each source */
	struct ipwl_event_limit limit;	      /* of all together */
	__u64 reserved[14];
	__u64 due_ns; /* the GCRA of all; written by the programs, so in a line of its own */
	__u64 reserved_end[15];
};
_Static_assert(sizeof(struct ipwl_attempt_settings) == 384, "ABI: whole cache lines");

/* What became of attempts that were to be reported. */
enum ipwl_fate {
	IPWL_FATE_REPORTED,
	IPWL_FATE_SOURCE_LIMIT, /* left out: over the limit of the source */
	IPWL_FATE_LIMIT,	/* left out: over the limit of all together */
	IPWL_FATE_RING_FULL,	/* left out: nobody reads the events fast enough */
	IPWL_FATE_COUNT,
};

/* Value of `attempt_cpus`, for each CPU. */
struct ipwl_attempt_cpu {
	__u64 jiffies; /* when `now_ns` was determined */
	__u64 now_ns;  /* since boot */
	__u64 now_sec; /* the same */
	__u64 fates[IPWL_FATE_COUNT];
	__u64 crowded; /* attempts that the table had no place for; a resent SYN counts again */
};
_Static_assert(sizeof(struct ipwl_attempt_cpu) == 64, "ABI");

/* ---- events -------------------------------------------------------------------- */

/* The size of the ring buffer `events`: about 4000 events. It is pinned, so what happens while
 * no ipwld runs is there for the next one. */
#define IPWL_EVENTS_BYTES (1U << 20)
/* The first bytes of a packet in its event: enough for the headers of a SYN, with tags. */
#define IPWL_EVENT_PACKET_BYTES 192

/* A record of `events`. */
struct ipwl_event {
	__u64 time_ns;	    /* of CLOCK_BOOTTIME (bpf_ktime_get_boot_ns(), Linux 5.8) */
	__u8 source[16];    /* network byte order; IPv4 uses the first 4 bytes, the rest is 0 */
	__u16 port_from;    /* host byte order */
	__u16 port_to;	    /* host byte order */
	__u32 ifindex;	    /* the device, in the network namespace of its interface */
	__u32 rule;	    /* id of the rule that decided; it may have been removed since */
	__u16 list;	    /* slot of its list, which may have another list since */
	__u8 family;	    /* enum ipwl_family: IPv4 or IPv6 */
	__u8 verdict;	    /* enum ipwl_verdict */
	__u32 bytes;	    /* of the whole frame, with the Ethernet header, no FCS */
	__u32 left_out;	    /* attempts of the same source that were not reported since its last
			     * event, because of its limit; 0 if it was forgotten meanwhile */
	__u16 ip_offset;    /* where the IP header begins in the frame */
	__u16 packet_bytes; /* of `packet` that are set; 0: they could not be read */
	__u32 reserved;	    /* 0 */
	__u8 packet[IPWL_EVENT_PACKET_BYTES]; /* the beginning of the frame */
};
_Static_assert(sizeof(struct ipwl_event) == 56 + IPWL_EVENT_PACKET_BYTES, "ABI");

#endif
