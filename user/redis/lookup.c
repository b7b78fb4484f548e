// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks names up with evdns. Each lookup reads resolv.conf and hosts again, because ipwld starts
 * before the network does.
 *
 * libevent 2.1 uses an evdns_base after evdns_base_free() if a request for an address is pending or
 * has just been answered. So a lookup outlives whoever cancels it: it ends once it is answered,
 * which is within seconds, and frees its evdns_base a while later.
 */
#include "redis/lookup.h"

#include <event2/dns.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESOLV_CONF "/etc/resolv.conf"
/* Of a name server, until the next one is asked. */
#define SERVER_TIMEOUT "1.5"
#define FREE_AFTER_SEC 1

struct redis_lookup {
	struct event_base *base;
	struct evdns_base *dns; /* NULL: none was needed */
	struct event *timer;	/* first begins the lookup, then frees it */
	char host[256];
	char port[8];
	redis_lookup_done *done; /* NULL: cancelled, or called */
	void *context;
	bool is_answered;
};

static void lookup_free(struct redis_lookup *lookup)
{
	if (lookup->dns)
		evdns_base_free(lookup->dns, 0);
	if (lookup->timer)
		event_free(lookup->timer);
	free(lookup);
}

static void lookup_answered(int code, struct evutil_addrinfo *addresses, void *context)
{
	const struct timeval later = { .tv_sec = FREE_AFTER_SEC };
	struct redis_lookup *lookup = context;
	redis_lookup_done *done = lookup->done;

	lookup->is_answered = true;
	lookup->done = NULL;
	event_add(lookup->timer, &later);
	if (done)
		done(lookup->context, code ? NULL : addresses, evutil_gai_strerror(code));
	else if (addresses)
		evutil_freeaddrinfo(addresses);
}

/* Return: whether the host is an address. */
static bool lookup_address(struct redis_lookup *lookup)
{
	const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
					       .ai_socktype = SOCK_STREAM,
					       .ai_protocol = IPPROTO_TCP,
					       .ai_flags = EVUTIL_AI_NUMERICHOST };
	struct evutil_addrinfo *addresses = NULL;

	if (evutil_getaddrinfo(lookup->host, lookup->port, &hints, &addresses))
		return false;
	lookup->done(lookup->context, addresses, "");
	return true;
}

static void lookup_begin(struct redis_lookup *lookup)
{
	const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
					       .ai_socktype = SOCK_STREAM,
					       .ai_protocol = IPPROTO_TCP };

	lookup->dns = evdns_base_new(lookup->base, 0);
	if (!lookup->dns) {
		lookup_answered(EVUTIL_EAI_MEMORY, NULL, lookup);
		return;
	}
	/* Without the file, a server on this host is asked, as the resolver of libc does. */
	evdns_base_resolv_conf_parse(lookup->dns, DNS_OPTIONS_ALL, RESOLV_CONF);
	evdns_base_set_option(lookup->dns, "timeout:", SERVER_TIMEOUT);
	evdns_base_set_option(lookup->dns, "max-timeouts:", "1");
	evdns_getaddrinfo(lookup->dns, lookup->host, lookup->port, &hints, lookup_answered, lookup);
}

static void lookup_wake(evutil_socket_t fd, short what, void *context)
{
	struct redis_lookup *lookup = context;

	(void)fd;
	(void)what;
	if (lookup->is_answered || !lookup->done || lookup_address(lookup))
		lookup_free(lookup);
	else
		lookup_begin(lookup);
}

struct redis_lookup *redis_lookup_start(struct event_base *base, const char *host, uint16_t port,
					redis_lookup_done *done, void *context)
{
	const struct timeval now = { .tv_sec = 0 };
	struct redis_lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return NULL;
	lookup->base = base;
	lookup->timer = evtimer_new(base, lookup_wake, lookup);
	if (!lookup->timer || event_add(lookup->timer, &now)) {
		lookup_free(lookup);
		return NULL;
	}
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	snprintf(lookup->port, sizeof(lookup->port), "%u", port);
	lookup->done = done;
	lookup->context = context;
	return lookup;
}

void redis_lookup_cancel(struct redis_lookup *lookup)
{
	if (lookup)
		lookup->done = NULL;
}
