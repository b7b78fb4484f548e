/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMTP sessions that the kernel counts by peer (ipwl_session.h): what is new since they were
 * noted. Pure. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"
#include "ipwl_session.h"

/* An element of the kernel's table. */
struct session_peer {
	struct ipwl_session_peer peer;
	struct ipwl_sessions sessions;
};

/* What was noted of a peer. */
struct session_noted {
	struct ipwl_session_peer peer;
	struct ipwl_sessions_noted noted;
};

/* Complete sessions with a peer that are new. */
struct session_news {
	struct prefix address; /* a host */
	uint32_t outbound;
	uint32_t inbound;
	int64_t last_outbound_sec; /* Unix time: when the last one ended; 0: there was none */
	int64_t last_inbound_sec;  /* likewise */
};

struct session_difference {
	struct session_news *news;
	struct session_noted *noted; /* of each of the news: what to note */
	size_t count;
	struct ipwl_session_peer *gone; /* noted, and forgotten by the kernel */
	size_t gone_count;
};

/**
 * session_compare() - find out what is new
 * @peers: the kernel's table, sorted by peer
 * @noted: what was noted of it, likewise
 * @boot_sec: Unix time of the boot
 * @ret_difference: for session_difference_done()
 *
 * A peer that the kernel has forgotten and seen again since begins anew.
 *
 * Return: 0 or -ENOMEM.
 */
int session_compare(const struct session_peer *peers, size_t peer_count,
		    const struct session_noted *noted, size_t noted_count, int64_t boot_sec,
		    struct session_difference *ret_difference);
void session_difference_done(struct session_difference *difference);

/* A time of the kernel's table as Unix time; 0 stays 0. */
int64_t session_time(uint64_t since_boot_ns, int64_t boot_sec);

/* The peer as a host. */
struct prefix session_address(const struct ipwl_session_peer *peer);

#endif
