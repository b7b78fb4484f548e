/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether others can read on the way what is sent to a URL. */
#include <arpa/inet.h>
#include <string.h>

#include "config/feed_config.h"

#define LOOPBACK_NETWORK 127

/* The part between "http://" and the path, without a port. @size: of @host. */
static bool find_host(const char *url, char *host, size_t size)
{
	const char *start = url + strlen("http://");
	size_t bytes = strcspn(start, "/?#");
	char *end;

	if (bytes >= size)
		return false;
	memcpy(host, start, bytes);
	host[bytes] = '\0';
	end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":");
	if (!end)
		return false;
	end += *end == ']';
	/* A port, and not the password of a user at another host. */
	if (*end == ':' && end[1 + strspn(end + 1, "0123456789")] == '\0')
		*end = '\0';
	return true;
}

bool feed_url_is_loopback(const char *url)
{
	struct in_addr address;
	char host[64];

	if (strncmp(url, "http://", strlen("http://")) != 0 || !find_host(url, host, sizeof(host)))
		return false;
	if (!strcmp(host, "[::1]"))
		return true;
	return inet_pton(AF_INET, host, &address) == 1 &&
	       ntohl(address.s_addr) >> 24 == LOOPBACK_NETWORK;
}
