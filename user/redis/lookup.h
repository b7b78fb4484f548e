/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a host, without blocking: as /etc/hosts and the servers of /etc/resolv.conf say. */
#ifndef REDIS_LOOKUP_H
#define REDIS_LOOKUP_H

#include <event2/event.h>
#include <event2/util.h>
#include <stdint.h>

struct redis_lookup;

/* @addresses: to be freed with evutil_freeaddrinfo(); NULL: there are none, and @why says so. */
typedef void redis_lookup_done(void *context, struct evutil_addrinfo *addresses, const char *why);

/* @host: a name or an address. @done is called once, from the event loop, and may cancel. NULL:
 * out of memory. */
struct redis_lookup *redis_lookup_start(struct event_base *base, const char *host, uint16_t port,
					redis_lookup_done *done, void *context);

/* Do not call back any more. NULL is accepted; a lookup that is done must not be cancelled. */
void redis_lookup_cancel(struct redis_lookup *lookup);

#endif
