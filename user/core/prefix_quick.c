/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses in one pass, and leaves everything unusual to prefix_parse_raw(): errors, and IPv6
 * addresses that end like IPv4. */
#include "core/prefix_quick.h"

#define GROUPS 8

/* Read a decimal number without a leading zero, of at most three digits, or return a number over
 * 999. */
static unsigned int take_number(const char **text, const char *end)
{
	const char *at = *text;
	unsigned int number = 0;

	while (at < end && (unsigned char)(*at - '0') < 10 && at - *text < 4)
		number = number * 10 + (unsigned int)(*at++ - '0');
	if (at == *text || at - *text > 3 || (**text == '0' && at - *text > 1))
		return 1000;
	*text = at;
	return number;
}

static bool take_quad(const char **text, const char *end, uint8_t addr[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned int octet;

		if (i > 0 && (*text == end || *(*text)++ != '.'))
			return false;
		octet = take_number(text, end);
		if (octet > 255)
			return false;
		addr[i] = (uint8_t)octet;
	}
	return true;
}

/* The value of a hexadecimal digit, or 16. */
static unsigned int digit_of(char c)
{
	const unsigned int digit = (unsigned char)(c - '0');
	const unsigned int letter = (unsigned char)((c | 0x20) - 'a');

	return digit < 10 ? digit : letter < 6 ? 10 + letter : 16;
}

/* Read up to four hexadecimal digits. Return false if there is none, or a fifth. */
static bool take_group(const char **text, const char *end, uint8_t group[2])
{
	const char *at = *text;
	unsigned int number = 0, digit;

	while (at < end && at - *text < 5 && (digit = digit_of(*at)) < 16) {
		number = number << 4 | digit;
		at++;
	}
	if (at == *text || at - *text > 4)
		return false;
	group[0] = (uint8_t)(number >> 8);
	group[1] = (uint8_t)number;
	*text = at;
	return true;
}

/* Move the groups behind "::" to the end of the address. */
static bool open_gap(uint8_t addr[16], size_t gap, size_t count)
{
	if (gap > GROUPS)
		return count == GROUPS;
	/* "::" stands for one group at least. */
	if (count == GROUPS)
		return false;
	memmove(addr + 2 * (GROUPS - (count - gap)), addr + 2 * gap, 2 * (count - gap));
	memset(addr + 2 * gap, 0, 2 * (GROUPS - count));
	return true;
}

static bool take_groups(const char **text, const char *end, uint8_t addr[16])
{
	size_t count = 0, gap = GROUPS + 1; /* the group before which "::" is */
	const char *at = *text;

	if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
		gap = 0;
		at += 2;
	}
	while (at < end && *at != '/') {
		if (count == GROUPS || !take_group(&at, end, addr + 2 * count))
			return false;
		count++;
		if (at == end || *at == '/')
			break;
		if (*at++ != ':' || at == end)
			return false;
		if (*at == ':') {
			if (gap <= GROUPS)
				return false;
			gap = count;
			at++;
		} else if (*at == '/') {
			return false;
		}
	}
	*text = at;
	return open_gap(addr, gap, count);
}

/* Whether an address is of IPv6: its first colon comes early. */
static bool has_early_colon(const char *text, const char *end)
{
	for (int i = 0; i < 5 && text < end; i++)
		if (*text++ == ':')
			return true;
	return false;
}

bool prefix_parse_quick(const char *text, size_t text_bytes, struct prefix *ret_prefix)
{
	const char *end = text + text_bytes;
	struct prefix prefix = { .family = FAMILY_IPV4, .len = 32 };
	unsigned int len;

	if (has_early_colon(text, end)) {
		prefix.family = FAMILY_IPV6;
		prefix.len = 128;
		if (!take_groups(&text, end, prefix.addr))
			return false;
	} else if (!take_quad(&text, end, prefix.addr)) {
		return false;
	}
	if (text < end) {
		if (*text++ != '/')
			return false;
		len = take_number(&text, end);
		if (len > prefix.len || text < end)
			return false;
		prefix.len = (uint8_t)len;
	}
	*ret_prefix = prefix;
	return true;
}
