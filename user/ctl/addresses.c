/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the addresses of the command line and of standard input. All are read before the
 * first is tested, so a bad address is reported before any result is printed. */
#include "ctl/addresses.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "formats/network_text.h"

/* At most this many bad addresses are reported one by one. */
#define REPORTED_MAX 20
/* At most this many addresses of one network are tested. */
#define NETWORK_ADDRESSES_MAX 4096

static void add_address(struct addresses *addresses, const struct prefix *prefix)
{
	if (addresses->count == addresses->capacity) {
		addresses->capacity = addresses->capacity ? addresses->capacity * 2 : 16;
		addresses->items = ctl_allocated(
		    reallocarray(addresses->items, addresses->capacity, sizeof(*addresses->items)));
	}
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
		add_address(addresses, &address);
	}
}

static void read_address(struct addresses *addresses, const char *where, const char *text,
			 size_t bytes)
{
	char message[NETWORKS_MESSAGE_BYTES];
	struct networks networks = { 0 };
	int err = networks_parse(text, bytes, &networks, message);

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
		const char *text = arguments->positional[i];

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
	free(addresses->items);
}
