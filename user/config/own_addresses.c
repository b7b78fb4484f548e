/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the kernel for this host's addresses. */
#include "config/own_addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Whether @address is unique to this host. Sets the prefix. */
static bool take(const struct ifaddrs *address, struct prefix *prefix)
{
	*prefix = (struct prefix) { 0 };
	if (!address->ifa_addr || (address->ifa_flags & IFF_LOOPBACK))
		return false;
	if (address->ifa_addr->sa_family == AF_INET) {
		struct sockaddr_in ipv4;

		memcpy(&ipv4, address->ifa_addr, sizeof(ipv4));
		memcpy(prefix->addr, &ipv4.sin_addr, sizeof(ipv4.sin_addr));
		prefix->family = FAMILY_IPV4;
		prefix->len = 32;
		return true;
	}
	if (address->ifa_addr->sa_family == AF_INET6) {
		struct sockaddr_in6 ipv6;

		memcpy(&ipv6, address->ifa_addr, sizeof(ipv6));
		memcpy(prefix->addr, &ipv6.sin6_addr, sizeof(ipv6.sin6_addr));
		prefix->family = FAMILY_IPV6;
		prefix->len = 128;
		return !IN6_IS_ADDR_LINKLOCAL(&ipv6.sin6_addr);
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

int own_addresses(struct prefix **ret_addresses, size_t *ret_count)
{
	struct ifaddrs *all, *address;
	struct prefix *addresses;
	size_t count = 0;

	if (getifaddrs(&all))
		return -errno;
	for (address = all; address; address = address->ifa_next)
		count++;
	addresses = calloc(count + 1, sizeof(*addresses));
	count = 0;
	for (address = all; addresses && address; address = address->ifa_next)
		count += take(address, &addresses[count]);
	freeifaddrs(all);
	if (!addresses)
		return -ENOMEM;
	if (count)
		qsort(addresses, count, sizeof(*addresses), compare);
	*ret_addresses = addresses;
	*ret_count = count;
	return 0;
}
