/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits a range of addresses at the boundaries of the largest prefixes in it. */
#include "core/prefix_range.h"

/* An address of either family as a number. IPv4 uses the lowest 32 bits. */
typedef unsigned __int128 number;

static number number_of(const struct prefix *prefix)
{
	number value = 0;

	for (size_t i = 0; i < prefix_max_len(prefix->family) / 8U; i++)
		value = value << 8 | prefix->addr[i];
	return value;
}

/* All ones in the lowest @bits. */
static number ones(unsigned int bits)
{
	return bits == 128 ? ~(number)0 : ((number)1 << bits) - 1;
}

static struct prefix prefix_at(number value, enum family family, unsigned int host_bits)
{
	uint8_t max_len = prefix_max_len(family);
	struct prefix prefix = { .family = (uint8_t)family, .len = (uint8_t)(max_len - host_bits) };

	for (size_t i = max_len / 8U; i-- > 0; value >>= 8)
		prefix.addr[i] = (uint8_t)value;
	return prefix;
}

size_t prefix_range_split(const struct prefix *first, const struct prefix *last,
			  struct prefix ret_prefixes[PREFIX_RANGE_MAX])
{
	unsigned int max_len = prefix_max_len(first->family);
	number from = number_of(first), to;
	size_t count = 0;

	if (first->family != last->family)
		return 0;
	to = number_of(last) | ones(max_len - last->len);
	if (from > to)
		return 0;
	for (;;) {
		unsigned int bits = 0;

		while (bits < max_len && !(from & ones(bits + 1)) && (from | ones(bits + 1)) <= to)
			bits++;
		ret_prefixes[count++] = prefix_at(from, first->family, bits);
		from |= ones(bits);
		if (from == to)
			return count;
		from++;
	}
}
