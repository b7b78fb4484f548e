/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses prefixes strictly, compares them, and writes canonical text. prefix_error.c explains
 * parse errors to people.
 */
#include "core/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "core/prefix_quick.h"

#define IPV6_GROUPS 8
/* The length of ::ffff:0:0/96, the IPv6 addresses that stand for IPv4 addresses. */
#define MAPPED_LEN 96

static const uint8_t mapped_addr[16] = { [10] = 0xff, [11] = 0xff };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Read one decimal number of a dotted quad at *@position. */
static enum prefix_error parse_octet(const char *text, size_t text_bytes, size_t *position,
				     uint8_t *ret_octet)
{
	size_t start = *position;
	size_t end = start;
	unsigned int value = 0;

	while (end < text_bytes && is_digit(text[end]) && end - start < 4)
		value = value * 10 + (unsigned int)(text[end++] - '0');
	if (end - start > 1 && text[start] == '0')
		return PREFIX_LEADING_ZERO;
	if (end == start || value > 255)
		return PREFIX_NOT_AN_ADDRESS;
	*ret_octet = (uint8_t)value;
	*position = end;
	return PREFIX_OK;
}

/* Read a dotted quad. *@position moves past it, or to the error. */
static enum prefix_error parse_quad(const char *text, size_t text_bytes, size_t *position,
				    uint8_t addr[4])
{
	for (int i = 0; i < 4; i++) {
		enum prefix_error error;

		if (i > 0) {
			if (*position == text_bytes || text[*position] != '.')
				return PREFIX_NOT_AN_ADDRESS;
			++*position;
		}
		error = parse_octet(text, text_bytes, position, &addr[i]);
		if (error)
			return error;
	}
	return PREFIX_OK;
}

static bool is_ipv6_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
	       c == '.';
}

/* Read an IPv6 address. *@position moves past it, or to the error. */
static enum prefix_error parse_ipv6(const char *text, size_t text_bytes, size_t *position,
				    uint8_t addr[16])
{
	char copy[INET6_ADDRSTRLEN];
	size_t end = 0;
	size_t group = 0; /* where the last group begins */

	while (end < text_bytes && is_ipv6_char(text[end])) {
		if (text[end++] == ':')
			group = end;
	}
	if (memchr(text + group, '.', end - group)) {
		/* inet_pton() does not distinguish a leading zero from other errors. */
		enum prefix_error error;
		uint8_t quad[4];
		size_t quad_end = group;

		error = parse_quad(text, end, &quad_end, quad);
		if (error) {
			*position = quad_end;
			return error;
		}
	}
	if (end >= sizeof(copy))
		return PREFIX_NOT_AN_ADDRESS;
	memcpy(copy, text, end);
	copy[end] = '\0';
	if (inet_pton(AF_INET6, copy, addr) != 1)
		return PREFIX_NOT_AN_ADDRESS;
	*position = end;
	return PREFIX_OK;
}

/* An IPv6 address has a colon before any dot. */
static bool looks_like_ipv6(const char *text, size_t text_bytes)
{
	for (size_t i = 0; i < text_bytes && text[i] != '.' && text[i] != '/'; i++) {
		if (text[i] == ':')
			return true;
	}
	return false;
}

/* Read the length after the slash. *@position moves past it, or to the error. */
static enum prefix_error parse_len(const char *text, size_t text_bytes, size_t *position,
				   uint8_t max_len, uint8_t *ret_len)
{
	size_t start = *position;
	size_t end = start;
	unsigned int value = 0;
	char next;

	while (end < text_bytes && is_digit(text[end])) {
		if (value <= max_len)
			value = value * 10 + (unsigned int)(text[end] - '0');
		end++;
	}
	next = end < text_bytes ? text[end] : '\0';
	if (end == start || next == '.' || (next >= 'a' && next <= 'z') ||
	    (next >= 'A' && next <= 'Z')) {
		*position = end;
		return PREFIX_BAD_LENGTH;
	}
	if (end - start > 1 && text[start] == '0')
		return PREFIX_LEADING_ZERO;
	if (value > max_len)
		return PREFIX_TOO_LONG;
	*ret_len = (uint8_t)value;
	*position = end;
	return PREFIX_OK;
}

enum prefix_error prefix_parse_raw(const char *text, size_t text_bytes, struct prefix *ret_prefix,
				   size_t *ret_column)
{
	struct prefix prefix = { .family = FAMILY_IPV4 };
	enum prefix_error error;
	size_t position = 0;

	*ret_column = 0;
	if (text_bytes == 0)
		return PREFIX_EMPTY;
	if (prefix_parse_quick(text, text_bytes, ret_prefix)) {
		*ret_column = text_bytes;
		return PREFIX_OK;
	}
	if (looks_like_ipv6(text, text_bytes)) {
		prefix.family = FAMILY_IPV6;
		error = parse_ipv6(text, text_bytes, &position, prefix.addr);
	} else {
		error = parse_quad(text, text_bytes, &position, prefix.addr);
	}
	prefix.len = prefix_max_len(prefix.family);
	if (!error && position < text_bytes && text[position] == '/') {
		position++;
		error = parse_len(text, text_bytes, &position, prefix.len, &prefix.len);
	}
	if (!error && position < text_bytes)
		error = PREFIX_GARBAGE;
	*ret_column = position;
	if (!error)
		*ret_prefix = prefix;
	return error;
}

bool prefix_is_mapped(const struct prefix *prefix)
{
	return prefix->family == FAMILY_IPV6 && !memcmp(prefix->addr, mapped_addr, MAPPED_LEN / 8);
}

struct prefix prefix_unmap(const struct prefix *prefix, uint8_t len)
{
	struct prefix ipv4 = { .family = FAMILY_IPV4, .len = len };

	memcpy(ipv4.addr, prefix->addr + MAPPED_LEN / 8, 4);
	return ipv4;
}

void prefix_map(const struct prefix *prefix, uint8_t ret_addr[16])
{
	if (prefix->family == FAMILY_IPV6) {
		memcpy(ret_addr, prefix->addr, 16);
		return;
	}
	memset(ret_addr, 0, 16);
	ret_addr[10] = ret_addr[11] = 0xff;
	memcpy(ret_addr + MAPPED_LEN / 8, prefix->addr, 4);
}

static struct prefix ipv4_if_mapped(const struct prefix *prefix)
{
	return prefix_is_mapped(prefix) && prefix->len >= MAPPED_LEN
		   ? prefix_unmap(prefix, (uint8_t)(prefix->len - MAPPED_LEN))
		   : *prefix;
}

enum prefix_error prefix_parse(const char *text, size_t text_bytes, struct prefix *ret_prefix,
			       size_t *ret_column)
{
	struct prefix prefix, network;
	enum prefix_error error;
	size_t column;

	error = prefix_parse_raw(text, text_bytes, &prefix, &column);
	if (!error) {
		network = prefix_truncate(&prefix, prefix.len);
		if (prefix_compare(&network, &prefix)) {
			error = PREFIX_HOST_BITS;
			column = 0;
		}
	}
	if (error) {
		if (ret_column)
			*ret_column = column;
		return error;
	}
	*ret_prefix = ipv4_if_mapped(&prefix);
	return PREFIX_OK;
}

enum prefix_error prefix_parse_network(const char *text, size_t text_bytes,
				       struct prefix *ret_prefix)
{
	struct prefix prefix;
	size_t column;
	enum prefix_error error = prefix_parse_raw(text, text_bytes, &prefix, &column);

	if (error)
		return error;
	prefix = ipv4_if_mapped(&prefix);
	*ret_prefix = prefix_truncate(&prefix, prefix.len);
	return PREFIX_OK;
}

/* Find the longest run of two or more zero groups; of equally long runs, the first (RFC 5952
 * section 4.2). *@ret_start is IPV6_GROUPS if there is none. */
static void find_zero_run(const uint16_t groups[IPV6_GROUPS], int *ret_start, int *ret_end)
{
	*ret_start = *ret_end = IPV6_GROUPS;
	for (int start = 0, end; start < IPV6_GROUPS; start = end + 1) {
		for (end = start; end < IPV6_GROUPS && !groups[end]; end++)
			;
		if (end - start >= 2 && end - start > *ret_end - *ret_start) {
			*ret_start = start;
			*ret_end = end;
		}
	}
}

/* inet_ntop() would write ::1:2 as ::0.1.0.2. */
static size_t format_ipv6(const uint8_t addr[16], char text[PREFIX_TEXT_BYTES])
{
	uint16_t groups[IPV6_GROUPS];
	int zero_start, zero_end;
	size_t used = 0;

	for (int i = 0; i < IPV6_GROUPS; i++)
		groups[i] = (uint16_t)(addr[2 * i] << 8 | addr[2 * i + 1]);
	find_zero_run(groups, &zero_start, &zero_end);
	for (int i = 0; i < IPV6_GROUPS; i++) {
		if (i == zero_start) {
			text[used++] = ':';
			if (zero_end == IPV6_GROUPS)
				text[used++] = ':';
			i = zero_end - 1;
			continue;
		}
		used += (size_t)snprintf(text + used, PREFIX_TEXT_BYTES - used, "%s%x",
					 i ? ":" : "", groups[i]);
	}
	return used;
}

/* Return: where it ends; there is no zero yet. */
static char *format_address(const struct prefix *prefix, char text[PREFIX_TEXT_BYTES])
{
	char *end = text;

	if (prefix->family == FAMILY_IPV6)
		return text + format_ipv6(prefix->addr, text);
	for (int i = 0; i < 4; i++) {
		if (i)
			*end++ = '.';
		end = number_write(prefix->addr[i], end);
	}
	return end;
}

const char *prefix_format_short(const struct prefix *prefix, char text[PREFIX_TEXT_BYTES])
{
	if (prefix->len < prefix_max_len(prefix->family))
		return prefix_format(prefix, text);
	*format_address(prefix, text) = '\0';
	return text;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_BYTES])
{
	char *end = format_address(prefix, text);

	*end++ = '/';
	*number_write(prefix->len, end) = '\0';
	return text;
}

/* A mask of the first @len % 8 bits of a byte. */
static uint8_t last_byte_mask(uint8_t len)
{
	return (uint8_t)(0xff00U >> (len % 8));
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	size_t whole_bytes = outer->len / 8;

	if (outer->family != inner->family || outer->len > inner->len ||
	    memcmp(outer->addr, inner->addr, whole_bytes))
		return false;
	return outer->len % 8 == 0 || !((outer->addr[whole_bytes] ^ inner->addr[whole_bytes]) &
					last_byte_mask(outer->len));
}

struct prefix prefix_truncate(const struct prefix *prefix, uint8_t len)
{
	struct prefix cut = { .family = prefix->family, .len = len };
	size_t whole_bytes = len / 8;

	memcpy(cut.addr, prefix->addr, whole_bytes);
	if (len % 8)
		cut.addr[whole_bytes] = prefix->addr[whole_bytes] & last_byte_mask(len);
	return cut;
}

uint8_t prefix_max_len(enum family family)
{
	return family == FAMILY_IPV6 ? 128 : 32;
}
