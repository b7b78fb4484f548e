/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the addresses of the command line and of standard input, and resolves names. All are
 * read before the first is tested, so a bad address is reported before any result is printed. */
#include "ctl/addresses.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "formats/network_text.h"
#include "formats/spelling.h"

/* At most this many bad addresses are reported one by one. */
#define REPORTED_MAX 20
/* At most this many addresses of one network are tested. */
#define NETWORK_ADDRESSES_MAX 4096

/* @name: NULL: it was not a name */
static void add_address(struct addresses *addresses, const struct prefix *prefix, const char *name)
{
	if (addresses->count == addresses->capacity) {
		addresses->capacity = addresses->capacity ? addresses->capacity * 2 : 16;
		addresses->items = ctl_allocated(
		    reallocarray(addresses->items, addresses->capacity, sizeof(*addresses->items)));
		addresses->names = ctl_allocated(
		    reallocarray(addresses->names, addresses->capacity, sizeof(*addresses->names)));
	}
	addresses->names[addresses->count] = name ? ctl_allocated(strdup(name)) : NULL;
	addresses->items[addresses->count++] = *prefix;
}

static void report_address(struct addresses *addresses, const char *where, const char *message)
{
	if (addresses->bad_count++ < REPORTED_MAX)
		ctl_error("%s%s", where, message);
}

/* The number of addresses, or more than NETWORK_ADDRESSES_MAX. */
static size_t count_addresses(const struct networks *networks)
{
	size_t count = 0;

	for (size_t i = 0; i < networks->count; i++) {
		const struct prefix *prefix = &networks->items[i];
		const unsigned int bits = prefix_max_len(prefix->family) - prefix->len;

		if (bits > 16)
			return SIZE_MAX;
		count += (size_t)1 << bits;
	}
	return count;
}

/* Add each address of a prefix with at most 16 host bits. */
static void add_network(struct addresses *addresses, const struct prefix *prefix)
{
	const uint8_t len = prefix_max_len(prefix->family);
	const size_t last = (size_t)len / 8 - 1;
	struct prefix address = *prefix;

	address.len = len;
	for (size_t i = 0; i < (size_t)1 << (len - prefix->len); i++) {
		address.addr[last] = (uint8_t)(prefix->addr[last] | (i & 0xff));
		address.addr[last - 1] = (uint8_t)(prefix->addr[last - 1] | i >> 8);
		add_address(addresses, &address, NULL);
	}
}

/* ---- names ------------------------------------------------------------------ */

static struct prefix prefix_of(const struct sockaddr *address)
{
	struct prefix prefix = { .family = FAMILY_IPV6, .len = 128 };

	if (address->sa_family == AF_INET) {
		prefix = (struct prefix) { .family = FAMILY_IPV4, .len = 32 };
		memcpy(prefix.addr, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
		       4);
	} else {
		memcpy(prefix.addr,
		       &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
	}
	return prefix;
}

/* Add all addresses of a host, as the resolver of this system knows them. */
static void add_host(struct addresses *addresses, const char *where, const char *name)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	char message[NETWORKS_MESSAGE_BYTES];
	struct addrinfo *found = NULL;
	int error = getaddrinfo(name, NULL, &hints, &found);

	if (error) {
		snprintf(message, sizeof(message), "%.255s: %s", name,
			 error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		report_address(addresses, where, message);
		return;
	}
	for (const struct addrinfo *one = found; one; one = one->ai_next) {
		struct prefix prefix;

		if (one->ai_family != AF_INET && one->ai_family != AF_INET6)
			continue;
		prefix = prefix_of(one->ai_addr);
		add_address(addresses, &prefix, name);
	}
	freeaddrinfo(found);
}

/* Whether a text is a host name, which is copied. */
static bool read_name(char *text, size_t bytes, char name[NI_MAXHOST])
{
	const struct token word = { .text = text, .bytes = bytes };

	if (bytes >= NI_MAXHOST || memchr(text, '*', bytes) || text[0] == '.' ||
	    !spelling_is_name(&word))
		return false;
	memcpy(name, text, bytes);
	name[bytes] = '\0';
	return true;
}

/* ---- all ---------------------------------------------------------------------- */

static void read_address(struct addresses *addresses, const char *where, char *text, size_t bytes)
{
	char name[NI_MAXHOST];
	char message[NETWORKS_MESSAGE_BYTES];
	struct networks networks = { 0 };
	int err;

	if (bytes > 0 && read_name(text, bytes, name)) {
		add_host(addresses, where, name);
		return;
	}
	err = networks_parse(text, bytes, &networks, message);
	if (err == -ENOMEM)
		ctl_allocated(NULL);
	if (!err && count_addresses(&networks) > NETWORK_ADDRESSES_MAX) {
		snprintf(message, sizeof(message),
			 "%.*s has more than %d addresses: `ipwlctl list' shows the entries of "
			 "a network",
			 bytes < 60 ? (int)bytes : 60, text, NETWORK_ADDRESSES_MAX);
		err = -EINVAL;
	}
	if (err)
		report_address(addresses, where, message);
	for (size_t i = 0; !err && i < networks.count; i++)
		add_network(addresses, &networks.items[i]);
	networks_done(&networks);
}

static void read_lines(struct addresses *addresses)
{
	static const char blanks[] = " \t\r\n";
	char where[64];
	char *line = NULL;
	size_t size = 0;
	size_t number = 0;
	ssize_t length;

	errno = 0;
	while ((length = getline(&line, &size, stdin)) >= 0) {
		size_t bytes = (size_t)length;
		size_t start;

		while (bytes && strchr(blanks, line[bytes - 1]) && line[bytes - 1])
			bytes--;
		start = strspn(line, blanks);
		snprintf(where, sizeof(where), "standard input:%zu: ", ++number);
		if (start < bytes && line[start] != '#')
			read_address(addresses, where, line + start, bytes - start);
	}
	if (ferror(stdin))
		report_address(addresses, "cannot read standard input: ", strerror(errno));
	free(line);
}

enum ctl_exit addresses_read(struct addresses *addresses, const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->positional_count; i++) {
		char *text = arguments->positional[i];

		if (!strcmp(text, "-"))
			read_lines(addresses);
		else
			read_address(addresses, "", text, strlen(text));
	}
	if (addresses->bad_count > REPORTED_MAX)
		ctl_error("and %zu more", addresses->bad_count - REPORTED_MAX);
	/* Not CTL_DONE: that would mean that all are allowed. */
	if (!addresses->bad_count && !addresses->count)
		report_address(addresses, "", "standard input contains no address");
	return addresses->bad_count ? CTL_INVALID : CTL_DONE;
}

void addresses_done(struct addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++)
		free(addresses->names[i]);
	free(addresses->names);
	free(addresses->items);
}
