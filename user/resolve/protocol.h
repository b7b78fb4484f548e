/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between ipwl-resolve and the program that starts it: ipwld or ipwlctl.
 *
 * The request (dns/request.h) consists of lines with a key, a blank and a value. Each key occurs
 * at most once:
 *
 *   kind spf               or host, or list: of the RFC 5782
 *   name partner.example   in lower case, without a dot at its end
 *   timeout_sec 60
 *   authenticated yes      optional: take only answers that are marked as authenticated
 *   servers 127.0.0.1,[::1]:5353   optional
 *   shortest_ipv4 16       optional: leave out wider networks of a record; likewise _ipv6
 *   reserved skip          optional: leave out reserved address space
 *   addresses 192.0.2.1,2001:db8::1   for a list: what it is asked about
 *
 * The result (dns/result.h) begins with the line "dns 1" and ends with the line "end". A result
 * without that end was cut off. In between, in this order:
 *
 *   ttl_sec N
 *   authenticated yes|no
 *   ipv4 STATUS LOOKUPS VOIDS complete|incomplete[ MESSAGE]
 *   ipv6 …                                  likewise
 *   record PARENT_TERM DOMAIN               each record, and after it …
 *   term IPV4_OUTCOME IPV6_OUTCOME TEXT     … its terms
 *   prefix TERM PREFIX                      each prefix, sorted
 *
 * The result for a list (dns/listing.h) begins with the line "listing 1" and ends with the line
 * "end". In between, in the order of the request:
 *
 *   listed ADDRESS STATUS TTL_SEC[ ANSWER]…
 *   message TEXT                            optional, once: why a query had no usable answer
 *
 * Records and terms are numbered from 0 in the order of their lines; "-" is no term. No line has
 * control characters. dns_request_write(), dns_request_read(), dns_result_write(),
 * dns_result_read(), dns_listing_write() and dns_listing_read() are the only code that knows this
 * text, for both sides.
 *
 * The parent starts the program itself (helper/helper.h). If RESOLVE_SOCKET_VARIABLE names a
 * socket, it connects there instead and sends one byte with both files as SCM_RIGHTS, in the
 * order of their numbers. The listener starts the program with the connection as standard input.
 * The connection ends when the program ends.
 *
 * The program talks to strangers, so its parent trusts its result no more than theirs.
 */
#ifndef RESOLVE_PROTOCOL_H
#define RESOLVE_PROTOCOL_H

/* Descriptors of the program. Both are files, so reading and writing never waits. */
#define RESOLVE_REQUEST_FD 0
#define RESOLVE_RESULT_FD 1
#define RESOLVE_FILE_COUNT 2
/* The connection, if there is one; it stays open until the program ends. */
#define RESOLVE_CONNECTION_FD 3

/* struct helper: the program, the unit of its socket, and the variable that names the socket. */
#define RESOLVE_PROGRAM "ipwl-resolve"
#define RESOLVE_UNIT "ipwl-resolve.socket"
#define RESOLVE_SOCKET_VARIABLE "IPWL_RESOLVE_SOCKET"

/* If the program starts as root, it becomes this user. */
#define RESOLVE_USER "ipwl-resolve"

/* The program ends by itself this long after its timeout. */
#define RESOLVE_GRACE_SEC 5

#endif
