/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parser finds, and the ways in which a step of it ends. */
#ifndef IPWL_PACKET_BPF_H
#define IPWL_PACKET_BPF_H

#include "frame.bpf.h"
#include "ipwl.h"

/* What a step leaves in packet->verdict, beside verdicts, for parse_packet() to deal with. */
enum {
	/* The ports are not in this packet, but the stack may find them elsewhere. */
	PORTLESS = IPWL_VERDICT_COUNT,
	/* Pointers do not reach what the packet has. */
	OUT_OF_REACH,
};

/* What the parser found. */
struct packet {
	enum ipwl_family family;
	__u32 verdict;	     /* of a packet that is not mail: enum ipwl_verdict */
	__u32 bytes;	     /* of the whole frame */
	__u32 is_connection; /* SYN without ACK: 0 or 1 */
	union {
		struct ipwl_key4 key4; /* the source address, by family */
		struct ipwl_key6 key6;
	};
};

/* Each step returns 1 to go on; 0: packet->verdict is known. */

static __always_inline int stop(struct packet *packet, __u32 verdict)
{
	packet->verdict = verdict;
	return 0;
}

/* The next @bytes cannot be read. If they are not in the packet the stack discards it, but
 * for a first fragment, which it puts together with others. */
static __always_inline int stop_short(const struct cursor *cursor, struct packet *packet,
				      __u32 bytes)
{
	if (is_inside(cursor, bytes))
		return stop(packet, OUT_OF_REACH);
	return stop(packet, cursor->is_first_fragment ? PORTLESS : IPWL_MALFORMED);
}

#endif
