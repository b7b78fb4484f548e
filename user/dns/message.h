/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of DNS (RFC 1035): the query for a name, and what an answer says about it. */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "dns/answer.h"
#include "dns/name.h"

#define DNS_QUERY_BYTES_MAX (12 + DNS_WIRE_BYTES + 4 + 11)

/* Write a query for a normalised name. It asks for recursion and for the mark of an authenticated
 * answer (AD, RFC 6840 section 5.7). @has_edns: announce room for answers of 1232 bytes; old
 * servers answer with an error to that (dns_message_is_format_error()). Return: its length. */
size_t dns_message_query(const char *name, enum dns_type type, uint16_t id, bool has_edns,
			 uint8_t ret_query[DNS_QUERY_BYTES_MAX]);

bool dns_message_is_format_error(const uint8_t *message, size_t bytes);

/**
 * dns_message_read() - read an answer to a query for @name and @type
 * @ret_answer: to be freed with dns_answer_done()
 *
 * Aliases (CNAME) are followed inside the message. A malformed message, one for another question
 * and one with an error are a failed answer. ttl_sec is the shortest of the records that count, or
 * that for which the absence of records holds (RFC 2308). Return: 0 or -ENOMEM.
 */
int dns_message_read(const uint8_t *data, size_t bytes, const char *name, enum dns_type type,
		     struct dns_answer *ret_answer);

#endif
