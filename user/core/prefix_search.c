/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binary search in arrays sorted by prefix. A prefix comes after all that cover it. */
#include "core/prefix_search.h"

static const struct prefix *prefix_at(struct prefix_array array, size_t index)
{
	if (array.access)
		return array.access->at(array.elements, index);
	return (const struct prefix *)((const char *)array.elements + index * array.element_bytes);
}

size_t prefix_search(struct prefix_array array, size_t begin, size_t end,
		     const struct prefix *prefix, int least)
{
	if (array.access)
		return array.access->search(array.elements, begin, end, prefix, least);
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (prefix_compare(prefix_at(array, middle), prefix) < least)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

size_t prefix_lower_bound(struct prefix_array array, const struct prefix *prefix)
{
	return prefix_search(array, 0, array.count, prefix, 0);
}

/* How many leading bits two prefixes of one family share. */
static uint8_t common_len(const struct prefix *a, const struct prefix *b)
{
	uint8_t len = a->len < b->len ? a->len : b->len;

	for (uint8_t bits = 0; bits < len; bits = (uint8_t)(bits + 8)) {
		unsigned int difference = a->addr[bits / 8] ^ b->addr[bits / 8];
		int same;

		if (!difference)
			continue;
		same = bits + __builtin_clz(difference) - (32 - 8);
		return same < len ? (uint8_t)same : len;
	}
	return len;
}

size_t prefix_find_covering(struct prefix_array array, const struct prefix *prefix)
{
	size_t end = array.count;
	struct prefix target = *prefix;

	for (;;) {
		size_t after = prefix_search(array, 0, end, &target, 1);
		const struct prefix *before;

		if (after == 0)
			return array.count;
		before = prefix_at(array, after - 1);
		if (prefix_contains(before, prefix))
			return after - 1;
		if (before->family != prefix->family)
			return array.count;
		/* An element before this one that covers @prefix covers this one, too. So it is
		 * no longer than the part that both share. */
		target = prefix_truncate(prefix, common_len(before, &target));
		end = after - 1;
	}
}

/* The first possible prefix after everything inside @range: the next address, or the first
 * prefix of the next family. */
static struct prefix prefix_behind(const struct prefix *range)
{
	struct prefix behind = { .family = range->family };
	unsigned int carry = 1;

	for (int byte = (prefix_max_len(range->family) + 7) / 8 - 1; byte >= 0; byte--) {
		int host_bits = 8 * (byte + 1) - range->len;
		unsigned int hosts = host_bits >= 8  ? 0xff
				     : host_bits > 0 ? 0xffU >> (8 - host_bits)
						     : 0;
		unsigned int sum = (range->addr[byte] | hosts) + carry;

		behind.addr[byte] = (uint8_t)sum;
		carry = sum >> 8;
	}
	if (carry)
		return (struct prefix) { .family = (uint8_t)(range->family + 1) };
	return behind;
}

void prefix_inside(struct prefix_array array, const struct prefix *range, size_t *ret_begin,
		   size_t *ret_end)
{
	struct prefix behind = prefix_behind(range);

	*ret_begin = prefix_search(array, 0, array.count, range, 0);
	*ret_end = prefix_search(array, *ret_begin, array.count, &behind, 0);
}
