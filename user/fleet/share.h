/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets one host of a fleet fetch a feed for all: the others take the copy that it has accepted. A
 * lease in Redis says who fetches. It only saves work: two hosts that fetch at once do no harm, and
 * a host that cannot use Redis, or what is there, fetches by itself.
 *
 *     ipwl:{CLUSTER}:f:FEED            what is said of the copy (copy.h)
 *     ipwl:{CLUSTER}:f:FEED:l          the lease: a random token of the host that fetches
 *     ipwl:{CLUSTER}:f:FEED:DIGEST:N   the parts of the packed copy, from 0
 *
 * All of them expire. Nothing blocks; all callbacks run in the event loop.
 */
#ifndef FLEET_SHARE_H
#define FLEET_SHARE_H

#include <event2/event.h>

#include "fleet/copy.h"
#include "redis/client.h"

struct fleet_share;

/* Texts are copied. */
struct fleet_share_settings {
	const char *cluster;
	const char *key; /* sign.h */
	struct redis_settings redis;
};

/* What a host wants to know before it fetches. Texts are copied. */
struct fleet_wish {
	const char *feed;	/* as for fleet_copy_name() */
	const char *digest;	/* of the newest copy here; NULL: not known */
	int64_t newer_than_sec; /* a copy that was checked then or earlier is of no use */
	int64_t refresh_sec;	/* nor is one that was checked so long ago */
	int64_t fetch_sec;	/* a fetch ends after this time */
	int64_t wait_sec;	/* wait so long for a host that fetches */
	size_t byte_count_max;	/* of the copy, unpacked */
	/**
	 * Called once, never from within fleet_share_ask().
	 * @copy: there is one that is fresh; NULL: fetch, then call fleet_share_give() or
	 *	  fleet_share_give_up()
	 * @packed: for free(); NULL: it is the one that is here already
	 */
	void (*done)(const struct fleet_copy *copy, char *packed, void *context);
	void *context;
};

/* Since the start. */
struct fleet_share_state {
	size_t given_count;   /* copies that were written to Redis */
	size_t taken_count;   /* copies that were found there, also those that are here already */
	size_t refused_count; /* without a valid MAC, incomplete, or of no use here */
	size_t large_count;   /* copies that were too large to be written */
};

/* Return: as redis_client_new(). */
int fleet_share_new(struct event_base *base, const struct fleet_share_settings *settings,
		    struct fleet_share **ret_share, const char **ret_problem);
/* Wishes that are open are answered: fetch. NULL is fine. */
void fleet_share_free(struct fleet_share *share);

/* Ask for a copy. If the server has not been reached yet, this waits a few seconds for it. Return:
 * 0; -ENOTCONN: it is gone, so fetch; -ENOMEM. */
int fleet_share_ask(struct fleet_share *share, const struct fleet_wish *wish);

/**
 * fleet_share_give() - write a copy that is in force here, and end the lease
 * @feed: as for fleet_copy_name()
 * @copy: with packed_count 0, the other hosts learn that they must fetch
 * @packed: copy->packed_count bytes; is taken over
 * @keep_sec: it expires after this time
 */
void fleet_share_give(struct fleet_share *share, const char *feed, const struct fleet_copy *copy,
		      char *packed, int64_t keep_sec);

/* The fetch has brought nothing for others: end the lease. */
void fleet_share_give_up(struct fleet_share *share, const char *feed);

/* As fleet_copy_source(), with the key of this fleet. */
int fleet_share_source(const struct fleet_share *share, const char *url,
		       char source[FLEET_MAC_DIGITS + 1]);

/* A copy that was taken turned out to be of no use here. */
void fleet_share_refuse(struct fleet_share *share);

void fleet_share_get_state(const struct fleet_share *share, struct fleet_share_state *ret_state);

#endif
