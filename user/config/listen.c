/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses ADDRESS:PORT. */
#include "config/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "core/prefix.h"

/* Copy the address of ADDRESS:PORT without brackets. Names are not looked up, because a lookup
 * may take long. Return: 0, -EINVAL or -ENOMEM. */
static int copy_host(const char *text, size_t bytes, char **ret_host)
{
	bool has_brackets = bytes > 2 && text[0] == '[' && text[bytes - 1] == ']';
	unsigned char address[sizeof(struct in6_addr)];
	char *host;

	host = has_brackets ? strndup(text + 1, bytes - 2) : strndup(text, bytes);
	if (!host)
		return -ENOMEM;
	if (inet_pton(has_brackets ? AF_INET6 : AF_INET, host, address) == 1) {
		*ret_host = host;
		return 0;
	}
	free(host);
	return -EINVAL;
}

int listen_parse(const char *text, char **ret_host, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	uint32_t port;
	int err;

	if (!strcmp(text, "none")) {
		*ret_host = NULL;
		return 0;
	}
	if (!colon || !document_parse_number(colon + 1, false, &port) || port < 1 ||
	    port > UINT16_MAX)
		return -EINVAL;
	err = copy_host(text, (size_t)(colon - text), ret_host);
	if (!err)
		*ret_port = (uint16_t)port;
	return err;
}

bool listen_is_loopback(const char *host)
{
	const struct prefix ipv4 = { .addr = { 127 }, .family = FAMILY_IPV4, .len = 8 };
	const struct prefix ipv6 = { .addr = { [15] = 1 }, .family = FAMILY_IPV6, .len = 128 };
	struct prefix address;

	return prefix_parse(host, strlen(host), &address, NULL) == PREFIX_OK &&
	       (prefix_contains(&ipv4, &address) || prefix_contains(&ipv6, &address));
}
