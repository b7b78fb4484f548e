/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server is, as an administrator writes it. */
#ifndef REDIS_URL_H
#define REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REDIS_PLACES_MAX 16
#define REDIS_HOST_BYTES 256
/* "[HOST]:PORT" and its zero. */
#define REDIS_PLACE_TEXT_BYTES (REDIS_HOST_BYTES + 8)

/* A server, or the socket of one. */
struct redis_place {
	char host[REDIS_HOST_BYTES]; /* a name, an address without brackets, or a path */
	uint16_t port;		     /* 0: a path */
};

struct redis_url {
	bool is_tls;
	char master[REDIS_HOST_BYTES]; /* empty: the places are servers; otherwise sentinels that
					  know the master of this name */
	unsigned int database;
	size_t place_count; /* at least 1 */
	struct redis_place places[REDIS_PLACES_MAX];
};

/**
 * redis_url_parse() - read the URL of a server
 * @text: redis://HOST:PORT,HOST…/DATABASE or rediss:// (TLS); unix:/PATH;
 *	  redis-sentinel://HOST:PORT,…/DATABASE#MASTER or rediss-sentinel://
 * @ret_problem: after "URL ", says what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int redis_url_parse(const char *text, struct redis_url *ret_url, const char **ret_problem);

/* Read "HOST:PORT" of the server's; an IPv6 address has no brackets. Return: 0 or -EINVAL. */
int redis_place_parse(const char *text, struct redis_place *ret_place);

/* "HOST:PORT", "[ADDRESS]:PORT" or the path. Returns @text. */
const char *redis_place_format(const struct redis_place *place, char text[REDIS_PLACE_TEXT_BYTES]);

#endif
