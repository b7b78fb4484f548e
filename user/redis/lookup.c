// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the resolver of libc, in a thread for each lookup. It knows nsswitch.conf and notices when
 * resolv.conf changes, which matters because ipwld starts before the network does. evdns of
 * libevent 2.1 does neither, and cannot be stopped safely while a question is open.
 *
 * libc cannot be interrupted either. So a lookup outlives whoever cancels it, until libc gives up.
 */
#include "redis/lookup.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct redis_lookup {
	char host[256];
	char port[8];
	int fd; /* the thread writes to it last */
	struct event *event;
	redis_lookup_done *done; /* NULL: cancelled; of the loop */
	void *context;
	int code; /* these two: of the thread until it has written */
	struct addrinfo *addresses;
};

static void lookup_free(struct redis_lookup *lookup)
{
	if (lookup->event)
		event_free(lookup->event);
	if (lookup->fd >= 0)
		close(lookup->fd);
	free(lookup);
}

static void *lookup_run(void *argument)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_protocol = IPPROTO_TCP };
	struct redis_lookup *lookup = argument;

	lookup->code = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->addresses);
	/* Only a full counter could fail. From here on it may be freed. */
	eventfd_write(lookup->fd, 1);
	return NULL;
}

static void lookup_answered(evutil_socket_t fd, short what, void *context)
{
	struct redis_lookup *lookup = context;
	eventfd_t count;

	(void)what;
	if (eventfd_read(fd, &count))
		return;
	if (lookup->done)
		lookup->done(lookup->context, lookup->code ? NULL : lookup->addresses,
			     lookup->code ? gai_strerror(lookup->code) : "");
	else if (!lookup->code)
		freeaddrinfo(lookup->addresses);
	lookup_free(lookup);
}

/* No signal is for this thread. Return: 0 or -errno. */
static int start_thread(struct redis_lookup *lookup)
{
	sigset_t all, before;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, lookup_run, lookup);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		pthread_detach(thread);
	return -err;
}

struct redis_lookup *redis_lookup_start(struct event_base *base, const char *host, uint16_t port,
					redis_lookup_done *done, void *context)
{
	struct redis_lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return NULL;
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	snprintf(lookup->port, sizeof(lookup->port), "%u", port);
	lookup->done = done;
	lookup->context = context;
	lookup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lookup->fd >= 0)
		lookup->event = event_new(base, lookup->fd, EV_READ, lookup_answered, lookup);
	if (!lookup->event || event_add(lookup->event, NULL) || start_thread(lookup)) {
		lookup_free(lookup);
		return NULL;
	}
	return lookup;
}

void redis_lookup_cancel(struct redis_lookup *lookup)
{
	if (lookup)
		lookup->done = NULL;
}
