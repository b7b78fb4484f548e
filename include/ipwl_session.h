/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMTP sessions, as TCP itself knows them: what bpf/sessions.bpf.c counts for each address of a
 * peer, in all network namespaces and containers below a cgroup.
 *
 * What holds:
 *  - An outbound session was begun by this host, to port 25, and is over. It is complete if the
 *    peer has acknowledged and sent enough bytes. A callout or a greeting is too short for that.
 *    How it ended does not matter: mail servers reset sessions that delivered mail, too.
 *  - An inbound session was begun by the peer, to a mail port, and is over. It is complete if the
 *    peer has acknowledged bytes and sent some. Who acknowledges has received our sequence number,
 *    so a forged source address cannot make a complete session, not even with TCP Fast Open.
 *  - Sessions that began before the program was attached are not counted.
 *
 * Integers are in host byte order.
 */
#ifndef IPWL_SESSION_H
#define IPWL_SESSION_H

#include <linux/types.h>

#include "ipwl.h"

#define IPWL_SMTP_PORT 25

/* In `session_peers`. If there are more, it forgets the one that was not used for longest. */
#define IPWL_SESSION_PEERS_MAX 32768

/* The key: IPv6 in network byte order, IPv4 as ::ffff:a.b.c.d (RFC 4291). */
struct ipwl_session_peer {
	__u8 addr[16];
};

/* Complete sessions with a peer. It only grows, until the kernel forgets the peer. */
struct ipwl_sessions {
	__u64 born_ns;		/* since boot (CLOCK_BOOTTIME): when the peer was first seen */
	__u64 outbound;		/* sessions */
	__u64 sent_bytes;	/* that the peer acknowledged in them */
	__u64 received_bytes;	/* that the peer sent in them */
	__u64 last_outbound_ns; /* since boot: when the last one ended; 0: there was none */
	__u64 inbound;		/* sessions */
	__u64 inbound_bytes;	/* that the peer sent in them */
	__u64 last_inbound_ns;	/* since boot: when the last one ended; 0: there was none */
};

/* What ipwld has noted of a peer, in `session_noted`. The programs do not use it: it is pinned with
 * the counts, so that an ipwld that starts knows what is new. */
struct ipwl_sessions_noted {
	__u64 born_ns; /* of the counts */
	__u64 outbound;
	__u64 inbound;
};

enum ipwl_session_kind {
	IPWL_SESSION_OUTBOUND,	     /* complete */
	IPWL_SESSION_OUTBOUND_SHORT, /* too few bytes */
	IPWL_SESSION_INBOUND,	     /* complete */
	IPWL_SESSION_INBOUND_SHORT,  /* no data, or nothing was acknowledged */
	IPWL_SESSION_KIND_COUNT,
};

/* The one value of `session_totals`: of all peers, also of those that the kernel has forgotten. */
struct ipwl_session_totals {
	__u64 sessions[IPWL_SESSION_KIND_COUNT];
	__u64 sent_bytes[IPWL_SESSION_KIND_COUNT]; /* that peers acknowledged */
	__u64 received_bytes[IPWL_SESSION_KIND_COUNT];
};

/* The one value of `session_settings`. User space writes it. */
struct ipwl_session_settings {
	__u32 sent_bytes;	      /* that make an outbound session complete, at least */
	__u32 received_bytes;	      /* likewise */
	__u64 ports[IPWL_PORT_WORDS]; /* as in struct ipwl_settings */
};

#endif
