/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes prefixes whose lengths and places are like those of real lists. */
#include "lists.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

const char *const distribution_names[DISTRIBUTION_COUNT] = { "mixed", "addresses" };

/* A share of the prefixes of a family, by length. */
struct share {
	unsigned int length;
	unsigned int permille;
};

#define SHARES_MAX 5

static const struct share shares[FAMILY_COUNT][DISTRIBUTION_COUNT][SHARES_MAX] = {
	[FAMILY_IPV4] = { { { 32, 650 }, { 24, 310 }, { 22, 30 }, { 20, 9 }, { 16, 1 } },
			  { { 32, 1000 } } },
	[FAMILY_IPV6] = { { { 128, 100 }, { 64, 400 }, { 48, 400 }, { 32, 100 } },
			  { { 128, 1000 } } },
};

/* A bijection on the numbers below 2^bits, so that no prefix comes twice. */
static uint64_t scramble(uint64_t value, unsigned int bits)
{
	uint64_t mask = UINT64_MAX >> (64 - bits);

	for (int round = 0; round < 3; round++) {
		value = value * 0x9e3779b97f4a7c15U & mask;
		value ^= value >> (bits / 2 + 1);
	}
	return value;
}

static bool is_unicast4(uint64_t bits, unsigned int length)
{
	uint64_t first = bits >> (length - 8);

	return first >= 1 && first <= 223;
}

/* The @number-th of a length, anywhere in unicast space. Starting there and scrambling
 * until there again is a bijection too. */
static void nth4(struct prefix *prefix, uint64_t number)
{
	uint64_t bits = number + (1U << (prefix->len - 8));

	if (!is_unicast4(bits, prefix->len))
		die("no %llu prefixes of length %u", (unsigned long long)number, prefix->len);
	do {
		bits = scramble(bits, prefix->len);
	} while (!is_unicast4(bits, prefix->len));
	prefix_set_number(prefix, (address_number)bits << (32 - prefix->len));
}

/* A number below 2^bits that has nothing to do with @value. */
static uint64_t mix(uint64_t value, unsigned int bits)
{
	value = (value ^ value >> 31) * 0xbf58476d1ce4e5b9U;
	value = (value ^ value >> 27) * 0x94d049bb133111ebU;
	return (value ^ value >> 31) >> (64 - bits);
}

/* Allocations of providers, /32 as a rule, lie in six blocks of /12 that the
 * registries give out of. Networks are listed inside 2^13 of those; allocations that
 * are listed as a whole begin with the last of these. */
#define ALLOCATION_BITS 13
#define ALLOCATION_WHOLE 7168

static void nth6(struct prefix *prefix, uint64_t number)
{
	static const uint32_t blocks[] = { 0x200, 0x240, 0x260, 0x280, 0x2a0, 0x2c0 };
	uint64_t allocation = number % (1U << ALLOCATION_BITS);
	uint64_t rest = number >> ALLOCATION_BITS, high;
	unsigned int bits = prefix->len < 64 ? prefix->len - 32U : 32;

	/* For each allocation another bijection of the numbers in it. */
	rest ^= mix(allocation << 8 | prefix->len, 16);
	if (prefix->len == 32)
		allocation = scramble(ALLOCATION_WHOLE + number, 20);
	else
		allocation = scramble(allocation, 20);
	high = (uint64_t)blocks[allocation % 6] << 52 | allocation << 32;
	if (bits)
		high |= scramble(rest, bits) << (32 - bits);
	prefix_set_number(prefix, (address_number)high << 64 |
				      (prefix->len == 128 ? mix(number + 1, 64) : 0));
}

static void append(struct prefix_list *list, enum family family, const struct share *share,
		   size_t count, size_t skip)
{
	list->prefixes =
	    realloc(list->prefixes, (list->count + count + 1) * sizeof(list->prefixes[0]));
	if (!list->prefixes)
		die("out of memory");
	for (size_t number = 0; number < count; number++) {
		struct prefix *prefix = &list->prefixes[list->count++];

		*prefix =
		    (struct prefix) { .family = (uint8_t)family, .len = (uint8_t)share->length };
		(family == FAMILY_IPV4 ? nth4 : nth6)(prefix, number + skip);
	}
}

void lists_append(struct prefix_list *list, enum family family, enum distribution distribution,
		  size_t count, size_t skip)
{
	const struct share *of = shares[family][distribution];

	for (size_t i = 0; i < SHARES_MAX && of[i].permille; i++)
		append(list, family, &of[i], count * of[i].permille / 1000,
		       skip * of[i].permille / 1000);
}

void lists_done(struct prefix_list *list)
{
	free(list->prefixes);
	free(list->ranges);
	*list = (struct prefix_list) { .count = 0 };
}

/* ---- what is listed ------------------------------------------------------ */

address_number prefix_number(const struct prefix *prefix)
{
	address_number number = 0;

	for (unsigned int i = 0; i < (prefix->family == FAMILY_IPV4 ? 4U : 16U); i++)
		number = number << 8 | prefix->addr[i];
	return number;
}

void prefix_set_number(struct prefix *prefix, address_number number)
{
	unsigned int bytes = prefix->family == FAMILY_IPV4 ? 4 : 16;

	for (unsigned int i = 0; i < bytes; i++)
		prefix->addr[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
}

static struct range prefix_range(const struct prefix *prefix)
{
	unsigned int host_bits = prefix_max_len(prefix->family) - prefix->len;
	address_number hosts = ((address_number)1 << host_bits) - 1;
	address_number first = prefix_number(prefix);

	return (struct range) { .family = prefix->family, .first = first, .last = first | hosts };
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
}

void lists_index(struct prefix_list *list)
{
	size_t kept = 0;

	list->ranges = calloc(list->count + 1, sizeof(list->ranges[0]));
	if (!list->ranges)
		die("out of memory");
	for (size_t i = 0; i < list->count; i++)
		list->ranges[i] = prefix_range(&list->prefixes[i]);
	qsort(list->ranges, list->count, sizeof(list->ranges[0]), compare_ranges);
	for (size_t i = 0; i < list->count; i++) {
		struct range *last = kept ? &list->ranges[kept - 1] : NULL;
		struct range next = list->ranges[i];

		if (!last || last->family != next.family || next.first > last->last + 1)
			list->ranges[kept++] = next;
		else if (next.last > last->last)
			last->last = next.last;
	}
	list->range_count = kept;
}

bool lists_covers(const struct prefix_list *list, const struct prefix *address)
{
	struct range wanted = prefix_range(address);
	size_t low = 0, high = list->range_count;

	/* The last range that does not begin after it. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare_ranges(&list->ranges[middle], &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && list->ranges[low - 1].family == wanted.family &&
	       list->ranges[low - 1].last >= wanted.first;
}
