/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name in a header "Host". */
#include "web/host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

#define NAME_BYTES_MAX 255

static bool is_port(const char *text)
{
	int64_t port;

	return !*text || (*text == ':' && number_parse(text + 1, 0, UINT16_MAX, &port));
}

static bool is_ipv6(const char *host)
{
	char address[INET6_ADDRSTRLEN];
	const size_t bytes = strcspn(host, "]");
	unsigned char parsed[sizeof(struct in6_addr)];

	if (host[bytes] != ']' || bytes >= sizeof(address) || !is_port(host + bytes + 1))
		return false;
	memcpy(address, host, bytes);
	address[bytes] = '\0';
	return inet_pton(AF_INET6, address, parsed) == 1;
}

static bool is_among(const char *name, const char *names)
{
	const size_t bytes = strlen(name);

	for (const char *word = names; word && *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strcspn(word, " ") == bytes && !strncasecmp(word, name, bytes))
			return true;
	}
	return false;
}

bool host_is_ours(const char *host, const char *names)
{
	char name[NAME_BYTES_MAX + 1];
	unsigned char address[sizeof(struct in_addr)];
	size_t bytes;

	if (!host)
		return false;
	if (*host == '[')
		return is_ipv6(host + 1);
	bytes = strcspn(host, ":");
	if (!bytes || bytes >= sizeof(name) || !is_port(host + bytes))
		return false;
	memcpy(name, host, bytes);
	name[bytes] = '\0';
	return inet_pton(AF_INET, name, address) == 1 || is_among(name, "localhost") ||
	       is_among(name, names);
}
