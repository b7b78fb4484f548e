/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipwl-resolve is asked for. resolve/protocol.h documents the text. */
#ifndef DNS_REQUEST_H
#define DNS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"
#include "dns/name.h"

#define DNS_SERVERS_BYTES 512
#define DNS_TIMEOUT_MAX_SEC 600
#define DNS_REQUEST_TEXT_BYTES_MAX 4096
/* That one request asks a DNS list about. */
#define DNS_ADDRESSES_MAX 32

/* No wider network of an SPF record is taken, unless a request says otherwise. Large senders
 * publish networks of up to /16 and /36. */
#define DNS_SHORTEST_IPV4 16
#define DNS_SHORTEST_IPV6 32

enum dns_kind {
	DNS_SPF,  /* the addresses that may send for a domain */
	DNS_HOST, /* the addresses of a host */
	DNS_LIST, /* what a DNS list (RFC 5782) says about addresses: dns/listing.h */
	DNS_KIND_COUNT,
};

/* "spf", "host", "list", indexed by enum dns_kind. */
extern const char *const dns_kind_names[DNS_KIND_COUNT];

struct dns_request {
	enum dns_kind kind;
	char name[DNS_NAME_BYTES]; /* normalised */
	unsigned int timeout_sec;  /* for everything together, 1 to DNS_TIMEOUT_MAX_SEC */
	/* Take only answers that a validating resolver has marked (AD). The resolvers must be on
	 * this host, because nothing else protects the mark on its way. */
	bool needs_authenticated;
	/* ADDRESS[:PORT], separated by commas; IPv6 with a port in brackets. Empty: those of
	 * /etc/resolv.conf. */
	char servers[DNS_SERVERS_BYTES];
	/* SPF: networks with fewer bits than this are left out (DNS_TERM_TOO_WIDE). 0: none. */
	uint8_t shortest[FAMILY_COUNT];
	/* Leave out addresses that no mail comes from over the internet (core/reserved.h). */
	bool skips_reserved;
	/* DNS_LIST: at least one; the name is that of the list's zone. */
	struct prefix addresses[DNS_ADDRESSES_MAX];
	size_t address_count;
};

/* Write a request to a file. Return: 0 or -errno. */
int dns_request_write(int fd, const struct dns_request *request);

/* Read a request. Return: 0; -EBADMSG: @text is none. */
int dns_request_read(const char *text, size_t bytes, struct dns_request *ret_request);

#endif
