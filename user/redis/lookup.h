/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a host, as the system knows them, without blocking the event loop. */
#ifndef REDIS_LOOKUP_H
#define REDIS_LOOKUP_H

#include <event2/event.h>
#include <netdb.h>
#include <stdint.h>

struct redis_lookup;

/* @addresses: to be freed with freeaddrinfo(); NULL: there are none, and @why says so. */
typedef void redis_lookup_done(void *context, struct addrinfo *addresses, const char *why);

/* @host: a name or an address. @done is called once, from the event loop, and must not cancel.
 * NULL: out of memory, threads or descriptors. */
struct redis_lookup *redis_lookup_start(struct event_base *base, const char *host, uint16_t port,
					redis_lookup_done *done, void *context);

/* Do not call back any more. NULL is accepted. */
void redis_lookup_cancel(struct redis_lookup *lookup);

#endif
