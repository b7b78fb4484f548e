/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to and from one place: TCP, a Unix socket, or TLS. It is made once; whoever wants another
 * one starts another one. */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stddef.h>

#include "redis/url.h"

struct redis_link;

/* Called from the event loop only. Each may free the link. */
struct redis_link_events {
	void (*open)(void *context);
	void (*bytes)(void *context, struct evbuffer *input);
	/* It has failed or ended, and nothing more will come. */
	void (*broken)(void *context, const char *why);
	void *context;
};

/* @tls: NULL: no TLS; must outlive the link. NULL: out of memory. */
struct redis_link *redis_link_start(struct event_base *base, const struct redis_place *place,
				    SSL_CTX *tls, const struct redis_link_events *events);
/* NULL is accepted. */
void redis_link_free(struct redis_link *link);

/* Send; @bytes comes from malloc() and is freed in each case. Return: 0 or -ENOMEM. */
int redis_link_send(struct redis_link *link, char *bytes, size_t byte_count);

/* Bytes that the kernel has not taken yet. */
size_t redis_link_waiting(const struct redis_link *link);

#endif
