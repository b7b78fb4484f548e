/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser's results, and the outcomes of one step of it. */
#ifndef IPWL_PACKET_BPF_H
#define IPWL_PACKET_BPF_H

#include "frame.bpf.h"
#include "ipwl.h"

/* Values of packet->verdict besides verdicts, which parse_packet() resolves. */
enum {
	/* The ports are not in this packet, but the stack may find them elsewhere. */
	PORTLESS = IPWL_VERDICT_COUNT,
	/* The packet has the bytes, but pointers do not reach them. */
	OUT_OF_REACH,
};

/* What the parser found. */
struct packet {
	enum ipwl_family family;
	__u32 verdict;	     /* of a packet that is not mail: enum ipwl_verdict */
	__u32 bytes;	     /* of the whole frame */
	__u32 is_connection; /* SYN without ACK: 0 or 1 */
	__u32 port;	     /* to which it goes, host byte order; 0: not known */
	__u64 flow;	  /* of such a packet: ports and sequence number, the source port first */
	__u16 ip_offset;  /* where the IP header begins */
	__u16 tcp_offset; /* where the TCP header begins; 0: not known, or it is cut off */
	union {
		struct ipwl_key4 key4; /* the source address, by family */
		struct ipwl_key6 key6;
	};
};

/* Each step returns 1 to continue, or 0 when packet->verdict is set. */

static __always_inline int stop(struct packet *packet, __u32 verdict)
{
	packet->verdict = verdict;
	return 0;
}

/* The next @bytes cannot be read. If the packet does not have them, the stack discards it,
 * except a first fragment, which it reassembles. */
static __always_inline int stop_short(const struct cursor *cursor, struct packet *packet,
				      __u32 bytes)
{
	if (is_inside(cursor, bytes))
		return stop(packet, OUT_OF_REACH);
	return stop(packet, cursor->is_first_fragment ? PORTLESS : IPWL_MALFORMED);
}

#endif
