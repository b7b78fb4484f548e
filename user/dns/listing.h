/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a DNS list (RFC 5782) says about addresses. resolve/protocol.h documents the text. */
#ifndef DNS_LISTING_H
#define DNS_LISTING_H

#include <stdio.h>

#include "dns/request.h"
#include "dns/result.h"

/* An address with more answers has the status DNS_TEMPORARY. */
#define DNS_LISTED_ANSWERS_MAX 8
#define DNS_LISTING_TEXT_BYTES_MAX 16384

struct dns_listed {
	struct prefix address;
	/* DNS_OK: it has answers; DNS_NO_RECORD, DNS_NO_DOMAIN: it is not listed; DNS_TEMPORARY:
	 * there was no usable answer. */
	enum dns_status status;
	uint32_t ttl_sec;			       /* 0: none */
	struct prefix answers[DNS_LISTED_ANSWERS_MAX]; /* IPv4 addresses */
	size_t answer_count;
};

struct dns_listing {
	struct dns_listed items[DNS_ADDRESSES_MAX]; /* in the order of the request */
	size_t count;
	/* Why one of them is DNS_TEMPORARY, or "". UTF-8 without control characters. */
	char message[DNS_MESSAGE_BYTES];
};

/* Write the name under which a zone lists an address: its parts reversed. Return: whether there is
 * room. */
bool dns_listing_name(const struct prefix *address, const char *zone,
		      char ret_name[DNS_NAME_BYTES]);

/* Write the text of a listing. Return: 0 or -errno. */
int dns_listing_write(const struct dns_listing *listing, FILE *stream);

/* Read the text of a listing as if a stranger had written it. Return: 0; -EBADMSG: @text is no
 * complete listing. */
int dns_listing_read(const char *text, size_t bytes, struct dns_listing *ret_listing);

#endif
