/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 prefixes: parsing, formatting, order, containment. */
#ifndef CORE_PREFIX_H
#define CORE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };

/* A network in CIDR form; an address is a /32 or /128. No host bit is set. */
struct prefix {
	uint8_t addr[16]; /* network byte order; IPv4 in the first 4, the rest 0 */
	uint8_t family;	  /* enum family */
	uint8_t len;	  /* bits */
};

/* Longest text of a prefix with its zero: an IPv6 address and "/128". */
#define PREFIX_TEXT_BYTES 50
#define PREFIX_MESSAGE_BYTES 256

enum prefix_error {
	PREFIX_OK,
	PREFIX_EMPTY,
	PREFIX_NOT_AN_ADDRESS,
	PREFIX_LEADING_ZERO, /* 192.0.02.1 or /08: octal or decimal? */
	PREFIX_BAD_LENGTH,   /* after the slash: not a whole decimal number */
	PREFIX_TOO_LONG,     /* over 32 or 128 bits */
	PREFIX_HOST_BITS,
	PREFIX_GARBAGE, /* something after a prefix that is fine */
	PREFIX_ERROR_COUNT,
};

/**
 * prefix_parse() - read an address or a prefix
 * @text: need not end with a zero
 * @text_bytes: all of it must be the prefix; no white space is skipped
 * @ret_prefix: untouched on error
 * @ret_column: where in @text the error is, from 0; may be NULL
 *
 * IPv4 as a dotted quad, IPv6 as in RFC 4291 section 2.2 without a zone. An
 * IPv4-mapped IPv6 prefix (::ffff:0:0/96 and inside) is taken as IPv4.
 */
enum prefix_error prefix_parse(const char *text, size_t text_bytes, struct prefix *ret_prefix,
			       size_t *ret_column);

/* The same, but host bits are cut off. */
enum prefix_error prefix_parse_network(const char *text, size_t text_bytes,
				       struct prefix *ret_prefix);

/* Write the canonical text (RFC 5952), always with the length; returns @text. */
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_BYTES]);

/* The same, but an address (/32, /128) without its length. */
const char *prefix_format_short(const struct prefix *prefix, char text[PREFIX_TEXT_BYTES]);

/* Order: family, address, then length, so a prefix comes right before all that
 * lies inside it. Returns <0, 0 or >0. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

/* Whether @outer covers all of @inner; a prefix covers itself. */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);

/* @prefix cut to its first @len bits (len <= prefix->len). */
struct prefix prefix_truncate(const struct prefix *prefix, uint8_t len);

/* 32 or 128. */
uint8_t prefix_max_len(enum family family);

/* Parse without looking at host bits, and without taking IPv4-mapped as IPv4.
 * @ret_column must not be NULL. */
enum prefix_error prefix_parse_raw(const char *text, size_t text_bytes, struct prefix *ret_prefix,
				   size_t *ret_column);

/* Whether the address lies in ::ffff:0:0/96, whatever the length. */
bool prefix_is_mapped(const struct prefix *prefix);

/* The IPv4 address in an IPv4-mapped one, with a length. */
struct prefix prefix_unmap(const struct prefix *prefix, uint8_t len);

#endif
