/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shield against floods of SYNs: while more SYNs a second than a threshold come from sources
 * in no allow list, they are answered by the XDP program with SYN cookies (RFC 4987 section 3.6)
 * of the kernel. The stack sees only the ACKs of clients that exist.
 *
 * All CPUs fill one bucket, which loses `threshold` SYNs a second and holds as many. When it is
 * full, the shield is on. Then the bucket loses half as many a second, and the shield stays on
 * until `quiet_ns` after it was full for the last time. The programs decide that by themselves, so
 * nothing changes when ipwld ends.
 *
 * What holds:
 *  - Only plain SYNs to a mail port are answered, only if the source is in no allow list and the
 *    packet would have passed. Everything else takes its way as if there were no shield.
 *  - The stack accepts the ACK of a cookie only if the listener has lately given cookies itself.
 *    So for each listener, the first cookie of each second is asked of the listener, which notes
 *    that. If the kernel gives none (net.ipv4.tcp_syncookies is 0, or it is 1 and the queue of the
 *    listener is not full), if there is no listener, or if the address is not this host's, the SYN
 *    passes.
 *  - An answer is never longer than the SYN.
 *  - An answer has the option MSS only. Window scaling, SACK and timestamps cannot be offered: the
 *    stack reads them from timestamps with an offset that only it knows. So connections that begin
 *    meanwhile do without them.
 *  - The bucket has no lock. If two CPUs add to it at the same moment, the later store stays, so it
 *    may hold fewer SYNs than came, never more.
 */
#ifndef IPWL_FLOOD_H
#define IPWL_FLOOD_H

#include <linux/types.h>

/* Values of settings.flood. */
enum ipwl_flood_mode {
	IPWL_FLOOD_OFF,
	IPWL_FLOOD_MONITOR, /* only counts what would be answered */
	IPWL_FLOOD_ENFORCE,
};

/* The one value of `flood`. User space writes it through mmap, except the second half. */
struct ipwl_flood {
	__u64 interval_ns;     /* between two SYNs at the threshold */
	__u64 low_interval_ns; /* the same at half of it */
	__u64 quiet_ns;
	__u64 reserved[5]; /* 0 */
	/* Written by the programs, so in a line of their own: */
	__u64 due_ns;	/* since boot: when the bucket is empty */
	__u64 until_ns; /* since boot: the shield is on until then */
	__u64 since_ns; /* since boot: when it was last switched on; 0: never */
	__u64 reserved_end[5];
};
_Static_assert(sizeof(struct ipwl_flood) == 128, "ABI: whole cache lines");

/* What the bucket holds, as time. */
#define IPWL_FLOOD_BURST_NS 1000000000ULL
/* A CPU adds its SYNs to the bucket when it has so many, and at each tick of the kernel. */
#define IPWL_FLOOD_BATCH 64

/* What became of a SYN while the shield was on. */
enum ipwl_flood_outcome {
	IPWL_FLOOD_ANSWERED,	  /* with a cookie */
	IPWL_FLOOD_WOULD_ANSWER,  /* it would have been, but ipwl or the shield only monitors */
	IPWL_FLOOD_ODD,		  /* passed: not a plain SYN, or a wrong checksum */
	IPWL_FLOOD_REFUSED,	  /* passed: no listener there, or the kernel gives no cookie */
	IPWL_FLOOD_OUTCOME_COUNT, /* a power of 2 */
};

/* Value of `flood_cpus`, for each CPU. */
struct ipwl_flood_cpu {
	__u64 outcomes[IPWL_FLOOD_OUTCOME_COUNT];
	__u64 tick_ns; /* of the last SYN, since boot */
	__u64 pending; /* SYNs that are not in the bucket yet */
	__u64 reserved[2];
};
_Static_assert(sizeof(struct ipwl_flood_cpu) == 64, "ABI");

/*
 * Listeners that have given a cookie: an array of words, picked by a keyed hash of address and
 * port. A word is the upper IPWL_FLOOD_ID_BITS of the hash and the second since boot of the cookie
 * below them. Listeners that share a word only ask more often.
 */
#define IPWL_FLOOD_LISTENER_BITS 8
#define IPWL_FLOOD_SECOND_BITS 24

/* Key of `flood_addresses`: an address of this host. The value has no meaning. */
struct ipwl_flood_address {
	__u8 addr[16]; /* network byte order; IPv4 as an IPv4-mapped address */
};
#define IPWL_FLOOD_ADDRESSES_MAX 4096

#endif
