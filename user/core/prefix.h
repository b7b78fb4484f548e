/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 prefixes: parsing, formatting, order, containment. */
#ifndef CORE_PREFIX_H
#define CORE_PREFIX_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };

/* A network in CIDR form. An address is a /32 or /128. All host bits are 0. */
struct prefix {
	uint8_t addr[16]; /* network byte order; IPv4 uses the first 4 bytes, the rest is 0 */
	uint8_t family;	  /* enum family */
	uint8_t len;	  /* bits */
};

/* Room for the longest text of a prefix, with the terminating zero: an IPv6 address and "/128". */
#define PREFIX_TEXT_BYTES 50
#define PREFIX_MESSAGE_BYTES 256

enum prefix_error {
	PREFIX_OK,
	PREFIX_EMPTY,
	PREFIX_NOT_AN_ADDRESS,
	PREFIX_LEADING_ZERO, /* 192.0.02.1 or /08: octal or decimal? */
	PREFIX_BAD_LENGTH,   /* after the slash is no decimal number */
	PREFIX_TOO_LONG,     /* over 32 or 128 bits */
	PREFIX_HOST_BITS,
	PREFIX_GARBAGE, /* text after a valid prefix */
	PREFIX_ERROR_COUNT,
};

/**
 * prefix_parse() - parse an address or a prefix
 * @text: need not be terminated by a zero
 * @text_bytes: length of @text; all of it must be the prefix, without white space
 * @ret_prefix: untouched on error
 * @ret_column: set to the position of the error in @text, from 0; may be NULL
 *
 * IPv4 must be a dotted quad. IPv6 must be as in RFC 4291 section 2.2, without a zone. An
 * IPv4-mapped IPv6 prefix (inside ::ffff:0:0/96) becomes an IPv4 prefix.
 */
enum prefix_error prefix_parse(const char *text, size_t text_bytes, struct prefix *ret_prefix,
			       size_t *ret_column);

/* The same, but host bits are set to 0 instead of an error. */
enum prefix_error prefix_parse_network(const char *text, size_t text_bytes,
				       struct prefix *ret_prefix);

/* Write the canonical text (RFC 5952), always with the length. Returns @text. */
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_BYTES]);

/* The same, but an address (/32 or /128) is written without its length. */
const char *prefix_format_short(const struct prefix *prefix, char text[PREFIX_TEXT_BYTES]);

/* Eight bytes of an address (@half: 0 or 1) as a number in host byte order. */
static inline uint64_t prefix_half(const struct prefix *prefix, size_t half)
{
	uint64_t number;

	memcpy(&number, prefix->addr + 8 * half, sizeof(number));
	return be64toh(number);
}

/* Compare by family, address, then length, so a prefix comes directly before everything inside
 * it. Returns <0, 0 or >0. Inline, because a reload compares tens of millions. */
static inline int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	if (a->family != b->family)
		return a->family - b->family;
	for (size_t half = 0; half < 2; half++) {
		uint64_t one = prefix_half(a, half), other = prefix_half(b, half);

		if (one != other)
			return one < other ? -1 : 1;
	}
	return a->len - b->len;
}

/* Whether @outer covers all of @inner; a prefix covers itself. */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);

/* Shorten @prefix to its first @len bits (@len <= prefix->len). */
struct prefix prefix_truncate(const struct prefix *prefix, uint8_t len);

/* The number of bits of an address: 32 or 128. */
uint8_t prefix_max_len(enum family family);

/* Parse without checking host bits, and without converting IPv4-mapped prefixes. @ret_column
 * must not be NULL. */
enum prefix_error prefix_parse_raw(const char *text, size_t text_bytes, struct prefix *ret_prefix,
				   size_t *ret_column);

/* Whether the address lies in ::ffff:0:0/96. The length is ignored. */
bool prefix_is_mapped(const struct prefix *prefix);

/* Make an IPv4 prefix of length @len from an IPv4-mapped address. */
struct prefix prefix_unmap(const struct prefix *prefix, uint8_t len);

/* The address as IPv6, in network byte order: IPv4 becomes ::ffff:a.b.c.d. */
void prefix_map(const struct prefix *prefix, uint8_t ret_addr[16]);

#endif
